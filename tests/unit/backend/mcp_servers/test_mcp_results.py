"""What the agent is told about tools and their results."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mcp import MCPError
from mcp_types import (
    CallToolResult,
    ElicitRequest,
    ElicitRequestFormParams,
    ImageContent,
    InputRequiredResult,
    TextContent,
    Tool,
    ToolAnnotations,
)

from backend.agent.domain import Risk, ToolStatus
from backend.integrations.mcp_servers.catalogue import build_catalogue
from backend.integrations.mcp_servers.config import ServerConfig, StdioTarget
from backend.integrations.mcp_servers.connection import back_off_seconds
from backend.integrations.mcp_servers.faults import (
    CallLost,
    CallTimedOut,
    ServerDown,
    find_leaf,
    hide_credentials,
    translate,
)
from backend.integrations.mcp_servers.questions import UnanswerableQuestion, read_question
from backend.integrations.mcp_servers.results import find_bad_argument, to_outcome
from backend.integrations.mcp_servers.statistics import CallCounter
from backend.integrations.mcp_servers.text import clean_json, clean_text
from backend.vocabulary.errors import ErrorKind


def server(name: str = "one", *, trusted: bool = False, read_tools: frozenset[str] = frozenset()) -> ServerConfig:
    return ServerConfig(
        name=name,
        target=StdioTarget(command="x", args=(), environment={}),
        is_enabled=True,
        is_trusted=trusted,
        read_tools=read_tools,
        allowed_tools=None,
        denied_tools=frozenset(),
        timeout_seconds=1,
        startup_timeout_seconds=1,
        protocol="auto",
    )


def tool(name: str, *, read_only: bool | None = None, destructive: bool | None = None) -> Tool:
    annotations = ToolAnnotations(read_only_hint=read_only, destructive_hint=destructive)
    return Tool(name=name, input_schema={"type": "object"}, annotations=annotations)


TOOLS = [tool("look", read_only=True), tool("change", read_only=False), tool("wipe", destructive=True), tool("what")]


def test_a_trusted_server_is_believed_and_what_is_not_declared_changes() -> None:
    catalogue = build_catalogue([(server(trusted=True), TOOLS)], is_read_only=False)

    assert {spec.name: spec.risk for spec in catalogue.tools} == {
        "look": Risk.READ,
        "change": Risk.CHANGE,
        "wipe": Risk.DESTRUCTIVE,
        "what": Risk.CHANGE,
    }
    assert [spec.name for spec in catalogue.tools if spec.asks_itself] == ["change", "what", "wipe"]


def test_an_untrusted_server_is_not_believed() -> None:
    catalogue = build_catalogue([(server(read_tools=frozenset({"what"})), TOOLS)], is_read_only=False)

    assert [spec.name for spec in catalogue.tools if spec.risk is Risk.READ] == ["what"]
    assert not any(spec.asks_itself for spec in catalogue.tools)


def test_an_override_raises_a_risk_and_never_lowers_it() -> None:
    config = replace(
        server(trusted=True),
        risk_overrides={"look": Risk.CHANGE, "change": Risk.DESTRUCTIVE, "wipe": Risk.CHANGE, "gone": Risk.CHANGE},
    )

    catalogue = build_catalogue([(config, TOOLS)], is_read_only=False)

    specs = {spec.name: (spec.risk, spec.asks_itself) for spec in catalogue.tools}
    assert specs["look"] == (Risk.CHANGE, False)
    assert specs["change"] == (Risk.DESTRUCTIVE, True)
    assert specs["wipe"] == (Risk.DESTRUCTIVE, True)
    assert "cannot loosen 'wipe' from destructive to change" in catalogue.notes["one"][0]
    assert "'gone'" in catalogue.notes["one"][1]


def test_read_only_leaves_only_what_reads() -> None:
    catalogue = build_catalogue([(server(trusted=True), TOOLS)], is_read_only=True)

    assert [spec.name for spec in catalogue.tools] == ["look"]


def test_names_that_two_servers_use_or_no_model_can_call_are_hidden_and_told() -> None:
    listings = [(server("first"), [tool("look")]), (server("second"), [tool("look"), tool("a.b"), tool("own")])]

    catalogue = build_catalogue(listings, is_read_only=False)

    assert [(spec.server, spec.name) for spec in catalogue.tools] == [("first", "look"), ("second", "own")]
    assert len(catalogue.notes["second"]) == 2


@given(st.text())
def test_cleaned_text_holds_nothing_invisible_and_stays_clean(text: str) -> None:
    cleaned = clean_text(text)

    assert not set(cleaned) & {"\x1b", "\x00", "\r", "\u200b", "\u202e", "\ufeff", "\x9b"}
    assert clean_text(cleaned) == cleaned


@given(st.integers(min_value=0, max_value=300))
def test_text_over_the_limit_is_cut_with_a_mark(size: int) -> None:
    cleaned = clean_text("x" * size, limit=100)

    assert len(cleaned) <= 100
    assert ("cut here" in cleaned) is (size > 100)


def test_structured_results_are_cleaned_in_depth() -> None:
    assert clean_json({"a": ["\x1b[31mred\x1b[0m", {"b\u200b": 1}], "n": None}) == {"a": ["red", {"b": 1}], "n": None}


def test_what_is_no_text_is_named_and_structure_is_kept() -> None:
    result = CallToolResult(
        content=[TextContent(text="see"), ImageContent(data="AAAA", mime_type="image/png")],
        structured_content=[1, 2],
    )

    outcome = to_outcome(result, is_change=False, duration_ms=3)

    assert outcome.text == "see\n[image, image/png, not shown]"
    assert outcome.structured == {"result": [1, 2]}
    assert outcome.duration_ms == 3


@pytest.mark.parametrize("status", ["declined", "needs_approval"])
def test_a_change_that_the_server_did_not_make_is_declined_and_not_done(status: str) -> None:
    result = CallToolResult(content=[TextContent(text="no")], structured_content={"status": status})

    assert to_outcome(result, is_change=True, duration_ms=0).status is ToolStatus.DECLINED


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('No pod "web"', ErrorKind.TOOL_FAILED),
        ("Cannot reach the Kubernetes API at https://x", ErrorKind.TOOL_SERVER_UNREACHABLE),
        ("pods is forbidden", ErrorKind.PERMISSION_DENIED),
        ("Unknown tool: x", ErrorKind.TOOL_NOT_FOUND),
        ("Invalid arguments: replicas", ErrorKind.TOOL_BAD_ARGUMENTS),
        ("", ErrorKind.TOOL_FAILED),
    ],
)
def test_error_results_have_a_kind(text: str, kind: ErrorKind) -> None:
    outcome = to_outcome(
        CallToolResult(content=[TextContent(text=text)], is_error=True), is_change=False, duration_ms=0
    )

    assert outcome.status is ToolStatus.ERROR
    assert outcome.failure is not None
    assert outcome.failure.kind is kind
    assert outcome.text


@pytest.mark.parametrize(
    ("declared", "is_trusted", "kind"),
    [
        ("unreachable", True, ErrorKind.TOOL_SERVER_UNREACHABLE),
        ("not_found", True, ErrorKind.TOOL_FAILED),
        ("bad_arguments", True, ErrorKind.TOOL_BAD_ARGUMENTS),
        ("unreachable", False, ErrorKind.PERMISSION_DENIED),
        ("never heard of", True, ErrorKind.PERMISSION_DENIED),
        (5, True, ErrorKind.PERMISSION_DENIED),
    ],
)
def test_only_a_trusted_server_declares_the_kind_of_its_errors(
    declared: object, is_trusted: bool, kind: ErrorKind
) -> None:
    result = CallToolResult(
        content=[TextContent(text="forbidden")], is_error=True, _meta={"ding-robot/error-kind": declared}
    )

    outcome = to_outcome(result, is_change=False, is_trusted=is_trusted, duration_ms=0)

    assert outcome.failure is not None
    assert outcome.failure.kind is kind


@pytest.mark.parametrize(
    ("is_change", "is_trusted", "status"),
    [(True, True, ToolStatus.UNKNOWN), (True, False, ToolStatus.ERROR), (False, True, ToolStatus.ERROR)],
)
def test_a_trusted_server_may_say_that_the_outcome_of_a_change_is_open(
    is_change: bool, is_trusted: bool, status: ToolStatus
) -> None:
    meta = {"ding-robot/error-kind": "outcome_unknown"}
    result = CallToolResult(content=[TextContent(text="Outcome unknown: look at it.")], is_error=True, _meta=meta)

    outcome = to_outcome(result, is_change=is_change, is_trusted=is_trusted, duration_ms=0)

    assert outcome.status is status
    assert outcome.text == "Outcome unknown: look at it."


SCHEMA = {
    "type": "object",
    "properties": {"replicas": {"type": "integer", "minimum": 0}},
    "required": ["replicas"],
    "additionalProperties": False,
}


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        ({}, "replicas"),
        ({"replicas": "3"}, "replicas: "),
        ({"replicas": -1}, "minimum"),
        ({"replicas": 1, "dry": 1}, "dry"),
    ],
)
def test_bad_arguments_are_named(arguments: dict[str, object], part: str) -> None:
    assert part in (find_bad_argument(arguments, schema=SCHEMA) or "")


def test_good_arguments_and_broken_schemas_pass() -> None:
    assert find_bad_argument({"replicas": 3}, schema=SCHEMA) is None
    assert find_bad_argument({"x": 1}, schema={"type": 5}) is None


def form(**properties: dict[str, object]) -> InputRequiredResult:
    schema = {"type": "object", "properties": properties, "required": list(properties)}
    params = ElicitRequestFormParams.model_validate({"message": "Sure?", "requestedSchema": schema})
    return InputRequiredResult(input_requests={"ok": ElicitRequest(params=params)}, request_state="sealed")


def test_a_yes_fills_the_form_of_a_question() -> None:
    question = read_question(form(confirm={"type": "boolean"}, note={"type": "string", "default": "-"}))

    assert question.text == "Sure?"
    assert question.answers == {"ok": {"confirm": True, "note": "-"}}
    assert question.request_state == "sealed"


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (["scale up web"], "scale up web"),
        ([], None),
        (["one", "other"], None),
        ([5], None),
        (["x" * 201], None),
        (["look\u202ealike"], None),
    ],
)
def test_a_server_may_name_one_key_that_is_safe_to_remember(keys: list[object], expected: str | None) -> None:
    fields: dict[str, dict[str, object]] = {
        f"confirm{number}": {"type": "boolean", "x-remember-key": key} for number, key in enumerate(keys)
    }

    question = read_question(form(**fields, sure={"type": "boolean"}))

    assert question.remember_key == expected


def test_a_question_that_a_yes_does_not_answer_is_refused() -> None:
    with pytest.raises(UnanswerableQuestion, match="password"):
        read_question(form(password={"type": "string"}))


@pytest.mark.parametrize(
    ("code", "message", "expected"),
    [
        (-32098, "refused", ServerDown),
        (-32600, "Session not found", ServerDown),
        (-32000, "Connection closed", CallLost),
        (-32001, "timed out", CallTimedOut),
        (-32602, "bad", MCPError),
    ],
)
def test_protocol_errors_tell_whether_the_call_was_sent(code: int, message: str, expected: type[Exception]) -> None:
    assert type(translate(MCPError(code, message))) is expected


def test_the_leaf_that_says_most_is_shown() -> None:
    group = BaseExceptionGroup("all", [ExceptionGroup("x", [OSError("Connection closed")]), ValueError("bad key")])

    assert str(find_leaf(group)) == "bad key"


def test_credentials_are_blanked() -> None:
    values = {"API_TOKEN": "sesame", "KUBECONFIG_PATH": "/etc/kube"}

    assert hide_credentials("sesame in /etc/kube", values) == "••• in /etc/kube"


def test_latency_percentiles_are_nearest_ranks() -> None:
    counter = CallCounter()
    for duration in range(1, 101):
        counter.add("look", server="one", duration_ms=duration, is_error=duration > 98)

    statistics = counter.read()["look"]

    assert (statistics.calls, statistics.errors, statistics.p50_ms, statistics.p99_ms) == (100, 2, 50, 99)


def test_the_wait_before_reconnecting_grows_and_stays_bounded() -> None:
    waits = [back_off_seconds(failures, jitter=0.5) for failures in range(12)]

    assert waits == sorted(waits)
    assert waits[0] < 0.2
    assert waits[-1] <= 30
