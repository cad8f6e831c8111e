"""Keeps one tool server connected: one task owns the client, notices its end and builds the next."""

import asyncio
import logging
import math
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

import anyio
from mcp import Client, MCPError
from mcp.client import Transport
from mcp.client.session import IncomingMessage
from mcp.client.subscriptions import ListenNotSupportedError, SubscriptionLost
from mcp_types import (
    METHOD_NOT_FOUND,
    REQUEST_TIMEOUT,
    CallToolResult,
    ElicitResult,
    Implementation,
    InputRequiredResult,
    InputResponse,
    Tool,
    ToolListChangedNotification,
)

from backend.agent.domain import ServerState
from backend.integrations.mcp_servers.asking_person import name_asking_person
from backend.integrations.mcp_servers.config import HttpTarget, ServerConfig, StdioTarget
from backend.integrations.mcp_servers.faults import (
    CallLost,
    ServerDown,
    describe,
    hide_credentials,
    is_session_gone,
    translate,
)
from backend.integrations.mcp_servers.questions import LegacyQuestions, Question
from backend.integrations.mcp_servers.transport import StderrTail, open_http, open_stdio

_log = logging.getLogger(__name__)

_POLL_SECONDS = 15.0
_LIST_TIMEOUT_SECONDS = 10.0
_MAX_PAGES = 50
_RELISTEN_SECONDS = 1.0
_RECOVERY_SECONDS = 10.0
_SETTLE_SECONDS = 0.2
_STOP_SECONDS = 10.0
_STABLE_SECONDS = 10.0


