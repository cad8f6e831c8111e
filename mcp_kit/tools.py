"""Tools that refuse unknown arguments, answer within a budget and explain expected failures."""

from __future__ import annotations

import difflib
import logging
import re
from collections.abc import Callable, Iterable
from typing import Any

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError, UnexpectedToolError
from mcp.server.mcpserver.tools import Tool
from mcp.server.mcpserver.utilities.func_metadata import FuncMetadata
from mcp_types import CallToolResult, ToolAnnotations
from pydantic import Field, ValidationError

from mcp_kit.errors import ErrorKind, error_result, kind_of
from mcp_kit.results import MAX_RESULT_CHARACTERS, fit_result

MAX_TOOLS = 24
"""Clients pay for every listed tool in each prompt, and small models lose their way among more. What counts is their
length: the contract tests of each server hold its whole list to 4 000 tokens."""

MAX_DESCRIPTION_CHARACTERS = 1024

# The other hints mean nothing for a tool that only reads, and every listed one costs each prompt its length.
READ_ONLY = ToolAnnotations(read_only_hint=True)

# Host programs join server and tool name and cut at 60 characters; dots and slashes break some of them.
_TOOL_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")


_log = logging.getLogger(__name__)


class ToolRuleBroken(ValueError):
    """A tool definition breaks a rule of this product; found at start, never at call time."""


class StrictMetadata(FuncMetadata):
    """Arguments exactly as sent: the SDK would turn the text "null" into no value at all."""

    def pre_parse_json(self, data: dict[str, Any]) -> dict[str, Any]:  # Any: JSON arguments
        return data


class StrictTool(Tool):
    """A tool whose every expected failure reads as one sentence a model can act on."""

    expected_errors: tuple[type[Exception], ...] = Field(default=(), exclude=True)

    @property
    def output_schema(self) -> dict[str, Any] | None:
        """Not published: the schemas of results were two thirds of a tool list, and no model needs them to call.

        Results are checked against their models all the same.
        """
        return None

    async def run(
        self,
        arguments: dict[str, Any],  # Any: JSON arguments
        context: Context[Any, Any],  # Any: the lifespan state belongs to the server
        convert_result: bool = False,
    ) -> Any:  # Any: a result or a question to the client, as the SDK defines it
        try:
            result = await super().run(arguments, context, convert_result)
            if isinstance(result, CallToolResult):
                result = fit_result(result, max_characters=MAX_RESULT_CHARACTERS)
        except UnexpectedToolError as error:
            if not isinstance(error.__cause__, self.expected_errors):
                return self._admit_fault(error)
            return error_result(str(error.__cause__), kind=kind_of(error.__cause__))
        except ToolError as error:
            return self._explain(error)
        return result

    def _admit_fault(self, error: UnexpectedToolError) -> CallToolResult:
        """A fault of ours, or an answer that no rule foresaw: said as such, the details in the log alone."""
        _log.error("%s failed", self.name, exc_info=error.__cause__)
        only_reads = bool(self.annotations and self.annotations.read_only_hint)
        left = "Nothing was changed." if only_reads else "Whether it changed anything is not known: look first."
        fault = type(error.__cause__).__name__
        text = (
            f"{self.name} failed through a fault of its own ({fault}; details are in the log of this server). {left} "
            "Do not guess its answer; another tool or a narrower question may get one."
        )
        return error_result(text, kind=ErrorKind.FAILED if only_reads else ErrorKind.OUTCOME_UNKNOWN)

    def _explain(self, error: ToolError) -> CallToolResult:
        cause = error.__cause__
        if isinstance(cause, ValidationError):
            text = describe_bad_arguments(cause, tool=self.name, known=self.fn_metadata.arg_model.model_fields)
            return error_result(text, kind=ErrorKind.BAD_ARGUMENTS)
        # The SDK wraps what a tool raised; the tool's own words are the ones to show.
        told = cause if isinstance(cause, ToolError) else error
        return error_result(str(told), kind=kind_of(told))


