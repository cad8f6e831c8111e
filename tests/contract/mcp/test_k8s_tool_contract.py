"""Names and fields other programs rely on; a change here breaks them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from mcp import Client

from k8s_mcp.server import make_server
from k8s_mcp.settings import K8sSettings
from tests.fakes.recorded_cluster import cluster_of, read_case

TOOLS = {
    "k8s-diagnose": {"namespace", "all_namespaces", "workload", "limit", "cursor"},
    "k8s-get-pods": {"namespace", "all_namespaces", "label_selector", "only_abnormal", "limit", "cursor"},
    "k8s-get-services": {"namespace", "all_namespaces", "label_selector", "limit", "cursor"},
    "k8s-get-deployments": {"namespace", "all_namespaces", "label_selector", "limit", "cursor"},
    "k8s-get-nodes": {"label_selector", "limit", "cursor"},
    "k8s-scale-deployment": {"name", "replicas", "namespace", "kind"},
    "k8s-restart-workload": {"name", "kind", "namespace"},
    "k8s-rollback-workload": {"name", "to_revision", "kind", "namespace"},
    "k8s-patch-resource": {"kind", "name", "patch", "patch_type", "namespace"},
    "k8s-apply-manifest": {"manifest", "namespace", "force"},
    "k8s-delete-resource": {"kind", "name", "namespace", "propagation", "grace_seconds"},
    "k8s-cordon-node": {"name", "action"},
    "k8s-get-logs": {
        "pod",
        "namespace",
        "workload",
        "container",
        "all_containers",
        "previous",
        "tail",
        "since_seconds",
        "contains",
        "regex",
    },
    "k8s-get-resources": {
        "kind",
        "namespace",
        "all_namespaces",
        "label_selector",
        "field_selector",
        "only_abnormal",
        "limit",
        "cursor",
    },
    "k8s-describe-resource": {"kind", "name", "namespace", "field"},
    "k8s-top": {"of", "namespace", "all_namespaces", "label_selector", "sort_by", "limit", "cursor"},
    "k8s-get-relations": {"kind", "name", "namespace"},
    "k8s-rollout-history": {"name", "kind", "namespace", "revision", "compare_to"},
    "k8s-list-clusters": {"check"},
    "k8s-describe-pod": {"name", "namespace"},
    "k8s-get-events": {
        "namespace",
        "all_namespaces",
        "object_name",
        "object_kind",
        "only_warnings",
        "limit",
        "cursor",
    },
}
CHANGES = {
    "k8s-scale-deployment",
    "k8s-restart-workload",
    "k8s-rollback-workload",
    "k8s-patch-resource",
    "k8s-apply-manifest",
    "k8s-delete-resource",
    "k8s-cordon-node",
}
COLUMNS = {
    "k8s-get-pods": "name ready status restarts age node problem",
    "k8s-get-services": "name type cluster_ip ports selector endpoints age problem",
    "k8s-get-deployments": "name ready up_to_date available age images problem",
    "k8s-get-nodes": "name status roles age version cpu_requests memory_requests pods problem",
    "k8s-get-events": "last_seen first_seen type reason object count message",
}
KINDS = {
    "k8s-get-pods": "PodList",
    "k8s-get-services": "ServiceList",
    "k8s-get-deployments": "DeploymentList",
    "k8s-get-nodes": "NodeList",
    "k8s-get-events": "EventList",
}
DIAGNOSIS_FIELDS = "kind cluster namespace workload findings total shown next_cursor unknown healthy"
LIST_FIELDS = "kind cluster namespace columns rows total shown counts abnormal problems"
PROBLEM_FIELDS = "condition object subject severity cause evidence next_step confidence"
POD_FIELDS = "kind namespace name status ready node pod_ip age owner containers conditions events problems"
CONTAINER_FIELDS = "name init image ready restarts state reason last_state exit_code ports requests limits probes env"


async def answer(tool: str, arguments: dict[str, object] | None = None) -> dict[str, Any]:  # Any: JSON
    case = read_case("crash-missing-env")
    cluster = cluster_of(case)
    cluster.objects["nodes"] = read_case("pending-insufficient-cpu").items("nodes")
    server = make_server(K8sSettings(), open_cluster=lambda _: cluster, now=lambda: case.recorded_at)
    async with Client(server, read_timeout_seconds=10) as client:
        result = await client.call_tool(tool, arguments or {})
    assert not result.is_error, result.content
    assert isinstance(result.structured_content, dict)
    return result.structured_content


def first_pod() -> str:
    return str(read_case("crash-missing-env").items("pods")[0]["metadata"]["name"])


async def test_tools_have_their_names_arguments_and_risk() -> None:
    async with Client(make_server(K8sSettings())) as client:
        listed = {tool.name: tool for tool in (await client.list_tools()).tools}

    arguments = {name: set(tool.input_schema["properties"]) for name, tool in listed.items()}
    assert arguments == {
        name: expected if name == "k8s-list-clusters" else {*expected, "cluster"} for name, expected in TOOLS.items()
    }
    for name, tool in listed.items():
        assert tool.annotations is not None
        assert bool(tool.annotations.read_only_hint) is (name not in CHANGES)
        assert bool(tool.annotations.destructive_hint) is (name in CHANGES)
        assert tool.input_schema["additionalProperties"] is False
        assert tool.description


async def test_tool_list_fits_its_budget() -> None:
    async with Client(make_server(K8sSettings())) as client:
        tools = (await client.list_tools()).tools

    listed = [{"name": t.name, "description": t.description, "input": t.input_schema} for t in tools]
    assert len(json.dumps(listed, separators=(",", ":"))) < 16_000


@pytest.mark.parametrize("tool", COLUMNS)
async def test_lists_have_their_columns_and_fields(tool: str) -> None:
    content = await answer(tool)

    assert " ".join(content) == LIST_FIELDS.replace("namespace ", "" if tool == "k8s-get-nodes" else "namespace ")
    assert content["kind"] == KINDS[tool]
    assert " ".join(content["columns"]) == COLUMNS[tool]
    assert content["rows"]
    assert all(len(row) == len(content["columns"]) for row in content["rows"])
    assert content["total"] >= content["shown"] == len(content["rows"])


async def test_diagnosis_has_its_fields() -> None:
    content = await answer("k8s-diagnose")

    assert " ".join(content) == DIAGNOSIS_FIELDS
    (finding,) = content["findings"]
    assert " ".join(finding) == f"{PROBLEM_FIELDS} subjects pods fix effects"
    assert set(finding["effects"][0]) == {"condition", "object", "cause", "effects"}


async def test_problem_has_its_fields_in_both_languages() -> None:
    (problem,) = (await answer("k8s-get-pods", {"limit": 50}))["problems"]
    (short,) = (await answer("k8s-get-pods"))["problems"]

    assert " ".join(problem) == PROBLEM_FIELDS
    assert " ".join(short) == PROBLEM_FIELDS.replace("evidence next_step ", "")
    assert problem["object"] == "Deployment/checkout/checkout-api"
    assert set(problem["cause"]) == set(problem["next_step"]) == {"en", "zh"}


async def test_pod_detail_has_its_fields() -> None:
    content = await answer("k8s-describe-pod", {"name": first_pod()})

    assert " ".join(content) == POD_FIELDS
    assert " ".join(content["containers"][0]) == CONTAINER_FIELDS
    assert set(content["containers"][0]["env"][0]) == {"name", "source"}
    assert set(content["conditions"][0]) == {"type", "status", "reason", "message"}
    assert set(content["events"][0]) == {"type", "reason", "message", "count", "first_seen", "last_seen"}


async def test_log_answer_has_its_fields() -> None:
    content = await answer("k8s-get-logs", {"pod": first_pod(), "container": "checkout-api", "previous": True})

    assert " ".join(content) == "kind cluster namespace pod container previous lines shown truncated"
    assert content["kind"] == "Logs"
