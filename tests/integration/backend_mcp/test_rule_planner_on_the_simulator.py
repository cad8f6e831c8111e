"""Planner, tool source, Kubernetes tool server and simulated cluster together, each as it runs in the product."""

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
import yaml

from backend.agent.domain import ConfirmationNeeded
from backend.integrations.mcp_servers import McpToolSource
from backend.vocabulary.errors import ErrorKind
from simulator.world import load_scenarios
from tests.integration.backend_mcp.conftest import PROJECT
from tests.integration.backend_mcp.planner_chat import PlannerChat

# All tests talk with the same tool servers, which take seconds to start.
pytestmark = pytest.mark.asyncio(loop_scope="module")

CONFIG = PROJECT / "backend" / "config" / "mcp_config.json"


@pytest.fixture(scope="module")
def kubeconfig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A simulated cluster with the faults of the demo."""
    path = tmp_path_factory.mktemp("cluster") / "kubeconfig.yaml"
    arguments = ["--port", "0", "--kubeconfig", str(path), "--scenarios", "demo"]
    process = subprocess.Popen([sys.executable, "-m", "simulator", *arguments], cwd=PROJECT, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert b"simulator ready" in process.stdout.readline()
    yield path
    process.terminate()
    process.wait(timeout=10)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def source(kubeconfig: Path) -> AsyncIterator[McpToolSource]:
    environment = os.environ | {"KUBECONFIG_PATH": str(kubeconfig), "MCP_REQUEST_STATE_KEY": "k" * 40}
    async with McpToolSource(config_path=CONFIG, environment=environment) as opened:
        yield opened


def read_ground_truths() -> list[tuple[str, str, str]]:
    """Condition, title in the answer and namespace of every fault."""
    truths: list[tuple[str, str, str]] = []
    for scenario in load_scenarios(None):
        at_fault = scenario.object_at_fault
        kind, namespace, name = (at_fault if at_fault.startswith("Service/") else scenario.subject).split("/")
        truths.append((scenario.id, f"`{kind} {namespace}/{name}`", namespace))
    return truths


GROUND_TRUTHS = read_ground_truths()


def read_sections(answer: str) -> dict[str, str]:
    """The cases of an answer by their title."""
    sections = answer.split("\n### ")[1:]
    return {section.split(" ", 1)[1].split(" — ")[0]: section for section in sections}


async def test_all_broken_pods_of_a_namespace_are_named_with_the_true_cause(source: McpToolSource) -> None:
    answer = await PlannerChat(source).ask("default 命名空间里有哪些 Pod 不正常?为什么?")

    sections = read_sections(answer)
    expected = {title: condition for condition, title, namespace in GROUND_TRUTHS if namespace == "default"}
    assert len(expected) == 5
    assert sections.keys() == expected.keys()
    for title, condition in expected.items():
        assert f"`{condition}`" in sections[title]
    for fact in ("ORDERS_DB_URL", "webshop/reviews:1.9.3-rc7", "shipping-settings", "8081", "256Mi"):
        assert fact in answer


async def test_a_deployment_is_described_itself_and_not_one_of_its_pods(source: McpToolSource) -> None:
    answer = await PlannerChat(source).ask("describe deployment web")

    assert "Deployment" in answer
    assert "default/web" in answer
    assert "replicas" in answer.lower()


async def test_all_faults_of_the_cluster_are_found_and_nothing_else(source: McpToolSource) -> None:
    answer = await PlannerChat(source).ask("What is wrong in the cluster?")

    sections = read_sections(answer)
    assert sections.keys() == {title for _, title, _ in GROUND_TRUTHS}
    for condition, title, _ in GROUND_TRUTHS:
        assert f"`{condition}`" in sections[title]


@pytest.mark.parametrize(("condition", "title", "namespace"), GROUND_TRUTHS, ids=[truth[0] for truth in GROUND_TRUTHS])
async def test_each_fault_is_explained_when_asked_by_name(
    source: McpToolSource, condition: str, title: str, namespace: str
) -> None:
    name = title.strip("`").partition("/")[2]

    answer = await PlannerChat(source).ask(f"{name} 为什么不正常?")

    assert f"`{condition}`" in read_sections(answer)[title]


async def test_scaling_asks_with_the_exact_change_and_reports_what_it_sees(source: McpToolSource) -> None:
    chat = PlannerChat(source)

    answer = await chat.ask("scale web to 5")
    undone = await chat.ask("scale web to 3")

    assert chat.questions[0].splitlines()[0] == "Scale Deployment default/web from 3 to 5 replicas?"
    assert "from 3 to 5 replicas" in answer
    assert "/5` ready" in answer
    assert "from 5 to 3 replicas" in undone


async def test_a_follow_up_reads_the_logs_of_the_pod_just_explained(source: McpToolSource) -> None:
    chat = PlannerChat(source)
    await chat.ask("checkout 为什么起不来?")

    answer = await chat.ask("它上一次的日志")

    assert "ORDERS_DB_URL is not set" in answer


async def test_an_unreachable_cluster_is_named_and_nothing_is_claimed(kubeconfig: Path, tmp_path: Path) -> None:
    document = yaml.safe_load(kubeconfig.read_text(encoding="utf-8"))
    document["clusters"][0]["cluster"]["server"] = "http://127.0.0.1:9"
    dead = tmp_path / "dead.yaml"
    dead.write_text(yaml.safe_dump(document), encoding="utf-8")
    environment = os.environ | {"KUBECONFIG_PATH": str(dead)}

    async with McpToolSource(config_path=CONFIG, environment=environment) as source:
        outcome = await source.call("k8s-get-pods", arguments={})
        answer = await PlannerChat(source).ask("哪些 pod 不正常?")

    assert not isinstance(outcome, ConfirmationNeeded)
    assert outcome.failure is not None
    assert outcome.failure.kind is ErrorKind.TOOL_SERVER_UNREACHABLE
    assert "127.0.0.1:9" in answer
    assert "正常" not in answer
