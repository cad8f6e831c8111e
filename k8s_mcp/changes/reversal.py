"""The way back: a JSON patch that turns a changed object into what it was, or the manifest of a deleted one."""

from __future__ import annotations

import json
from typing import Any

from k8s_diagnosis.objects.access import JsonObject
from k8s_mcp.changes.difference import without_server_fields
from k8s_mcp.showing.hiding import hide_secrets
from mcp_kit.redaction import redact

_MAX_CHARACTERS = 1500
"""Longer text is not read by anybody and would fill the question."""

_SERVER_ANNOTATIONS = ("kubectl.kubernetes.io/last-applied-configuration", "deployment.kubernetes.io/revision")


def write_reverse_patch(before: JsonObject, after: JsonObject) -> str | None:
    """Compact JSON of the patch; None when there is nothing to turn back, it would be too long or show a secret."""
    operations = _operations("", _settable(after), _settable(before))
    hidden = _operations("", _settable(hide_secrets(after)), _settable(hide_secrets(before)))
    return _write(operations, hidden=hidden) if operations else None


def write_manifest(source: JsonObject) -> str | None:
    """Compact JSON that makes the object anew; None when it would be too long or show a secret."""
    return _write(_settable(source), hidden=_settable(hide_secrets(source)))


def _write(value: object, *, hidden: object) -> str | None:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    shows_secret = hidden != value or redact(text) != text
    return None if shows_secret or len(text) > _MAX_CHARACTERS else text


def _settable(source: JsonObject) -> JsonObject:
    kept = without_server_fields(source)
    annotations = dict(kept["metadata"].get("annotations") or {})
    for name in _SERVER_ANNOTATIONS:
        annotations.pop(name, None)
    metadata = {key: value for key, value in kept["metadata"].items() if key != "annotations"}
    return {**kept, "metadata": {**metadata, "annotations": annotations} if annotations else metadata}


def _operations(path: str, now: Any, wanted: Any) -> list[JsonObject]:  # Any: JSON
    """RFC 6902 operations that turn one value into the other."""
    if now == wanted:
        return []
    if isinstance(now, dict) and isinstance(wanted, dict):
        return _map_operations(path, now, wanted)
    if isinstance(now, list) and isinstance(wanted, list) and len(now) == len(wanted):
        return [
            operation
            for index, (mine, theirs) in enumerate(zip(now, wanted, strict=True))
            for operation in _operations(f"{path}/{index}", mine, theirs)
        ]
    return [{"op": "replace", "path": path, "value": wanted}]


def _map_operations(path: str, now: JsonObject, wanted: JsonObject) -> list[JsonObject]:
    operations: list[JsonObject] = []
    for key in dict.fromkeys([*now, *wanted]):
        below = f"{path}/{key.replace('~', '~0').replace('/', '~1')}"
        if key not in wanted:
            operations.append({"op": "remove", "path": below})
        elif key not in now:
            operations.append({"op": "add", "path": below, "value": wanted[key]})
        else:
            operations += _operations(below, now[key], wanted[key])
    return operations
