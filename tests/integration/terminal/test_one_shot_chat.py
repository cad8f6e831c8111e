"""`ding-robot chat -m …` as a script uses it."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes.openai_server import RecordedRequest, Reply, ScriptedCall, ScriptedModelServer, call_tools, say
from tests.fakes.product import ROOT, find_free_port
from tests.integration.terminal.conftest import StartBackend

pytestmark = pytest.mark.timeout(180)


async def chat(*arguments: str, address: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    def run() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "backend.cli", "chat", "--url", address, "--language", "en", *arguments],
            cwd=ROOT,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=40,
            check=False,
            env=os.environ | {"HTTP_PROXY": "http://127.0.0.1:9"},
        )

    return await asyncio.to_thread(run)


def answer_questions(request: RecordedRequest) -> Reply:
    """Changes on request, echoes on request, and reports what the tools said."""
    if any(message["role"] == "tool" for message in request.messages):
        return say("**Done** with the tool.")
    question = str(request.messages[-1]["content"])
    if "change" in question:
        return call_tools(ScriptedCall(name="change-value", arguments={"value": "5"}))
    if "echo" in question:
        return call_tools(ScriptedCall(name="echo", arguments={"text": "\x1b[31mred"}))
    return say("你好, plain answer.")


async def test_answers_scripts_with_text_json_and_exit_codes(start_backend: StartBackend, tmp_path: Path) -> None:
    async with ScriptedModelServer(replies=answer_questions) as model, start_backend(model) as address:
        plain = await chat("-m", "-", address=address, stdin="hello")
        with_tool = await chat("-m", "echo please", "--json", address=address)
        changing = await chat("-m", "change it", "--json", address=address)
        again = await chat(
            "-m", "hello", "--json", "--session", json.loads(changing.stdout)["session_id"], address=address
        )
        unknown = await chat("-m", "hello", "--json", "--session", "nobody", address=address)
        empty = await chat("-m", " ", address=address)
        piped = await chat(address=address, stdin="echo this\n/sessions\n/tools\n/cancel\n/nonsense\n")

    assert (plain.returncode, plain.stdout) == (0, "你好, plain answer.\n")
    answer = json.loads(with_tool.stdout)
    assert with_tool.returncode == 0
    assert (answer["outcome"], answer["text"], answer["mode"]) == ("answered", "**Done** with the tool.", "model")
    assert [(call["name"], call["status"]) for call in answer["tool_calls"]] == [("echo", "ok")]
    assert answer["usage"] == {"input_tokens": 24, "output_tokens": 12}
    waiting = json.loads(changing.stdout)
    assert (changing.returncode, waiting["outcome"]) == (2, "needs_approval")
    assert waiting["approval"]["question"].startswith("Set the value to 5?")
    assert not (tmp_path / "journal").exists()
    assert json.loads(again.stdout)["session_id"] == waiting["session_id"]
    assert (unknown.returncode, json.loads(unknown.stdout)["error"]["code"]) == (1, "not_found")
    assert (empty.returncode, empty.stderr) == (1, "The message is empty.\n")
    assert piped.returncode == 0
    assert "\x1b" not in piped.stdout
    for shown in ("✓ echo", "**Done** with the tool.", "change-value", "Nothing runs", "no command /nonsense"):
        assert shown in piped.stdout


async def test_says_how_to_start_the_product_when_nothing_answers() -> None:
    result = await chat("-m", "hello", "--json", address=f"http://127.0.0.1:{find_free_port()}")

    assert result.returncode == 1
    assert json.loads(result.stdout)["error"]["code"] == "unreachable"
    assert "ding-robot demo" in result.stderr
