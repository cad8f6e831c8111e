"""What differs between two states of an object, field by field, in words short enough to be read in a question."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from k8s_diagnosis.objects.access import JsonObject, read_map
from k8s_mcp.changes.hiding import hide_secrets
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
    """Every field a person has written or will write that differs, in the order of the object; secrets are hidden."""
    old = _ABSENT if before is None else without_server_fields(hide_secrets(before))
    new = _ABSENT if after is None else without_server_fields(hide_secrets(after))
    found = [FieldChange(path, _show(was), _show(becomes)) for path, was, becomes in _differences("", old, new)]
    return [change for change in found if change.field not in _IDENTITY]


def without_server_fields(source: JsonObject) -> JsonObject:
    """The part of an object that people and controllers ask for: neither status nor what the API server fills in."""
    metadata = {key: value for key, value in read_map(source, "metadata").items() if key not in _SERVER_METADATA}
    kept = {key: value for key, value in source.items() if key != "status"}
    return {**kept, "metadata": metadata}


class _Absent:
    """Stands for a field that is not there; null is a value."""


_ABSENT = _Absent()
_Difference = tuple[str, Any, Any]  # Any: JSON, or _ABSENT


def _differences(path: str, before: Any, after: Any) -> Iterator[_Difference]:  # Any: JSON, or _ABSENT
    if before == after:
        return
    if _are_nested(before, after, dict):
        yield from _compare_maps(path, _as(before, {}), _as(after, {}))
    elif _are_nested(before, after, list):
        yield from _compare_lists(path, _as(before, []), _as(after, []))
    else:
        yield path, before, after


def _are_nested(before: object, after: object, kind: type) -> bool:
    """Whether both sides are taken apart; one that is missing is taken apart like the other."""
    sides = [before, after]
    return all(side is _ABSENT or isinstance(side, kind) for side in sides) and any(
        isinstance(side, kind) and bool(side) for side in sides
    )


def _as(value: Any, empty: Any) -> Any:  # Any: JSON, or _ABSENT
    return empty if value is _ABSENT else value


def _compare_maps(path: str, before: JsonObject, after: JsonObject) -> Iterator[_Difference]:
    for key in dict.fromkeys([*before, *after]):
        yield from _differences(_join(path, key), before.get(key, _ABSENT), after.get(key, _ABSENT))


def _compare_lists(path: str, before: Sequence[Any], after: Sequence[Any]) -> Iterator[_Difference]:  # Any: JSON
    identifier = _find_identifier([*before], [*after])
    if identifier is None:
        yield path, list(before) or _ABSENT, list(after) or _ABSENT
        return
    old = {str(item[identifier]): item for item in before}
    new = {str(item[identifier]): item for item in after}
    is_order_only = True
    for key in dict.fromkeys([*old, *new]):
        for difference in _differences(f"{path}[{key}]", old.get(key, _ABSENT), new.get(key, _ABSENT)):
            is_order_only = False
            yield difference
    if is_order_only:
        yield path, f"order {', '.join(old)}", f"order {', '.join(new)}"


def _find_identifier(before: list[Any], after: list[Any]) -> str | None:  # Any: JSON
    """The field by which the entries of both lists can be told apart."""
    items = [*before, *after]
    if not all(isinstance(item, dict) for item in items):
        return None
    for field in _IDENTIFIERS:
        values = [[str(item.get(field)) for item in side if field in item] for side in (before, after)]
        if len(values[0]) + len(values[1]) == len(items) and all(len(set(side)) == len(side) for side in values):
            return field
    return None


def _join(path: str, key: str) -> str:
    if "." in key or "/" in key:
        return f"{path}[{key}]"
    return f"{path}.{key}" if path else key


def _show(value: Any) -> str | None:  # Any: JSON, or _ABSENT
    if value is _ABSENT:
        return None
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return sanitise_line(text, max_characters=_MAX_VALUE)
