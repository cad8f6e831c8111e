"""Rules every tool of every server obeys."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import pytest
from mcp import Client
from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import CallToolResult
from pydantic import BaseModel, Field

from mcp_kit.audit import AuditLog
from mcp_kit.errors import ErrorKind, KindedToolError
from mcp_kit.results import structured_result
from mcp_kit.server import ServerIdentity, build_server
from mcp_kit.tools import READ_ONLY, StrictTool, ToolRuleBroken, check_tools, shorten_schema, strict_tool

IDENTITY = ServerIdentity(name="demo", title="Demo", version="1", instructions="For tests.")


class Echo(BaseModel):
    text: str


class Expected(Exception):
    error_kind = ErrorKind.UNREACHABLE


async def echo(text: str, count: Annotated[int, Field(ge=1, le=100_000)] = 1) -> Annotated[CallToolResult, Echo]:
    """Repeat a text."""
    return structured_result(Echo(text=text * count), text=text * count)


async def fail(how: str) -> str:
    """Fail in one way or another."""
    if how == "expected":
        raise Expected("The thing is not there; try the other one.")
    if how == "tool":
        raise ToolError("Say please.")
    if how == "missing":
        raise KindedToolError("No such thing.", kind=ErrorKind.NOT_FOUND)
    raise RuntimeError("password=hunter2")


def nameless() -> str:
    return ""


def tool(function: object = echo, *, name: str = "demo-echo") -> StrictTool:
    assert callable(function)
    return strict_tool(function, name=name, title="Echo", annotations=READ_ONLY, expected_errors=(Expected,))


@asynccontextmanager
async def no_state(_: MCPServer[None]) -> AsyncIterator[None]:
    yield None


def serve(*tools: StrictTool) -> MCPServer[None]:
    return build_server(IDENTITY, tools=tools, lifespan=no_state, audit=AuditLog(server="demo"))


async def call(name: str, arguments: dict[str, object]) -> CallToolResult:
    async with Client(serve(tool(), tool(fail, name="demo-fail")), read_timeout_seconds=10) as client:
        return await client.call_tool(name, arguments)


def text_of(result: CallToolResult) -> str:
    return str(result.content[0].model_dump()["text"])


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"text": "a", "dryRun": True}, "Unknown argument 'dryRun'"),
        ({"text": "a", "counts": 2}, "did you mean 'count'?"),
        ({"text": "a", "count": "2"}, "valid integer"),
        ({"text": "a", "count": True}, "valid integer"),
        ({"text": "a", "count": 0}, "greater than or equal to 1"),
        ({}, "Argument 'text' is missing"),
    ],
)
async def test_wrong_arguments_are_refused_in_one_sentence(arguments: dict[str, object], expected: str) -> None:
    result = await call("demo-echo", arguments)

    assert result.is_error
    assert expected in text_of(result)
    assert "demo-echo was not run, nothing happened." in text_of(result)
    assert "errors.pydantic.dev" not in text_of(result)


async def test_rejected_value_is_not_repeated() -> None:
    result = await call("demo-echo", {"text": "a", "count": "hunter2"})

    assert "hunter2" not in text_of(result)


async def test_text_that_looks_like_json_stays_text() -> None:
    assert text_of(await call("demo-echo", {"text": "null"})) == "null"


async def test_expected_failure_is_told_in_its_own_words() -> None:
    assert text_of(await call("demo-fail", {"how": "expected"})) == "The thing is not there; try the other one."
    assert text_of(await call("demo-fail", {"how": "tool"})) == "Say please."


@pytest.mark.parametrize(
    ("name", "arguments", "kind"),
    [
        ("demo-echo", {"text": 5}, "bad_arguments"),
        ("demo-fail", {"how": "expected"}, "unreachable"),
        ("demo-fail", {"how": "tool"}, "failed"),
        ("demo-fail", {"how": "missing"}, "not_found"),
        ("demo-echo", {"text": "x", "count": 50_000}, "failed"),
    ],
)
async def test_error_result_says_its_kind_to_programs(name: str, arguments: dict[str, object], kind: str) -> None:
    result = await call(name, arguments)

    assert (result.meta or {})["ding-robot/error-kind"] == kind


async def test_crash_tells_nothing_about_the_inside() -> None:
    result = await call("demo-fail", {"how": "crash"})

    assert result.is_error
    assert "demo-fail failed through a fault of its own (RuntimeError" in text_of(result)
    assert "hunter2" not in text_of(result)


async def test_structure_beyond_the_budget_is_refused_with_advice() -> None:
    result = await call("demo-echo", {"text": "x", "count": 50_000})

    assert result.is_error
    assert "larger than 40000 characters" in text_of(result)


async def test_schema_forbids_unknown_arguments_and_says_nothing_a_model_does_not_need() -> None:
    async with Client(serve(tool())) as client:
        (listed,) = (await client.list_tools()).tools

    assert listed.input_schema["additionalProperties"] is False
    assert "title" not in str(listed.input_schema)
    assert listed.output_schema is None


def test_listed_schema_shows_an_optional_argument_as_what_it_is_when_given() -> None:
    text = {"anyOf": [{"type": "string", "maxLength": 5}, {"type": "null"}], "default": None, "description": "d"}
    properties = {
        "title": text,
        "all": {"type": "boolean", "default": False},
        "limit": {"type": "integer", "default": 9},
    }

    assert shorten_schema({"properties": properties, "title": "Arguments"}) == {
        "properties": {
            "title": {"type": "string", "description": "d"},
            "all": {"type": "boolean"},
            "limit": {"type": "integer", "default": 9},
        }
    }


async def test_older_clients_learn_that_the_tool_list_may_change() -> None:
    async with Client(serve(tool()), mode="legacy") as client:
        capabilities = client.server_capabilities

    assert capabilities is not None
    assert capabilities.tools is not None
    assert capabilities.tools.list_changed is True


def test_two_tools_of_one_name_are_refused() -> None:
    with pytest.raises(ToolRuleBroken, match="two tools are called 'demo-echo'"):
        serve(tool(), tool(fail))


@pytest.mark.parametrize("name", ["Demo", "demo.echo", "demo/echo", "", "x" * 41, "-demo"])
def test_name_that_breaks_hosts_is_refused(name: str) -> None:
    with pytest.raises(ToolRuleBroken, match="tool name"):
        tool(name=name)


def test_tool_needs_a_description() -> None:
    with pytest.raises(ToolRuleBroken, match="docstring"):
        tool(nameless, name="demo-nameless")


def test_too_many_tools_are_refused() -> None:
    with pytest.raises(ToolRuleBroken, match="at most 24"):
        check_tools([tool(name=f"demo-{number}") for number in range(25)])
