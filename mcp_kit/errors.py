"""Kinds of expected failure, told to programs beside the text that models and people read."""

from __future__ import annotations

from enum import StrEnum

from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import CallToolResult, TextContent

ERROR_KIND_KEY = "ding-robot/error-kind"
"""Where an error result says its kind: in `_meta`, since the text is free to be worded."""


class ErrorKind(StrEnum):
    """What a caller may act on."""

    UNREACHABLE = "unreachable"
    """The system behind the server gave no usable answer: nothing was read or changed."""
    NOT_FOUND = "not_found"
    FORBIDDEN = "forbidden"
    BAD_ARGUMENTS = "bad_arguments"
    FAILED = "failed"
    OUTCOME_UNKNOWN = "outcome_unknown"
    """A change was sent and its answer was lost."""


class KindedToolError(ToolError):
    """A tool's refusal of one kind. Expected errors of other classes name theirs by an attribute `error_kind`."""

    def __init__(self, message: str, *, kind: ErrorKind) -> None:
        super().__init__(message)
        self.error_kind = kind


def kind_of(error: BaseException | None) -> ErrorKind:
    kind = getattr(error, "error_kind", None)
    return kind if isinstance(kind, ErrorKind) else ErrorKind.FAILED


def error_result(text: str, *, kind: ErrorKind) -> CallToolResult:
    return CallToolResult(
        content=[TextContent(type="text", text=text)], is_error=True, _meta={ERROR_KIND_KEY: kind.value}
    )
