"""Null in JSON means the zero value in Go: what the real server's decoder makes of it."""

from typing import Any

from simulator.api.schema.definitions import SCALARS, definition_of, is_list, is_map, item_type
from simulator.store import JsonObject

_NO_SPEC = frozenset({"Node", "Lease", "LimitRange", "Namespace", "ResourceQuota"})
_ZEROS: dict[str, Any] = {"string": "", "integer": 0, "boolean": False, "number": 0, "bytes": ""}  # JSON zero values


def without_nulls(kind: str, item: JsonObject) -> JsonObject:
    """A copy whose nulls are gone, and whose spec and metadata exist; unset times stay null, as Go writes them."""
    clean = _clean_struct(kind, item)
    known = definition_of(kind) or {}
    clean.setdefault("metadata", {})
    if "spec" in known and kind not in _NO_SPEC:
        clean.setdefault("spec", {})
    return clean


def _clean_struct(type_name: str, value: JsonObject) -> JsonObject:
    known = definition_of(type_name) or {}
    clean: JsonObject = {}
    for field, entry in value.items():
        inner = known.get(field, "any")
        if entry is not None:
            clean[field] = _clean(inner, entry)
        elif inner == "time":
            clean[field] = None
    return clean


def _clean(type_name: str, value: Any) -> Any:  # any JSON value
    if is_list(type_name) and isinstance(value, list):
        return [_clean_item(item_type(type_name), entry) for entry in value]
    if is_map(type_name) and isinstance(value, dict):
        return {key: _clean_item(item_type(type_name), entry) for key, entry in value.items()}
    if type_name not in SCALARS and isinstance(value, dict):
        return _clean_struct(type_name, value) if definition_of(type_name) is not None else value
    return value


def _clean_item(type_name: str, value: Any) -> Any:  # any JSON value
    if value is not None:
        return _clean(type_name, value)
    return _ZEROS.get(type_name, {})
