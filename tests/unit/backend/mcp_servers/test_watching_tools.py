"""What patrol makes of the answers of tool servers; it never calls what could change something."""

from typing import Any

import pytest

from backend.agent.domain import ConfirmationNeeded, Json, Risk, ServerState, ToolOutcome, ToolStatus
from backend.features.hosts.domain import LookState, Target, TargetKind
from backend.features.patrol.domain import Grade
from backend.integrations.mcp_servers.cluster_findings import McpClusterFindings
from backend.integrations.mcp_servers.host_facts import McpHostFacts
from backend.integrations.mcp_servers.results import failed
from backend.vocabulary.errors import ErrorKind, Unavailable
from tests.fakes.fixture_tools import Answer, FixtureTools, ok
from tests.fakes.watching import make_facts


def facts_of(arguments: Json) -> ToolOutcome:
    hosts = [
        {"asset": name, "facts": make_facts(name).model_dump(mode="json"), "error": None, "error_kind": None}
        for name in arguments["assets"]
    ]
    return ToolOutcome(status=ToolStatus.OK, text="", structured={"kind": "HostFacts", "hosts": hosts})


async def test_hosts_are_listed_over_all_pages_and_filtered() -> None:
    def list_assets(arguments: Json) -> ToolOutcome:
        is_first = "cursor" not in arguments
        page = {
            "assets": [{"id": "web-1", "name": "web-1"}] if is_first else [{"id": "db-1"}, {"id": "old-1"}],
            "next_cursor": "web-1" if is_first else None,
            "problems": [] if is_first else ["b.yaml: no such file"],
        }
        return ToolOutcome(status=ToolStatus.OK, text="", structured=page)

    listing = await McpHostFacts(FixtureTools(ssh_asset_list=list_assets), skip="old-*").list_hosts()

    assert [target.id for target in listing.targets] == ["web-1", "db-1"]
    assert listing.problems == ("b.yaml: no such file",)


async def test_list_that_cannot_be_had_is_unavailable() -> None:
    broken = FixtureTools(ssh_asset_list=lambda _a: failed(ErrorKind.TOOL_SERVER_UNREACHABLE, "server is down"))

    with pytest.raises(Unavailable, match="server is down"):
        await McpHostFacts(broken).list_hosts()


async def test_tool_that_no_server_has_is_no_problem_and_one_whose_server_is_down_is() -> None:
    nowhere, down = FixtureTools(), FixtureTools()
    down.state = ServerState.FAILED

    assert (await McpHostFacts(nowhere).list_hosts()).targets == ()
    assert (await McpClusterFindings(nowhere).list_clusters()).targets == ()
    with pytest.raises(Unavailable, match="no connected tool server offers ssh-asset-list"):
        await McpHostFacts(down).list_hosts()
    with pytest.raises(Unavailable, match="no connected tool server offers k8s-diagnose"):
        await McpClusterFindings(down).list_clusters()


async def test_answer_that_is_too_large_is_asked_for_in_halves() -> None:
    def read(arguments: Json) -> ToolOutcome:
        if len(arguments["assets"]) > 2:
            return failed(ErrorKind.TOOL_FAILED, "The result is larger than 40000 characters. Ask for less.")
        return facts_of(arguments)

    tools = FixtureTools(ssh_host_facts=read)
    looks = await McpHostFacts(tools).read(["a", "b", "c", "d", "e"])

    assert [(look.host, look.state) for look in looks] == [(name, LookState.READ) for name in "abcde"]
    assert [len(arguments["assets"]) for _name, arguments in tools.calls] == [5, 2, 3, 1, 2]


@pytest.mark.parametrize(
    ("kind", "state"),
    [("unreachable", "unreachable"), ("timeout", "unreachable"), ("forbidden", "unknown"), ("not_found", "unknown")],
)
async def test_only_silence_speaks_of_the_host(kind: str, state: str) -> None:
    hosts = [{"asset": "web-1", "facts": None, "error": "password=hunter2hunter2 refused", "error_kind": kind}]

    [look] = await McpHostFacts(FixtureTools(ssh_host_facts=ok({"hosts": hosts}))).read(["web-1"])

    assert look.state.value == state
    assert "hunter2" not in look.reason


