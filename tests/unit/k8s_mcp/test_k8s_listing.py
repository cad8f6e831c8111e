"""Columns, order, pages and budgets of lists."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from k8s_diagnosis.diagnosing import diagnose_pod
from k8s_diagnosis.index import ClusterIndex
from k8s_diagnosis.objects.access import JsonObject
from k8s_diagnosis.objects.pods import owner_of, readiness_of, status_of
from k8s_diagnosis.problem import Problem, Severity, Words
from k8s_diagnosis.snapshot import ClusterSnapshot
from k8s_mcp.listing.pods import is_abnormal, is_running_untroubled, list_pod
from k8s_mcp.listing.rows import (
    InvalidCursor,
    PageWish,
    Row,
    cut_page,
    decode_cursor,
    digest_of,
    encode_cursor,
    position_of,
)
from k8s_mcp.listing.table import TableContext, TableShape, make_table
from tests.fakes.recorded_cluster import case_names, read_case

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
SHAPE = TableShape("PodList", "pods", ("name", "status"))
CONTEXT = TableContext(tool="k8s-get-pods", cluster="demo", namespace="default", digest="d", is_limit_given=True)

KUBECTL_STATUS = {
    "crash-missing-env": "CrashLoopBackOff",
    "image-wrong-tag": "ImagePullBackOff",
    "configmap-missing": "CreateContainerConfigError",
    "pending-insufficient-cpu": "Pending",
    "readiness-wrong-port": "Running",
    "init-failing": "Init:CrashLoopBackOff",
    "healthy-completed-job": "Completed",
    "secret-volume-missing": "ContainerCreating",
}


def row(name: str, *, is_abnormal: bool = False, problems: tuple[Problem, ...] = ()) -> Row:
    status = "Failed" if is_abnormal else "Running"
    return Row((name,), (name, status), status, is_abnormal, problems)


def problem(number: int, *, size: int) -> Problem:
    words = Words(f"cause {number}", "原因")
    return Problem("oom-killed", f"Pod/a/{number}", Severity.CRITICAL, words, ("x" * size,), words, 0.9)


@pytest.mark.parametrize(("name", "status"), KUBECTL_STATUS.items())
def test_status_column_is_the_one_of_kubectl(name: str, status: str) -> None:
    assert status_of(read_case(name).items("pods")[0]) == status


def test_owner_is_the_deployment_behind_the_replica_set() -> None:
    assert owner_of(read_case("crash-missing-env").items("pods")[0]) == ("Deployment", "checkout-api")
    assert owner_of(read_case("healthy-completed-job").items("pods")[0])[0] == "Job"


@pytest.mark.parametrize("name", [name for name in case_names() if name.startswith("healthy")])
def test_healthy_pods_are_not_abnormal(name: str) -> None:
    case = read_case(name)

    assert not any(is_abnormal(pod, now=case.recorded_at) for pod in case.items("pods"))


def test_sidecar_counts_as_a_container_that_must_be_ready() -> None:
    running: JsonObject = {"ready": True, "started": True, "state": {"running": {}}}
    pod: JsonObject = {
        "spec": {"initContainers": [{"name": "proxy", "restartPolicy": "Always"}], "containers": [{"name": "app"}]},
        "status": {
            "phase": "Running",
            "initContainerStatuses": [{"name": "proxy", **running}],
            "containerStatuses": [{"name": "app", **running}],
        },
    }

    assert readiness_of(pod) == (2, 2)
    assert status_of(pod) == "Running"


def test_terminating_pod_is_abnormal_only_after_a_while() -> None:
    pod: JsonObject = {
        "metadata": {"name": "p", "deletionTimestamp": "2026-11-21T11:59:50Z"},
        "status": {"phase": "Running"},
    }
    stuck: JsonObject = {"metadata": {"deletionTimestamp": "2026-11-21T11:50:00Z"}, "status": {"phase": "Running"}}

    assert list_pod(pod, now=NOW).status == "Terminating"
    assert not is_abnormal(pod, now=NOW)
    assert is_abnormal(stuck, now=NOW)


def test_abnormal_rows_come_first_then_names() -> None:
    page = cut_page([row("b"), row("a"), row("z", is_abnormal=True)], PageWish(10))

    assert [each.cells[0] for each in page.rows] == ["z", "a", "b"]
    assert page.counts == {"Running": 2, "Failed": 1}
    assert page.abnormal == 1


def test_next_page_goes_on_after_the_last_row_although_rows_vanished() -> None:
    rows = [row(name) for name in "abcdef"]
    first = cut_page(rows, PageWish(3))

    second = cut_page(
        [each for each in rows if each.cells[0] not in {"b", "c"}], PageWish(3, position_of(first.rows[-1]))
    )

    assert [each.cells[0] for each in second.rows] == ["d", "e", "f"]
    assert second.remaining == 0


def test_cursor_survives_the_round_trip_and_belongs_to_its_query() -> None:
    position = position_of(row("a", is_abnormal=True))
    cursor = encode_cursor(position, digest=digest_of(["pods", "default"]))

    assert decode_cursor(cursor, digest=digest_of(["pods", "default"])) == position
    with pytest.raises(InvalidCursor, match="other arguments"):
        decode_cursor(cursor, digest=digest_of(["pods", "data"]))


@pytest.mark.parametrize("cursor", ["x", "", "é", "'d'", "'d','not-a-number'", "'d',1,['a']", "'d',1,true", "]["])
def test_broken_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidCursor):
        decode_cursor(cursor, digest="d")


def test_rows_are_cut_to_the_budget_and_the_rest_can_be_fetched() -> None:
    rows = [row(f"pod-{n:03}-" + "x" * 250, is_abnormal=True, problems=(problem(n, size=2000),)) for n in range(200)]

    result = make_table(SHAPE, cut_page(rows, PageWish(200)), CONTEXT)

    content = result.structured_content
    assert content is not None
    assert len(json.dumps(content, ensure_ascii=False)) < 40_000
    assert 0 < content["shown"] < 200
    assert content["total"] == 200
    position = decode_cursor(content["next_cursor"], digest="d")
    assert str(cut_page(rows, PageWish(1, position)).rows[0].cells[0]).startswith(f"pod-{content['shown']:03}-")


def test_causes_that_do_not_fit_are_counted() -> None:
    rows = [row(f"pod-{n}", is_abnormal=True, problems=(problem(n, size=10),)) for n in range(100)]

    content = make_table(SHAPE, cut_page(rows, PageWish(100)), CONTEXT).structured_content

    assert content is not None
    assert content["shown"] == 100
    assert content["note"] == f"causes of {100 - len(content['problems'])} more problems: k8s-diagnose"


def test_text_form_fits_too_although_one_name_is_very_long() -> None:
    rows = [row("a" * 250), *(row(f"pod-{n:03}") for n in range(500))]

    result = make_table(SHAPE, cut_page(rows, PageWish(500)), CONTEXT)

    text = result.content[0].model_dump()["text"]
    assert len(text) <= 40_000
    assert "[cut" not in text
    assert "cursor=" in text


def test_same_cause_of_many_pods_is_told_once() -> None:
    shared = problem(1, size=10)
    rows = [row(f"pod-{n}", is_abnormal=True, problems=(shared,)) for n in range(5)]

    result = make_table(SHAPE, cut_page(rows, PageWish(10)), CONTEXT)

    assert result.structured_content is not None
    assert len(result.structured_content["problems"]) == 1


def test_without_a_limit_a_page_is_small_but_holds_what_is_abnormal() -> None:
    rows = [row(f"bad-{n:02}", is_abnormal=True) for n in range(60)] + [row(f"good-{n:03}") for n in range(100)]

    assert len(cut_page(rows, PageWish(), is_one_namespace=True).rows) == 32
    assert len(cut_page(rows[30:], PageWish(), is_one_namespace=True).rows) == 30
    assert len(cut_page(rows, PageWish()).rows) == 15


def test_namespace_that_all_rows_share_is_said_once() -> None:
    shape = TableShape("PodList", "pods", ("namespace", "name"))
    rows = [Row(("shop", "web"), ("shop", "web"), "Running")]

    one = make_table(shape, cut_page(rows, PageWish()), replace(CONTEXT, namespace="shop"))
    every = make_table(shape, cut_page(rows, PageWish()), replace(CONTEXT, namespace=None))

    assert one.structured_content is not None
    assert every.structured_content is not None
    assert (one.structured_content["columns"], one.structured_content["rows"]) == (["name"], [["web"]])
    assert every.structured_content["rows"] == [["shop", "web"]]


def test_text_has_no_padding_and_marks_cells_with_blanks() -> None:
    shape = TableShape("EventList", "events", ("reason", "object", "message"))
    rows = [Row(("a",), ("BackOff", "Pod/a b", "went down twice"), "Warning"), Row(("b",), ("", "Pod/c", ""), "Normal")]

    text = make_table(shape, cut_page(rows, PageWish()), CONTEXT).content[0].model_dump()["text"]

    assert text.splitlines()[1:4] == ["reason object message", 'BackOff "Pod/a b" went down twice', "- Pod/c -"]


@pytest.mark.parametrize("name", case_names())
def test_pod_told_at_little_cost_to_be_healthy_has_no_problem(name: str) -> None:
    case = read_case(name)

    for pod in case.items("pods"):
        if is_running_untroubled(pod):
            assert status_of(pod) == "Running"
            assert not is_abnormal(pod, now=case.recorded_at)
            index = ClusterIndex(ClusterSnapshot(case.recorded_at, {"Pod": [pod]}))
            assert diagnose_pod(index, pod) == []


def test_empty_list_says_so() -> None:
    result = make_table(SHAPE, cut_page([], PageWish(10)), CONTEXT)

    assert result.content[0].model_dump()["text"] == "No pods match in cluster demo."
