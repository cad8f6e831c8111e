"""The eight tools through an in-memory MCP client, in both protocol eras."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Literal

import pytest
from mcp import Client
from mcp.client.session import ElicitationFnT
from mcp_types import CallToolResult

from k8s_mcp.cluster.interfaces import JsonObject
from k8s_mcp.errors import AccessDenied, ClusterUnreachable
from k8s_mcp.server import make_server
from k8s_mcp.settings import K8sSettings
from tests.fakes.recorded_cluster import InMemoryCluster, cluster_of, read_case

Era = Literal["auto", "legacy"]
Reaction = Literal["accept", "decline", "cancel"]
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
ERAS: tuple[Era, ...] = ("auto", "legacy")


@asynccontextmanager
async def connect(
    cluster: InMemoryCluster,
    *,
    now: datetime = NOW,
    era: Era = "auto",
    answer: ElicitationFnT | None = None,
    settings: K8sSettings | None = None,
) -> AsyncIterator[Client]:
    server = make_server(settings or K8sSettings(), open_cluster=lambda _: cluster, now=lambda: now)
    async with Client(server, mode=era, elicitation_callback=answer, read_timeout_seconds=10) as client:
        yield client


async def call(cluster: InMemoryCluster, tool: str, *, now: datetime = NOW, **arguments: object) -> CallToolResult:
    async with connect(cluster, now=now) as client:
        return await client.call_tool(tool, arguments)


def content_of(result: CallToolResult) -> dict[str, Any]:  # Any: structured content
    assert not result.is_error, text_of(result)
    assert isinstance(result.structured_content, dict)
    return result.structured_content


def text_of(result: CallToolResult) -> str:
    return str(result.content[0].model_dump()["text"])


def deployment(*, replicas: int = 3) -> JsonObject:
    return {
        "metadata": {"name": "web", "namespace": "default", "generation": 1, "resourceVersion": "100"},
        "spec": {"replicas": replicas},
        "status": {"readyReplicas": replicas, "availableReplicas": replicas},
    }


def web_cluster() -> InMemoryCluster:
    return InMemoryCluster({"deployments": [deployment()], "namespaces": [{"metadata": {"name": "default"}}]})


async def test_pod_list_reads_the_log_where_it_decides_the_cause() -> None:
    case = read_case("crash-missing-env")

    content = content_of(await call(cluster_of(case), "k8s-get-pods", now=case.recorded_at))

    assert content["rows"][0][2] == "CrashLoopBackOff"
    assert content["rows"][0][-1] == "crash-missing-env"
    assert "ORDERS_DB_URL" in content["problems"][0]["cause"]["zh"]


async def test_pod_list_without_the_right_to_read_logs_still_answers() -> None:
    case = read_case("crash-missing-env")
    cluster = cluster_of(case)
    cluster.failures = {"log": AccessDenied("no"), "events": AccessDenied("no")}

    content = content_of(await call(cluster, "k8s-get-pods", now=case.recorded_at))

    assert content["rows"][0][-1] == "crash-exit-error"
    assert "events could not be read" in content["note"]


async def test_overview_of_all_namespaces_lists_one_pod_for_all_alike() -> None:
    case = read_case("crash-missing-env")
    result = await call(cluster_of(case), "k8s-get-pods", now=case.recorded_at, all_namespaces=True)

    content = content_of(result)
    row = dict(zip(content["columns"], content["rows"][0], strict=True))
    assert (row["namespace"], row["status"], row["alike"]) == ("checkout", "CrashLoopBackOff", 1)
    assert (content["total"], content["shown"], content["abnormal"]) == (2, 1, 2)


async def test_namespace_full_of_abnormal_pods_lists_one_for_all_alike() -> None:
    case = read_case("crash-missing-env")
    cluster = cluster_of(case)
    crashing = cluster.objects["pods"][0]
    named = ({**crashing["metadata"], "name": f"checkout-5d-{n:03}"} for n in range(30))
    cluster.objects["pods"] = [{**crashing, "metadata": metadata} for metadata in named]

    content = content_of(await call(cluster, "k8s-get-pods", now=case.recorded_at))

    row = dict(zip(content["columns"], content["rows"][0], strict=True))
    assert (content["shown"], content["abnormal"], row["alike"]) == (1, 30, 29)


async def test_healthy_pods_are_left_out_on_request() -> None:
    case = read_case("healthy-rolling-update")

    result = await call(cluster_of(case), "k8s-get-pods", now=case.recorded_at, only_abnormal=True)

    assert content_of(result)["rows"] == []
    assert text_of(result) == "No pods match in namespace landing of cluster recorded."


async def test_pages_of_pods_join_without_gap() -> None:
    case = read_case("healthy-rolling-update")
    async with connect(cluster_of(case), now=case.recorded_at) as client:
        first = content_of(await client.call_tool("k8s-get-pods", {"limit": 3}))
        second = content_of(await client.call_tool("k8s-get-pods", {"limit": 3, "cursor": first["next_cursor"]}))

    names = [row[0] for row in first["rows"] + second["rows"]]
    assert len(names) == len(set(names)) == first["total"] == 4
    assert "next_cursor" not in second


async def test_describe_names_the_cause_and_hides_credentials() -> None:
    case = read_case("crash-missing-env")
    cluster = cluster_of(case)
    pod = cluster.objects["pods"][0]
    pod["spec"]["containers"][0]["env"] += [
        {"name": "DB_PASSWORD", "value": "hunter2"},
        {"name": "PROXY", "value": "http://bob:hunter2@proxy"},
    ]

    result = await call(cluster, "k8s-describe-pod", now=case.recorded_at, name=pod["metadata"]["name"])

    content = content_of(result)
    assert content["problems"][0]["condition"] == "crash-missing-env"
    assert content["owner"] == "Deployment/checkout-api"
    assert {"name": "DB_PASSWORD", "source": "value [redacted]"} in content["containers"][0]["env"]
    assert "hunter2" not in str(content) + text_of(result)


async def test_events_of_an_earlier_pod_with_the_same_name_are_left_out() -> None:
    case = read_case("readiness-wrong-port")
    cluster = cluster_of(case)
    cluster.objects["pods"][0]["metadata"]["uid"] = "new"
    for event in cluster.objects["events"]:
        event["involvedObject"]["uid"] = "old"

    name = cluster.objects["pods"][0]["metadata"]["name"]
    content = content_of(await call(cluster, "k8s-describe-pod", now=case.recorded_at, name=name))

    assert content["events"] == []


async def test_unknown_pod_is_answered_with_the_nearest_names() -> None:
    case = read_case("crash-missing-env")

    result = await call(cluster_of(case), "k8s-describe-pod", name="checkout-api")

    assert result.is_error
    assert text_of(result).startswith('No pod "checkout-api" in namespace "checkout"; nearest: checkout-api-')
    assert text_of(result).endswith("k8s-get-pods lists them.")


async def test_unknown_namespace_is_not_taken_for_an_empty_one() -> None:
    case = read_case("crash-missing-env")

    result = await call(cluster_of(case), "k8s-get-pods", namespace="chekout")

    assert result.is_error
    assert text_of(result) == 'No namespace "chekout"; nearest: checkout.'


async def test_unreachable_cluster_is_said_and_not_guessed() -> None:
    error = ClusterUnreachable("Cannot reach the Kubernetes API at https://x (connection refused). Nothing was read")
    cluster = InMemoryCluster(failures={"pods": error, "events": error})

    result = await call(cluster, "k8s-get-pods")

    assert result.is_error
    assert text_of(result) == str(error)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"naemspace": "x"}, "did you mean 'namespace'?"),
        ({"limit": 0}, "greater than or equal to 1"),
        ({"limit": "5"}, "valid integer"),
        ({"namespace": "--server=evil"}, "no valid Kubernetes name"),
        ({"label_selector": "-l app"}, "no label selector"),
        ({"namespace": "a", "all_namespaces": True}, "not both"),
        ({"cursor": "nonsense"}, "start without a cursor"),
    ],
)
async def test_wrong_arguments_are_explained_and_nothing_is_read(arguments: dict[str, object], expected: str) -> None:
    cluster = web_cluster()

    async with connect(cluster) as client:
        result = await client.call_tool("k8s-get-pods", arguments)

    assert result.is_error
    assert expected in text_of(result)
    assert "pydantic" not in text_of(result)
    assert cluster.requests == []


async def test_nulls_mean_the_default() -> None:
    content = content_of(
        await call(web_cluster(), "k8s-get-deployments", namespace=None, label_selector=None, cursor=None)
    )

    assert content["rows"][0][:2] == ["web", "3/3"]


async def test_service_list_names_the_selector_that_matches_nothing() -> None:
    case = read_case("healthy-rolling-update")
    cluster = cluster_of(case)
    cluster.objects["services"][0]["spec"]["selector"] = {"app.kubernetes.io/name": "landing-pages"}
    cluster.objects["endpointslices"] = []

    content = content_of(await call(cluster, "k8s-get-services", now=case.recorded_at))

    assert content["rows"][0][-1] == "service-selector-no-match"
    assert content["rows"][0][5] == "0 ready, 0 not ready"


async def test_service_is_not_judged_when_pods_cannot_be_read() -> None:
    case = read_case("healthy-rolling-update")
    cluster = cluster_of(case)
    cluster.failures = {"pods": AccessDenied("no")}

    content = content_of(await call(cluster, "k8s-get-services", now=case.recorded_at))

    assert content["rows"][0][-1] == ""
    assert "pods could not be read" in content["note"]


async def test_deployment_list_carries_the_problem_of_its_pods() -> None:
    case = read_case("oom-own-limit")

    content = content_of(await call(cluster_of(case), "k8s-get-deployments", now=case.recorded_at))

    assert content["rows"][0][-1] == "oom-killed"
    assert content["problems"][0]["object"] == "Deployment/pricing/price-cache"


async def test_node_list_shows_what_is_requested() -> None:
    case = read_case("pending-insufficient-cpu")

    content = content_of(await call(cluster_of(case), "k8s-get-nodes", now=case.recorded_at))

    assert [row[1] for row in content["rows"]] == ["Ready", "Ready"]
    assert content["rows"][0][5].startswith("0/2")


async def test_node_list_without_pods_does_not_claim_zero_requests() -> None:
    case = read_case("pending-insufficient-cpu")
    cluster = cluster_of(case)
    cluster.failures = {"pods": AccessDenied("no")}

    content = content_of(await call(cluster, "k8s-get-nodes", now=case.recorded_at))

    assert content["rows"][0][5:8] == ["unknown", "unknown", "unknown"]


async def test_events_put_warnings_first_and_can_be_narrowed() -> None:
    case = read_case("readiness-wrong-port")
    async with connect(cluster_of(case), now=case.recorded_at) as client:
        everything = content_of(await client.call_tool("k8s-get-events", {}))
        narrow = content_of(await client.call_tool("k8s-get-events", {"object_kind": "Deployment"}))

    assert everything["rows"][0][2] == "Warning"
    assert everything["abnormal"] == 1
    assert {row[4].split("/")[0] for row in narrow["rows"]} == {"Deployment"}


async def test_absence_of_events_is_not_sold_as_health() -> None:
    content = content_of(await call(web_cluster(), "k8s-get-events"))

    assert "does not mean no fault" in content["note"]


async def test_logs_are_filtered_cleaned_and_counted() -> None:
    case = read_case("crash-missing-env")
    cluster = cluster_of(case)
    (pod, container), _ = next(iter(cluster.logs.items()))
    cluster.logs[(pod, container)] = ["start", "\x1b[31mERROR password=hunter2\x1b[0m", "ERROR again", "end"]

    result = await call(cluster, "k8s-get-logs", pod=pod, container=container, contains="error", tail=1)

    content = content_of(result)
    assert content["lines"] == ["ERROR again"]
    assert content["truncated"] is True
    assert "2 of the last 4 lines match" in content["note"]


async def test_log_that_is_too_long_keeps_its_end() -> None:
    case = read_case("crash-missing-env")
    cluster = cluster_of(case)
    (pod, container), _ = next(iter(cluster.logs.items()))
    cluster.logs[(pod, container)] = [f"{number} " + "x" * 500 for number in range(1000)]

    content = content_of(await call(cluster, "k8s-get-logs", pod=pod, container=container, tail=1000))

    assert content["lines"][-1].startswith("999 ")
    assert content["truncated"] is True
    assert "older lines left out" in content["note"]


async def test_private_key_in_a_log_is_hidden_over_all_its_lines() -> None:
    case = read_case("crash-missing-env")
    cluster = cluster_of(case)
    (pod, container), _ = next(iter(cluster.logs.items()))
    key = ["-----BEGIN RSA PRIVATE KEY-----", "MIIEowIBAAKCAQEA7", "-----END RSA PRIVATE KEY-----"]
    cluster.logs[(pod, container)] = ["loading", *key, "loaded"]

    content = content_of(await call(cluster, "k8s-get-logs", pod=pod, container=container))

    assert content["lines"] == ["loading", "[redacted]", "loaded"]


async def test_empty_log_is_said_to_be_empty() -> None:
    case = read_case("crash-missing-env")
    cluster = cluster_of(case)
    (pod, container), _ = next(iter(cluster.logs.items()))
    cluster.logs[(pod, container)] = []

    assert "has written no log lines" in text_of(await call(cluster, "k8s-get-logs", pod=pod, container=container))


async def test_read_only_server_does_not_offer_the_change() -> None:
    async with connect(web_cluster(), settings=K8sSettings(read_only=True)) as client:
        tools = (await client.list_tools()).tools
        result = await client.call_tool("k8s-scale-deployment", {"name": "web", "replicas": 5})

    assert "k8s-scale-deployment" not in {tool.name for tool in tools}
    assert all(tool.annotations and tool.annotations.read_only_hint for tool in tools)
    assert result.is_error


async def test_cluster_is_closed_with_the_server() -> None:
    cluster = web_cluster()

    async with connect(cluster) as client:
        await client.call_tool("k8s-get-pods", {})

    assert cluster.is_closed
