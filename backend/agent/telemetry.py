"""What is told about a call while it is measured, and the telemetry that measures nothing."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from backend.agent.domain import Risk, TokenUsage


@dataclass(slots=True)
class ToolCallRecord:
    """Filled in by the caller; a call that is left by an exception was cancelled."""

    status: str = "cancelled"
    """The outcome's status, or `asked` when the server wants a person's yes first."""


@dataclass(slots=True)
class ModelCallRecord:
    """Filled in by the caller; `outcome` is `ok`, a kind of failure, or `cancelled`."""

    outcome: str = "cancelled"
    usage: TokenUsage | None = None
    first_token_at: float | None = None
    """On the clock of `time.perf_counter`."""

    def note_token(self) -> None:
        if self.first_token_at is None:
            self.first_token_at = time.perf_counter()


class NoTelemetry:
    """Implements Telemetry."""

    @contextmanager
    def run_step(self, run_id: str, *, session_id: str) -> Iterator[None]:
        yield

    def run_taken_up(self, run_id: str, *, queued_seconds: float) -> None:
        return

    def run_ended(self, run_id: str, *, outcome: str, seconds: float) -> None:
        return

    @contextmanager
    def model_call(self, *, model: str) -> Iterator[ModelCallRecord]:
        yield ModelCallRecord()

    @contextmanager
    def tool_call(self, *, tool: str, server: str, risk: Risk) -> Iterator[ToolCallRecord]:
        yield ToolCallRecord()

    def events_appended(self, count: int, *, seconds: float) -> None:
        return

    @contextmanager
    def open_stream(self) -> Iterator[None]:
        yield
