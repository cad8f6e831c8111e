"""What the rule planner makes of questions in both languages."""

import pytest

from backend.agent.domain import AssistantMessage, HistoryMessage, ToolCall, UserMessage
from backend.agent.rule_planner.intents import (
    AskForHelp,
    Describe,
    DescribeObject,
    Explain,
    FindProblems,
    Intent,
    Kind,
    ListObjects,
    NotUnderstood,
    Overview,
    ReadEvents,
    ReadLogs,
    ScaleDeployment,
    Scope,
)
from backend.agent.rule_planner.understanding import understand

ALL = Scope(all_namespaces=True)


def in_namespace(name: str) -> Scope:
    return Scope(namespace=name)


@pytest.mark.parametrize(
    ("question", "scope", "kind"),
    [
        ("default 命名空间里有哪些 Pod 不正常?为什么?", in_namespace("default"), Kind.PODS),
        ("default 命名空间里有哪些 Pod 不正常？为什么？", in_namespace("default"), Kind.PODS),
        ("命名空间 payments 里哪些 pod 有问题", in_namespace("payments"), Kind.PODS),
        ("which pods are not healthy and why?", Scope(), Kind.PODS),
        ("Which pods in the default namespace are not normal?", in_namespace("default"), Kind.PODS),
        ("why are my pods crashing", Scope(), Kind.PODS),
        ("pods in CrashLoopBackOff", Scope(), Kind.PODS),
        ("有没有 OOM 的 pod", Scope(), Kind.PODS),
        ("what is wrong in payments?", in_namespace("payments"), None),
        ("what's wrong in the cluster?", ALL, None),
        ("集群里有什么问题", ALL, None),
        ("所有命名空间有什么异常", ALL, None),
        ("哪些服务没有端点?", Scope(), Kind.SERVICES),
        ("services without endpoints in payments", in_namespace("payments"), Kind.SERVICES),
        ("nodes not ready?", Scope(), Kind.NODES),
        ("哪些节点有异常", Scope(), Kind.NODES),
    ],
)
def test_questions_about_what_is_wrong(question: str, scope: Scope, kind: Kind | None) -> None:
    assert understand(question, earlier=()) == FindProblems(scope=scope, kind=kind)


@pytest.mark.parametrize(
    ("question", "name", "scope"),
    [
        ("why is checkout failing?", "checkout", Scope()),
        ("Why is the checkout service not ready in default?", "checkout", in_namespace("default")),
        ("checkout 为什么起不来", "checkout", Scope()),
        ("recommendation为什么一直重启", "recommendation", Scope()),
        ("data 里的 analytics 为什么 Pending?", "analytics", in_namespace("data")),
        ("payments 命名空间的 payment-api 怎么回事", "payment-api", in_namespace("payments")),
        ("fraud-check 服务访问不通", "fraud-check", Scope()),
        ("why is payments/payment-api restarting", "payment-api", in_namespace("payments")),
        ("what is wrong with deployment/web?", "web", Scope()),
        ("inventory 一直没有就绪", "inventory", Scope()),
        ("“reviews”的镜像拉不下来", "reviews", Scope()),
    ],
)
def test_questions_why_one_thing_fails(question: str, name: str, scope: Scope) -> None:
    intent = understand(question, earlier=())

    assert isinstance(intent, Explain)
    assert intent.target.names[0] == name
    assert intent.scope == scope


@pytest.mark.parametrize(
    ("question", "name", "replicas", "change", "scope"),
    [
        ("scale web to 5", "web", 5, None, Scope()),
        ("Scale deployment web in default to 3 replicas", "web", 3, None, in_namespace("default")),
        ("scale deployment payments/payment-api to 4 replicas", "payment-api", 4, None, in_namespace("payments")),
        ("set replicas of web to 3", "web", 3, None, Scope()),
        ("scale up web by 2", "web", None, 2, Scope()),
        ("scale down web by 1", "web", None, -1, Scope()),
        ("scale web-2 to 0", "web-2", 0, None, Scope()),
        ("把 web 扩到 5 个副本", "web", 5, None, Scope()),
        ("把web扩到5个副本", "web", 5, None, Scope()),
        ("web 扩容到五个副本", "web", 5, None, Scope()),
        ("把 web 扩容到十二个副本", "web", 12, None, Scope()),
        ("将 payments 命名空间的 payment-api 缩容到 2", "payment-api", 2, None, in_namespace("payments")),
        ("增加 2 个 web 副本", "web", None, 2, Scope()),
        ("把 web 减少 1 个副本", "web", None, -1, Scope()),
        ("扩容 web", "web", None, None, Scope()),
    ],
)
def test_scaling(question: str, name: str, replicas: int | None, change: int | None, scope: Scope) -> None:
    intent = understand(question, earlier=())

    assert isinstance(intent, ScaleDeployment)
    assert intent.target.names[:1] == (name,)
    assert (intent.replicas, intent.change, intent.scope) == (replicas, change, scope)


@pytest.mark.parametrize(
    "question",
    [
        "delete deployment web",
        "fix checkout",
        "tell me a joke",
        "今天天气怎么样",
        "写一首诗",
        "",
        "🙂",
    ],
)
def test_what_the_rules_cannot_do_is_not_taken_for_something_else(question: str) -> None:
    assert isinstance(understand(question, earlier=()), NotUnderstood)


