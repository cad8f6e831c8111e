"""The tools `artifact-read` and `artifact-search`: a tool source of our own, without a server."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from backend.agent.artifacts.searching import BadPattern, find_lines, write_lines
from backend.agent.artifacts.store import Artifact, ArtifactStore
from backend.agent.context.token_estimate import estimate_tokens
from backend.agent.domain import (
    ConfirmationNeeded,
    Json,
    Risk,
    ServerState,
    ServerStatus,
    ToolOutcome,
    ToolSpec,
    ToolStatistics,
    ToolStatus,
)
from backend.agent.run_scope import current_scope
from backend.vocabulary.errors import ErrorKind, Failure

LOCAL_SERVER = "local"
READ = "artifact-read"
SEARCH = "artifact-search"
_MAX_LINES = 400
_MAX_HITS = 50
_MAX_CONTEXT = 10

_SPECS = (
    ToolSpec(
        name=READ,
        server=LOCAL_SERVER,
        title="Read a kept result",
        description="Read lines of a tool result that was too large to show whole. Its `id` stands in the short form.",
        input_schema={
            "type": "object",
            "properties": {
                "id": {"type": "string", "description": "id of the artifact"},
                "from_line": {"type": "integer", "minimum": 1, "default": 1},
                "lines": {"type": "integer", "minimum": 1, "maximum": _MAX_LINES, "default": 100},
            },
            "required": ["id"],
            "additionalProperties": False,
        },
        risk=Risk.READ,
    ),
    ToolSpec(
        name=SEARCH,
        server=LOCAL_SERVER,
        title="Search a kept result",
        description="Find lines in a tool result that was too large to show whole, whatever their case.",
        input_schema={
            "type": "object",
            "properties": {
                "id": {"type": "string", "description": "id of the artifact"},
                "pattern": {"type": "string", "minLength": 1, "maxLength": 200},
                "regex": {"type": "boolean", "default": False, "description": "read `pattern` as regular expression"},
                "context": {"type": "integer", "minimum": 0, "maximum": _MAX_CONTEXT, "default": 0},
            },
            "required": ["id", "pattern"],
            "additionalProperties": False,
        },
        risk=Risk.READ,
    ),
)


class _BadArgument(Exception):
    pass


class ArtifactTools:
    """Implements ToolSource. It serves artifacts of the session whose run calls, no others."""

    def __init__(self, store: ArtifactStore, *, max_tokens: int) -> None:
        """An answer stays under `max_tokens`, or it would be shortened into an artifact itself."""
        self._store = store
        self._max_tokens = max_tokens

    def tools(self) -> Sequence[ToolSpec]:
        return _SPECS

    def servers(self) -> Sequence[ServerStatus]:
        return [ServerStatus(name=LOCAL_SERVER, state=ServerState.CONNECTED, tool_count=len(_SPECS))]

    def statistics(self) -> Mapping[str, ToolStatistics]:
        return {}

    async def call(self, name: str, *, arguments: Json) -> ToolOutcome | ConfirmationNeeded:
        try:
            artifact = await self._find(arguments)
            lines = artifact.text.splitlines()
            if name == READ:
                return self._read(artifact, lines, arguments)
            return await asyncio.to_thread(self._search, artifact, lines, arguments)
        except (_BadArgument, BadPattern) as error:
            message = f"{name}: {error}"
            failure = Failure(kind=ErrorKind.TOOL_BAD_ARGUMENTS, message=message)
            return ToolOutcome(status=ToolStatus.ERROR, text=message, failure=failure)

    async def confirm(self, name: str, *, arguments: Json, state: Json) -> ToolOutcome:
        raise AssertionError(f"{name} never asks")

    async def _find(self, arguments: Json) -> Artifact:
        scope = current_scope()
        artifact_id = arguments.get("id")
        if not isinstance(artifact_id, str):
            raise _BadArgument("`id` must be a string")
        artifact = None if scope is None else await self._store.find(artifact_id, session_id=scope.session_id)
        if artifact is None:
            raise _BadArgument(f"there is no artifact {artifact_id!r} in this session; ids stand in shortened results")
        return artifact

    def _read(self, artifact: Artifact, lines: list[str], arguments: Json) -> ToolOutcome:
        first = _integer(arguments, "from_line", default=1, least=1, most=max(len(lines), 1))
        count = _integer(arguments, "lines", default=100, least=1, most=_MAX_LINES)
        numbers = list(range(first, min(first + count, len(lines) + 1)))
        return self._answer(artifact, lines, numbers=numbers, counts={"first_line": first})

    def _search(self, artifact: Artifact, lines: list[str], arguments: Json) -> ToolOutcome:
        pattern = arguments.get("pattern")
        if not isinstance(pattern, str):
            raise _BadArgument("`pattern` must be a string")
        around = _integer(arguments, "context", default=0, least=0, most=_MAX_CONTEXT)
        found = find_lines(lines, pattern=pattern, is_regex=arguments.get("regex") is True, limit=_MAX_HITS)
        numbers = sorted(
            {number for hit in found.lines for number in range(max(hit - around, 1), min(hit + around, len(lines)) + 1)}
        )
        return self._answer(artifact, lines, numbers=numbers, counts={"matches": found.total})

    def _answer(
        self, artifact: Artifact, lines: list[str], *, numbers: list[int], counts: Mapping[str, int]
    ) -> ToolOutcome:
        shown = self._within(lines, numbers)
        told = ", ".join(f"{name} {value}" for name, value in counts.items())
        head = f"artifact {artifact.id} of {artifact.tool}: {told}, {len(shown)} of {len(lines)} lines shown"
        if len(shown) < len(numbers):
            head += f"; cut after line {shown[-1] if shown else 0}, ask for fewer lines or read on from there"
        structured: dict[str, Any] = {  # Any: JSON
            "kind": "Artifact",
            "id": artifact.id,
            "tool": artifact.tool,
            "total_lines": len(lines),
            "shown": len(shown),
            **counts,
        }
        text = f"{head}\n{write_lines(lines, numbers=shown)}" if shown else f"{head}: nothing to show"
        return ToolOutcome(status=ToolStatus.OK, text=text, structured=structured)

    def _within(self, lines: list[str], numbers: list[int]) -> list[int]:
        used = 100
        for position, number in enumerate(numbers):
            used += estimate_tokens(lines[number - 1]) + 3
            if used > self._max_tokens:
                return numbers[:position]
        return numbers


def _integer(arguments: Json, name: str, *, default: int, least: int, most: int) -> int:
    value = arguments.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise _BadArgument(f"`{name}` must be a whole number from {least} to {most}")
    return value
