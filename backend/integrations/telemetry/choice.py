"""Chooses what measures: always the process itself, and traces where an endpoint is configured."""

import asyncio
import logging
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager

from backend.agent.domain import Risk
from backend.agent.interfaces import Telemetry
from backend.agent.telemetry import ModelCallRecord, ToolCallRecord
from backend.integrations.telemetry.recording import RecordingTelemetry

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_log = logging.getLogger(__name__)


def choose_telemetry(
    recording: RecordingTelemetry, *, environment: Mapping[str, str], stack: AsyncExitStack
) -> Telemetry:
    """Traces cost nothing, not even an import, unless an endpoint for them is configured."""
    is_off = environment.get("OTEL_SDK_DISABLED", "").lower() == "true"
    if is_off or not any(environment.get(name) for name in _ENDPOINTS):
        return recording
    try:
        from backend.integrations.telemetry.tracing import TracingTelemetry
    except ImportError as error:
        _log.warning("no traces, although an endpoint is configured: %s; install ding-robot[otel]", error)
        return recording
    tracing = TracingTelemetry.exporting()
    # What is left is sent from a thread: a collector that is away must not hold up the shutdown of the rest.
    stack.push_async_callback(asyncio.to_thread, tracing.close)
    return CombinedTelemetry(recording, tracing)


class CombinedTelemetry:
    """Implements Telemetry by telling two others; the first one's records are filled in by the callers."""

    def __init__(self, first: Telemetry, second: Telemetry) -> None:
        self._first = first
        self._second = second

    @contextmanager
    def run_step(self, run_id: str, *, session_id: str) -> Iterator[None]:
        with (
            self._first.run_step(run_id, session_id=session_id),
            self._second.run_step(run_id, session_id=session_id),
        ):
            yield

    def run_taken_up(self, run_id: str, *, queued_seconds: float) -> None:
        self._first.run_taken_up(run_id, queued_seconds=queued_seconds)
        self._second.run_taken_up(run_id, queued_seconds=queued_seconds)

    def run_ended(self, run_id: str, *, outcome: str, seconds: float) -> None:
        self._first.run_ended(run_id, outcome=outcome, seconds=seconds)
        self._second.run_ended(run_id, outcome=outcome, seconds=seconds)

    @contextmanager
    def model_call(self, *, model: str) -> Iterator[ModelCallRecord]:
        with self._first.model_call(model=model) as record, self._second.model_call(model=model) as copy:
            try:
                yield record
            finally:
                copy.outcome, copy.usage, copy.first_token_at = record.outcome, record.usage, record.first_token_at

    @contextmanager
    def tool_call(self, *, tool: str, server: str, risk: Risk) -> Iterator[ToolCallRecord]:
        with (
            self._first.tool_call(tool=tool, server=server, risk=risk) as record,
            self._second.tool_call(tool=tool, server=server, risk=risk) as copy,
        ):
            try:
                yield record
            finally:
                copy.status = record.status

    def events_appended(self, count: int, *, seconds: float) -> None:
        self._first.events_appended(count, seconds=seconds)
        self._second.events_appended(count, seconds=seconds)

    @contextmanager
    def open_stream(self) -> Iterator[None]:
        with self._first.open_stream(), self._second.open_stream():
            yield
