"""All tools against the simulated cluster, over both transports and in both protocol eras."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Literal

import pytest
from mcp import Client, StdioServerParameters
from mcp_types import CallToolResult, ElicitRequestParams, ElicitResult

from simulator.world import Scenario, load_scenarios
from tests.integration.k8s_mcp.conftest import ROOT, SimulatedCluster

Era = Literal["auto", "legacy"]
Transport = Literal["stdio", "http"]
LEGS: list[tuple[Transport, Era]] = [("stdio", "auto"), ("stdio", "legacy"), ("http", "auto"), ("http", "legacy")]
SCENARIOS = load_scenarios(None)


@asynccontextmanager
async def connect(
    transport: Transport, era: Era, *, cluster: SimulatedCluster, http_server: str, confirm: bool | None = None
) -> AsyncIterator[Client]:
    async def answer(context: Any, params: ElicitRequestParams) -> ElicitResult:  # Any: the SDK's request context
        assert params.message.startswith("Scale Deployment")
        return ElicitResult(action="accept", content={"confirm": confirm is True})

    stdio = StdioServerParameters(
        command=sys.executable,
        args=["-m", "k8s_mcp.server", "--transport", "stdio"],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **cluster.environment},
        cwd=str(ROOT),
    )
    async with Client(
        http_server if transport == "http" else stdio,
        mode=era,
        elicitation_callback=None if confirm is None else answer,
        read_timeout_seconds=20,
    ) as client:
        yield client


def content_of(result: CallToolResult) -> dict[str, Any]:  # Any: structured content
    assert not result.is_error, result.content
    assert isinstance(result.structured_content, dict)
    return result.structured_content


def rows_of(content: dict[str, Any]) -> list[dict[str, Any]]:  # Any: cells
    return [dict(zip(content["columns"], row, strict=True)) for row in content["rows"]]


@pytest.mark.parametrize(("transport", "era"), LEGS)
async def test_every_tool_answers(transport: Transport, era: Era, cluster: SimulatedCluster, http_server: str) -> None:
    async with connect(transport, era, cluster=cluster, http_server=http_server, confirm=False) as client:
        names = {tool.name for tool in (await client.list_tools()).tools}
        pods = content_of(await client.call_tool("k8s-get-pods", {"all_namespaces": True, "limit": 100}))
        services = content_of(await client.call_tool("k8s-get-services", {}))
        deployments = content_of(await client.call_tool("k8s-get-deployments", {}))
        nodes = content_of(await client.call_tool("k8s-get-nodes", {}))
        events = content_of(await client.call_tool("k8s-get-events", {"only_warnings": True}))
        web = next(row["name"] for row in rows_of(pods) if row["name"].startswith("web-"))
        pod = content_of(await client.call_tool("k8s-describe-pod", {"name": web}))
        logs = content_of(await client.call_tool("k8s-get-logs", {"pod": web, "tail": 5}))
        scale = content_of(await client.call_tool("k8s-scale-deployment", {"name": "web", "replicas": 7}))
        kinds = content_of(await client.call_tool("k8s-get-resources", {"kind": "svc", "all_namespaces": True}))
        node = content_of(await client.call_tool("k8s-describe-resource", {"kind": "no", "name": "node-1"}))
        usage = content_of(await client.call_tool("k8s-top", {"of": "nodes"}))
        related = content_of(await client.call_tool("k8s-get-relations", {"kind": "svc", "name": "web"}))
        history = content_of(await client.call_tool("k8s-rollout-history", {"name": "web"}))
        merged = content_of(await client.call_tool("k8s-get-logs", {"workload": "deploy/web", "tail": 5}))
        known = content_of(await client.call_tool("k8s-list-clusters", {"check": True}))

    assert {"k8s-get-pods", "k8s-get-resources"} <= names
    assert "cluster_ip" in kinds["columns"]
    assert "requests" in node["facts"]["cpu"]
    assert [row["name"] for row in rows_of(usage)].count("node-1") == 1
    assert ["Service/web", "has endpoints in"] in [row[:2] for row in related["rows"]]
    assert "-> nginx" in str(history["revisions"])
    assert {line[0] for line in merged["lines"]} == {"["}
    assert rows_of(known)[0] | {"server": ""} == {
        "name": "simulator",
        "server": "",
        "namespace": "default",
        "is_default": "yes",
        "state": "v1.32.13",
    }
    assert pods["total"] > 15
    assert {"web", "checkout"} <= {row["name"] for row in rows_of(services)}
    assert {"web", "checkout"} <= {row["name"] for row in rows_of(deployments)}
    assert len(nodes["rows"]) == 3
    assert events["rows"]
    assert (pod["status"], pod["problems"]) == ("Running", [])
    assert 0 < logs["shown"] <= 5
    assert (scale["status"], scale["replicas_after"]) == ("declined", scale["replicas_before"])


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.id)
async def test_every_scenario_is_named_by_its_condition(
    scenario: Scenario, cluster: SimulatedCluster, http_server: str
) -> None:
    kind, namespace, name = scenario.subject.split("/")

    async with connect("http", "auto", cluster=cluster, http_server=http_server) as client:
        if kind == "Service":
            services = content_of(await client.call_tool("k8s-get-services", {"namespace": namespace}))
            assert [row["problem"] for row in rows_of(services) if row["name"] == name] == [scenario.id]
            return
        pods = content_of(await client.call_tool("k8s-get-pods", {"namespace": namespace, "only_abnormal": True}))
        broken = [row for row in rows_of(pods) if row["name"].startswith(f"{name}-")]
        described = content_of(
            await client.call_tool("k8s-describe-pod", {"namespace": namespace, "name": broken[0]["name"]})
        )

    assert {row["problem"] for row in broken} == {scenario.id}
    assert [problem["condition"] for problem in described["problems"]] == [scenario.id]
    assert described["problems"][0]["subject"] == scenario.subject


async def test_only_the_faulty_pods_are_abnormal(cluster: SimulatedCluster, http_server: str) -> None:
    subjects = [scenario.subject for scenario in SCENARIOS]
    faulty = {subject.split("/")[2] for subject in subjects if subject.startswith("Deployment/")}

    async with connect("http", "auto", cluster=cluster, http_server=http_server) as client:
        pods = content_of(
            await client.call_tool("k8s-get-pods", {"all_namespaces": True, "only_abnormal": True, "limit": 100})
        )

    assert {row["name"].rsplit("-", 2)[0] for row in rows_of(pods)} == faulty


@pytest.mark.parametrize(
    ("transport", "era", "replicas"), [("stdio", "auto", 5), ("http", "legacy", 4), ("http", "auto", 3)]
)
async def test_confirmed_scaling_reaches_the_cluster(
    transport: Transport, era: Era, replicas: int, cluster: SimulatedCluster, http_server: str
) -> None:
    async with connect(transport, era, cluster=cluster, http_server=http_server, confirm=True) as client:
        scaled = content_of(await client.call_tool("k8s-scale-deployment", {"name": "web", "replicas": replicas}))
        deployments = content_of(await client.call_tool("k8s-get-deployments", {}))

    assert (scaled["status"], scaled["replicas_after"]) == ("scaled", replicas)
    ready = next(row["ready"] for row in rows_of(deployments) if row["name"] == "web")
    assert ready.endswith(f"/{replicas}")


async def test_client_that_cannot_ask_leaves_the_cluster_alone(cluster: SimulatedCluster, http_server: str) -> None:
    async with connect("http", "auto", cluster=cluster, http_server=http_server) as client:
        result = content_of(await client.call_tool("k8s-scale-deployment", {"name": "gateway", "replicas": 9}))
        deployments = content_of(await client.call_tool("k8s-get-deployments", {}))

    assert result["status"] == "needs_approval"
    assert next(row["ready"] for row in rows_of(deployments) if row["name"] == "gateway") == "2/2"


async def test_unknown_names_are_answered_with_the_nearest(cluster: SimulatedCluster, http_server: str) -> None:
    async with connect("http", "auto", cluster=cluster, http_server=http_server) as client:
        pod = await client.call_tool("k8s-get-logs", {"pod": "web"})
        namespace = await client.call_tool("k8s-get-pods", {"namespace": "payment"})

    assert "nearest: web-" in str(pod.content)
    assert "nearest: payments" in str(namespace.content)
