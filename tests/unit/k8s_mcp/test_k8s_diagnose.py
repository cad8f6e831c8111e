"""k8s-diagnose over an in-memory MCP client: what it says, what it reads, and what it must not hide."""

from __future__ import annotations

from typing import Any

import pytest
from mcp import Client
from mcp_types import CallToolResult

from k8s_diagnosis.diagnosing import diagnose as diagnose_snapshot
from k8s_mcp.errors import AccessDenied, ClusterUnreachable
from k8s_mcp.server import make_server
from k8s_mcp.settings import K8sSettings
from k8s_mcp.tools.gathering import gather_snapshot
from mcp_kit.results import MAX_RESULT_CHARACTERS, measure_structured
from simulator.world.certificates import tls_secret
from simulator.world.scenario import Certificate
from tests.fakes.kubernetes_objects import NAMESPACE, NOW, ago, condition, looping, make, make_node, make_pod
from tests.fakes.recorded_cluster import InMemoryCluster, case_names, cluster_of, read_case


async def diagnose(cluster: InMemoryCluster, *, now: Any = NOW, **arguments: Any) -> CallToolResult:  # Any: a moment
    server = make_server(K8sSettings(), open_cluster=lambda _: cluster, now=lambda: now)
    async with Client(server, read_timeout_seconds=10) as client:
        return await client.call_tool("k8s-diagnose", arguments)


async def diagnose_case(name: str, **arguments: Any) -> dict[str, Any]:  # Any: JSON
    case = read_case(name)
    return content_of(await diagnose(cluster_of(case), now=case.recorded_at, **arguments))


def content_of(result: CallToolResult) -> dict[str, Any]:  # Any: JSON
    assert not result.is_error, text_of(result)
    assert isinstance(result.structured_content, dict)
    return result.structured_content


def text_of(result: CallToolResult) -> str:
    return str(result.content[0].model_dump()["text"])


@pytest.mark.parametrize("name", case_names())
async def test_live_reading_says_what_the_recording_says(name: str) -> None:
    case = read_case(name)

    content = await diagnose_case(name)

    assert content["healthy"] is (case.object_at_fault is None)
    assert [finding["object"] for finding in content["findings"]] == (
        [case.object_at_fault] if case.object_at_fault else []
    )


async def test_healthy_namespace_costs_no_request_for_details() -> None:
    case = read_case("healthy-completed-job")
    cluster = cluster_of(case)

    await diagnose(cluster, now=case.recorded_at)

    assert not {request for request in cluster.requests if request.split()[0] != "list"}
    assert "list secrets" not in cluster.requests
    assert len(cluster.requests) < 30


async def test_one_log_speaks_for_all_pods_of_a_workload() -> None:
    case = read_case("crash-missing-env")
    cluster = cluster_of(case)

    content = content_of(await diagnose(cluster, now=case.recorded_at))

    assert [finding["pods"] for finding in content["findings"]] == [2]
    assert sum(request.startswith("log ") for request in cluster.requests) == 1


async def test_what_may_not_be_read_is_unknown() -> None:
    case = read_case("quota-exceeded")
    cluster = cluster_of(case)
    cluster.failures = {"services": AccessDenied("services is forbidden"), "events": AccessDenied("no events")}

    content = content_of(await diagnose(cluster, now=case.recorded_at))

    assert content["findings"][0]["condition"] == "quota-exceeded"
    unknown = {each["what"]: each["reason"] for each in content["unknown"]}
    assert unknown["Service"] == "services is forbidden"
    assert unknown["Event"] == "no events"


async def test_healthy_answer_still_lists_what_is_unknown() -> None:
    case = read_case("healthy-completed-job")
    cluster = cluster_of(case)
    cluster.failures = {"nodes": AccessDenied("nodes is forbidden")}

    result = await diagnose(cluster, now=case.recorded_at)

    assert content_of(result)["healthy"] is True
    assert "Not judged, so not known to be healthy:" in text_of(result)


async def test_pods_that_cannot_be_read_are_an_error_not_health() -> None:
    cluster = InMemoryCluster(failures={"pods": ClusterUnreachable("no answer from https://10.0.0.1")})

    result = await diagnose(cluster)

    assert result.is_error
    assert "no answer from https://10.0.0.1" in text_of(result)


async def test_unknown_namespace_is_not_healthy() -> None:
    cluster = InMemoryCluster(objects={"namespaces": [{"metadata": {"name": "prod"}}]})

    result = await diagnose(cluster, namespace="prodd")

    assert result.is_error
    assert text_of(result) == 'No namespace "prodd"; nearest: prod.'


@pytest.mark.parametrize("workload", ["checkout-api", "Deployment/checkout-api", "deployment/checkout-api"])
async def test_workload_narrows_the_findings(workload: str) -> None:
    content = await diagnose_case("crash-missing-env", workload=workload)

    assert [finding["condition"] for finding in content["findings"]] == ["crash-missing-env"]


async def test_workload_without_a_finding_is_told_from_one_that_does_not_exist() -> None:
    case = read_case("healthy-rolling-update")

    known = await diagnose(cluster_of(case), now=case.recorded_at, workload="Deployment/landing-page")
    unknown = await diagnose(cluster_of(case), now=case.recorded_at, workload="Deployment/landing")

    assert text_of(known).startswith("Nothing wrong was found with Deployment/landing-page in namespace landing")
    assert unknown.is_error
    assert "nearest: landing-page" in text_of(unknown)


