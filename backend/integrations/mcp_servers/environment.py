"""`${NAME}` and `${NAME:-default}` in the strings of a configuration."""

import re
from collections.abc import Mapping

_REFERENCE = re.compile(r"\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>[^}]*))?\}")


class UnsetVariable(Exception):
    """A string refers to a variable that is neither set nor given a default."""

    def __init__(self, name: str) -> None:
        super().__init__(f"environment variable {name} is not set (write ${{{name}:-}} to allow that)")
        self.name = name


def expand(text: str, *, environment: Mapping[str, str]) -> str:
    """Replace every reference; raise UnsetVariable. Like the shell's `:-`, an empty variable takes the default."""

    def replace(match: re.Match[str]) -> str:
        name, default = match["name"], match["default"]
        value = environment.get(name)
        if value:
            return value
        if default is not None:
            return default
        if value is None:
            raise UnsetVariable(name)
        return value

    return _REFERENCE.sub(replace, text)


def has_reference(text: str) -> bool:
    return _REFERENCE.search(text) is not None
