"""The tool source against a real server over streamable HTTP, which goes away and comes back."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.agent.domain import ConfirmationNeeded, ServerState, ToolStatus
from backend.vocabulary.errors import ErrorKind
from tests.integration.backend_mcp.conftest import PROJECT, Entry, OpenSource, call, read_journal, until


class HttpServer:
    """The fixture server as a process of its own on a fixed port."""

    def __init__(self, *, port: int, journal: Path) -> None:
        self._port = port
        self._journal = journal
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        arguments = ["-m", "tests.fakes.mcp_fixture_server", "--transport", "http", "--port", str(self._port)]
        self._process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=PROJECT,
            env=os.environ | {"FIXTURE_JOURNAL": str(self._journal)},
            stderr=subprocess.DEVNULL,
        )

    def kill(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait(timeout=10)


@pytest.fixture
def server(free_port: int, journal: Path) -> Iterator[HttpServer]:
    running = HttpServer(port=free_port, journal=journal)
    running.start()
    yield running
    running.kill()


@pytest.fixture
def http_entry(free_port: int) -> Entry:
    return {"url": f"http://127.0.0.1:{free_port}/mcp", "trusted": True}


async def test_a_server_that_starts_later_is_found(
    open_source: OpenSource, server: HttpServer, http_entry: Entry
) -> None:
    async with open_source(fixture=http_entry) as source:
        await until(lambda: source.servers()[0].state is ServerState.CONNECTED)
        outcome = await call(source, "echo", text="hi")

    assert outcome.text == "hi"


async def test_a_killed_server_fails_only_its_own_calls_and_is_found_again(
    open_source: OpenSource, server: HttpServer, http_entry: Entry, stdio_entry: Entry
) -> None:
    other = stdio_entry | {"allowTools": ["get-pid"]}
    remote = http_entry | {"denyTools": ["get-pid"]}
    async with open_source(other=other, fixture=remote) as source:
        await until(lambda: source.servers()[1].state is ServerState.CONNECTED)
        change = asyncio.create_task(source.call("change-slowly", arguments={"seconds": 30}))
        pid = await call(source, "get-pid")
        await asyncio.to_thread(server.kill)
        lost = await asyncio.wait_for(change, 20)
        await until(lambda: source.servers()[1].state is ServerState.FAILED)
        unreachable = await call(source, "echo", text="hi")
        unharmed = await call(source, "get-pid")
        server.start()
        await until(lambda: source.servers()[1].state is ServerState.CONNECTED)
        back = await call(source, "echo", text="back")

    assert not isinstance(lost, ConfirmationNeeded)
    assert lost.status is ToolStatus.UNKNOWN
    assert unreachable.failure is not None
    assert unreachable.failure.kind is ErrorKind.TOOL_SERVER_UNREACHABLE
    assert "'fixture'" in unreachable.text
    assert unharmed.text == pid.text
    assert back.text == "back"


async def test_a_read_goes_on_when_its_server_is_restarted_in_mid_call(
    open_source: OpenSource, server: HttpServer, http_entry: Entry, journal: Path
) -> None:
    async with open_source(fixture=http_entry) as source:
        await until(lambda: source.servers()[0].state is ServerState.CONNECTED)
        read = asyncio.create_task(call(source, "wait-long", seconds=1))
        await until(lambda: "waiting" in read_journal(journal))
        await asyncio.to_thread(server.kill)
        server.start()
        outcome = await read

    assert outcome.text == "waited"
    assert read_journal(journal) == ["waiting", "waiting"]


async def test_a_yes_works_over_http_and_a_cancel_reaches_the_server(
    open_source: OpenSource, server: HttpServer, http_entry: Entry, journal: Path
) -> None:
    async with open_source(fixture=http_entry) as source:
        await until(lambda: source.servers()[0].state is ServerState.CONNECTED)
        asked = await source.call("change-value", arguments={"value": "new"})
        assert isinstance(asked, ConfirmationNeeded)
        outcome = await source.confirm("change-value", arguments={"value": "new"}, state=asked.state)
        task = asyncio.create_task(source.call("wait-long", arguments={"seconds": 30}))
        await until(lambda: "waiting" in read_journal(journal))
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await until(lambda: "cancelled" in read_journal(journal))

    assert outcome.structured == {"status": "changed", "value": "new"}


async def test_an_untrusted_server_changes_everything_until_told_otherwise(
    open_source: OpenSource, server: HttpServer, http_entry: Entry
) -> None:
    entry = http_entry | {"trusted": False, "readTools": ["echo"], "allowTools": ["echo", "get-pid"]}
    async with open_source(fixture=entry) as source:
        await until(lambda: source.servers()[0].state is ServerState.CONNECTED)
        risks = {spec.name: (spec.risk.value, spec.asks_itself) for spec in source.tools()}

    assert risks == {"echo": ("read", False), "get-pid": ("change", False)}


async def test_a_token_never_shows_in_an_error(open_source: OpenSource, free_port: int) -> None:
    entry = {"url": f"http://127.0.0.1:{free_port}/mcp", "headers": {"Authorization": "Bearer sesame-open"}}
    async with open_source(fixture=entry) as source:
        (status,) = source.servers()

    assert status.state is ServerState.FAILED
    assert "cannot connect" in (status.error or "")
    assert "sesame" not in (status.error or "")
    assert "sesame" not in repr(source.__dict__)
