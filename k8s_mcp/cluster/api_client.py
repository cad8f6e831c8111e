"""Sends requests to the API server: a limit on each, repeated only where repeating is harmless, denied things never."""

from __future__ import annotations

import asyncio
import collections
import ssl
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import orjson

from k8s_mcp.cluster.access_limits import AccessLimits
from k8s_mcp.cluster.asking_user import AskingUser
from k8s_mcp.cluster.changes import Written
from k8s_mcp.cluster.connection import Connection
from k8s_mcp.cluster.connection_keeper import ConnectionKeeper, advice_for
from k8s_mcp.cluster.interfaces import JsonObject
from k8s_mcp.cluster.requests import ApiRequest
from k8s_mcp.cluster.status_errors import no_api, refusal, unknown_outcome, unreachable
from k8s_mcp.errors import ClusterError, ClusterUnreachable, CredentialsRejected, RequestRefused
from mcp_kit.sanitising import sanitise_line

_GONE = 410
_PASSING_STATUSES = frozenset({429, 502, 503, 504})
"""A busy or restarting API server: the same read may succeed a moment later."""

_READ_ATTEMPTS = 3
_FIRST_WAIT_SECONDS = 0.25
_MAX_WAIT_SECONDS = 5.0
"""A server that asks for a longer wait is told to the caller instead: nobody waits a minute for a list."""

_MAX_WARNING = 300
_CHUNK_BYTES = 64 * 1024
_MAX_ANSWER_BYTES = 256 * 1024 * 1024
"""Far above a whole list of 20 000 pods; an endless answer must not fill the memory."""

_MAX_WATCH_LINE_BYTES = 8 * 1024 * 1024


class AnswerExpired(ClusterError):
    """The version or the continue token asked for is too old (410)."""


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    body: bytes
    retry_after: float | None
    warnings: tuple[str, ...]


class ApiClient:
    """The one door to a cluster: every request passes the operator's limits and carries the asking user, if any."""

    def __init__(
        self,
        keeper: ConnectionKeeper,
        *,
        timeout_seconds: float,
        limits: AccessLimits,
        user: AskingUser | None = None,
    ) -> None:
        self.keeper = keeper
        self.limits = limits
        self.user = user
        self._timeout_seconds = timeout_seconds

    def acting_as(self, user: AskingUser) -> ApiClient:
        """The same connection, with the rights of somebody else."""
        return ApiClient(self.keeper, timeout_seconds=self._timeout_seconds, limits=self.limits, user=user)

    async def read_json(self, request: ApiRequest) -> JsonObject:
        """The object in the answer; raises ClusterError when there is none."""
        return (await self.read_sized(request))[0]

    async def read_sized(self, request: ApiRequest) -> tuple[JsonObject, int]:
        """The same, with the size of the answer in bytes."""
        body = await self.send(request)
        return await self._parse(body, request), len(body)

    async def change(self, request: ApiRequest) -> Written:
        """The object in the answer with the API server's warnings; raises as `send` does."""
        answer = await self._send(request)
        return Written(await self._parse(answer.body, request), answer.warnings)

    async def send(self, request: ApiRequest) -> bytes:
        """The body of the answer; raises the ClusterError that fits a refusal or a fault.

        A change is sent once. After a fault of the network it is not known whether it was made, and the error says so.
        """
        return (await self._send(request)).body

    async def _send(self, request: ApiRequest) -> _Answer:
        self.limits.check(request)
        connection = await self.keeper.connect()
        try:
            return await self._send_in_time(connection, request)
        except CredentialsRejected:
            if not await self.keeper.renew(connection):
                raise
            return await self._send_in_time(await self.keeper.connect(), request)

    async def _send_in_time(self, connection: Connection, request: ApiRequest) -> _Answer:
        limit = self._timeout_seconds
        try:
            async with asyncio.timeout(limit):
                answer = await self._send_patiently(connection, request)
        except TimeoutError as error:
            raise _fault(connection, request, error=TimeoutError(f"no answer within {limit:g} s")) from error
        if answer.status == _GONE:
            raise AnswerExpired(f"The answer to {request} is no longer there")
        if answer.status >= 400:
            raise refusal(answer.status, answer.body, request=request, server=connection.server)
        return answer

    async def _send_patiently(self, connection: Connection, request: ApiRequest) -> _Answer:
        """Repeat a read while the server is busy or the connection breaks; a change is never repeated."""
        attempts = _READ_ATTEMPTS if request.is_read else 1
        wait = _FIRST_WAIT_SECONDS
        for attempt in range(1, attempts + 1):
            is_last = attempt == attempts
            try:
                answer = await self._exchange(connection, request)
            except ClusterUnreachable as error:
                if is_last or not isinstance(error.__cause__, _broken_answers()):
                    raise
            else:
                asked = answer.retry_after or 0
                if is_last or answer.status not in _PASSING_STATUSES or asked > _MAX_WAIT_SECONDS:
                    return answer
                wait = max(wait, asked)
            await asyncio.sleep(wait)
            wait *= 2
        raise AssertionError("the last attempt returns or raises")

    async def _exchange(self, connection: Connection, request: ApiRequest) -> _Answer:
        async with self._open(connection, request) as response:
            if request.keep_bytes is not None and response.status < 400:
                body = await _read_end(response, keep_bytes=request.keep_bytes)
            else:
                body = await _read_whole(response, request)
            wait = _read_seconds(response.headers.get("Retry-After"))
            return _Answer(response.status, body, wait, _read_warnings(response.headers.getall("Warning", ())))

    @asynccontextmanager
    async def _open(
        self, connection: Connection, request: ApiRequest, *, seconds: float | None = None
    ) -> AsyncIterator[Any]:  # Any: response type of the client's HTTP library
        """The answer as it begins; leaving closes it. Raises ClusterUnreachable for every fault of the network."""
        import aiohttp

        try:
            answer = await self._begin(connection, request, seconds=seconds)
            response = answer.response
            try:
                yield response
            finally:
                # Releasing an unfinished answer closes its connection, so a cancelled call ends at the server too.
                response.release()
        except (aiohttp.ClientError, OSError, ssl.SSLError, ValueError) as error:
            # The HTTP library reports addresses and headers it cannot use as ValueError.
            was_sent = not isinstance(error, aiohttp.ClientConnectorError | ValueError)
            raise _fault(connection, request, error=error, was_sent=was_sent) from error

    async def _begin(
        self, connection: Connection, request: ApiRequest, *, seconds: float | None
    ) -> Any:  # Any: the generated client is untyped
        from multidict import CIMultiDict

        client = connection.client
        headers = CIMultiDict({"Accept": request.accept, "Content-Type": request.content_type, **connection.headers})
        for name, value in self.user.headers() if self.user else ():
            headers.add(name, value)
        url = f"{client.configuration.host}{request.path}"
        if request.query:
            url = f"{url}?{urlencode(request.query)}"
        await client.update_params_for_auth(headers, [], ["BearerToken"], request.path, request.method, request.body)
        return await client.rest_client.request(
            request.method, url, headers=headers, body=request.body, _request_timeout=seconds
        )

    async def stream_lines(self, request: ApiRequest, *, seconds: float) -> AsyncIterator[bytes]:
        """Lines of an answer as they come, for at most so many seconds; raises ClusterError as `send` does."""
        self.limits.check(request)
        connection = await self.keeper.connect()
        async with self._open(connection, request, seconds=seconds) as response:
            if response.status == _GONE:
                raise AnswerExpired(f"The version to {request} from is too old")
            if response.status >= 400:
                raise refusal(response.status, await response.read(), request=request, server=connection.server)
            rest = b""
            async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
                *lines, rest = (rest + chunk).split(b"\n")
                if len(rest) > _MAX_WATCH_LINE_BYTES:
                    raise RequestRefused(f"The answer to {request} has a line over {_MAX_WATCH_LINE_BYTES} bytes")
                for line in lines:
                    yield line

    async def _parse(self, body: bytes, request: ApiRequest) -> JsonObject:
        try:
            answer: Any = orjson.loads(body)  # Any: JSON
        except orjson.JSONDecodeError as error:
            raise no_api(request, server=await self._server(), reason="is no JSON") from error
        if not isinstance(answer, dict):
            raise no_api(request, server=await self._server(), reason="is no Kubernetes object")
        return answer

    async def _server(self) -> str:
        return (await self.keeper.connect()).server

    async def close(self) -> None:
        await self.keeper.close()


