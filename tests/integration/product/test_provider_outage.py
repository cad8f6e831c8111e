"""A provider fails in the middle of an answer: the running product hands on to the next one, as its settings say."""

import json
from pathlib import Path

import httpx2

from tests.fakes.openai_server import (
    RecordedRequest,
    Reply,
    ScriptedCall,
    ScriptedModelServer,
    call_tools,
    cut_off,
    refuse,
    say,
)
from tests.fakes.product import running_product

QUESTIONS = ("first chunk", "second chunk", "mid-stream")


def fail_as_asked(request: RecordedRequest) -> Reply:
    """Break where the newest question says."""
    question = str(request.messages[-1]["content"])
    if "first" in question:
        return refuse(500, message="down")
    return cut_off("One" if "second" in question else "One two three four five")


def answer(request: RecordedRequest) -> Reply:
    """Look something up, then report."""
    if request.messages[-1]["role"] == "tool":
        return say("Beta has looked")
    return call_tools(ScriptedCall("artifact-read", {"id": "none"}))


async def test_next_provider_of_the_settings_takes_over_wherever_the_first_breaks(tmp_path: Path) -> None:
    config = tmp_path / "mcp_config.json"
    config.write_text(json.dumps({"mcpServers": {}}))
    async with (
        ScriptedModelServer(replies=fail_as_asked) as alpha,
        ScriptedModelServer(replies=answer) as beta,
    ):
        listed = [
            {"name": "beta", "base_url": beta.base_url, "model": "beta-1", "api_key_env": "BETA_KEY", "input_price": 2}
        ]
        environment = {
            "MCP_CONFIG": str(config),
            "LLM_BASE_URL": alpha.base_url,
            "LLM_MODEL": "alpha-1",
            "LLM_FALLBACKS": "beta",
            "MODELS": json.dumps(listed),
            "BETA_KEY": "sk-of-beta",
            "AGENT_RETRY_SECONDS": "0",
            "AGENT_BREAKER_SECONDS": "0.01",
        }
        async with (
            running_product("web", data=tmp_path / "data", **environment) as (address, _process),
            httpx2.AsyncClient(base_url=address, timeout=30) as http,
        ):
            answers = [await ask(http, question) for question in QUESTIONS]
            usage = (await http.get("/api/v2/usage")).json()
            models = (await http.get("/api/v2/models")).json()["items"]

    for blocks, model in answers:
        assert model == "beta"
        assert [block["text"] for block in blocks if block["type"] == "text"] == ["Beta has looked"]
        assert "model-taken-over" in [block["code"] for block in blocks if block["type"] == "notice"]
    assert {request.headers["authorization"] for request in beta.requests} == {"Bearer sk-of-beta"}
    assert [(entry["model"], entry["calls"]) for entry in usage["items"]] == [("beta", 6)]
    assert usage["cost"] > 0
    assert [(model["name"], model["position"]) for model in models] == [("default", 1), ("beta", 2), ("rules", 3)]


async def ask(http: httpx2.AsyncClient, question: str) -> tuple[list[dict[str, str]], str]:
    """The blocks of the answer and who gave it."""
    session = (await http.post("/api/v2/sessions", json={})).json()["id"]
    path = f"/api/v2/sessions/{session}"
    headers = {"Accept": "text/event-stream"}
    await http.post(f"{path}/runs", json={"message": question}, headers=headers)
    message = (await http.get(f"{path}/messages")).json()["items"][-1]
    return message["blocks"], message["model"]
