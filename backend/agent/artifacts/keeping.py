"""Keeps a large tool result whole and hands the model an excerpt."""

from dataclasses import replace

from backend.agent.artifacts.store import Artifact, ArtifactStore
from backend.agent.context.excerpts import write_excerpt
from backend.agent.domain import ToolOutcome
from backend.agent.interfaces import RunContext


class LargeResults:
    """Applied to a result after everything that must not reach the store has been taken out of it."""

    def __init__(self, store: ArtifactStore, *, max_tokens: int) -> None:
        self._store = store
        self._max_tokens = max_tokens

    async def shorten(self, outcome: ToolOutcome, *, call_id: str, tool: str, context: RunContext) -> ToolOutcome:
        """The outcome as the model sees it; the structured form stays whole, as the page shows it."""
        excerpt = write_excerpt(outcome.text, artifact_id=call_id, max_tokens=self._max_tokens)
        if excerpt == outcome.text:
            return outcome
        await self._store.keep(
            Artifact(id=call_id, session_id=context.session_id, run_id=context.run_id, tool=tool, text=outcome.text)
        )
        return replace(outcome, text=excerpt)