@pytest.mark.parametrize(
    ("question", "kind", "scope"),
    [
        ("列出所有命名空间的 pod", Kind.PODS, ALL),
        ("list pods in kube-system", Kind.PODS, in_namespace("kube-system")),
        ("kubectl get pods -n data", Kind.PODS, in_namespace("data")),
        ("get pods -A", Kind.PODS, ALL),
        ("show me all deployments", Kind.DEPLOYMENTS, Scope()),
        ("有哪些节点?", Kind.NODES, Scope()),
        ("payments 里有哪些服务?", Kind.SERVICES, in_namespace("payments")),
        ("how many pods are there?", Kind.PODS, Scope()),
        ("查看 payments 命名空间的部署", Kind.DEPLOYMENTS, in_namespace("payments")),
    ],
)
def test_lists(question: str, kind: Kind, scope: Scope) -> None:
    intent = understand(question, earlier=())

    assert isinstance(intent, ListObjects)
    assert (intent.kind, intent.scope, intent.target.names) == (kind, scope, ())


def test_logs_take_all_their_options() -> None:
    intent = understand(
        'previous logs of pod payments/api-1 -c sidecar, last 50 lines containing "ERROR x"', earlier=()
    )

    assert isinstance(intent, ReadLogs)
    assert intent.target.names[0] == "api-1"
    assert intent.scope == in_namespace("payments")
    assert (intent.container, intent.previous, intent.tail, intent.contains) == ("sidecar", True, 50, "ERROR x")


def test_chinese_logs_take_their_options() -> None:
    intent = understand("看一下 checkout 上一次的日志,最近 20 行,包含 Error", earlier=())

    assert isinstance(intent, ReadLogs)
    assert intent.target.names == ("checkout",)
    assert (intent.previous, intent.tail, intent.contains) == (True, 20, "Error")


@pytest.mark.parametrize(
    ("question", "kind", "name"),
    [
        ("describe deployment web", "deployments", "web"),
        ("describe node node-1", "nodes", "node-1"),
        ("ConfigMap web-config 的详情", "configmaps", "web-config"),
    ],
)
def test_other_kinds_than_pods_are_described_as_what_they_are(question: str, kind: str, name: str) -> None:
    intent = understand(question, earlier=())

    assert isinstance(intent, DescribeObject)
    assert (intent.kind, intent.target.names[0]) == (kind, name)


@pytest.mark.parametrize(
    ("question", "only_errors"),
    [
        ("看看 web 的日志里有没有报错", True),
        ("web 的日志里有没有 error?", True),
        ("are there any errors in the logs of web", True),
        ("show the error logs of web", True),
        ("logs of web", False),
        ("web 的日志,包含 错误", False),
    ],
)
def test_errors_in_logs_are_a_kind_of_line_not_a_word(question: str, only_errors: bool) -> None:
    intent = understand(question, earlier=())

    assert isinstance(intent, ReadLogs)
    assert (intent.target.names, intent.only_errors) == (("web",), only_errors)


@pytest.mark.parametrize(
    ("question", "seconds"),
    [("最近10分钟 web 的日志", 600), ("logs of web from the last 2 hours", 7200), ("web logs, last hour", 3600)],
)
def test_logs_of_the_last_minutes(question: str, seconds: int) -> None:
    intent = understand(question, earlier=())

    assert isinstance(intent, ReadLogs)
    assert (intent.since_seconds, intent.tail) == (seconds, None)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("help", AskForHelp),
        ("你能做什么", AskForHelp),
        ("what can you do?", AskForHelp),
        ("集群健康吗?", Overview),
        ("cluster overview", Overview),
        ("is everything ok?", Overview),
        ("events in payments", ReadEvents),
        ("查看 reviews 的事件", ReadEvents),
        ("describe pod web-7d9c6c9f5b-x2x4v", Describe),
    ],
)
def test_other_questions(question: str, expected: type[Intent]) -> None:
    assert isinstance(understand(question, earlier=()), expected)


def asked(question: str, *calls: ToolCall) -> tuple[HistoryMessage, ...]:
    return (UserMessage(question), AssistantMessage(text="", tool_calls=calls))


@pytest.mark.parametrize("question", ["它的日志", "its logs", "show the logs of that pod", "再看看日志"])
def test_it_is_the_object_of_the_newest_call(question: str) -> None:
    call = ToolCall("1", "k8s-describe-pod", '{"name": "checkout-598b69485d-6fh4f", "namespace": "default"}')

    intent = understand(question, earlier=asked("why is checkout failing?", call))

    assert isinstance(intent, ReadLogs)
    assert intent.target.names == ("checkout-598b69485d-6fh4f",)
    assert intent.target.is_assumed
    assert intent.scope == in_namespace("default")


def test_a_name_in_a_call_that_is_no_object_name_is_not_taken_over() -> None:
    call = ToolCall("1", "k8s-describe-pod", '{"name": "x; rm -rf /", "namespace": "default"}')

    intent = understand("its logs", earlier=asked("?", call))

    assert isinstance(intent, ReadLogs)
    assert intent.target.names == ()


@pytest.mark.parametrize("question", ["那 payments 呢?", "what about payments?", "and in payments?"])
def test_what_about_another_namespace_repeats_the_question_there(question: str) -> None:
    intent = understand(question, earlier=asked("list pods in default"))

    assert isinstance(intent, ListObjects)
    assert (intent.kind, intent.scope) == (Kind.PODS, in_namespace("payments"))


def test_what_about_another_object_repeats_the_question_for_it() -> None:
    intent = understand("what about reviews?", earlier=asked("why is checkout failing?"))

    assert isinstance(intent, Explain)
    assert intent.target.names == ("reviews",)
