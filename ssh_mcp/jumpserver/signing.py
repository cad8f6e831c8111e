"""Access-key authentication of JumpServer: HTTP Signatures with HMAC-SHA256. Pure functions."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime
from email.utils import format_datetime

ACCEPT = "application/json"
_SIGNED = "(request-target) accept date"


def sign(method: str, target: str, *, key_id: str, secret: str, at: datetime) -> dict[str, str]:
    """The headers that prove who asks; `target` is the path with its query, exactly as it is sent."""
    date = format_datetime(at, usegmt=True)
    lines = [f"(request-target): {method.lower()} {target}", f"accept: {ACCEPT}", f"date: {date}"]
    digest = hmac.new(secret.encode(), "\n".join(lines).encode(), hashlib.sha256).digest()
    signature = base64.b64encode(digest).decode()
    return {
        "Accept": ACCEPT,
        "Date": date,
        "Authorization": (
            f'Signature keyId="{key_id}",algorithm="hmac-sha256",headers="{_SIGNED}",signature="{signature}"'
        ),
    }
