"""The chat and hosts, with the configuration as it is shipped: looking needs no approval, a change waits for one."""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx2

from tests.fakes.openai_server import RecordedRequest, Reply, ScriptedCall, ScriptedModelServer, call_tools, say
from tests.fakes.product import running_product

Json = Mapping[str, Any]  # Any: JSON


async def test_looking_runs_at_once_and_a_change_runs_once_after_a_yes(tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    commands = {"look": "df -h /", "change": f"echo run >> {ran}"}

    def answer(request: RecordedRequest) -> Reply:
        newest = request.messages[-1]
        if newest["role"] == "tool":
            return say("Done.")
        return call_tools(
            ScriptedCall("ssh-execute", {"assets": ["local"], "command": commands[str(newest["content"]).split()[-1]]})
        )

    async with ScriptedModelServer(replies=answer) as model:
        environment = {"LLM_BASE_URL": model.base_url, "LLM_MODEL": "scripted", "READ_ONLY": ""}
        async with (
            running_product("web", data=tmp_path / "data", **environment) as (address, _process),
            httpx2.AsyncClient(base_url=address, timeout=30) as http,
        ):
            looked = await ask(http, "please look")
            asked = await ask(http, "please change")
            before = ran.exists()
            (approval,) = (await http.get("/api/v2/approvals", params={"state": "pending"})).json()["items"]
            decided = await http.post(f"/api/v2/approvals/{approval['id']}", json={"decision": "approve"})
            changed = await wait_for_run(http, decided.json()["run_id"])

    assert looked["outcome"] == "answered"
    assert asked["outcome"] == "interrupted"
    assert approval["question"].startswith(f"Run on local: echo run >> {ran}\n")
    assert approval["preview"]["hosts"][0]["tier"] == "prod"
    assert not before
    assert changed["outcome"] == "answered"
    assert ran.read_text() == "run\n"
    sent = json.dumps([request.messages for request in model.requests], ensure_ascii=False)
    assert "Mounted on" in sent


async def ask(http: httpx2.AsyncClient, question: str) -> Json:
    """The run that the question ended in."""
    session = (await http.post("/api/v2/sessions", json={})).json()
    started = await http.post(f"/api/v2/sessions/{session['id']}/runs", json={"message": question})
    return await wait_for_run(http, started.json()["run_id"])


async def wait_for_run(http: httpx2.AsyncClient, run_id: str) -> Json:
    async with asyncio.timeout(30):
        while True:
            run = (await http.get(f"/api/v2/runs/{run_id}")).json()
            if run["state"] in {"finished", "failed"}:
                return dict(run)
            await asyncio.sleep(0.05)
