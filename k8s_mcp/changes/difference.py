"""What differs between two states of an object, field by field, in words short enough to be read in a question."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from k8s_diagnosis.objects.access import JsonObject, read_map
from k8s_mcp.showing.hiding import hide_secrets
from mcp_kit.sanitising import sanitise_line

_MAX_VALUE = 160
_SERVER_METADATA = {"managedFields", "resourceVersion", "generation", "uid", "creationTimestamp", "selfLink"}

_IDENTITY = {"kind", "apiVersion", "metadata.name", "metadata.namespace"}
"""Told beside the differences; a new object would show them once more."""

# What tells the entries of a list apart, best first; `name` comes twice in lists of volume mounts.
_IDENTIFIERS = ("name", "mountPath", "containerPort", "port", "key", "type", "topologyKey", "ip", "uid")


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field; None stands for a field that is not there."""

    field: str
    before: str | None
    after: str | None


def compare(before: JsonObject | None, after: JsonObject | None) -> list[FieldChange]:
    """Every field a person has written or will write that differs, in the order of the object.

    What differs is found in the values themselves; what is shown of them has its secrets hidden.
    """
    differences = _differences("", _side_of(before), _side_of(after))
    return [_describe(path, was, becomes) for path, was, becomes in differences if path not in _IDENTITY]


def without_server_fields(source: JsonObject) -> JsonObject:
    """The part of an object that people and controllers ask for: neither status nor what the API server fills in."""
    metadata = {key: value for key, value in read_map(source, "metadata").items() if key not in _SERVER_METADATA}
    kept = {key: value for key, value in source.items() if key != "status"}
    return {**kept, "metadata": metadata}


class _Absent:
    """Stands for a field that is not there; null is a value."""


_ABSENT = _Absent()


@dataclass(frozen=True, slots=True)
class _Side:
    """A value of one of the two states, and what may be shown of it."""

    value: Any  # Any: JSON, or _ABSENT
    shown: Any  # Any: JSON, or _ABSENT

    def keys(self) -> list[str]:
        return list(self.value) if isinstance(self.value, dict) else []

    def field(self, key: str) -> _Side:
        if not isinstance(self.value, dict) or key not in self.value:
            return _NOTHING
        return _Side(self.value[key], self.shown.get(key) if isinstance(self.shown, dict) else self.shown)

    def entries(self) -> list[_Side]:
        if not isinstance(self.value, list):
            return []
        shown = self.shown if isinstance(self.shown, list) else [self.shown] * len(self.value)
        return [_Side(value, part) for value, part in zip(self.value, shown, strict=True)]


_NOTHING = _Side(_ABSENT, _ABSENT)
_Difference = tuple[str, _Side, _Side]


def _side_of(source: JsonObject | None) -> _Side:
    if source is None:
        return _NOTHING
    return _Side(without_server_fields(source), without_server_fields(hide_secrets(source)))


def _differences(path: str, before: _Side, after: _Side) -> Iterator[_Difference]:
    if before.value == after.value:
        return
    if _are_nested(before, after, dict):
        for key in dict.fromkeys([*before.keys(), *after.keys()]):
            yield from _differences(_join(path, key), before.field(key), after.field(key))
    elif _are_nested(before, after, list):
        yield from _compare_lists(path, before, after)
    else:
        yield path, before, after


def _are_nested(before: _Side, after: _Side, kind: type) -> bool:
    """Whether both sides are taken apart; one that is missing is taken apart like the other."""
    values = [before.value, after.value]
    return all(value is _ABSENT or isinstance(value, kind) for value in values) and any(
        isinstance(value, kind) and bool(value) for value in values
    )


def _compare_lists(path: str, before: _Side, after: _Side) -> Iterator[_Difference]:
    identifier = _find_identifier(before, after)
    if identifier is None:
        yield path, before, after
        return
    old = {str(entry.value[identifier]): entry for entry in before.entries()}
    new = {str(entry.value[identifier]): entry for entry in after.entries()}
    is_order_only = True
    for key in dict.fromkeys([*old, *new]):
        for difference in _differences(f"{path}[{key}]", old.get(key, _NOTHING), new.get(key, _NOTHING)):
            is_order_only = False
            yield difference
    if is_order_only:
        yield path, _order_of(old), _order_of(new)


def _order_of(entries: Iterable[str]) -> _Side:
    text = f"order {', '.join(entries)}"
    return _Side(text, text)


def _find_identifier(before: _Side, after: _Side) -> str | None:
    """The field by which the entries of both lists can be told apart."""
    sides = [[entry.value for entry in side.entries()] for side in (before, after)]
    if not all(isinstance(value, dict) for side in sides for value in side):
        return None
    for field in _IDENTIFIERS:
        found = [[str(value[field]) for value in side if field in value] for side in sides]
        is_everywhere = all(len(values) == len(side) for values, side in zip(found, sides, strict=True))
        if is_everywhere and all(len(set(values)) == len(values) for values in found):
            return field
    return None


def _join(path: str, key: str) -> str:
    if "." in key or "/" in key:
        return f"{path}[{key}]"
    return f"{path}.{key}" if path else key


def _describe(path: str, before: _Side, after: _Side) -> FieldChange:
    was, becomes = _show(before.shown), _show(after.shown)
    if was is not None and was == becomes:
        # What differs is a secret, or lies beyond what is shown.
        becomes = f"{becomes} (changed)"
    return FieldChange(path, was, becomes)


def _show(value: Any) -> str | None:  # Any: JSON, or _ABSENT
    if value is _ABSENT:
        return None
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return sanitise_line(text, max_characters=_MAX_VALUE)
