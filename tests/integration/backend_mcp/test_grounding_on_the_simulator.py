"""Honest answers over every fault of the simulator: all of the planner's statements rest on results."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from backend.agent.domain import (
    ConfirmationNeeded,
    HistoryMessage,
    ModelFinished,
    ModelRequest,
    ToolMessage,
    UserMessage,
)
from backend.agent.grounding import JudgedStatement, Standing, judge_answer
from backend.agent.rule_planner import RulePlanner
from backend.integrations.mcp_servers import McpToolSource
from backend.vocabulary.language import detect_language
from tests.integration.backend_mcp.conftest import PROJECT

CONFIG = PROJECT / "backend" / "config" / "mcp_config.json"
WORKLOADS = [
    "checkout",
    "recommendation",
    "reviews",
    "inventory",
    "shipping",
    "analytics",
    "payment-api",
    "fraud-check",
    "web",
]
QUESTIONS = [
    "What is wrong in the cluster?",
    "集群健康吗？",
    "list all pods in all namespaces",
    "列出 Deployment",
    "list services",
    "list nodes",
    "show events",
    "scale web to 5",
    "scale nosuch to 3",
    "list pods in nosuchns",
    "help",
    *(f"Why is {name} failing?" for name in WORKLOADS),
    *(f"{name} 为什么不正常?" for name in WORKLOADS),
    *(f"describe {name}" for name in WORKLOADS),
    *(f"{name} 的日志" for name in WORKLOADS),
    *(f"{name} 的事件" for name in WORKLOADS),
]


@pytest.fixture(scope="module")
def kubeconfig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A simulated cluster with all faults."""
    path = tmp_path_factory.mktemp("cluster") / "kubeconfig.yaml"
    arguments = ["--port", "0", "--kubeconfig", str(path), "--scenarios", "demo"]
    process = subprocess.Popen([sys.executable, "-m", "simulator", *arguments], cwd=PROJECT, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert b"simulator ready" in process.stdout.readline()
    yield path
    process.terminate()
    process.wait(timeout=10)


@pytest.fixture
async def source(kubeconfig: Path) -> AsyncIterator[McpToolSource]:
    environment = os.environ | {"KUBECONFIG_PATH": str(kubeconfig), "MCP_REQUEST_STATE_KEY": "k" * 40}
    async with McpToolSource(config_path=CONFIG, environment=environment) as opened:
        yield opened


async def ask(source: McpToolSource, question: str) -> list[JudgedStatement]:
    history: list[HistoryMessage] = [UserMessage(question)]
    async with asyncio.timeout(40):
        while True:
            request = ModelRequest(
                instructions="",
                history=tuple(history),
                tools=tuple(source.tools()),
                language=detect_language(question),
            )
            finished = [event async for event in RulePlanner().stream(request)][-1]
            assert isinstance(finished, ModelFinished)
            history.append(finished.message)
            results = [message for message in history if isinstance(message, ToolMessage)]
            if not finished.message.tool_calls:
                return judge_answer(finished.message.text, results=results, question=question)
            for call in finished.message.tool_calls:
                arguments = json.loads(call.arguments_text)
                outcome = await source.call(call.name, arguments=arguments)
                if isinstance(outcome, ConfirmationNeeded):
                    outcome = await source.confirm(call.name, arguments=arguments, state=outcome.state)
                history.append(ToolMessage(call, outcome))


async def test_every_statement_of_the_planner_is_cited(source: McpToolSource) -> None:
    count = 0
    for question in QUESTIONS:
        judged = await ask(source, question)
        count += len(judged)
        wrong = [
            (entry.standing, entry.statement.text, entry.detail)
            for entry in judged
            if entry.standing is not Standing.CITED
        ]
        assert wrong == [], question
    assert count > 400


async def test_question_brings_its_preview_and_nothing_to_remember(source: McpToolSource) -> None:
    asked = await source.call("k8s-scale-deployment", arguments={"name": "cart", "namespace": "default", "replicas": 4})

    assert isinstance(asked, ConfirmationNeeded)
    assert asked.preview is not None
    expected = {
        "kind": "scale",
        "object": "Deployment/default/cart",
        "before": 2,
        "after": 4,
        "pods": 2,
        "undo": "k8s-scale-deployment name=cart namespace=default replicas=2",
        "dry_run": "ok",
    }
    assert asked.preview.items() >= expected.items()
    assert asked.remember_key is None