class ServerConnection:
    """One replica of a configured server. Callers use `call`; everything else happens in the background."""

    def __init__(
        self,
        config: ServerConfig,
        *,
        target: StdioTarget | HttpTarget,
        on_change: Callable[[], None],
        jitter: Callable[[], float],
    ) -> None:
        """`on_change` is told when state or tools changed; `jitter` gives numbers in [0, 1)."""
        self.config = config
        self.target = target
        self.calls_under_way = 0
        self.times_connected = 0
        self.state = ServerState.CONNECTING
        self.error: str | None = None
        self.tools: tuple[Tool, ...] = ()
        self._on_change = on_change
        self._jitter = jitter
        self._client: Client | None = None
        self._scope: anyio.CancelScope | None = None
        self._task: asyncio.Task[None] | None = None
        self._questions = LegacyQuestions()
        self._stop_wanted = asyncio.Event()
        self._is_up = asyncio.Event()
        self._is_settled = asyncio.Event()
        self._list_changed = asyncio.Event()
        self._up_since: float | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._supervise(), name=f"mcp-server-{self.config.name}")

    async def stop(self) -> None:
        """Close the connection and end the child process; bounded."""
        self._stop_wanted.set()
        if self._scope is not None:
            self._scope.cancel()
        if self._task is None:
            return
        _, pending = await asyncio.wait({self._task}, timeout=_STOP_SECONDS)
        for task in pending:
            task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def wait_until_settled(self) -> None:
        """Return once the first attempt to connect has succeeded or failed."""
        await self._is_settled.wait()

    async def call(
        self,
        name: str,
        *,
        arguments: Mapping[str, Any],  # Any: JSON
        is_change: bool,
        answer: Question | None = None,
    ) -> CallToolResult | InputRequiredResult | Question:
        """Make one call; raise ServerDown, CallLost, CallTimedOut, AccessRefused or the server's own MCPError."""
        self.calls_under_way += 1
        try:
            return await self._call(name, arguments=arguments, is_change=is_change, answer=answer)
        finally:
            self.calls_under_way -= 1

    async def _call(
        self,
        name: str,
        *,
        arguments: Mapping[str, Any],  # Any: JSON
        is_change: bool,
        answer: Question | None,
    ) -> CallToolResult | InputRequiredResult | Question:
        client = await self._wait_for_client()
        if not is_legacy(client):
            return await self._send(client, name, arguments=arguments, answer=answer)
        if not is_change:
            async with self._questions.reading():
                return await self._send(client, name, arguments=arguments)
        async with self._questions.changing(approved=answer.text if answer else None):
            result = await self._send(client, name, arguments=arguments)
            return self._questions.take_asked() or result

    async def wait_for_recovery(self) -> None:
        """After a broken call: give the supervisor time to notice and a restarting server time to come back.

        Raise ServerDown when it does not come back in time.
        """
        await asyncio.sleep(_SETTLE_SECONDS)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._is_up.wait(), _RECOVERY_SECONDS)
        await self._wait_for_client()

    async def _send(
        self,
        client: Client,
        name: str,
        *,
        arguments: Mapping[str, Any],  # Any: JSON
        answer: Question | None = None,
    ) -> CallToolResult | InputRequiredResult:
        answers: dict[str, InputResponse] | None = None
        if answer is not None:
            answers = {
                key: ElicitResult(action="accept", content=dict(content)) for key, content in answer.answers.items()
            }
        try:
            return await client.session.call_tool(
                name,
                dict(arguments),
                read_timeout_seconds=self.config.timeout_seconds,
                input_responses=answers,
                request_state=answer.request_state if answer else None,
                allow_input_required=True,
                meta=name_asking_person() if self.config.is_trusted else None,
            )
        except MCPError as error:
            if is_session_gone(error):
                self._rebuild()
            fault = translate(error)
            if fault is error:
                raise
            raise fault from error
        except (anyio.ClosedResourceError, anyio.BrokenResourceError) as error:
            raise CallLost("the connection was closed") from error

    async def _wait_for_client(self) -> Client:
        if self._client is None and self.state is ServerState.CONNECTING:
            # A cold start may take as long as the configuration allows it.
            is_first = not self._is_settled.is_set()
            seconds = self.config.startup_timeout_seconds if is_first else _RECOVERY_SECONDS
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wait_for_news(is_first=is_first), seconds)
        if self._client is None:
            raise ServerDown(self.error or "it is not connected")
        return self._client

    async def _wait_for_news(self, *, is_first: bool) -> None:
        await (self._is_settled if is_first else self._is_up).wait()

    async def _supervise(self) -> None:
        failures = 0
        while not self._stop_wanted.is_set():
            stderr = StderrTail()
            self._up_since = None
            error: BaseException | None = None
            try:
                await self._connect_and_watch(stderr)
            except Exception as caught:  # noqa: BLE001 - whatever ends a connection, the next attempt follows
                error = caught
            if self._stop_wanted.is_set():
                return
            failures = 0 if self._was_stable() else failures + 1
            self._report_down(error, stderr=stderr)
            await self._pause(back_off_seconds(failures, jitter=self._jitter()))

    async def _connect_and_watch(self, stderr: StderrTail) -> None:
        seconds = self.config.startup_timeout_seconds
        with anyio.CancelScope(deadline=anyio.current_time() + seconds) as scope:
            self._scope = scope
            async with self._open(stderr) as transport, self._build_client(transport) as client:
                await self._refresh(client)
                scope.deadline = math.inf
                self._report_up(client)
                try:
                    await self._watch(client)
                finally:
                    self._client = None
                    self._is_up.clear()
        if scope.cancelled_caught and self._up_since is None:
            raise TimeoutError(f"it did not answer within {seconds:g} s")

    @asynccontextmanager
    async def _open(self, stderr: StderrTail) -> AsyncIterator[Transport]:
        match self.target:
            case StdioTarget() as target:
                async with open_stdio(target, stderr=stderr) as transport:
                    yield transport
            case HttpTarget() as target:
                read_seconds = max(300.0, self.config.timeout_seconds + 30)
                async with open_http(target, read_timeout_seconds=read_seconds) as transport:
                    yield transport

    def _build_client(self, transport: Transport) -> Client:
        return Client(
            transport,
            mode=self.config.protocol,
            read_timeout_seconds=_LIST_TIMEOUT_SECONDS,
            elicitation_callback=self._questions.answer,
            message_handler=self._on_message,
            client_info=Implementation(name="ding-robot", version="2"),
            cache=None,
        )

    async def _watch(self, client: Client) -> None:
        """Follow the server's list of tools until the connection ends by an error."""
        while True:
            try:
                async with client.listen(tools_list_changed=True) as subscription:
                    # What changed between the first listing and this moment was told to nobody.
                    await self._refresh(client)
                    async for _ in subscription:
                        await self._refresh(client)
            except SubscriptionLost:
                pass
            except ListenNotSupportedError:
                await self._poll(client)
            except MCPError as error:
                if error.code != METHOD_NOT_FOUND:
                    raise
                await self._poll(client)
            await self._refresh(client)
            await anyio.sleep(_RELISTEN_SECONDS)

    async def _poll(self, client: Client) -> None:
        missed = 0
        while True:
            with anyio.move_on_after(_POLL_SECONDS):
                await self._list_changed.wait()
            self._list_changed.clear()
            try:
                await self._refresh(client)
            except MCPError as error:
                missed += 1
                if error.code != REQUEST_TIMEOUT or missed > 1:
                    raise
            else:
                missed = 0

    async def _refresh(self, client: Client) -> None:
        tools: list[Tool] = []
        cursor: str | None = None
        for _ in range(_MAX_PAGES):
            page = await client.list_tools(cursor=cursor)
            tools.extend(page.tools)
            cursor = page.next_cursor
            if cursor is None:
                break
        if tuple(tools) != self.tools:
            self.tools = tuple(tools)
            self._on_change()

    async def _on_message(self, message: IncomingMessage) -> None:
        if isinstance(message, ToolListChangedNotification):
            self._list_changed.set()

    def _rebuild(self) -> None:
        self._client = None
        self._is_up.clear()
        self.state = ServerState.CONNECTING
        if self._scope is not None:
            self._scope.cancel()

    def _report_up(self, client: Client) -> None:
        self._client = client
        self._up_since = anyio.current_time()
        self.times_connected += 1
        self.state, self.error = ServerState.CONNECTED, None
        self._is_up.set()
        self._is_settled.set()
        _log.info("tool server %s is connected with %d tools", self.config.name, len(self.tools))
        self._on_change()

    def _report_down(self, error: BaseException | None, *, stderr: StderrTail) -> None:
        self._client = None
        text = self._hide(describe(error, stderr=stderr.last_words())) if error else "the connection ended"
        # A server that stays away is reported once, not at every attempt.
        level = logging.DEBUG if text == self.error else logging.WARNING
        _log.log(level, "tool server %s is not connected: %s", self.config.name, text)
        self.error = text
        self.state = ServerState.FAILED if self._up_since is None else ServerState.CONNECTING
        self._is_settled.set()
        self._on_change()

    def _was_stable(self) -> bool:
        return self._up_since is not None and anyio.current_time() - self._up_since >= _STABLE_SECONDS

    def _hide(self, text: str) -> str:
        match self.target:
            case StdioTarget() as target:
                return hide_credentials(text, target.environment)
            case HttpTarget() as target:
                return hide_credentials(text, target.headers, every=True)

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stop_wanted.wait(), seconds)


def is_legacy(client: Client) -> bool:
    """Whether the server speaks a revision in which it asks in the middle of a call."""
    return client.protocol_version < "2026-07-28"


def back_off_seconds(failures: int, *, jitter: float) -> float:
    """Doubled with every failure up to half a minute, and spread, so that servers do not all start in one moment."""
    if failures == 0:
        return 0.05 + 0.1 * jitter
    longest = min(30.0, 0.25 * float(2 ** min(failures, 10)))
    return longest * (0.5 + 0.5 * jitter)
