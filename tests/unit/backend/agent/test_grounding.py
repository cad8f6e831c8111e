"""Statements of an answer against the results of the session."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.agent.domain import ToolCall, ToolMessage, ToolOutcome, ToolStatus
from backend.agent.grounding import Standing, judge_answer, to_wire

PODS = [
    ["default", "checkout-598b69485d-6fh4f", "0/1", "CrashLoopBackOff", 43, "node-1", "crash-missing-env"],
    ["default", "checkout-598b69485d-6nzvp", "0/1", "CrashLoopBackOff", 41, "node-2", "crash-missing-env"],
    ["default", "reviews-786d8cd8dc-gttwc", "0/1", "ImagePullBackOff", 0, "node-1", "image-not-found"],
    ["default", "web-6d9f587454-txp9v", "1/1", "Running", 0, "node-1", ""],
    ["default", "web-6d9f587454-4c8vw", "1/1", "Running", 0, "node-2", ""],
    ["payments", "payment-api-66d59bbf58-gmqcd", "1/1", "Running", 0, "node-2", ""],
]
DEPLOYMENTS = [
    ["default", "checkout", "0/2", "webshop/checkout:2.4.1", "crash-missing-env"],
    ["default", "reviews", "0/1", "webshop/reviews:1.9.3-rc7", "image-not-found"],
    ["default", "web", "2/2", "nginx:1.27.3", ""],
    ["payments", "payment-api", "1/1", "webshop/payment-api:5.1.0", ""],
]
NODES = [["node-1", "Ready", ""], ["node-2", "Ready", ""]]


def answered(call_id: str, tool: str, structured: dict[str, Any], **arguments: object) -> ToolMessage:  # Any: JSON
    call = ToolCall(id=call_id, name=tool, arguments_text=json.dumps(arguments))
    text = json.dumps(structured, ensure_ascii=False)
    return ToolMessage(call, ToolOutcome(status=ToolStatus.OK, text=text, structured=structured))


def listed(kind: str, keys: str, rows: list[list[Any]]) -> dict[str, Any]:  # Any: JSON
    return {
        "kind": kind,
        "namespace": None,
        "columns": [{"key": key, "label": key.upper()} for key in keys.split()],
        "rows": rows,
        "total": len(rows),
        "shown": len(rows),
        "next_cursor": None,
        "abnormal": sum(1 for row in rows if row[-1]),
    }


RESULTS = [
    answered("pods", "k8s-get-pods", listed("PodList", "namespace name ready status restarts node problem", PODS)),
    answered(
        "deps", "k8s-get-deployments", listed("DeploymentList", "namespace name ready images problem", DEPLOYMENTS)
    ),
    answered("nodes", "k8s-get-nodes", listed("NodeList", "name status problem", NODES)),
]

LIES = [
    "Pod checkout-598b69485d-zzzzz is in CrashLoopBackOff.",
    "The pod `payment-api-7f8d9c6b5-abcde` was restarted.",
    "`web-7d9c6c9f5b-x2x4v` 处于 Running 状态。",
    "There are 4 pods in the default namespace.",
    "default 命名空间中有 9 个 Pod。",
    "There are 40 pods in the cluster.",
    "集群共有 5 个节点。",
    "default 命名空间有 5 个 Pod 处于 CrashLoopBackOff。",
    "checkout is Running.",
    "`checkout` pods are Running.",
    "Pod web is in CrashLoopBackOff.",
    "`default/web` 处于 CrashLoopBackOff。",
    "| default | checkout-598b69485d-6fh4f | 1/1 | Running | 43 |",
    "node-2 is NotReady.",
    "Deployment payments/checkout is failing.",
    "命名空间 payments 中的 checkout 正在崩溃。",
    "`default/payment-api` is crashing.",
    "checkout uses image webshop/checkout:2.4.2.",
    "`web` 使用镜像 nginx:1.25.0。",
    "All pods in the default namespace are healthy.",
    "所有 Pod 都正常。",
    "checkout is healthy.",
    "`checkout` 一切正常。",
    "checkout has 7 restarts.",
    "`web` is 1/2 ready.",
    "Node node-7 is Ready.",
]

HONEST = [
    "There are 5 pods in the default namespace, 3 of them not normal.",
    "default 命名空间中有 5 个 Pod。",
    "web has 2 pods on node-1 and node-2.",
    "`checkout` is in CrashLoopBackOff: both pods restarted more than 40 times.",
    "reviews 处于 ImagePullBackOff,仍是 Pending。",
    "`web` 使用镜像 nginx:1.27.3,就绪 2/2。",
    "2 pods are in CrashLoopBackOff.",
    "All nodes are ready.",
    "所有节点都是 Ready。",
    "All pods except those of checkout and reviews are healthy.",
    "web is healthy.",
    "checkout has 43 restarts.",
]

SILENT = [
    "There is no pod named web-7d9c6c9f5b-x2x4v.",
    "Use image webshop/checkout:2.4.0 to roll back.",
    "建议把 checkout 的镜像改为 webshop/checkout:2.4.0。",
    "Shall I scale web to 9 replicas?",
    "checkout may be Running soon.",
    "checkout was Running before the release.",
    "If it fails again, 10 pods would be Pending.",
    "CrashLoopBackOff means that a container keeps exiting.",
    "`checkout` is not Running.",
    "I can help with Kubernetes.",
    "Run `kubectl logs web-7d9c6c9f5b-…` to see more.",
]


def standings(text: str, *, results: list[ToolMessage] | None = None, question: str = "") -> list[Standing]:
    judged = judge_answer(text, results=RESULTS if results is None else results, question=question)
    return [entry.standing for entry in judged]


@pytest.mark.parametrize("text", LIES)
def test_what_differs_from_a_result_is_contradicted_with_what_the_result_says(text: str) -> None:
    [judged] = judge_answer(text, results=RESULTS)

    assert judged.standing is Standing.CONTRADICTED
    assert judged.detail is not None
    assert judged.detail.en
    assert judged.detail.zh
    assert judged.call_ids


@pytest.mark.parametrize("text", HONEST)
def test_what_a_result_shows_is_cited(text: str) -> None:
    assert standings(text) == [Standing.CITED]


@pytest.mark.parametrize("text", SILENT)
def test_guesses_advice_denials_and_the_past_are_never_contradicted(text: str) -> None:
    assert Standing.CONTRADICTED not in standings(text)


@pytest.mark.parametrize(
    "text", ["All pods are healthy.", "`web` is in CrashLoopBackOff.", "There are 3 pods.", "所有 Pod 都正常。"]
)
def test_claims_on_the_cluster_without_any_result_are_unverified(text: str) -> None:
    assert standings(text, results=[]) == [Standing.UNVERIFIED]


def test_image_that_no_result_speaks_of_is_unverified() -> None:
    assert standings("The database runs shop/postgres:16.2.") == [Standing.UNVERIFIED]


def test_name_that_the_person_wrote_is_not_called_invented() -> None:
    text = "Pod web-7d9c6c9f5b-x2x4v is Running."

    assert standings(text, question="why does web-7d9c6c9f5b-x2x4v fail?") == [Standing.UNVERIFIED]


def test_list_of_a_part_proves_no_absence_and_no_total() -> None:
    part = listed("PodList", "namespace name ready status restarts node problem", PODS[:2])
    results = [answered("part", "k8s-get-pods", part, only_abnormal=True)]

    assert Standing.CONTRADICTED not in standings("There are 6 pods. Pod `web-1` is Running.", results=results)


def test_state_that_changed_within_the_session_is_right_both_ways() -> None:
    healed = [[*row[:2], "1/1", "Running", row[4], row[5], ""] for row in PODS]
    later = answered(
        "later", "k8s-get-pods", listed("PodList", "namespace name ready status restarts node problem", healed)
    )

    assert standings("checkout is Running.", results=[*RESULTS, later]) == [Standing.CITED]
    assert standings("checkout is in CrashLoopBackOff.", results=[*RESULTS, later]) == [Standing.CITED]


def test_quoted_log_is_cited_and_a_made_up_line_in_it_is_not() -> None:
    log = {"kind": "Logs", "pod": "checkout-598b69485d-6fh4f", "lines": ["ERROR ORDERS_DB_URL is not set"]}
    results = [answered("log", "k8s-get-logs", log)]

    assert standings("```\nERROR ORDERS_DB_URL is not set\n```", results=results) == [Standing.CITED]
    mixed = "```\nERROR ORDERS_DB_URL is not set\nFATAL disk full\n```"
    assert standings(mixed, results=results) == [Standing.UNVERIFIED]


def test_text_of_a_failed_call_supports_what_is_said_about_the_failure() -> None:
    call = ToolCall(id="c", name="k8s-get-pods", arguments_text='{"namespace": "shop"}')
    outcome = ToolOutcome(status=ToolStatus.ERROR, text='No namespace "shop"; there are: data, default.')

    judged = judge_answer("命名空间 `shop` 不存在。", results=[ToolMessage(call, outcome)])

    assert [(entry.standing, entry.call_ids) for entry in judged] == [(Standing.CITED, ("c",))]


def test_offsets_count_utf16_units() -> None:
    text = "🤖 好。`checkout` is Running. Thanks 🤖"

    [statement] = to_wire(judge_answer(text, results=RESULTS), message_id="m", text=text)

    encoded = text.encode("utf-16-le")
    cut = encoded[2 * statement["start"] : 2 * statement["end"]].decode("utf-16-le")
    assert cut == "`checkout` is Running."
    assert statement["status"] == "contradicted"
    assert statement["toolCallIds"] == ["pods"]


PIECES = [
    *LIES,
    *HONEST,
    *SILENT,
    "\n",
    "\n\n",
    "```\n",
    "| --- |\n",
    "`",
    "**",
    "- ",
    "1. ",
    "🤖",
    "。",
    "x-" * 40,
    "0" * 50,
]


@given(pieces=st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=20)), max_size=12))
def test_no_answer_breaks_the_check_and_statements_never_overlap(pieces: list[str]) -> None:
    text = "".join(pieces)

    wire = to_wire(judge_answer(text, results=RESULTS), message_id="m", text=text)

    length = len(text.encode("utf-16-le", "surrogatepass")) // 2
    ends = [0, *(entry["end"] for entry in wire)]
    assert all(start["start"] >= end for start, end in zip(wire, ends, strict=False))
    assert all(entry["start"] < entry["end"] <= length for entry in wire)
