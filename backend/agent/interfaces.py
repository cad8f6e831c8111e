"""What the agent needs from outside."""

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from backend.agent.domain import (
    ConfirmationNeeded,
    Json,
    Mode,
    ModelEvent,
    ModelRequest,
    ServerStatus,
    ToolOutcome,
    ToolSpec,
)


class ModelClient(Protocol):
    """One language model, or the rule planner that stands in for it."""

    @property
    def name(self) -> str: ...

    @property
    def mode(self) -> Mode: ...

    def stream(self, request: ModelRequest) -> AsyncIterator[ModelEvent]:
        """Stream one reply, ending with `ModelFinished`; raise `ModelError`. Closing the iterator ends the call."""
        ...


class ToolSource(Protocol):
    """Where tools come from: MCP servers, kept connected."""

    def tools(self) -> Sequence[ToolSpec]:
        """The tools of all connected servers, in stable order."""
        ...

    def servers(self) -> Sequence[ServerStatus]: ...

    async def call(self, name: str, *, arguments: Json) -> ToolOutcome | ConfirmationNeeded:
        """Call one tool. Failures are outcomes; cancelling the task cancels the call on the server."""
        ...

    async def confirm(self, name: str, *, arguments: Json, state: Json) -> ToolOutcome:
        """Run exactly the call that `ConfirmationNeeded.state` belongs to, now that a person said yes."""
        ...
