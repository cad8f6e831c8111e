"""What every request passes first: host and origin checks, a body limit, and security headers on the way out.

Plain ASGI, so that event streams are neither buffered nor slowed down.
"""

from http import HTTPStatus
from urllib.parse import urlsplit

from fastapi import Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.vocabulary.language import Text
from backend.web.error_mapping import language_of, problem_response

LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
MAX_BODY_BYTES = 64 * 1024

_PAGE_POLICY = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_WRONG_HOST = Text(
    en="This server does not answer for the host {host!r}.",
    zh="本服务不响应主机名 {host!r} 的请求。",
)
_WRONG_ORIGIN = Text(
    en="Requests from the page {host!r} are refused.",
    zh="拒绝来自页面 {host!r} 的请求。",
)
_HOST_HINT = Text(
    en="An administrator can add it to WEB_ALLOWED_HOSTS.",
    zh="管理员可以把它加入 WEB_ALLOWED_HOSTS。",
)
_ORIGIN_HINT = Text(
    en="Open the page under the address that the requests go to. A proxy in front has to pass the Host header on.",
    zh="请使用请求所发往的同一地址打开页面。前置代理必须原样转发 Host 请求头。",
)
_HINTS = {"wrong_host": _HOST_HINT, "wrong_origin": _ORIGIN_HINT}
_TOO_LARGE = Text(
    en=f"The request body is larger than {MAX_BODY_BYTES // 1024} kB.",
    zh=f"请求体超过 {MAX_BODY_BYTES // 1024} kB。",
)


class RequestGuard:
    """Refuses foreign hosts and origins (DNS rebinding, cross-site requests) and oversized bodies."""

    def __init__(self, app: ASGIApp, *, allowed_hosts: frozenset[str]) -> None:
        self._app = app
        self._allowed_hosts = allowed_hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        refusal = self._find_refusal(request.headers, method=scope["method"])
        if refusal is not None:
            status, code, text, host = refusal
            language = language_of(request)
            response = problem_response(
                request,
                status=status,
                code=code,
                detail=text.in_language(language).format(host=host),
                hint=_HINTS[code].in_language(language) if code in _HINTS else None,
            )
            await response(scope, receive, send)
            return
        await self._app(scope, _limit_body(receive), _add_headers(send, path=scope["path"]))

    def _find_refusal(self, headers: Headers, *, method: str) -> tuple[HTTPStatus, str, Text, str] | None:
        host = _host_name(f"//{headers.get('host', '')}")
        if host not in self._allowed_hosts:
            return HTTPStatus.MISDIRECTED_REQUEST, "wrong_host", _WRONG_HOST, host
        origin = headers.get("origin")
        if origin is not None and method not in _SAFE_METHODS and not _is_same_place(origin, headers.get("host", "")):
            return HTTPStatus.FORBIDDEN, "wrong_origin", _WRONG_ORIGIN, origin
        length = headers.get("content-length", "0")
        if length.isdigit() and int(length) > MAX_BODY_BYTES:
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "body_too_large", _TOO_LARGE, host
        return None


def _host_name(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _is_same_place(origin: str, host: str) -> bool:
    """Same name and port: to a browser's cookies every port of this machine is the same site."""
    try:
        page, server = urlsplit(origin), urlsplit(f"//{host}")
        default = {"http": 80, "https": 443}.get(page.scheme)
        return bool(page.hostname) and (page.hostname, page.port or default) == (
            server.hostname,
            server.port or default,
        )
    except ValueError:
        return False


def _limit_body(receive: Receive) -> Receive:
    """Bodies without a length are counted; past the limit the rest is cut, which no JSON body survives."""
    received = 0

    async def limited() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > MAX_BODY_BYTES:
            return {"type": "http.request", "body": b"", "more_body": False}
        return message

    return limited


def _add_headers(send: Send, *, path: str) -> Send:
    async def with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers["X-Content-Type-Options"] = "nosniff"
            headers["X-Frame-Options"] = "DENY"
            # Not no-referrer: under that a browser hides the origin of its own forms, and the login would refuse them.
            headers["Referrer-Policy"] = "same-origin"
            headers["Cross-Origin-Opener-Policy"] = "same-origin"
            headers["Cross-Origin-Resource-Policy"] = "same-origin"
            if path.startswith("/api/"):
                headers.setdefault("Cache-Control", "no-store")
            elif path == "/login":
                headers["Content-Security-Policy"] = _PAGE_POLICY
            elif path.startswith("/spa"):
                headers["Content-Security-Policy"] = _PAGE_POLICY
                is_hashed = path.startswith("/spa/assets/")
                headers["Cache-Control"] = "public, max-age=31536000, immutable" if is_hashed else "no-cache"
        await send(message)

    return with_headers
