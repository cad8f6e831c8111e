"""The server as a process, reached by a real client over stdio and HTTP."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

from tests.fakes.openssh import SshServer
from tests.integration.k8s_mcp.conftest import ROOT, Program, start
from tests.integration.ssh_mcp.conftest import Estate, Person, Tools, find_processes, structured

TOKEN = "a-bearer-token-for-tests"


@pytest.fixture
def environment(estate: Estate, server: SshServer) -> dict[str, str]:
    estate.add("web", server)
    return {
        "SSH_INVENTORY": str(estate.inventory),
        "SSH_KNOWN_HOSTS": str(estate.known_hosts),
        "SSH_MCP_DATA_DIRECTORY": str(estate.folder / "data"),
        "READ_ONLY": "",
    }


@pytest.fixture
def http_server(environment: dict[str, str]) -> Iterator[Program]:
    program = start(
        ["ssh_mcp.server", "--transport", "http", "--port", "0"],
        marker="ssh ready",
        environment={**environment, "MCP_AUTH_TOKEN": TOKEN},
    )
    yield program
    program.process.kill()
    program.process.wait(timeout=10)


@asynccontextmanager
async def over_stdio(environment: dict[str, str], person: Person) -> AsyncIterator[Tools]:
    command = StdioServerParameters(
        command=sys.executable, args=["-m", "ssh_mcp.server"], cwd=ROOT, env={**os.environ, **environment}
    )
    async with Client(command, elicitation_callback=person.answer, read_timeout_seconds=30) as client:
        yield Tools(client)


async def test_whole_life_over_stdio(environment: dict[str, str], tmp_path: Path) -> None:
    person = Person()
    async with over_stdio(environment, person) as tools:
        listed = structured(await tools.call("ssh-asset-list"))
        web, local = await tools.execute("web", "local", command=f"echo run >> {tmp_path}/runs; echo done")
        session = structured(await tools.call("ssh-session-manager", action="open", asset="web"))
        ran = structured(
            await tools.call("ssh-session-manager", action="exec", session=session["session"], command="pwd")
        )

    assert [asset["id"] for asset in listed["assets"]] == ["local", "web"]
    assert (web["stdout"], local["stdout"]) == ("done", "done")
    assert (tmp_path / "runs").read_text() == "run\nrun\n"
    assert ran["exit_code"] == 0
    assert len(person.questions) == 1


async def test_client_that_leaves_takes_its_commands_along(environment: dict[str, str]) -> None:
    mark = "sleep 54321987"
    async with asyncio.timeout(30):
        async with over_stdio(environment, Person()) as tools:
            calls = [asyncio.create_task(tools.execute(where, command=f"{mark}; true")) for where in ("web", "local")]
            while len(find_processes(mark)) < 2:
                await asyncio.sleep(0.05)
            for call in calls:
                call.cancel()
            await asyncio.gather(*calls, return_exceptions=True)
        while find_processes(mark):
            await asyncio.sleep(0.05)


async def test_whole_life_over_http(http_server: Program, tmp_path: Path) -> None:
    url = http_server.found.split()[-1]
    person = Person()
    async with (
        httpx2.AsyncClient(headers={"Authorization": f"Bearer {TOKEN}"}) as http,
        Client(
            streamable_http_client(url, http_client=http), elicitation_callback=person.answer, read_timeout_seconds=30
        ) as client,
    ):
        tools = Tools(client)
        (web,) = await tools.execute("web", command=f"touch {tmp_path}/ran")
        (slow,) = await tools.execute("web", command="sleep 30", timeout_seconds=1)

    async with httpx2.AsyncClient() as stranger:
        refused = await stranger.post(url, json={})

    assert web["exit_code"] == 0
    assert slow["status"] == "timed_out"
    assert (tmp_path / "ran").exists()
    assert len(person.questions) == 1
    assert refused.status_code == 401


async def test_stopping_the_server_ends_what_runs(http_server: Program) -> None:
    url = http_server.found.split()[-1]
    mark = "sleep 54321988"

    async def call() -> None:
        async with (
            httpx2.AsyncClient(headers={"Authorization": f"Bearer {TOKEN}"}, timeout=30) as http,
            Client(streamable_http_client(url, http_client=http), read_timeout_seconds=30) as client,
        ):
            await client.call_tool("ssh-execute", {"assets": ["web", "local"], "command": f"{mark}; true"})

    async with asyncio.timeout(30):
        running = asyncio.create_task(call())
        while len(find_processes(mark)) < 2:
            await asyncio.sleep(0.05)
        http_server.process.send_signal(signal.SIGTERM)
        await asyncio.to_thread(http_server.process.wait, 20)
        await asyncio.gather(running, return_exceptions=True)

    assert find_processes(mark) == []


def test_server_without_a_place_for_its_audit_does_not_start(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    environment = {**os.environ, "SSH_MCP_DATA_DIRECTORY": str(tmp_path / "file" / "data")}

    ended = subprocess.run(
        [sys.executable, "-m", "ssh_mcp.server", "--transport", "stdio"],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=50,
        stdin=subprocess.DEVNULL,
        check=False,
    )

    assert ended.returncode == 1
    assert "set SSH_MCP_DATA_DIRECTORY to another folder" in ended.stderr
