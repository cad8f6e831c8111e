"""Turns what a server answered into what the agent reads."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from jsonschema import SchemaError
from jsonschema.exceptions import best_match
from jsonschema.validators import validator_for
from mcp_types import (
    AudioContent,
    CallToolResult,
    ContentBlock,
    EmbeddedResource,
    ImageContent,
    ResourceLink,
    TextContent,
    TextResourceContents,
)
from referencing import Registry

from backend.agent.domain import Json, ToolOutcome, ToolStatus
from backend.integrations.mcp_servers.text import MAX_STRUCTURED_CHARACTERS, clean_json, clean_text
from backend.vocabulary.errors import ErrorKind, Failure

ERROR_KIND_KEY = "ding-robot/error-kind"
"""Where our own servers say in `_meta` what kind of error a result is."""
_DECLARED_KINDS = {
    "unreachable": ErrorKind.TOOL_SERVER_UNREACHABLE,
    "not_found": ErrorKind.TOOL_FAILED,
    "forbidden": ErrorKind.PERMISSION_DENIED,
    "bad_arguments": ErrorKind.TOOL_BAD_ARGUMENTS,
    "failed": ErrorKind.TOOL_FAILED,
}
_OUTCOME_UNKNOWN = "outcome_unknown"
"""A change was sent on, and the system behind the server did not say what became of it."""
_DENIED = re.compile(r"\bforbidden\b|permission denied|not permitted|unauthorized|\b40[13]\b", re.IGNORECASE)
_UNREACHABLE = re.compile(r"\s*cannot reach\b", re.IGNORECASE)
"""How a server says that the system behind it does not answer."""
_BAD_ARGUMENTS = re.compile(r"invalid argument|bad argument|validation error", re.IGNORECASE)
_REFUSED = frozenset({"declined", "needs_approval", "blocked"})
"""How a server that judges or asks before changes says, as a normal result, that it has changed nothing."""


def to_outcome(result: CallToolResult, *, is_change: bool, duration_ms: int, is_trusted: bool = False) -> ToolOutcome:
    """The answer of a call that came back, whether it worked or not.

    What kind an error is, a trusted server may declare; of any other it is read from the wording.
    """
    text = clean_text("\n".join(_block_text(block) for block in result.content).strip())
    structured = _bounded(result.structured_content)
    if result.is_error:
        message = text or "the tool failed without saying why"
        kind = (_declared_kind(result) if is_trusted else None) or _kind_of(message)
        outcome = failed(kind, message, duration_ms=duration_ms)
        is_open = is_change and is_trusted and (result.meta or {}).get(ERROR_KIND_KEY) == _OUTCOME_UNKNOWN
        return replace(outcome, status=ToolStatus.UNKNOWN) if is_open else outcome
    if not text:
        text = clean_text(_dump(structured)) if structured else "The tool returned nothing: the result is empty."
    # What a foreign server's reading tool calls declined is data.
    can_refuse = is_change or is_trusted
    is_refused = can_refuse and structured is not None and structured.get("status") in _REFUSED
    return ToolOutcome(
        status=ToolStatus.DECLINED if is_refused else ToolStatus.OK,
        text=text,
        structured=structured,
        duration_ms=duration_ms,
    )


def failed(kind: ErrorKind, message: str, *, duration_ms: int = 0) -> ToolOutcome:
    clean = clean_text(message)
    failure = Failure(kind=kind, message=clean_text(message, limit=2000))
    return ToolOutcome(status=ToolStatus.ERROR, text=clean, failure=failure, duration_ms=duration_ms)


def unknown(message: str, *, kind: ErrorKind, duration_ms: int) -> ToolOutcome:
    """A change that was sent and never answered."""
    text = (
        f"Outcome unknown: {clean_text(message)}. It may have taken effect; look at the live state, do not repeat it."
    )
    failure = Failure(kind=kind, message=text)
    return ToolOutcome(status=ToolStatus.UNKNOWN, text=text, failure=failure, duration_ms=duration_ms)


def find_bad_argument(arguments: Json, *, schema: Mapping[str, Any]) -> str | None:  # Any: JSON schema
    """What is wrong with the arguments, named by path, or None. A schema that is broken itself judges nothing."""
    validator_class = validator_for(schema)
    try:
        validator_class.check_schema(dict(schema))
    except SchemaError:
        return None
    error = best_match(validator_class(dict(schema), registry=Registry()).iter_errors(dict(arguments)))
    if error is None:
        return None
    place = ".".join(str(part) for part in error.absolute_path)
    message = clean_text(error.message, limit=300)
    return f"{place}: {message}" if place else message


def _declared_kind(result: CallToolResult) -> ErrorKind | None:
    declared = (result.meta or {}).get(ERROR_KIND_KEY)
    return _DECLARED_KINDS.get(declared) if isinstance(declared, str) else None


def _kind_of(message: str) -> ErrorKind:
    if message.lower().startswith("unknown tool"):
        return ErrorKind.TOOL_NOT_FOUND
    if _UNREACHABLE.match(message):
        return ErrorKind.TOOL_SERVER_UNREACHABLE
    if _BAD_ARGUMENTS.search(message[:200]):
        return ErrorKind.TOOL_BAD_ARGUMENTS
    if _DENIED.search(message):
        return ErrorKind.PERMISSION_DENIED
    return ErrorKind.TOOL_FAILED


def _bounded(value: Any) -> dict[str, Any] | None:  # Any: JSON of no fixed shape
    if value is None:
        return None
    document = clean_json(value) if isinstance(value, dict) else {"result": clean_json(value)}
    return document if len(_dump(document)) <= MAX_STRUCTURED_CHARACTERS else None


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _block_text(block: ContentBlock) -> str:
    match block:
        case TextContent():
            return block.text
        case ImageContent() | AudioContent():
            return f"[{block.type}, {block.mime_type}, not shown]"
        case ResourceLink():
            return f"[link: {block.uri}]"
        case EmbeddedResource(resource=TextResourceContents() as resource):
            return resource.text
        case _:
            return f"[{block.type}, not shown]"
