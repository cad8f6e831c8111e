"""The interactive chat on a real pseudo-terminal."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from tests.fakes.openai_server import (
    RecordedRequest,
    Reply,
    ScriptedCall,
    ScriptedModelServer,
    call_tools,
    hold_after,
    say,
)
from tests.integration.terminal.conftest import StartBackend

pytestmark = [pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals"), pytest.mark.timeout(180)]


def answer_questions(request: RecordedRequest) -> Reply:
    if request.messages[-1]["role"] == "tool":
        refused = "too much" in str(request.messages[-1]["content"])
        return say("I left it alone." if refused else "I changed **it**.\n\n- one\n- two")
    if "slowly" in str(request.messages[-1]["content"]):
        return hold_after("Once upon a time\n\nthere was")
    return call_tools(ScriptedCall(name="change-value", arguments={"value": "5"}))


def converse(address: str, home: Path) -> None:
    from tests.fakes.pseudo_terminal import run_in_terminal

    arguments = [sys.executable, "-m", "backend.cli", "chat", "--url", address]
    with run_in_terminal(arguments, environment={"LC_ALL": "C.UTF-8", "XDG_STATE_HOME": str(home)}) as terminal:
        terminal.expect("/help lists the commands")
        terminal.type("change it\r")
        terminal.expect("Set the value to 5?")
        terminal.expect("Enter = no")
        terminal.type("n too much\r")
        terminal.expect("rejected by local: too much")
        terminal.expect("I left it alone.")
        terminal.type("change it again\r")
        terminal.expect("Enter = no")
        terminal.type("y\r")
        terminal.expect("✓ change-value")
        terminal.expect("I changed it.")
        terminal.expect("• two")
        terminal.type("/new\r")
        terminal.expect("New chat.")
        terminal.type("tell slowly\r")
        terminal.expect("Once upon a time")
        terminal.press_interrupt()
        terminal.expect("Stopped.")
        terminal.type("/sessions again\r")
        terminal.expect("change it")
        terminal.type("/open 1\r")
        terminal.expect("• two")
        terminal.type("never sent")
        terminal.press_interrupt_until("/quit, leaves")
        terminal.type("/quit\r")
        assert terminal.wait() == 0


async def test_person_rejects_approves_stops_searches_and_leaves(start_backend: StartBackend, tmp_path: Path) -> None:
    async with ScriptedModelServer(replies=answer_questions) as model, start_backend(model) as address:
        await asyncio.to_thread(converse, address, tmp_path)

    history = (tmp_path / "ding-robot" / "chat-history").read_text()
    assert (tmp_path / "journal").read_text().splitlines() == ["changed 5"]
    assert "change it again" in history
    assert "too much" not in history
