"""A change of a cluster through the whole product: asked over HTTP, approved after a restart, made once."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from simulator.store import JsonObject
from tests.fakes.openai_server import RecordedRequest, Reply, ScriptedCall, ScriptedModelServer, call_tools, say
from tests.fakes.product import ROOT, kill_group, running_product
from tests.fakes.product_api import Backend
from tests.fakes.served_cluster import ServedCluster, serve_still_cluster

SETTINGS: JsonObject = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "settings", "namespace": "default"},
    "data": {"colour": "blue", "api_key": "hunter2"},
}


@pytest.fixture
async def cluster(tmp_path: Path) -> AsyncIterator[ServedCluster]:
    async with serve_still_cluster(tmp_path) as served:
        served.add(SETTINGS)
        yield served


@asynccontextmanager
async def running(
    model: ScriptedModelServer, cluster: ServedCluster, folder: Path
) -> AsyncIterator[tuple[Backend, Any]]:  # Any: its process
    config = folder / "mcp_config.json"
    entry = {
        "command": sys.executable,
        "args": ["-m", "k8s_mcp.server", "--transport", "stdio"],
        "cwd": str(ROOT),
        "env": {
            "KUBECONFIG_PATH": str(cluster.kubeconfig()),
            "MCP_REQUEST_STATE_KEY": "${MCP_REQUEST_STATE_KEY:-}",
            "PATH": os.environ["PATH"],
        },
        "trusted": True,
    }
    config.write_text(json.dumps({"mcpServers": {"k8s": entry}}))
    environment = {"MCP_CONFIG": str(config), "LLM_BASE_URL": model.base_url, "OPENAI_API_KEY": "sk-test"}
    async with running_product("web", data=folder / "data", **environment) as (address, process):
        backend = Backend(address)
        async with backend.http:
            yield backend, process


def ask_for_green(request: RecordedRequest) -> Reply:
    """Ask for the change first; once a tool result is there, report on it."""
    if any(message["role"] == "tool" for message in request.messages):
        return say("I looked: see above.")
    arguments = {"kind": "ConfigMap", "name": "settings", "patch": {"data": {"colour": "green", "api_key": "hunter3"}}}
    return call_tools(ScriptedCall(name="k8s-patch-resource", arguments=arguments))


async def find_approval(backend: Backend) -> dict[str, Any]:  # Any: JSON
    [approval] = (await backend.http.get("/api/v2/approvals?state=pending")).json()["items"]
    return dict(approval)


async def approve(backend: Backend, approval: dict[str, Any]) -> list[dict[str, Any]]:  # Any: JSON
    decided = await backend.http.post(f"/api/v2/approvals/{approval['id']}", json={"decision": "approve"})
    await backend.wait_for_run(decided.json()["run_id"], "finished", "failed")
    answer = await backend.read_answer(approval["session_id"])
    return [block for block in answer["blocks"] if block["type"] == "tool_call"]


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
async def test_change_approved_after_the_product_was_killed_is_made_once(
    tmp_path: Path, cluster: ServedCluster
) -> None:
    async with ScriptedModelServer(replies=ask_for_green) as model:
        async with running(model, cluster, tmp_path) as (backend, process):
            started = await backend.ask("make it green")
            await backend.wait_for_run(started["run_id"], "finished")
            asked = await find_approval(backend)
            await asyncio.to_thread(kill_group, process)
        before = dict(cluster.get("v1", "ConfigMap", "settings")["data"])

        async with running(model, cluster, tmp_path) as (backend, _):
            [block] = await approve(backend, await find_approval(backend))

    assert asked["preview"]["title"]["zh"] == "修改 ConfigMap default/settings？"
    assert {"field": "data.colour", "before": "blue", "after": "green"} in asked["preview"]["changes"]
    told = {key: value for key, value in block.items() if not key.startswith("arguments")}
    assert "hunter" not in json.dumps(asked["preview"]) + asked["question"] + json.dumps(told)
    assert before["colour"] == "blue"
    assert block["status"] == "ok"
    assert cluster.get("v1", "ConfigMap", "settings")["data"] == {"colour": "green", "api_key": "hunter3"}
    assert len(cluster.written()) == 1


async def test_approval_is_void_once_somebody_else_changed_the_object(tmp_path: Path, cluster: ServedCluster) -> None:
    def change(item: JsonObject) -> None:
        item["data"]["shape"] = "round"

    async with ScriptedModelServer(replies=ask_for_green) as model, running(model, cluster, tmp_path) as (backend, _):
        started = await backend.ask("make it green")
        await backend.wait_for_run(started["run_id"], "finished")
        cluster.change("v1", "ConfigMap", "settings", by=change)
        [block] = await approve(backend, await find_approval(backend))

    assert block["status"] == "error"
    assert "does not accept this yes any more" in json.dumps(block)
    assert cluster.get("v1", "ConfigMap", "settings")["data"]["colour"] == "blue"
