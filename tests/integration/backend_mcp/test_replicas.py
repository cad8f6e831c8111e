"""One server under several addresses."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.agent.domain import ConfirmationNeeded, ServerState, ToolOutcome, ToolStatus
from backend.integrations.mcp_servers.source import McpToolSource
from tests.integration.backend_mcp.conftest import PROJECT, Entry, OpenSource, call, read_journal, until


class Replicas:
    """Two processes of the fixture server."""

    def __init__(self, journal: Path) -> None:
        self._journal = journal
        self.ports = [_free_port(), _free_port()]
        self.processes = [self._start(port) for port in self.ports]

    @property
    def entry(self) -> Entry:
        return {"replicas": [{"url": f"http://127.0.0.1:{port}/mcp"} for port in self.ports], "trusted": True}

    @property
    def pids(self) -> set[str]:
        return {str(process.pid) for process in self.processes}

    def kill(self, pid: str) -> None:
        process = next(process for process in self.processes if process.pid == int(pid))
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=10)

    def stop(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait(timeout=10)

    def _start(self, port: int) -> subprocess.Popen[bytes]:
        arguments = ["-m", "tests.fakes.mcp_fixture_server", "--transport", "http", "--port", str(port)]
        return subprocess.Popen(
            [sys.executable, *arguments],
            cwd=PROJECT,
            env=os.environ | {"FIXTURE_JOURNAL": str(self._journal)},
            stderr=subprocess.DEVNULL,
        )


@pytest.fixture
def replicas(journal: Path) -> Iterator[Replicas]:
    running = Replicas(journal)
    yield running
    running.stop()


async def all_connected(source: McpToolSource) -> None:
    await until(lambda: all(replica.state is ServerState.CONNECTED for replica in source.server_details()[0].replicas))


async def test_the_least_busy_replica_answers(open_source: OpenSource, replicas: Replicas, journal: Path) -> None:
    async with open_source(fixture=replicas.entry) as source:
        await all_connected(source)
        pids = [(await call(source, "get-pid")).text for _ in range(4)]
        slow = [asyncio.create_task(source.call("wait-long", arguments={"seconds": 30})) for _ in range(4)]
        await until(lambda: read_journal(journal).count("waiting") == 4)
        spread = [replica.calls_under_way for replica in source.server_details()[0].replicas]
        for task in slow:
            task.cancel()
        await asyncio.gather(*slow, return_exceptions=True)

    assert set(pids) == replicas.pids
    assert pids[0] != pids[1]
    assert spread == [2, 2]


async def test_reads_go_on_at_the_other_replica_when_one_is_lost(
    open_source: OpenSource, replicas: Replicas, journal: Path
) -> None:
    async with open_source(fixture=replicas.entry) as source:
        await all_connected(source)
        victim = (await call(source, "get-pid")).text
        reads = [asyncio.create_task(call(source, "wait-long", seconds=2)) for _ in range(6)]
        await until(lambda: read_journal(journal).count("waiting") == 6)
        replicas.kill(victim)
        outcomes = await asyncio.wait_for(asyncio.gather(*reads), 20)
        survivors = {(await call(source, "get-pid")).text for _ in range(4)}
        await until(lambda: "replica http://127.0.0.1:" in (source.servers()[0].error or ""))
        state = source.servers()[0].state

    assert [outcome.text for outcome in outcomes] == ["waited"] * 6
    assert survivors == replicas.pids - {victim}
    assert state is ServerState.CONNECTED


async def test_a_change_that_dies_with_its_replica_is_not_repeated_at_the_other(
    open_source: OpenSource, replicas: Replicas, journal: Path
) -> None:
    async with open_source(fixture=replicas.entry) as source:
        await all_connected(source)
        outcome = await call(source, "crash")

    assert outcome.status is ToolStatus.UNKNOWN
    assert read_journal(journal) == ["crashed"]


async def test_a_yes_asked_for_by_one_replica_is_good_at_the_other(
    open_source: OpenSource, replicas: Replicas, journal: Path
) -> None:
    async with open_source(fixture=replicas.entry) as source:
        await all_connected(source)
        first = (await call(source, "get-pid")).text
        # The replicas take turns: the other one asks, so that it is the one to be lost.
        asked = await source.call("change-value", arguments={"value": "new"})
        assert isinstance(asked, ConfirmationNeeded)
        replicas.kill(next(iter(replicas.pids - {first})))
        outcome = await asyncio.wait_for(
            source.confirm("change-value", arguments={"value": "new"}, state=asked.state), 20
        )

    assert isinstance(outcome, ToolOutcome)
    assert outcome.structured == {"status": "changed", "value": "new"}
    assert read_journal(journal) == ["changed new"]


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
