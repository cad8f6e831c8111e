"""The continue token of a list: the version listed and the last key sent."""

import base64
import binascii
from dataclasses import dataclass

import orjson

from simulator.api.status_errors import bad_request
from simulator.store.history import ObjectKey

_PREFIX = "invalid continue token: continue key is not valid: "
_UNKNOWN_FORM = f"{_PREFIX}server does not recognize this encoded version"


@dataclass(frozen=True, slots=True)
class ContinueToken:
    version: int
    """-1 means: at whatever version the store is at (after an expiry)."""
    after: ObjectKey

    def encode(self, *, is_namespaced_list: bool) -> str:
        namespace, name = self.after
        key = f"/{name}" if is_namespaced_list or not namespace else f"/{namespace}/{name}"
        body = {"v": "meta.k8s.io/v1", "rv": self.version, "start": f"{key}\x00"}
        return base64.urlsafe_b64encode(orjson.dumps(body)).decode().rstrip("=")


def decode_token(text: str, *, namespace: str | None) -> ContinueToken:
    """Read a token back; raise 400 for anything that is none."""
    body = _decode_body(text)
    version, start = body.get("rv"), body.get("start")
    if body.get("v") != "meta.k8s.io/v1" or not isinstance(version, int) or not isinstance(start, str):
        raise bad_request(
            "invalid continue token: continue key is not valid: server does not recognize this encoded version"
        )
    steps = start.removesuffix("\x00").lstrip("/").split("/")
    if len(steps) == 1:
        return ContinueToken(version, (namespace or "", steps[0]))
    return ContinueToken(version, (steps[0], steps[1]))


def _decode_body(text: str) -> dict[str, object]:
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise bad_request(f"{_PREFIX}illegal base64 data at input byte {_first_illegal(text)}") from error
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        first = chr(raw[0]) if raw else ""
        raise bad_request(f"{_PREFIX}invalid character '{first}' looking for beginning of value") from error
    if not isinstance(body, dict):
        raise bad_request(_UNKNOWN_FORM)
    return body


def _first_illegal(text: str) -> int:
    return next((at for at, char in enumerate(text) if not (char.isalnum() or char in "-_")), len(text))
