"""Measures everything the agent reports, in memory."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from backend.agent.domain import Risk
from backend.agent.telemetry import ModelCallRecord, ToolCallRecord
from backend.features.operations.domain import Measurements, ModelPerformance, ServerDetail, ToolPerformance
from backend.integrations.telemetry.metrics import Metrics
from backend.integrations.telemetry.windows import BoundedNames, Window

_MAX_TOOLS = 300
_MAX_MODELS = 50
_FAULTS = frozenset({"error", "unknown"})


@dataclass(slots=True)
class _ToolCalls:
    calls: int = 0
    errors: int = 0
    latency: Window = field(default_factory=Window)


@dataclass(slots=True)
class _ModelCalls:
    calls: int = 0
    errors: int = 0
    first_token: Window = field(default_factory=Window)
    total: Window = field(default_factory=Window)
    input_tokens: int = 0
    output_tokens: int = 0


class RecordingTelemetry:
    """Implements Telemetry and MeasurementReader."""

    def __init__(self) -> None:
        self._metrics = Metrics()
        self._started = time.monotonic()
        self._tool_names = BoundedNames(_MAX_TOOLS)
        self._model_names = BoundedNames(_MAX_MODELS)
        self._tools: dict[tuple[str, ...], _ToolCalls] = {}
        self._models: dict[str, _ModelCalls] = {}
        self._open_streams = 0
        self._ended_runs: dict[str, int] = {}
        self._run = Window()
        self._queue = Window()
        self._append = Window()
        self._events = 0

    @contextmanager
    def run_step(self, run_id: str, *, session_id: str) -> Iterator[None]:
        yield

    def run_taken_up(self, run_id: str, *, queued_seconds: float) -> None:
        self._queue.add(queued_seconds)
        self._metrics.queue_seconds.observe(queued_seconds)

    def run_ended(self, run_id: str, *, outcome: str, seconds: float) -> None:
        self._ended_runs[outcome] = self._ended_runs.get(outcome, 0) + 1
        self._run.add(seconds)
        self._metrics.runs_ended.labels(outcome).inc()
        self._metrics.run_seconds.observe(seconds)

    @contextmanager
    def model_call(self, *, model: str) -> Iterator[ModelCallRecord]:
        record = ModelCallRecord()
        started = time.perf_counter()
        try:
            yield record
        finally:
            self._note_model_call(record, model=model, started=started)

    @contextmanager
    def tool_call(self, *, tool: str, server: str, risk: Risk) -> Iterator[ToolCallRecord]:
        record = ToolCallRecord()
        started = time.perf_counter()
        try:
            yield record
        finally:
            seconds = time.perf_counter() - started
            key = self._tool_names.admit(server, tool)
            known = self._tools.setdefault(key, _ToolCalls())
            known.calls += 1
            known.errors += int(record.status in _FAULTS)
            known.latency.add(seconds)
            self._metrics.tool_calls.labels(*key, record.status).inc()
            self._metrics.tool_seconds.labels(*key).observe(seconds)

    def events_appended(self, count: int, *, seconds: float) -> None:
        self._events += count
        self._append.add(seconds)
        self._metrics.events.inc(count)
        self._metrics.append_seconds.observe(seconds)

    @contextmanager
    def open_stream(self) -> Iterator[None]:
        self._open_streams += 1
        self._metrics.open_streams.set(self._open_streams)
        try:
            yield
        finally:
            self._open_streams -= 1
            self._metrics.open_streams.set(self._open_streams)

    def read(self) -> Measurements:
        return Measurements(
            uptime_seconds=round(time.monotonic() - self._started, 1),
            tools=tuple(_read_tool(key, calls) for key, calls in sorted(self._tools.items())),
            models=tuple(_read_model(name, calls) for name, calls in sorted(self._models.items())),
            open_streams=self._open_streams,
            ended_runs=dict(self._ended_runs),
            run_ms=self._run.read(),
            queue_wait_ms=self._queue.read(),
            event_append_ms=self._append.read(),
            events_appended=self._events,
        )

    def write_exposition(self, *, active_runs: Mapping[str, int], servers: Sequence[ServerDetail]) -> tuple[bytes, str]:
        return self._metrics.write(active_runs=active_runs, servers=servers)

    def _note_model_call(self, record: ModelCallRecord, *, model: str, started: float) -> None:
        seconds = time.perf_counter() - started
        (name,) = self._model_names.admit(model)
        known = self._models.setdefault(name, _ModelCalls())
        known.calls += 1
        known.errors += int(record.outcome not in {"ok", "cancelled"})
        known.total.add(seconds)
        self._metrics.model_calls.labels(name, record.outcome).inc()
        self._metrics.model_seconds.labels(name).observe(seconds)
        if record.first_token_at is not None:
            known.first_token.add(record.first_token_at - started)
            self._metrics.first_token_seconds.labels(name).observe(record.first_token_at - started)
        if record.usage is not None:
            known.input_tokens += record.usage.input_tokens
            known.output_tokens += record.usage.output_tokens
            self._metrics.tokens.labels(name, "input").inc(record.usage.input_tokens)
            self._metrics.tokens.labels(name, "output").inc(record.usage.output_tokens)


def _read_tool(key: tuple[str, ...], calls: _ToolCalls) -> ToolPerformance:
    server, name = key
    return ToolPerformance(
        name=name, server=server, calls=calls.calls, errors=calls.errors, latency_ms=calls.latency.read()
    )


def _read_model(name: str, calls: _ModelCalls) -> ModelPerformance:
    return ModelPerformance(
        name=name,
        calls=calls.calls,
        errors=calls.errors,
        first_token_ms=calls.first_token.read(),
        total_ms=calls.total.read(),
        input_tokens=calls.input_tokens,
        output_tokens=calls.output_tokens,
    )
