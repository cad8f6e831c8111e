"""The rule planner as a model: which tools it asks for, and what it answers from their results."""

import asyncio
import json
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.agent.domain import (
    AssistantMessage,
    HistoryMessage,
    ModelEvent,
    ModelFinished,
    ModelRequest,
    Risk,
    TextDelta,
    ToolCall,
    ToolMessage,
    ToolOutcome,
    ToolSpec,
    ToolStatus,
    UserMessage,
)
from backend.agent.rule_planner import RulePlanner
from backend.agent.rule_planner.answers.markdown import block, code, plain, table
from backend.agent.rule_planner.results import workload_of
from backend.vocabulary.errors import ErrorKind, Failure
from backend.vocabulary.language import Language

Json: TypeAlias = dict[str, Any]  # Any: structured tool results
Tools: TypeAlias = Callable[[str, Json], ToolOutcome]

NAMES = ("pods", "services", "deployments", "nodes", "events", "logs")
ALL_TOOLS = (*(f"k8s-get-{name}" for name in NAMES), "k8s-describe-pod", "k8s-scale-deployment")
POD = "checkout-598b69485d-6fh4f"


def ok(structured: Json) -> ToolOutcome:
    return ToolOutcome(status=ToolStatus.OK, text="…", structured=structured)


def error(text: str, kind: ErrorKind = ErrorKind.TOOL_FAILED) -> ToolOutcome:
    return ToolOutcome(status=ToolStatus.ERROR, text=text, failure=Failure(kind, text))


def listing(columns: str, *rows: Sequence[Any], abnormal: int = 0, problems: Sequence[Json] = ()) -> ToolOutcome:
    keys = columns.split()
    return ok(
        {
            "columns": [{"key": key, "label": key.upper()} for key in keys],
            "rows": [list(row) for row in rows],
            "total": len(rows),
            "shown": len(rows),
            "next_cursor": None,
            "counts": {},
            "abnormal": abnormal,
            "problems": list(problems),
            "note": None,
        }
    )


def pods(*rows: Sequence[Any], abnormal: int = 0, problems: Sequence[Json] = ()) -> ToolOutcome:
    columns = "namespace name ready status restarts age node problem"
    return listing(columns, *rows, abnormal=abnormal, problems=problems)


def problem(
    condition: str, about: str, *, cause: str, evidence: Sequence[str] = (), severity: str = "critical"
) -> Json:
    return {
        "condition": condition,
        "object": about,
        "severity": severity,
        "cause": {"en": f"en {cause}", "zh": f"中 {cause}"},
        "evidence": list(evidence),
        "next_step": {"en": "do this", "zh": "这样做"},
        "confidence": 0.9,
    }


MISSING_ENV = problem(
    "crash-missing-env", "Deployment/default/checkout", cause="ORDERS_DB_URL is not set", evidence=["exit code 1"]
)
BROKEN = ("default", POD, "0/1", "CrashLoopBackOff", "43", "3h", "node-1", "crash-missing-env")
HEALTHY = ("default", "web-6d9f587454-fcc87", "1/1", "Running", "0", "9d", "node-2", "")


def deployments(*rows: Sequence[Any]) -> ToolOutcome:
    return listing("namespace name ready up_to_date available age images problem", *rows)


class Session:
    """Plays the loop: asks the planner, answers its calls by `tools`, keeps the history."""

    def __init__(self, tools: Tools, *, available: Sequence[str] = ALL_TOOLS) -> None:
        self._tools = tools
        self._specs = tuple(
            ToolSpec(name=name, server="k8s", description="", input_schema={}, risk=Risk.READ) for name in available
        )
        self.history: list[HistoryMessage] = []
        self.calls: list[tuple[str, Json]] = []

    def ask(self, question: str, *already: HistoryMessage) -> str:
        self.history += [UserMessage(question), *already]
        for _ in range(10):
            message = asyncio.run(self._reply())
            self.history.append(message)
            if not message.tool_calls:
                return message.text
            for call in message.tool_calls:
                arguments = json.loads(call.arguments_text)
                self.calls.append((call.name, arguments))
                self.history.append(ToolMessage(call, self._tools(call.name, arguments)))
        raise AssertionError("the planner does not come to an end")

    async def _reply(self) -> AssistantMessage:
        request = ModelRequest(instructions="", history=tuple(self.history), tools=self._specs, language=Language.EN)
        events: list[ModelEvent] = [event async for event in RulePlanner().stream(request)]
        last = events[-1]
        assert isinstance(last, ModelFinished)
        assert "".join(event.text for event in events if isinstance(event, TextDelta)) == last.message.text
        return last.message

    def tool_names(self) -> list[str]:
        return [name for name, _ in self.calls]