@pytest.mark.parametrize("workload", ["--server=https://evil", "../x", "Deployment/", "a b", "x" * 400])
async def test_workload_that_is_no_name_is_refused(workload: str) -> None:
    result = await diagnose(InMemoryCluster(), workload=workload)

    assert result.is_error


def troubled_cluster(workloads: int) -> InMemoryCluster:
    pods = [
        make_pod(f"w{at:03}-x", status=looping(1, message="boom " * 40), owner=f"StatefulSet/w{at:03}", labels={})
        for at in range(workloads)
    ]
    return InMemoryCluster(objects={"pods": pods}, namespace=NAMESPACE)


async def test_pages_of_findings_join_without_gap() -> None:
    cluster = troubled_cluster(25)
    seen: list[str] = []
    cursor = None
    for _ in range(3):
        content = content_of(await diagnose(cluster, limit=10, cursor=cursor))
        seen += [finding["object"] for finding in content["findings"]]
        cursor = content["next_cursor"]

    assert cursor is None
    assert content["total"] == 25
    assert len(set(seen)) == len(seen) == 25


async def test_many_findings_stay_within_the_budget() -> None:
    result = await diagnose(troubled_cluster(400), limit=100)

    assert measure_structured(result.structured_content) <= MAX_RESULT_CHARACTERS
    assert len(text_of(result)) <= MAX_RESULT_CHARACTERS
    assert content_of(result)["next_cursor"]


async def test_hostile_texts_are_cleaned_and_secrets_hidden() -> None:
    line = "ERROR connect postgres://shop:hunter2@db:5432 \x1b[31mrefused\u202e: connection refused"
    pod = make_pod("evil-x", status=looping(1, message="password=hunter2"), owner="StatefulSet/evil", labels={})
    cluster = InMemoryCluster(objects={"pods": [pod]}, logs={("evil-x", "shop"): [line]}, namespace=NAMESPACE)

    result = await diagnose(cluster)

    everything = text_of(result) + str(result.structured_content)
    assert "hunter2" not in everything
    assert "\x1b" not in everything
    assert "\u202e" not in everything


def cluster_with_a_volume(used: int) -> InMemoryCluster:
    pod = make_pod(spec={"volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]})
    volume = {"pvcRef": {"name": "data", "namespace": NAMESPACE}, "capacityBytes": 100, "usedBytes": used}
    return InMemoryCluster(
        objects={"pods": [pod], "nodes": [make_node()]},
        summaries={"node-1": {"pods": [{"volume": [volume]}]}},
        namespace=NAMESPACE,
    )


@pytest.mark.parametrize(("used", "conditions"), [(95, ["pvc-nearly-full"]), (60, [])])
async def test_room_on_volumes_is_asked_of_the_kubelets(used: int, conditions: list[str]) -> None:
    content = content_of(await diagnose(cluster_with_a_volume(used)))

    assert [finding["condition"] for finding in content["findings"]] == conditions


async def test_volumes_that_may_not_be_measured_are_unknown() -> None:
    cluster = cluster_with_a_volume(95)
    cluster.failures = {"nodes/proxy": AccessDenied("nodes is forbidden")}

    content = content_of(await diagnose(cluster))

    assert content["healthy"] is True
    unknown = {each["what"]: each["reason"] for each in content["unknown"]}
    assert unknown["volume usage"] == "403: it needs the right to get nodes/proxy"


async def test_node_that_does_not_answer_is_not_asked_for_its_volumes() -> None:
    cluster = cluster_with_a_volume(95)
    cluster.objects["nodes"] = [make_node(ready=None)]

    await diagnose(cluster)

    assert "get nodes/node-1/proxy" not in cluster.requests


async def test_expired_certificate_is_found_and_its_key_is_dropped() -> None:
    wanted = Certificate(namespace=NAMESPACE, name="shop-tls", hosts=("shop.example",), expires_in_days=-1)
    secret = tls_secret(wanted, now=NOW)
    ingress = make("Ingress", "shop", spec={"tls": [{"secretName": "shop-tls"}]})
    cluster = InMemoryCluster(
        objects={"pods": [make_pod()], "ingresses": [ingress], "secrets": [secret]}, namespace=NAMESPACE
    )

    snapshot = await gather_snapshot(cluster, scope=NAMESPACE, now=NOW)

    assert [found.problem.condition for found in diagnose_snapshot(snapshot).findings] == [
        "ingress-certificate-expired"
    ]
    assert "tls.key" not in str(snapshot.objects["Secret"])


async def test_namespace_that_does_not_go_is_told() -> None:
    left = condition("NamespaceContentRemaining", True, message="widgets.example.com has 1 resource instances")
    namespace = make("Namespace", NAMESPACE, deletionTimestamp=ago(60), status={"conditions": [left]})
    cluster = InMemoryCluster(objects={"pods": [make_pod()], "namespaces": [namespace]}, namespace=NAMESPACE)

    content = content_of(await diagnose(cluster))

    assert [finding["object"] for finding in content["findings"]] == [f"Namespace//{NAMESPACE}"]
    assert "widgets.example.com" in content["findings"][0]["cause"]["en"]
