"""Takes secrets out of objects before anything of them is shown. What is hidden keeps its size and a short digest."""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
from collections.abc import Mapping
from typing import Any

from k8s_diagnosis.objects.access import JsonObject, read_map, read_text
from mcp_kit.redaction import HIDDEN, hide_private_keys, is_credential_name, redact
from mcp_kit.sanitising import sanitise

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"

# A plain digest of a short password could be found by trying all of them; this one means nothing outside this process,
# and still tells within it whether two values are the same.
_DIGEST_KEY = secrets.token_bytes(32)
_DIGEST_LENGTH = 8

_SECRET_FIELDS = ("data", "stringData")
_CONFIG_FIELDS = ("data", "binaryData")


def hide_secrets(source: JsonObject) -> JsonObject:
    """A copy of the object that may be shown.

    Values of Secrets, of variables and fields whose name says that they are credentials, and credentials within texts
    are replaced; copies of the whole object (the last applied configuration, managed fields) are left out.
    """
    shown: JsonObject = {}
    for key, value in source.items():
        if key == "metadata" and isinstance(value, Mapping):
            shown[key] = _show_metadata(value)
        elif key in _value_fields(source) and isinstance(value, Mapping):
            shown[key] = {name: _show_entry(source, key, str(name), entry) for name, entry in value.items()}
        else:
            shown[key] = _show(value, name=key)
    return shown


def _value_fields(source: JsonObject) -> tuple[str, ...]:
    """The fields whose entries are named by people; lists of the API leave `kind` out of their items."""
    kind = read_text(source, "kind")
    if kind == "Secret" or (not kind and "type" in source and "data" in source):
        return _SECRET_FIELDS
    return _CONFIG_FIELDS if kind == "ConfigMap" else ()


def _show_entry(source: JsonObject, field: str, name: str, value: object) -> object:
    if read_text(source, "kind") != "ConfigMap":
        return describe_hidden(_decode(value) if field == "data" else str(value).encode())
    if field == "binaryData":
        return describe_hidden(_decode(value))
    if is_credential_name(name):
        return describe_hidden(str(value).encode())
    return _show_text(str(value))


def describe_hidden(value: bytes) -> str:
    """What may be known of a secret value: its size, and a digest by which two values can be compared."""
    digest = hmac.digest(_DIGEST_KEY, value, "sha256").hex()[:_DIGEST_LENGTH]
    return f"<{len(value)} bytes, digest {digest}>"


def _decode(value: object) -> bytes:
    try:
        return base64.b64decode(str(value), validate=True)
    except (ValueError, binascii.Error):
        return str(value).encode()


def _show_metadata(metadata: Mapping[str, Any]) -> JsonObject:  # Any: JSON
    kept = {key: value for key, value in metadata.items() if key != "managedFields"}
    annotations = {key: value for key, value in read_map(kept, "annotations").items() if key != LAST_APPLIED}
    if annotations:
        kept["annotations"] = annotations
    else:
        kept.pop("annotations", None)
    return {key: _show(value, name=key) for key, value in kept.items()}


def _show(value: object, *, name: str) -> object:
    if isinstance(value, str):
        return HIDDEN if value and is_credential_name(name) else _show_text(value)
    if isinstance(value, Mapping):
        return _show_mapping(value)
    if isinstance(value, list):
        return _show_list(value)
    return value


def _show_mapping(value: Mapping[str, object]) -> JsonObject:
    """Fields by their names; a pair of `name` and `value`, as in variables and parameters, by the name it holds."""
    told = value.get("name")
    is_hidden_pair = isinstance(told, str) and is_credential_name(told)
    return {
        key: HIDDEN if key == "value" and is_hidden_pair and entry not in (None, "") else _show(entry, name=key)
        for key, entry in value.items()
    }


def _show_list(items: list[object]) -> list[object]:
    """Entries one by one; after an argument such as `--password` the next one is its value."""
    shown: list[object] = []
    is_value_next = False
    for item in items:
        if is_value_next and isinstance(item, str):
            shown.append(HIDDEN)
            is_value_next = False
            continue
        is_value_next = isinstance(item, str) and item.startswith("-") and is_credential_name(item.lstrip("-"))
        shown.append(_show(item, name=""))
    return shown


def _show_text(text: str) -> str:
    return redact(sanitise(hide_private_keys(text)))