def described(*problems: Json) -> ToolOutcome:
    return ok(
        {"kind": "Pod", "namespace": "default", "name": POD, "status": "CrashLoopBackOff", "problems": [*problems]}
    )


def cluster(name: str, arguments: Json) -> ToolOutcome:
    """One broken workload, one healthy one."""
    match name:
        case "k8s-get-pods" if arguments.get("only_abnormal"):
            return pods(BROKEN, abnormal=1)
        case "k8s-get-pods":
            return pods(BROKEN, HEALTHY, abnormal=1)
        case "k8s-get-deployments":
            return deployments(("default", "web", "3/3", 3, 3, "9d", "nginx", ""))
        case "k8s-describe-pod":
            return described(MISSING_ENV)
        case "k8s-get-logs":
            return ok({**arguments, "container": "app", "lines": ["line one"], "shown": 1, "note": None})
        case _:
            return listing("namespace name problem")


def test_abnormal_pods_are_described_and_explained_in_the_language_of_the_question() -> None:
    session = Session(cluster)

    answer = session.ask("default 命名空间里有哪些 Pod 不正常?为什么?")

    assert session.calls == [
        ("k8s-get-pods", {"namespace": "default", "only_abnormal": True, "limit": 200}),
        ("k8s-describe-pod", {"name": POD, "namespace": "default"}),
    ]
    for part in (POD, "中 ORDERS_DB_URL is not set", "crash-missing-env", "exit code 1", "这样做", "90%", "规则模式"):
        assert part in answer
    assert "en ORDERS" not in answer


def test_only_one_pod_per_workload_and_at_most_eight_are_looked_at_in_detail() -> None:
    rows = [
        ("default", f"app{number}-598b69485d-{suffix}", "0/1", "Error", "1", "1h", "n", "")
        for number in range(10)
        for suffix in ("bbbbb", "ccccc")
    ]

    def tools(name: str, arguments: Json) -> ToolOutcome:
        return pods(*rows, abnormal=len(rows)) if name == "k8s-get-pods" else cluster(name, arguments)

    session = Session(tools)
    answer = session.ask("which pods are not healthy?")

    assert session.tool_names().count("k8s-describe-pod") == 8
    assert "20 pods of 10 workloads" in answer


def test_a_pod_without_recognised_cause_is_shown_with_its_logs_and_nothing_is_invented() -> None:
    def tools(name: str, arguments: Json) -> ToolOutcome:
        return described() if name == "k8s-describe-pod" else cluster(name, arguments)

    session = Session(tools)
    answer = session.ask("which pods are not healthy?")

    assert session.calls[-1] == (
        "k8s-get-logs",
        {"pod": POD, "namespace": "default", "previous": True, "tail": 20},
    )
    assert "recognise no cause" in answer
    assert "line one" in answer


def test_nothing_abnormal_is_said_so() -> None:
    session = Session(lambda name, arguments: pods())

    assert "All pods in namespace `default` look normal" in session.ask("which pods in default are not normal?")


@pytest.mark.parametrize(
    "question", ["哪些 pod 不正常?", "why is checkout failing?", "list pods", "集群健康吗?", "scale web to 5"]
)
def test_when_nothing_can_be_read_nothing_is_claimed(question: str) -> None:
    session = Session(lambda name, arguments: error("Cannot reach the Kubernetes API at https://1.2.3.4"))

    answer = session.ask(question)

    assert "Cannot reach the Kubernetes API" in answer
    assert "normal" not in answer
    assert "正常" not in answer


