"""Directories whose loss ends a machine: the root, those directly below it, homes, `/var/lib`."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase

from command_safety.evaluation.scope import Scope
from command_safety.evaluation.values import Text
from command_safety.paths.normalising import locate

# https://refspecs.linuxfoundation.org/FHS_3.0/fhs/index.html, sections 3.2 and 6.1
_TOP_LEVEL = (
    *("bin", "boot", "dev", "etc", "home", "lib", "lib32", "lib64", "libx32", "media", "mnt", "opt"),
    *("proc", "root", "run", "sbin", "srv", "sys", "tmp", "usr", "var"),
)
_BELOW_USR = ("bin", "sbin", "local", "lib", "lib32", "lib64", "libx32", "libexec")
_PROTECTED: tuple[tuple[str, ...], ...] = (
    *((name,) for name in _TOP_LEVEL),
    *(("usr", name) for name in _BELOW_USR),
    ("var", "lib"),
)
_GLOB = re.compile(r"[*?\[]|[?*+@!]\(")
_CATCH_ALL = re.compile(r"[?.]*\*[*?]*(?:\.\*)?|\[[^\]]*\]\*|\.\[[^\]]*\]\*|!\(.*\)|[*+@]\(\*\)")
"""A last part that takes nearly everything in a directory."""


def is_protected(path: Text, scope: Scope) -> bool:
    """Whether the path is a protected directory, everything in one, or may become one when unknown parts are empty."""
    text = path.when_empty
    if not text and not path.is_known:
        # Nothing at all is known: a person decides.
        return False
    return any(_is_protected_place(place) for place in locate(text, directories=scope.directories, mounts=scope.mounts))


def _is_protected_place(place: str) -> bool:
    if place.startswith("~"):
        return _is_home(place)
    if not place.startswith("/"):
        return False
    parts = tuple(part for part in place.split("/") if part)
    if _matches_protected(parts):
        return True
    return bool(parts) and _CATCH_ALL.fullmatch(parts[-1]) is not None and _matches_protected(parts[:-1])


def _is_home(place: str) -> bool:
    _, _, rest = place.partition("/")
    return not rest or _CATCH_ALL.fullmatch(rest) is not None


def _matches_protected(parts: tuple[str, ...]) -> bool:
    if not parts:
        return True
    return any(
        len(parts) == len(protected)
        and all(_matches(pattern, name) for pattern, name in zip(parts, protected, strict=True))
        for protected in _PROTECTED
    )


def _matches(pattern: str, name: str) -> bool:
    if pattern == name:
        return True
    if not _GLOB.search(pattern):
        return False
    # Extended patterns such as @(etc|usr) are read as a star: which names they leave out is not worth knowing.
    return fnmatchcase(name, re.sub(r"[?*+@!]\([^)]*\)", "*", pattern))
