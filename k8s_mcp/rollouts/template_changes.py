"""What differs between two pod templates, as lines a person reads; values of credentials stay hidden."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from k8s_diagnosis.objects.access import JsonObject
from k8s_mcp.showing.hiding import hide_secrets
from mcp_kit.redaction import HIDDEN

_MAX_VALUE = 120
_NAMES = ("name", "mountPath", "containerPort", "key")
"""What tells the entries of a list apart, whatever their order: containers, variables and volumes by name."""


def describe_changes(before: JsonObject, after: JsonObject) -> list[str]:
    """Lines such as `containers[web].image: web:1 -> web:2`, in the order of the paths."""
    old, new = _flatten(before), _flatten(after)
    shown_old, shown_new = _flatten(hide_secrets(before)), _flatten(hide_secrets(after))
    lines = []
    for path in sorted(old.keys() | new.keys()):
        if old.get(path) == new.get(path):
            continue
        lines.append(_describe(path, shown_old.get(path), shown_new.get(path)))
    return lines


def _describe(path: str, before: object, after: object) -> str:
    if before == after == HIDDEN:
        return f"{path}: changed (value hidden)"
    if before is None:
        return f"{path}: added {_show(after)}"
    if after is None:
        return f"{path}: removed (was {_show(before)})"
    return f"{path}: {_show(before)} -> {_show(after)}"


def _show(value: object) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= _MAX_VALUE else f"{text[: _MAX_VALUE - 1]}…"


def _flatten(template: JsonObject) -> dict[str, object]:
    return {path.removeprefix("spec."): value for path, value in _walk(template, "")}


def _walk(value: object, path: str) -> Iterator[tuple[str, object]]:
    if isinstance(value, Mapping):
        pair = value.get("name")
        if isinstance(pair, str) and set(value) == {"name", "value"}:
            yield path, value["value"]
            return
        for key, inner in value.items():
            yield from _walk(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _walk(item, f"{path}[{_name_of(item, index)}]")
    elif value is not None and value not in ("", {}, []):
        yield path, value


def _name_of(item: object, index: int) -> str:
    if isinstance(item, Mapping):
        for key in _NAMES:
            if isinstance(item.get(key), str | int):
                return str(item[key])
    return str(index)
