"""Bodies in the Kubernetes protobuf form, which kubectl sends when it creates objects or asks about access.

Only the messages those commands send are known. A field that is not known and not empty is refused as an unsupported
form, never dropped.
"""

import base64
from collections.abc import Iterator

from simulator.api.protobuf_messages import MESSAGES
from simulator.store import JsonObject

PROTOBUF_TYPE = "application/vnd.kubernetes.protobuf"
_MAGIC = b"k8s\x00"


class UnknownProtobuf(Exception):
    """The bytes are no protobuf, or hold something that is not in the table."""


def decode_protobuf(body: bytes) -> JsonObject:
    """The object in a body, as the JSON form would hold it; raise UnknownProtobuf."""
    if not body.startswith(_MAGIC):
        raise UnknownProtobuf
    envelope = _read_message("Unknown", body[len(_MAGIC) :])
    head = envelope.get("typeMeta") or {}
    kind = head.get("kind", "")
    # A kind whose versions differ is listed with each of them.
    versioned = f"{head.get('apiVersion', '')}/{kind}"
    name = versioned if versioned in MESSAGES else kind
    if name not in MESSAGES:
        raise UnknownProtobuf(kind)
    return {**head, **_read_message(name, envelope.get("raw", b""))}


def _read_message(type_name: str, data: bytes) -> JsonObject:
    known, message = MESSAGES[type_name], JsonObject()
    for number, value in _fields(data):
        if number not in known:
            if not _is_empty(value):
                raise UnknownProtobuf(f"{type_name}.{number}")
            continue
        name, field_type = known[number]
        _store(message, name, field_type, value)
    return message


def _store(message: JsonObject, name: str, field_type: str, value: int | bytes) -> None:
    if field_type.startswith("["):
        message.setdefault(name, []).append(_convert(field_type[1:-1], value))
    elif field_type.startswith("{"):
        entry = dict(_fields(_as_bytes(value)))
        key = _convert("string", entry.get(1, b""))
        message.setdefault(name, {})[key] = _convert(field_type[1:-1], entry.get(2, b""))
    elif field_type.startswith("^"):
        message |= _read_message(field_type[1:], _as_bytes(value))
    elif field_type != "-":
        converted = _convert(field_type, value)
        # Go writes empty text for what was never set.
        if converted != "":
            message[name] = converted


def _convert(field_type: str, value: int | bytes) -> object:
    if field_type == "int":
        number = value if isinstance(value, int) else 0
        return number - 2**64 if number >= 2**63 else number
    if field_type == "bool":
        return bool(value)
    data = _as_bytes(value)
    if field_type == "quantity":
        return _as_bytes(dict(_fields(data)).get(1, b"")).decode(errors="replace")
    if field_type == "int or string":
        parts = dict(_fields(data))
        return parts.get(2, 0) if not parts.get(1) else _as_bytes(parts.get(3, b"")).decode(errors="replace")
    if field_type == "string":
        return data.decode(errors="replace")
    if field_type == "base64":
        return base64.b64encode(data).decode()
    return data if field_type == "bytes" else _read_message(field_type, data)


def _is_empty(value: int | bytes) -> bool:
    """Whether a value says nothing: Go writes messages and texts that were never set."""
    if isinstance(value, int):
        return value == 0
    try:
        return all(_is_empty(inner) for _, inner in _fields(value))
    except UnknownProtobuf:
        return False


def _as_bytes(value: int | bytes) -> bytes:
    if isinstance(value, int):
        raise UnknownProtobuf("a number where bytes belong")
    return value


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Field numbers and raw values of one message; only the two wire forms Kubernetes uses are read."""
    at = 0
    while at < len(data):
        tag, at = _read_varint(data, at)
        value, at = _read_varint(data, at)
        if tag & 7 == 0:
            yield tag >> 3, value
            continue
        if tag & 7 != 2 or at + value > len(data):
            raise UnknownProtobuf(f"wire form {tag & 7}")
        yield tag >> 3, data[at : at + value]
        at += value


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(data) and shift < 64:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
    raise UnknownProtobuf("a number without an end")