def test_a_service_without_ready_pods_is_told_as_the_consequence_of_its_pods() -> None:
    consequence = problem(
        "service-no-ready-endpoints",
        "Service/default/checkout",
        cause="no pod is ready",
        evidence=[f"not Ready: {POD}"],
    )

    def tools(name: str, arguments: Json) -> ToolOutcome:
        if name == "k8s-get-services":
            row = ("default", "checkout", "0 ready, 1 not ready", "service-no-ready-endpoints")
            return listing("namespace name endpoints problem", row, abnormal=1, problems=[consequence])
        return cluster(name, arguments)

    answer = Session(tools).ask("why is checkout failing?")

    assert "Affected services**: `checkout`" in answer
    assert "### 2." not in answer


def test_a_service_that_selects_nothing_is_a_case_of_its_own() -> None:
    selects_nothing = problem("service-selector-no-match", "Service/payments/fraud", cause="selects fraud-checker")

    def tools(name: str, arguments: Json) -> ToolOutcome:
        if name == "k8s-get-services":
            row = ("payments", "fraud", "0 ready, 0 not ready", "service-selector-no-match")
            return listing("namespace name endpoints problem", row, abnormal=1, problems=[selects_nothing])
        return pods() if name == "k8s-get-pods" else cluster(name, arguments)

    answer = Session(tools).ask("what is wrong in payments?")

    assert "Service payments/fraud" in answer
    assert "selects fraud-checker" in answer


def test_an_unknown_name_is_answered_by_the_nearest_ones() -> None:
    assert "`web`" in Session(cluster).ask("wbe 为什么挂了?")
    assert "`web`" in Session(cluster).ask("把 webb 扩到 5 个副本")


class ScalableCluster:
    """A cluster whose `web` can be scaled; `outcome` is what the change call comes back with."""

    def __init__(self, outcome: ToolOutcome, *, ready_after: str = "5/5") -> None:
        self._outcome = outcome
        self._ready = "3/3"
        self._ready_after = ready_after

    def __call__(self, name: str, arguments: Json) -> ToolOutcome:
        if name == "k8s-scale-deployment":
            self._ready = self._ready_after
            return self._outcome
        if name == "k8s-get-deployments":
            return deployments(("default", "web", self._ready, 3, 3, "9d", "nginx", ""))
        return cluster(name, arguments)


SCALED = ok({"kind": "ScaleResult", "status": "scaled", "replicas_before": 3, "replicas_after": 5})


def test_scaling_finds_the_deployment_asks_once_and_looks_again() -> None:
    session = Session(ScalableCluster(SCALED))

    answer = session.ask("scale web to 5")

    assert session.tool_names() == [
        "k8s-get-deployments",
        "k8s-scale-deployment",
        "k8s-get-deployments",
        "k8s-get-pods",
    ]
    assert session.calls[1][1] == {"name": "web", "namespace": "default", "replicas": 5}
    assert "from 3 to 5 replicas" in answer
    assert "`5/5` ready" in answer


def test_pods_that_still_start_are_not_called_ready() -> None:
    answer = Session(ScalableCluster(SCALED, ready_after="3/5")).ask("把 web 扩到 5 个副本")

    assert "`3/5`" in answer
    assert "仍在启动" in answer


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (ToolOutcome(status=ToolStatus.DECLINED, text="Declined. Reason: not now"), "not approved"),
        (ToolOutcome(status=ToolStatus.UNKNOWN, text="connection broke"), "Outcome unknown"),
        (error("deployments.apps is forbidden"), "Failed"),
    ],
)
def test_a_change_that_did_not_happen_is_never_told_as_done(outcome: ToolOutcome, expected: str) -> None:
    session = Session(ScalableCluster(outcome, ready_after="3/3"))

    answer = session.ask("scale web to 5")

    assert expected in answer
    assert outcome.text.split(".")[0] in answer
    assert "Done" not in answer
    assert session.tool_names().count("k8s-scale-deployment") == 1


def test_scaling_to_what_it_is_already_changes_nothing() -> None:
    session = Session(ScalableCluster(SCALED))

    assert "already has 3 replicas" in session.ask("scale web to 3")
    assert "k8s-scale-deployment" not in session.tool_names()


