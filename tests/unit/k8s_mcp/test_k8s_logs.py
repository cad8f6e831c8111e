"""Logs of several containers: merged by time, filtered, and honest about what could not be read."""

from __future__ import annotations

import time
from typing import Any

import pytest
from mcp import Client
from mcp_types import CallToolResult

from k8s_mcp.cluster.interfaces import JsonObject, LogRequest
from k8s_mcp.errors import RequestRefused
from k8s_mcp.logs.merging import StampedLine, label_sources, merge_logs, read_stamped
from k8s_mcp.server import make_server
from k8s_mcp.settings import K8sSettings
from tests.fakes.recorded_cluster import InMemoryCluster


def pod(name: str, *containers: str, init: tuple[str, ...] = ()) -> JsonObject:
    owner = {"kind": "ReplicaSet", "name": "web-5d", "controller": True}
    return {
        "metadata": {
            "name": name,
            "namespace": "default",
            "labels": {"pod-template-hash": "5d"},
            "ownerReferences": [owner],
        },
        "spec": {
            "containers": [{"name": each} for each in containers],
            "initContainers": [{"name": each} for each in init],
        },
        "status": {"phase": "Running"},
    }


class Logging(InMemoryCluster):
    """Answers with whole logs, as the API writes them with timestamps."""

    async def read_log(self, request: LogRequest) -> str:
        self.requests.append(f"log {request.pod}/{request.container}")
        lines = self.logs.get((request.pod, request.container or ""))
        if lines is None:
            raise RequestRefused(f'container "{request.container}" in pod "{request.pod}" is waiting to start: x')
        assert request.has_timestamps
        return "\n".join(lines[-request.tail_lines :])


def web() -> Logging:
    return Logging(
        objects={
            "pods": [pod("web-5d-aaaaa", "app"), pod("web-5d-bbbbb", "app")],
            "namespaces": [{"metadata": {"name": "default"}}],
        },
        logs={
            ("web-5d-aaaaa", "app"): ["2026-11-21T10:00:00.5Z one", "2026-11-21T10:00:02Z three"],
            ("web-5d-bbbbb", "app"): ["2026-11-21T10:00:01.123456789Z two", "2026-11-21T10:00:03Z ERROR four"],
        },
    )


async def call(cluster: InMemoryCluster, **arguments: object) -> CallToolResult:
    async with Client(make_server(K8sSettings(), open_cluster=lambda _: cluster), read_timeout_seconds=10) as client:
        return await client.call_tool("k8s-get-logs", arguments)


def content_of(result: CallToolResult) -> dict[str, Any]:  # Any: structured content
    assert not result.is_error, result.content
    assert isinstance(result.structured_content, dict)
    return result.structured_content


def text_of(result: CallToolResult) -> str:
    return str(result.content[0].model_dump()["text"])


@pytest.mark.parametrize("workload", ["web", "deploy/web", "Deployment/web"])
async def test_pods_of_a_workload_are_merged_by_time_with_their_names(workload: str) -> None:
    content = content_of(await call(web(), workload=workload))

    assert content["workload"] == "Deployment/web"
    assert content["lines"] == ["[aaaaa] one", "[bbbbb] two", "[aaaaa] three", "[bbbbb] ERROR four"]


async def test_tail_counts_merged_lines() -> None:
    content = content_of(await call(web(), workload="web", tail=2))

    assert content["lines"] == ["[aaaaa] three", "[bbbbb] ERROR four"]
    assert content["truncated"] is True


async def test_container_that_cannot_be_read_is_named_and_hides_no_other() -> None:
    cluster = web()
    cluster.objects["pods"].append(pod("web-5d-ccccc", "app"))

    content = content_of(await call(cluster, workload="web"))

    assert len(content["lines"]) == 4
    assert content["note"].startswith("web-5d-ccccc/app: No log yet")


async def test_when_nothing_can_be_read_the_reason_is_the_answer() -> None:
    cluster = web()
    cluster.logs = {}

    result = await call(cluster, workload="web")

    assert result.is_error
    assert "No log yet" in text_of(result)


async def test_all_containers_of_one_pod_are_told_apart() -> None:
    cluster = Logging(
        objects={"pods": [pod("web-5d-aaaaa", "app", "proxy", init=("setup",))]},
        logs={
            ("web-5d-aaaaa", name): [f"2026-11-21T10:00:0{n}Z {name} speaks"]
            for n, name in enumerate(["setup", "app", "proxy"])
        },
    )

    content = content_of(await call(cluster, pod="web-5d-aaaaa", all_containers=True))

    assert content["lines"] == ["[setup] setup speaks", "[app] app speaks", "[proxy] proxy speaks"]


async def test_many_pods_are_bounded_and_the_rest_is_counted() -> None:
    cluster = web()
    cluster.objects["pods"] = [pod(f"web-5d-{number:05}", "app") for number in range(40)]
    cluster.logs = {(f"web-5d-{number:05}", "app"): ["2026-11-21T10:00:00Z x"] for number in range(40)}

    content = content_of(await call(cluster, workload="web"))

    assert "28 more containers left out" in content["note"]


async def test_lines_are_found_by_a_regular_expression() -> None:
    content = content_of(await call(web(), workload="web", contains=r"^\[b.*error\s", regex=True))

    assert content["lines"] == ["[bbbbb] ERROR four"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({}, "either pod or workload"),
        ({"pod": "a", "workload": "b"}, "either pod or workload"),
        ({"workload": "web", "container": "a", "all_containers": True}, "either container or all_containers"),
        ({"workload": "web", "regex": True}, "needs the expression"),
        ({"workload": "web", "contains": "(", "regex": True}, "no regular expression"),
        ({"workload": "nothing"}, "there are: web"),
        ({"workload": "web", "container": "nothing"}, "there are: app"),
        ({"workload": "--server=x"}, "no valid Kubernetes name"),
        ({"workload": "gadget/web"}, "no kind"),
    ],
)
async def test_wrong_questions_are_explained(arguments: dict[str, object], expected: str) -> None:
    result = await call(web(), **arguments)

    assert result.is_error
    assert expected in text_of(result)


async def test_hostile_expression_is_given_up_in_time() -> None:
    cluster = web()
    cluster.logs["web-5d-aaaaa", "app"] = ["2026-11-21T10:00:00Z " + "a" * 5000 + "!"] * 50

    started = time.monotonic()
    result = await call(cluster, workload="web", contains=r"(a|a?)+(a|aa)+$", regex=True)

    assert time.monotonic() - started < 15
    assert result.is_error
    assert "takes too long" in text_of(result)


def test_times_of_different_precision_keep_their_order() -> None:
    early, late = read_stamped("2026-11-21T10:00:00.1Z a\n2026-11-21T10:00:00.12Z b")

    assert early.time < late.time


def test_line_without_a_time_stays_with_the_one_before() -> None:
    lines = read_stamped("2026-11-21T10:00:00Z Traceback\n  File x")

    assert merge_logs({"a": lines, "b": [StampedLine("2026-11-21T10:00:01.000000000", "later")]}) == [
        "[a] Traceback",
        "[a]   File x",
        "[b] later",
    ]


def test_labels_leave_out_what_all_sources_share() -> None:
    assert label_sources([("web-5d-aa", "app"), ("web-5d-ab", "app")]) == {
        ("web-5d-aa", "app"): "aa",
        ("web-5d-ab", "app"): "ab",
    }
    assert label_sources([("web", "app"), ("web", "db")]) == {("web", "app"): "app", ("web", "db"): "db"}