def strict_tool(
    function: Callable[..., Any],  # Any: tools differ in their arguments
    *,
    name: str,
    title: str,
    annotations: ToolAnnotations,
    expected_errors: tuple[type[Exception], ...] = (),
) -> StrictTool:
    """Build a tool that rejects unknown and wrongly typed arguments instead of ignoring or converting them."""
    if not _TOOL_NAME.fullmatch(name):
        raise ToolRuleBroken(f"tool name {name!r} must be at most 40 characters of a-z, 0-9 and '-'")
    description = " ".join((function.__doc__ or "").split())
    if not description or len(description) > MAX_DESCRIPTION_CHARACTERS:
        raise ToolRuleBroken(f"tool {name!r} needs a docstring of at most {MAX_DESCRIPTION_CHARACTERS} characters")
    tool = StrictTool.from_function(function, name=name, title=title, description=description, annotations=annotations)
    if not isinstance(tool, StrictTool):
        raise ToolRuleBroken(f"tool {name!r} was not built as a strict tool")
    tool.expected_errors = expected_errors
    _forbid_unknown_arguments(tool)
    return tool


def _forbid_unknown_arguments(tool: StrictTool) -> None:
    metadata = tool.fn_metadata
    model = metadata.arg_model
    model.model_config["extra"] = "forbid"
    model.model_config["strict"] = True
    model.model_rebuild(force=True)
    tool.fn_metadata = StrictMetadata(
        arg_model=model,
        output_schema=metadata.output_schema,
        output_model=metadata.output_model,
        wrap_output=metadata.wrap_output,
    )
    tool.parameters = shorten_schema(model.model_json_schema(by_alias=True))


_UNSAID = frozenset({"title", "maxLength", "minLength"})
"""Keywords whose breach is explained when it happens; a model does not need them beforehand."""


def shorten_schema(schema: dict[str, Any]) -> dict[str, Any]:  # Any: JSON Schema
    """The schema of the arguments as it is listed: a model pays for its length in every prompt.

    What may be null is shown as what it is otherwise, since leaving it out means null; a default that says "not given"
    is left out. Calls are checked against the whole schema.
    """
    schema = _without_null(schema)
    kept: dict[str, Any] = {}
    for key, value in schema.items():
        if (key in _UNSAID and not isinstance(value, dict)) or (key == "default" and value in (None, False)):
            continue
        if key in {"properties", "$defs"}:
            kept[key] = {name: shorten_schema(inner) for name, inner in value.items()}
        elif isinstance(value, dict):
            kept[key] = shorten_schema(value)
        elif isinstance(value, list):
            kept[key] = [shorten_schema(item) if isinstance(item, dict) else item for item in value]
        else:
            kept[key] = value
    return kept


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:  # Any: JSON Schema
    choices = [choice for choice in schema.get("anyOf", ()) if choice != {"type": "null"}]
    if len(choices) != 1 or not isinstance(choices[0], dict):
        return schema
    return {**{key: value for key, value in schema.items() if key != "anyOf"}, **choices[0]}


def describe_bad_arguments(error: ValidationError, *, tool: str, known: Iterable[str]) -> str:
    """One short sentence per wrong argument, without the value: it may be a secret."""
    names = list(known)
    faults = [_describe_fault(fault["type"], fault["loc"], fault["msg"], names) for fault in error.errors()]
    accepted = ", ".join(names) or "none"
    return f"{tool} was not run, nothing happened. {'; '.join(dict.fromkeys(faults))}. Accepted arguments: {accepted}."


def _describe_fault(kind: str, location: tuple[int | str, ...], message: str, known: list[str]) -> str:
    name = str(location[0]) if location else "arguments"
    if kind == "extra_forbidden":
        nearest = difflib.get_close_matches(name, known, n=1)
        return f"Unknown argument {name[:60]!r}" + (f" (did you mean {nearest[0]!r}?)" if nearest else "")
    if kind == "missing":
        return f"Argument {name!r} is missing"
    return f"Argument {name!r}: {message.removeprefix('Value error, ')}"


def check_tools(tools: Iterable[Tool]) -> list[Tool]:
    """Refuse a name given twice: the SDK would silently keep one of the two."""
    checked: dict[str, Tool] = {}
    for tool in tools:
        if tool.name in checked:
            raise ToolRuleBroken(f"two tools are called {tool.name!r}")
        checked[tool.name] = tool
    if len(checked) > MAX_TOOLS:
        raise ToolRuleBroken(f"{len(checked)} tools; a server may offer at most {MAX_TOOLS}")
    return list(checked.values())
