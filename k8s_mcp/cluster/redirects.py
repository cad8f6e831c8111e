"""No API server sends its readers elsewhere: a login page or a proxy does, and must not get their credentials."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from mcp_kit.sanitising import sanitise_line

_MAX_HOST = 100


class RedirectRefused(ValueError):
    """The answer names another address; nothing was sent there."""


async def refuse_redirects(request: Any, handler: Any) -> Any:  # Any: types of the HTTP library, which loads later
    """A client middleware: an answer with another address is an error."""
    response = await handler(request)
    target = response.headers.get("Location")
    if 300 <= response.status < 400 and target:
        response.release()
        host = sanitise_line(urlsplit(target).netloc.rpartition("@")[2], max_characters=_MAX_HOST)
        raise RedirectRefused(f"it redirects to {host or 'another path'}, as a login page or proxy does")
    return response
