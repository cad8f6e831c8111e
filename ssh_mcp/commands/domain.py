"""One run of one command, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ssh_mcp.commands.wrapping import write_sudo

MAX_COMMAND_CHARACTERS = 8_000
DEFAULT_TIMEOUT_SECONDS = 60
MAX_TIMEOUT_SECONDS = 300

HELD_OPEN = "a process in the background still holds the output open; what it writes later is not shown"
SURVIVED = "some processes could not be ended"


@dataclass(frozen=True, slots=True)
class Command:
    text: str
    timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS
    is_sudo: bool = False
    is_approved: bool = False
    """A person said yes to it; else it runs because the rules for POSIX shells found that it only reads."""

    @property
    def guard_after_seconds(self) -> float | None:
        """Only what may change something is worth a guard on the host, which costs as much as a short command; what
        reads ends by itself once nobody takes its output."""
        return self.timeout_seconds if self.is_approved else None

    @property
    def effective_text(self) -> str:
        """What the shell gets, and therefore what is judged."""
        return write_sudo(self.text) if self.is_sudo else self.text


class EndKind(StrEnum):
    """How a run ended."""

    EXITED = "exited"
    TIMED_OUT = "timed_out"
    OUTPUT_LIMIT = "output_limit"
    """It wrote more than is kept of one command, and was stopped."""


@dataclass(frozen=True, slots=True)
class Exit:
    """What a process left behind; one of the two."""

    code: int | None = None
    signal: str | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Ending:
    kind: EndKind
    exit: Exit = Exit()
    milliseconds: int = 0
    note: str = ""
    """What a person should know beyond the output, such as processes that could not be ended."""
