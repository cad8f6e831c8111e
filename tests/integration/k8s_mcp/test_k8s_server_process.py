"""The server as a process: who may call it, how it ends, what it says when the cluster is away."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest
from mcp import Client

from tests.integration.k8s_mcp.conftest import ROOT, SimulatedCluster, start

TOKEN = "a-bearer-token-for-tests"
INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    },
}
ACCEPT = {"Accept": "application/json, text/event-stream"}


@asynccontextmanager
async def legacy_stream(url: str) -> AsyncIterator[httpx2.Response]:
    """A 2025 session with its standing event stream open."""
    async with httpx2.AsyncClient(timeout=10) as http:
        opened = await http.post(url, json=INITIALIZE, headers=ACCEPT)
        session = {
            "Mcp-Session-Id": opened.headers["mcp-session-id"],
            "MCP-Protocol-Version": "2025-11-25",
            "Accept": "text/event-stream",
        }
        await http.post(
            url,
            json={"jsonrpc": "2.0", "method": "notifications/initialized"},
            headers={**session, **ACCEPT},
        )
        async with http.stream("GET", url, headers=session) as stream:
            yield stream


@pytest.mark.parametrize("era", ["2025", "2026"])
async def test_sigterm_ends_the_server_although_a_stream_is_open(era: str, cluster: SimulatedCluster) -> None:
    program = start(
        ["k8s_mcp.server", "--transport", "http", "--port", "0"], marker="k8s ready", environment=cluster.environment
    )
    url = program.found.split()[-1]
    if era == "2025":
        async with legacy_stream(url) as stream:
            assert stream.status_code == 200
            started = time.monotonic()
            code = await asyncio.to_thread(program.stop, within_seconds=10)
    else:
        async with Client(url, read_timeout_seconds=10) as client, client.listen(tools_list_changed=True):
            started = time.monotonic()
            code = await asyncio.to_thread(program.stop, within_seconds=10)

    assert time.monotonic() - started < 2.5
    assert code in {0, -15}
    assert not any("Traceback" in line for line in program.lines)


@pytest.mark.parametrize("how", ["end of input", "signal"])
def test_stdio_server_ends_with_its_client(how: str, cluster: SimulatedCluster) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "k8s_mcp.server"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, **cluster.environment},
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(INITIALIZE) + "\n")
    process.stdin.flush()
    reply = json.loads(process.stdout.readline())
    if how == "signal":
        process.terminate()
    _, errors = process.communicate(timeout=5)

    assert reply["result"]["serverInfo"]["name"] == "k8s"
    assert process.returncode in {0, -15}
    assert "Traceback" not in errors


async def test_token_host_and_origin_are_checked(cluster: SimulatedCluster) -> None:
    program = start(
        ["k8s_mcp.server", "--transport", "http", "--port", "0"],
        marker="k8s ready",
        environment={**cluster.environment, "MCP_AUTH_TOKEN": TOKEN},
    )
    url = program.found.split()[-1]
    bearer = {**ACCEPT, "Authorization": f"Bearer {TOKEN}"}
    async with httpx2.AsyncClient(timeout=10) as http:
        answers = [
            (await http.post(url, json=INITIALIZE, headers=headers)).status_code
            for headers in (
                bearer,
                ACCEPT,
                {**ACCEPT, "Authorization": "Bearer wrong-token-for-tests"},
                {**bearer, "Host": "evil.example.com"},
                {**bearer, "Origin": "https://evil.example.com"},
            )
        ]
        health = await http.get(url.replace("/mcp", "/healthz"))
    program.stop(within_seconds=10)

    assert answers == [200, 401, 401, 421, 403]
    assert health.json()["status"] == "ok"


def test_other_machines_are_not_served_without_a_token() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "k8s_mcp.server", "--transport", "http", "--host", "0.0.0.0", "--port", "0"],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        cwd=ROOT,
    )

    assert ended.returncode == 1
    assert "Set MCP_AUTH_TOKEN" in ended.stderr


def write_kubeconfig(path: Path, server: str) -> Path:
    path.write_text(
        textwrap.dedent(f"""\
            apiVersion: v1
            kind: Config
            current-context: test
            clusters: [{{name: test, cluster: {{server: "{server}"}}}}]
            users: [{{name: test, user: {{token: secret-token}}}}]
            contexts: [{{name: test, context: {{cluster: test, user: test, namespace: shop}}}}]
            """),
        encoding="utf-8",
    )
    return path


def free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


async def test_unreachable_cluster_is_named_and_nothing_is_guessed(tmp_path: Path) -> None:
    address = f"http://127.0.0.1:{free_port()}"
    kubeconfig = write_kubeconfig(tmp_path / "kubeconfig", address)
    program = start(
        ["k8s_mcp.server", "--transport", "http", "--port", "0"],
        marker="k8s ready",
        environment={"KUBECONFIG_PATH": str(kubeconfig)},
    )
    async with Client(program.found.split()[-1], read_timeout_seconds=20) as client:
        result = await client.call_tool("k8s-get-pods", {})
    program.stop(within_seconds=10)

    text = str(result.content[0].model_dump()["text"])
    assert result.is_error
    assert text.startswith(f"Cannot reach the Kubernetes API at {address} (connection refused). Nothing was read")
    assert str(kubeconfig) in text
    assert "secret-token" not in text + "\n".join(program.lines)
    assert not any("Traceback" in line for line in program.lines)


async def test_kubeconfig_that_points_elsewhere_later_is_read_again(tmp_path: Path, cluster: SimulatedCluster) -> None:
    kubeconfig = write_kubeconfig(tmp_path / "kubeconfig", f"http://127.0.0.1:{free_port()}")
    program = start(
        ["k8s_mcp.server", "--transport", "http", "--port", "0"],
        marker="k8s ready",
        environment={"KUBECONFIG_PATH": str(kubeconfig)},
    )
    async with Client(program.found.split()[-1], read_timeout_seconds=20) as client:
        before = await client.call_tool("k8s-get-nodes", {})
        kubeconfig.write_text(cluster.kubeconfig.read_text(encoding="utf-8"), encoding="utf-8")
        after = await client.call_tool("k8s-get-nodes", {})
    program.stop(within_seconds=10)

    assert before.is_error
    assert not after.is_error