async def _read_whole(response: Any, request: ApiRequest) -> bytes:  # Any: response type of the client's HTTP library
    chunks: list[bytes] = []
    held = 0
    async for chunk in response.content.iter_any():
        chunks.append(chunk)
        held += len(chunk)
        if held > _MAX_ANSWER_BYTES:
            raise RequestRefused(
                f"The answer to {request} is over {_MAX_ANSWER_BYTES // 1024**2} MiB and was not read to its end. "
                "Narrow it by namespace or selector."
            )
    return b"".join(chunks)


def _broken_answers() -> tuple[type[BaseException], ...]:
    """Faults of a connection that worked: it was cut, or reused when the server had already closed it."""
    import aiohttp

    return (aiohttp.ClientPayloadError, aiohttp.ServerDisconnectedError, ConnectionResetError)


async def _read_end(response: Any, *, keep_bytes: int) -> bytes:  # Any: response type of the client's HTTP library
    chunks: collections.deque[bytes] = collections.deque()
    held = 0
    async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
        chunks.append(chunk)
        held += len(chunk)
        while held - len(chunks[0]) >= keep_bytes:
            held -= len(chunks.popleft())
    return b"".join(chunks)[-keep_bytes:]


def _read_seconds(value: str | None) -> float | None:
    """Retry-After in seconds; the form with a date is not used by API servers."""
    return float(value) if value is not None and value.isascii() and value.isdigit() else None


def _read_warnings(headers: Iterable[str]) -> tuple[str, ...]:
    """The texts of `299 - "text"` headers."""
    texts = (header.partition('"')[2].rpartition('"')[0].replace('\\"', '"') for header in headers)
    return tuple(sanitise_line(text, max_characters=_MAX_WARNING) for text in texts)


def _fault(connection: Connection, request: ApiRequest, *, error: BaseException, was_sent: bool = True) -> ClusterError:
    if was_sent and request.may_change:
        return unknown_outcome(request, reason=_reason_of(error))
    return unreachable(connection.server, reason=_reason_of(error), advice=advice_for(connection, error=error))


def _reason_of(error: BaseException) -> str:
    cause = getattr(error, "os_error", None) or error
    if isinstance(cause, ConnectionRefusedError):
        return "connection refused"
    text = " ".join(str(getattr(cause, "strerror", None) or cause or type(cause).__name__).split())
    return text[:200] or type(error).__name__
