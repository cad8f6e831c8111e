"""Where artifacts are kept."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Artifact:
    """One kept tool result. Its id is that of the tool call."""

    id: str
    session_id: str
    run_id: str
    tool: str
    text: str


class ArtifactStore(Protocol):
    """Artifacts live as long as their session."""

    async def keep(self, artifact: Artifact) -> None:
        """Write it down; keeping the same id again is harmless."""
        ...

    async def find(self, artifact_id: str, *, session_id: str) -> Artifact | None:
        """None as well for an artifact of another session."""
        ...
