"""Request bodies: JSON or YAML text to plain objects, with Go's words for what is wrong."""

import json
from typing import Any

import orjson
import yaml

from simulator.api.protobuf import PROTOBUF_TYPE, UnknownProtobuf, decode_protobuf
from simulator.api.status_errors import ApiError, bad_request
from simulator.store import JsonObject

_ACCEPTED = "application/json, application/yaml, application/vnd.kubernetes.protobuf"
_SHOWN_BYTES = 30


def read_json_body(body: bytes, *, kind: str, content_type: str | None) -> JsonObject:
    """The object in a body; raise 400 when it is none, 415 for a media type that is not understood."""
    media_type = (content_type or "application/json").partition(";")[0].strip().lower()
    if media_type in {"application/yaml", "text/yaml"}:
        parsed = _parse_yaml(body, kind=kind)
    elif media_type in {"application/json", ""}:
        parsed = _parse_json(body, kind=kind)
    elif media_type == PROTOBUF_TYPE:
        parsed = _parse_protobuf(body)
    else:
        raise _unknown_format()
    if not isinstance(parsed, dict):
        raise _unrecognized(kind, f"json: cannot unmarshal {json_kind(parsed)} into Go value of type", body)
    return parsed


def read_patch_body(body: bytes) -> Any:  # a JSON patch is a list, the other patches are objects
    """The JSON (or, for apply, YAML) of a patch; raise 400."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        raise bad_request(f"error decoding patch: {_describe_json_error(body)}") from None


def read_yaml_patch(body: bytes) -> JsonObject:
    try:
        parsed = yaml.safe_load(body)
    except yaml.YAMLError as error:
        raise bad_request(f"error decoding YAML: {error}") from error
    if not isinstance(parsed, dict):
        raise bad_request("error decoding YAML: the patch is not an object")
    return parsed


def _parse_json(body: bytes, *, kind: str) -> Any:  # whatever JSON the client sent; the caller checks
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        reason = f"couldn't get version/kind; json parse error: {_describe_json_error(body)}"
        raise _unrecognized(kind, reason, body) from None


def _parse_yaml(body: bytes, *, kind: str) -> Any:  # whatever YAML the client sent; the caller checks
    try:
        return yaml.safe_load(body)
    except yaml.YAMLError as error:
        raise _unrecognized(kind, f"couldn't get version/kind; yaml parse error: {error}", body) from error


def _parse_protobuf(body: bytes) -> JsonObject:
    try:
        return decode_protobuf(body)
    except UnknownProtobuf as error:
        raise _unknown_format() from error


def _unknown_format() -> ApiError:
    message = f"the body of the request was in an unknown format - accepted media types include: {_ACCEPTED}"
    return ApiError(415, "UnsupportedMediaType", message)


def _unrecognized(kind: str, reason: str, body: bytes) -> ApiError:
    return bad_request(f"the object provided is unrecognized (must be of type {kind}): {reason} ({_summary(body)})")


def _summary(body: bytes) -> str:
    if not body:
        return "<empty>"
    shown = body[:_SHOWN_BYTES].decode(errors="replace") if body[:1] == b"{" else body[:_SHOWN_BYTES].hex()
    return f"{shown} ..." if len(body) > _SHOWN_BYTES else shown


def _describe_json_error(body: bytes) -> str:
    """The error of Go's JSON scanner for text that Python's scanner refuses at the same place."""
    text = body.decode(errors="replace")
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        if error.pos >= len(text.rstrip()):
            return "unexpected end of JSON input"
        expected = {
            "Expecting property name enclosed in double quotes": "looking for beginning of object key string",
            "Expecting ':' delimiter": "after object key",
            "Expecting ',' delimiter": "after object key:value pair",
            "Extra data": "after top-level value",
        }.get(error.msg, "looking for beginning of value")
        return f"invalid character '{text[error.pos]}' {expected}"
    return "unexpected end of JSON input"


def json_kind(value: object) -> str:
    """What Go calls a JSON value of this type."""
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list) else "object"
