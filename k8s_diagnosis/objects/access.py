"""Reaching into API objects."""

from __future__ import annotations

from typing import Any

JsonObject = dict[str, Any]
"""An API object. Any: its shape belongs to the API; these functions check what they read."""


def read_text(source: object, *keys: str) -> str:
    """The string or number at the path as text; empty when there is none."""
    value = _walk(source, keys)
    # Nearly all are strings, and a diagnosis of a large cluster reads a million of them.
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def read_int(source: object, *keys: str) -> int:
    value = _walk(source, keys)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def read_flag(source: object, *keys: str) -> bool:
    return _walk(source, keys) is True


def read_map(source: object, *keys: str) -> JsonObject:
    value = _walk(source, keys)
    return value if isinstance(value, dict) else {}


def read_maps(source: object, *keys: str) -> list[JsonObject]:
    """The objects of a list; null, as Go writes an empty list, is empty."""
    value = _walk(source, keys)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def read_texts(source: object, *keys: str) -> list[str]:
    value = _walk(source, keys)
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def name_of(source: object) -> str:
    return read_text(source, "metadata", "name")


def namespace_of(source: object) -> str:
    return read_text(source, "metadata", "namespace")


def object_path(kind: str, source: object) -> str:
    """Kind/namespace/name, the form every problem uses; the namespace is empty for objects without one."""
    return f"{kind}/{namespace_of(source)}/{name_of(source)}"


def labels_of(source: object) -> dict[str, str]:
    return {key: str(value) for key, value in read_map(source, "metadata", "labels").items()}


def _walk(source: object, keys: tuple[str, ...]) -> object:
    for key in keys:
        if not isinstance(source, dict):
            return None
        source = source.get(key)
    return source
