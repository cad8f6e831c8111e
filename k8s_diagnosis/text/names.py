"""Kubernetes names: which are valid, and which existing one was probably meant."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence

_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?")
_OBJECT_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9:._-]*")
_MAX_NAME = 253


class InvalidName(ValueError):
    """The text cannot be the name of a Kubernetes object."""


def check_name(name: str) -> str:
    """Return the name; raise InvalidName for one Kubernetes would refuse, a leading '-' above all."""
    if not 0 < len(name) <= _MAX_NAME or not _NAME.fullmatch(name):
        raise InvalidName(
            f"{name[:80]!r} is no valid Kubernetes name: lower-case letters, digits, '-' and '.', "
            "starting and ending with a letter or digit"
        )
    return name


def check_object_name(name: str) -> str:
    """Return the name of an object of any kind; some, as RBAC roles, may hold capitals and colons.

    Raise InvalidName for one that could be taken for a path or an option.
    """
    if not 0 < len(name) <= _MAX_NAME or not _OBJECT_NAME.fullmatch(name):
        raise InvalidName(f"{name[:80]!r} is no valid name of a Kubernetes object")
    return name


def find_nearest(name: str, *, among: Iterable[str], limit: int = 5) -> list[str]:
    """Names that resemble the wanted one; those that contain it come first."""
    names = sorted(set(among))
    containing = [candidate for candidate in names if name and (name in candidate or candidate in name)]
    similar = [
        found for found in difflib.get_close_matches(name, names, n=limit, cutoff=0.5) if found not in containing
    ]
    return [*containing, *similar][:limit]


def list_nearest(name: str, *, among: Sequence[str], limit: int = 5) -> str:
    """The sentence part `nearest: a, b`, or the first names when nothing resembles, or that there are none."""
    if not among:
        return "there are none"
    nearest = find_nearest(name, among=among, limit=limit)
    if nearest:
        return f"nearest: {', '.join(nearest)}"
    first = sorted(set(among))
    more = f" and {len(first) - limit} more" if len(first) > limit else ""
    return f"there are: {', '.join(first[:limit])}{more}"
