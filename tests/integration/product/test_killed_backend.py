"""SIGKILL in the middle of a run, with the real backend, a real model protocol and a real MCP server."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

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
from tests.fakes.product import kill_group, running_product, write_fixture_config
from tests.fakes.product_api import PATIENCE_SECONDS, Backend


@asynccontextmanager
async def running(model: ScriptedModelServer, folder: Path) -> AsyncIterator[tuple[Backend, Any]]:  # Any: its process
    config = write_fixture_config(folder)
    environment = {"MCP_CONFIG": str(config), "LLM_BASE_URL": model.base_url, "OPENAI_API_KEY": "sk-test"}
    async with running_product("web", data=folder / "data", **environment) as (address, process):
        backend = Backend(address)
        async with backend.http:
            yield backend, process


async def wait_for_line(path: Path, line: str) -> list[str]:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not (path.exists() and line in path.read_text().splitlines()):
            await asyncio.sleep(0.02)
    return path.read_text().splitlines()


def answer_by_history(request: RecordedRequest) -> Reply:
    """Ask for the change first; once a tool result is there, report on it."""
    if any(message["role"] == "tool" for message in request.messages):
        return say("I looked: see above.")
    return call_tools(ScriptedCall(name="change-and-linger", arguments={"value": "5"}))


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
async def test_killed_during_an_approved_change_it_is_not_repeated(tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    async with ScriptedModelServer(replies=answer_by_history) as model:
        async with running(model, tmp_path) as (backend, process):
            started = await backend.ask("set it to 5")
            await backend.wait_for_run(started["run_id"], "finished")
            [approval] = (await backend.http.get("/api/v2/approvals?state=pending")).json()["items"]
            decided = await backend.http.post(f"/api/v2/approvals/{approval['id']}", json={"decision": "approve"})
            run_id = decided.json()["run_id"]
            await wait_for_line(journal, "changed 5")
            await asyncio.to_thread(kill_group, process)

        async with running(model, tmp_path) as (backend, _process):
            run = await backend.wait_for_run(run_id, "finished", "failed")
            answer = await backend.read_answer(started["session_id"])

    statuses = [block["status"] for block in answer["blocks"] if block["type"] == "tool_call"]
    assert run["outcome"] == "answered"
    assert statuses == ["unknown"]
    assert answer["blocks"][-1]["text"] == "I looked: see above."
    assert journal.read_text().splitlines().count("changed 5") == 1


async def test_killed_in_mid_answer_the_model_is_asked_again(tmp_path: Path) -> None:
    replies = [hold_after("Half an answer that will never be finished"), say("The whole answer.")]
    async with ScriptedModelServer(replies=replies) as model:
        async with running(model, tmp_path) as (backend, process):
            started = await backend.ask("hello")
            await backend.wait_for_text(started["session_id"], "Half an answer")
            await asyncio.to_thread(kill_group, process)

        async with running(model, tmp_path) as (backend, _process):
            run = await backend.wait_for_run(started["run_id"], "finished", "failed")
            answer = await backend.read_answer(started["session_id"])

    assert run["outcome"] == "answered"
    assert [block["type"] for block in answer["blocks"]] == ["notice", "text"]
    assert answer["blocks"][-1]["text"] == "The whole answer."


async def test_open_approval_is_answered_after_a_restart(tmp_path: Path) -> None:
    def reply(request: RecordedRequest) -> Reply:
        if any(message["role"] == "tool" for message in request.messages):
            return say("Changed.")
        return call_tools(ScriptedCall(name="change-value", arguments={"value": "7"}))

    async with ScriptedModelServer(replies=reply) as model:
        async with running(model, tmp_path) as (backend, process):
            started = await backend.ask("set it to 7")
            await backend.wait_for_run(started["run_id"], "finished")
            await asyncio.to_thread(kill_group, process)

        async with running(model, tmp_path) as (backend, _process):
            [approval] = (await backend.http.get("/api/v2/approvals?state=pending")).json()["items"]
            decided = await backend.http.post(f"/api/v2/approvals/{approval['id']}", json={"decision": "approve"})
            await backend.wait_for_run(decided.json()["run_id"], "finished")
            answer = await backend.read_answer(started["session_id"])

    assert [block["status"] for block in answer["blocks"] if block["type"] == "tool_call"] == ["ok"]
    assert (tmp_path / "journal").read_text().splitlines() == ["changed 7"]


async def test_orderly_stop_is_quick_and_leaves_nothing_running(tmp_path: Path) -> None:
    async with ScriptedModelServer(replies=[hold_after("Half"), say("Whole.")]) as model:
        async with running(model, tmp_path) as (backend, process):
            started = await backend.ask("hello")
            await backend.wait_for_text(started["session_id"], "Half")
            process.terminate()
            code = await asyncio.to_thread(process.wait, 10)

        async with running(model, tmp_path) as (backend, _process):
            run = await backend.wait_for_run(started["run_id"], "finished", "failed")

    assert code in {0, -15}
    assert run["outcome"] == "answered"
