"""Who may reach an HTTP server, and how its streams end."""

from __future__ import annotations

import asyncio

import pytest
from starlette.types import Message, Receive, Scope, Send

from mcp_kit.http_runner import StreamGate
from mcp_kit.http_security import HttpSettings, UnsafeBinding, is_loopback, protect
from mcp_kit.launcher import parse_options


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.4", "::", "k8s-mcp.tools"])
def test_address_others_can_reach_needs_a_token(host: str) -> None:
    assert not is_loopback(host)
    with pytest.raises(UnsafeBinding, match="MCP_AUTH_TOKEN"):
        protect(HttpSettings(host=host, port=8766, has_token=False))


@pytest.mark.parametrize("host", ["0.0.0.0", "127.0.0.1", "::1"])
def test_host_and_origin_are_checked_for_every_address(host: str) -> None:
    security = protect(HttpSettings(host=host, port=8766, has_token=True, allowed_hosts=["k8s-mcp:*"]))

    assert security.enable_dns_rebinding_protection
    assert "k8s-mcp:*" in security.allowed_hosts
    assert "0.0.0.0:*" not in security.allowed_hosts
    assert "http://127.0.0.1:*" in security.allowed_origins


def test_server_speaks_stdio_when_a_program_started_it() -> None:
    piped = parse_options([], program="x", host="127.0.0.1", port=1, stdin_is_terminal=False)
    typed = parse_options([], program="x", host="127.0.0.1", port=1, stdin_is_terminal=True)

    assert (piped.transport, typed.transport) == ("stdio", "http")


@pytest.mark.parametrize("port", ["65536", "http", "1e3", "²"])
def test_impossible_port_is_refused(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse_options(["--port", port], program="x", host="127.0.0.1", port=1, stdin_is_terminal=True)

    assert "no port number" in capsys.readouterr().err


async def test_open_stream_hears_of_the_end() -> None:
    heard: list[Message] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        heard.append(await receive())

    async def never() -> Message:
        await asyncio.Event().wait()
        raise AssertionError("unreachable")

    async def send(message: Message) -> None:
        raise AssertionError(message)

    gate = StreamGate(app)
    stream = asyncio.create_task(gate({"type": "http", "method": "GET"}, never, send))
    await asyncio.sleep(0)
    gate.close()
    await asyncio.wait_for(stream, timeout=2)

    assert heard == [{"type": "http.disconnect"}]


async def test_messages_pass_while_the_server_runs() -> None:
    heard: list[Message] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        heard.append(await receive())

    async def receive() -> Message:
        return {"type": "http.request", "body": b"x"}

    async def send(message: Message) -> None:
        raise AssertionError(message)

    gate = StreamGate(app)
    for method in ("GET", "POST"):
        await asyncio.wait_for(gate({"type": "http", "method": method}, receive, send), timeout=2)

    assert [message["type"] for message in heard] == ["http.request", "http.request"]
