"""Takes secret values out of an object before anything of it is compared or shown."""

from __future__ import annotations

import hashlib
from typing import Any

from k8s_diagnosis.objects.access import JsonObject, read_map, read_text
from mcp_kit.redaction import is_credential_name

_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_MARK = "hidden:"


def hide_secrets(source: JsonObject) -> JsonObject:
    """A copy in which each secret value is replaced by its size and a digest, so that a change of it still shows."""
    hidden: JsonObject = _hide_env(source)
    if read_text(source, "kind") == "Secret":
        for field in ("data", "stringData"):
            if read_map(source, field):
                hidden[field] = {key: hide_value(value) for key, value in read_map(source, field).items()}
    elif read_text(source, "kind") == "ConfigMap" and read_map(source, "data"):
        hidden["data"] = _hide_named(read_map(source, "data"))
    annotations = read_map(hidden, "metadata", "annotations")
    if annotations:
        kept = {key: value for key, value in annotations.items() if key != _LAST_APPLIED}
        hidden["metadata"] = {**read_map(hidden, "metadata"), "annotations": _hide_named(kept)}
    return hidden


def hide_value(value: object) -> str:
    text = str(value)
    return f"{_MARK} {len(text)} characters, sha256 {hashlib.sha256(text.encode()).hexdigest()[:8]}"


def _hide_named(values: JsonObject) -> JsonObject:
    return {key: hide_value(value) if is_credential_name(key) else value for key, value in values.items()}


def _hide_env(value: Any) -> Any:  # Any: JSON of any shape
    """Every `{name, value}` pair, wherever a pod template stands, whose name tells a credential."""
    if isinstance(value, list):
        return [_hide_env(item) for item in value]
    if not isinstance(value, dict):
        return value
    name, given = value.get("name"), value.get("value")
    if isinstance(name, str) and isinstance(given, str) and is_credential_name(name):
        return {**value, "value": hide_value(given)}
    return {key: _hide_env(item) for key, item in value.items()}