@pytest.mark.parametrize(
    "answer",
    [
        ok({"something": "else"}),
        ok({"hosts": [{"asset": "web-1", "facts": {"host": "web-1", "surprise": 1}}]}),
        lambda _a: failed(ErrorKind.TOOL_FAILED, "boom"),
        lambda _a: ConfirmationNeeded(question="really?", state={}),
    ],
    ids=["form", "facts", "error", "question"],
)
async def test_what_cannot_be_used_is_unknown(answer: Answer) -> None:
    [look] = await McpHostFacts(FixtureTools(ssh_host_facts=answer)).read(["web-1"])

    assert (look.state, look.facts) == (LookState.UNKNOWN, None)
    assert look.reason


async def test_tool_that_is_not_declared_as_reading_is_never_called() -> None:
    tools = FixtureTools(risk=Risk.CHANGE, ssh_host_facts=facts_of)

    [look] = await McpHostFacts(tools).read(["web-1"])

    assert tools.calls == []
    assert "only reads" in look.reason


CLUSTERS = {
    "columns": ["name", "server", "is_default"],
    "rows": [["prod", "https://a", "yes"], ["old", "https://b", ""]],
}


@pytest.mark.parametrize(
    ("watch", "names"),
    [("default", ["prod"]), ("*", ["prod", "old"]), ("old", ["old"]), ("default,o*", ["prod", "old"])],
)
async def test_clusters_are_chosen(watch: str, names: list[str]) -> None:
    tools = FixtureTools(k8s_list_clusters=ok(CLUSTERS), k8s_diagnose=ok({"findings": []}))

    listing = await McpClusterFindings(tools, watch=watch).list_clusters()

    assert [target.id for target in listing.targets] == names


async def test_server_without_several_clusters_has_one() -> None:
    listing = await McpClusterFindings(FixtureTools(k8s_diagnose=ok({"findings": []}))).list_clusters()

    assert len(listing.targets) == 1


def finding(**others: Any) -> dict[str, Any]:  # Any: JSON
    known = {
        "condition": "crash-exit-error",
        "object": "Deployment/default/web",
        "severity": "critical",
        "cause": {"en": "exit 1", "zh": "退出码 1"},
        "confidence": 0.9,
    }
    return {**known, **others}


async def test_findings_of_a_cluster_become_readings() -> None:
    found = [finding(), finding(condition="oom-killed", confidence=0.5, next_step={"en": "look", "zh": "看"})]
    tools = FixtureTools(
        k8s_diagnose=ok({"findings": found, "unknown": [{"what": "metrics", "reason": "403"}, "events"]})
    )

    look = await McpClusterFindings(tools).read(Target(TargetKind.CLUSTER, "prod", "prod"))

    assert [(reading.check, reading.grade) for reading in look.readings] == [
        ("crash-exit-error", Grade.CRITICAL),
        ("oom-killed", Grade.WARNING),
    ]
    assert look.readings[0].title.zh == "Deployment/default/web:程序反复出错退出"
    assert look.readings[0].fixes[0].command == "kubectl describe deployment web -n default"
    assert look.unknown == ("metrics: 403", "events")
    assert tools.calls == [("k8s-diagnose", {"all_namespaces": True, "cluster": "prod"})]


async def test_cluster_that_does_not_answer_is_silent_and_a_refusal_is_unknown() -> None:
    states = []
    for kind, text in (
        (ErrorKind.TOOL_SERVER_UNREACHABLE, "Cannot reach https://prod:6443: timed out"),
        (ErrorKind.TOOL_SERVER_UNREACHABLE, "MCP server 'k8s' is not reachable"),
        (ErrorKind.PERMISSION_DENIED, "pods is forbidden"),
    ):
        tools = FixtureTools(k8s_diagnose=lambda _a, kind=kind, text=text: failed(kind, text))  # type: ignore[misc]  # bound now
        look = await McpClusterFindings(tools).read(Target(TargetKind.CLUSTER, "prod", "prod"))
        states.append(look.state.value)

    assert states == ["unreachable", "unknown", "unknown"]
