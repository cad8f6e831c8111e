"""Reaching into API objects."""

from __future__ import annotations

from typing import Any

JsonObject = dict[str, Any]
"""An API object. Any: its shape belongs to the API; these functions check what they read."""


def read_text(source: object, *keys: str) -> str:
    """The string or number at the path as text; empty when there is none."""
    # Walks by itself: a diagnosis of 5 000 pods asks for a million texts, nearly all of which are strings.
    for key in keys:
        if not isinstance(source, dict):
            return ""
        source = source.get(key)
    if isinstance(source, str):
        return source
    return str(source) if isinstance(source, int | float) and not isinstance(source, bool) else ""


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
    for key in keys:
        if not isinstance(source, dict):
            return []
        source = source.get(key)
    return [item for item in source if isinstance(item, dict)] if isinstance(source, list) else []


def read_texts(source: object, *keys: str) -> list[str]:
    value = _walk(source, keys)
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def name_of(source: object) -> str:
    return _read_metadata(source, "name")


def namespace_of(source: object) -> str:
    return _read_metadata(source, "namespace")


def _read_metadata(source: object, field: str) -> str:
    metadata = source.get("metadata") if isinstance(source, dict) else None
    value = metadata.get(field) if isinstance(metadata, dict) else None
    return value if isinstance(value, str) else ""


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