def test_of_two_deployments_of_one_name_none_is_guessed() -> None:
    rows = [(namespace, "web", "1/1", 1, 1, "1d", "nginx", "") for namespace in ("default", "payments")]
    session = Session(lambda name, arguments: deployments(*rows))

    assert "payments/web" in session.ask("scale web to 5")
    assert session.tool_names() == ["k8s-get-deployments"]


def test_a_missing_tool_is_named_and_never_called() -> None:
    session = Session(ScalableCluster(SCALED), available=[name for name in ALL_TOOLS if "scale" not in name])

    answer = session.ask("scale web to 5")

    assert "`k8s-scale-deployment` is not available" in answer
    assert session.tool_names() == ["k8s-get-deployments"]


def test_its_logs_are_those_of_the_pod_just_explained() -> None:
    session = Session(cluster)
    session.ask("why is checkout failing?")

    answer = session.ask("show its logs")

    assert session.calls[-1][1]["pod"] == POD
    assert f"you mean `default/{POD}`" in answer
    assert "line one" in answer


def test_silent_logs_of_a_restarted_pod_lead_to_those_before_the_restart() -> None:
    def tools(name: str, arguments: Json) -> ToolOutcome:
        if name == "k8s-get-logs" and not arguments["previous"]:
            return ok({**arguments, "container": "app", "lines": [], "shown": 0, "note": None})
        return cluster(name, arguments)

    session = Session(tools)
    answer = session.ask("checkout 的日志")

    assert [arguments["previous"] for name, arguments in session.calls if name == "k8s-get-logs"] == [False, True]
    assert "line one" in answer


def test_beyond_the_rules_it_says_what_it_can_do_and_looks_at_nothing() -> None:
    session = Session(cluster)

    answer = session.ask("写一首关于云的诗")

    assert session.calls == []
    assert "OPENAI_API_KEY" in answer
    assert "把 web 扩到 5 个副本" in answer


@pytest.mark.parametrize("structured", [None, {}, {"rows": "x"}, {"columns": [], "rows": [1, None]}, {"columns": [1]}])
def test_results_of_an_unknown_form_break_nothing(structured: Json | None) -> None:
    outcome = ToolOutcome(status=ToolStatus.OK, text="something", structured=structured)
    session = Session(lambda name, arguments: outcome)

    for question in (
        "list pods",
        "why is checkout failing?",
        "which pods are broken?",
        "logs of web",
        "events",
        "scale web to 2",
    ):
        assert session.ask(question)


@given(st.text(max_size=200))
def test_any_question_gets_an_answer(question: str) -> None:
    assert Session(cluster).ask(question).strip()


@given(st.text(max_size=120))
def test_cluster_text_never_becomes_markup(text: str) -> None:
    assert "\n" not in plain(text)
    assert code(text).count("`") in {0, 2}
    assert len(table(["a"], [[plain(text)]]).split("\n")) == 3
    assert "<" not in plain(text).replace("\\<", "")
    assert block([text]).endswith("```")


def test_workloads_are_told_from_pod_names() -> None:
    names = {
        "web-6d9f587454-fcc87": "web",
        "payment-api-66d59bbf58-gmqcd": "payment-api",
        "postgres-0": "postgres",
        "kube-proxy-x2x4v": "kube-proxy",
        "fraud-check": "fraud-check",
        "web": "web",
    }

    assert {name: workload_of(name) for name in names} == names


def test_what_a_failed_model_looked_at_elsewhere_does_not_count() -> None:
    """The planner takes over in mid-turn from a model that has called tools with other arguments."""
    session = Session(cluster)
    call = ToolCall("m1", "k8s-get-pods", '{"namespace": "data", "only_abnormal": true}')
    foreign: list[HistoryMessage] = [AssistantMessage(text="", tool_calls=(call,)), ToolMessage(call, pods())]

    answer = session.ask("which pods in default are not normal?", *foreign)

    assert session.calls[0] == ("k8s-get-pods", {"namespace": "default", "only_abnormal": True, "limit": 200})
    assert POD in answer


def test_what_a_missing_tool_would_add_is_left_out() -> None:
    session = Session(cluster, available=["k8s-get-pods", "k8s-describe-pod"])

    assert POD in session.ask("what is wrong in default?")
