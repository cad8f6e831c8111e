"""Arguments that try to be options, paths or floods are refused by every tool, and the cluster is asked nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from mcp import Client

from k8s_mcp.server import make_server, make_tools
from k8s_mcp.settings import K8sSettings
from tests.fakes.recorded_cluster import InMemoryCluster

HOSTILE = {
    "option": "--server=https://evil.example",
    "path": "../../kube-system/secrets/admin",
    "encoded path": "..%2f..%2fsecrets",
    "query": "web?watch=1#x",
    "line break": "web\nImpersonate-User: admin",
    "nul": "web\x00",
    "flood": "a" * 1_000_000,
    "empty": "",
}
# Text that is searched for, and the name of a kind, have rules of their own; a cursor may hold anything.
FREE_TEXT = {"contains"}
REQUIRED: dict[str, dict[str, Any]] = {  # Any: JSON arguments
    "k8s-describe-pod": {"name": "web"},
    "k8s-get-resources": {"kind": "pods"},
    "k8s-describe-resource": {"kind": "pods", "name": "web"},
    "k8s-get-relations": {"kind": "pods", "name": "web"},
    "k8s-rollout-history": {"name": "web"},
    "k8s-get-logs": {"pod": "web"},
}


def text_arguments() -> list[tuple[str, str]]:
    """Every argument of every reading tool that takes text of the caller's choice."""
    return [
        (tool.name, name)
        for tool in make_tools(K8sSettings(read_only=True))
        for name, schema in tool.parameters["properties"].items()
        if schema.get("type") == "string" and "enum" not in schema and name not in FREE_TEXT
    ]


def opening(cluster: InMemoryCluster) -> Callable[[K8sSettings], InMemoryCluster]:
    return lambda _: cluster


@pytest.mark.parametrize(("tool", "argument"), text_arguments())
async def test_hostile_text_is_refused_and_asks_nothing_of_the_cluster(tool: str, argument: str) -> None:
    cluster = InMemoryCluster()
    async with Client(make_server(K8sSettings(), open_cluster=opening(cluster))) as client:
        for what, value in HOSTILE.items():
            result = await client.call_tool(tool, {**REQUIRED.get(tool, {}), argument: value})

            text = str(result.content[0].model_dump()["text"])
            assert result.is_error, (what, text)
            assert [each for each in cluster.requests if not each.startswith("as ")] == [], what
            assert len(json.dumps(text)) < 2_000, what


async def test_selector_of_a_megabyte_is_refused_by_its_length() -> None:
    async with Client(make_server(K8sSettings(), open_cluster=lambda _: InMemoryCluster())) as client:
        result = await client.call_tool("k8s-get-pods", {"label_selector": "a=b," * 250_000})

    assert "at most 500 characters" in str(result.content[0].model_dump()["text"])
