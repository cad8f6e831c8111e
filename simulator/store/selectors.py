"""Label and field selectors: their text form, and whether an object matches."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from simulator.store.json_types import JsonObject


class SelectorError(ValueError):
    """The text is not a selector; the message is worded as the real server words it."""


@dataclass(frozen=True, slots=True)
class LabelRequirement:
    key: str
    operator: str
    values: frozenset[str] = frozenset()

    def accepts(self, labels: Mapping[str, str]) -> bool:
        value = labels.get(self.key)
        if self.operator == "exists":
            return value is not None
        if self.operator == "!":
            return value is None
        if self.operator == "in":
            return value is not None and value in self.values
        if self.operator == "notin":
            return value is None or value not in self.values
        return value is not None and _compare_numbers(value, operator=self.operator, bound=next(iter(self.values)))


@dataclass(frozen=True, slots=True)
class LabelSelector:
    """Requirements that must all hold; none at all selects everything."""

    requirements: tuple[LabelRequirement, ...] = ()

    def accepts(self, labels: Mapping[str, str] | None) -> bool:
        return all(requirement.accepts(labels or {}) for requirement in self.requirements)


@dataclass(frozen=True, slots=True)
class FieldRequirement:
    path: str
    value: str
    is_equal: bool


@dataclass(frozen=True, slots=True)
class FieldSelector:
    requirements: tuple[FieldRequirement, ...] = ()

    def accepts(self, item: JsonObject) -> bool:
        return all((read_field(item, r.path) == r.value) is r.is_equal for r in self.requirements)


_SET_REQUIREMENT = re.compile(r"^(?P<key>\S+)\s+(?P<op>in|notin)\s*\((?P<values>[^)]*)\)$")
_EQUALITY = re.compile(r"^(?P<key>[^=!<>\s]+)\s*(?P<op>==|=|!=|<|>)\s*(?P<value>[^=!<>]*)$")
_LABEL_KEY = re.compile(r"^([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$")
_LABEL_VALUE = re.compile(r"^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$")
_VALUE_HINT = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
    "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)
_KEY_HINT = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
    "character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)


def parse_label_selector(text: str) -> LabelSelector:
    """Read `app=web,tier in (a,b),!old`; raise SelectorError for anything else."""
    parts = [part.strip() for part in re.split(r",(?![^(]*\))", text)] if text.strip() else []
    return LabelSelector(tuple(_parse_label_requirement(part, whole=text) for part in parts))


def _parse_label_requirement(part: str, *, whole: str) -> LabelRequirement:
    if in_set := _SET_REQUIREMENT.match(part):
        values = frozenset(value.strip() for value in in_set["values"].split(","))
        return _checked(LabelRequirement(in_set["key"], in_set["op"], values))
    if equality := _EQUALITY.match(part):
        operator = {"=": "in", "==": "in", "!=": "notin"}.get(equality["op"], equality["op"])
        return _checked(LabelRequirement(equality["key"], operator, frozenset({equality["value"].strip()})))
    if part.startswith("!") and part[1:].strip():
        return _checked(LabelRequirement(part[1:].strip(), "!"))
    if part and not re.search(r"[\s=!<>()]", part):
        return _checked(LabelRequirement(part, "exists"))
    raise SelectorError(f"unable to parse requirement: found '{part or whole}', expected: !, identifier, or ','")


def _checked(requirement: LabelRequirement) -> LabelRequirement:
    if not _LABEL_KEY.match(requirement.key):
        raise SelectorError(f'key: Invalid value: "{requirement.key}": {_KEY_HINT}')
    for index, value in enumerate(sorted(requirement.values)):
        if requirement.operator in {"in", "notin"} and not _LABEL_VALUE.match(value):
            raise SelectorError(f'values[{index}][{requirement.key}]: Invalid value: "{value}": {_VALUE_HINT}')
    return requirement


def _compare_numbers(value: str, *, operator: str, bound: str) -> bool:
    try:
        return int(value) > int(bound) if operator == ">" else int(value) < int(bound)
    except ValueError:
        return False


def parse_field_selector(text: str) -> FieldSelector:
    """Read `status.phase=Running,metadata.name!=a`; which paths exist is for the caller to check."""
    requirements = []
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        match = re.match(r"^([^=!]+)(==|!=|=)(.*)$", part)
        if match is None:
            raise SelectorError(f"invalid field selector: '{text}'; can't understand '{part}'")
        requirements.append(FieldRequirement(match[1].strip(), match[3], match[2] != "!="))
    return FieldSelector(tuple(requirements))


def read_field(item: JsonObject, path: str) -> str:
    """The text at a dotted path; an absent field reads as the empty string, a boolean as true or false."""
    value: Any = item  # walks open JSON
    for step in path.split("."):
        if not isinstance(value, dict):
            return ""
        value = value.get(step)
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def matches_label_selector(selector: JsonObject | None, labels: Mapping[str, str] | None) -> bool:
    """Whether labels satisfy a LabelSelector object; None selects nothing, {} selects everything."""
    if selector is None:
        return False
    found = labels or {}
    if any(found.get(key) != value for key, value in (selector.get("matchLabels") or {}).items()):
        return False
    operators = {"In": "in", "NotIn": "notin", "Exists": "exists", "DoesNotExist": "!"}
    return all(
        LabelRequirement(entry["key"], operators[entry["operator"]], frozenset(entry.get("values") or ())).accepts(
            found
        )
        for entry in selector.get("matchExpressions") or ()
    )
