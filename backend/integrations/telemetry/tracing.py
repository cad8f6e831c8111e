"""Traces by OpenTelemetry's conventions for generative AI. Imported only when an endpoint is configured.

A run is one trace: its trace id is the run's own id, so that the steps before and after a restart meet in it.
Names, numbers and outcomes are told; neither messages nor arguments nor results leave the process this way.
"""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, Status, StatusCode, TraceFlags

from backend.agent.domain import Risk
from backend.agent.telemetry import ModelCallRecord, NoTelemetry, ToolCallRecord

_AGENT = "ding-robot"
_EXPORT_SECONDS = 3.0
"""How long one batch is tried. The last one holds up the shutdown for as long when the collector is away."""
_FAULTS = frozenset({"error", "unknown"})


class TracingTelemetry(NoTelemetry):
    """Implements Telemetry. Counts nothing; spans only."""

    def __init__(self, processor: SpanProcessor) -> None:
        resource = Resource.create({"service.name": _AGENT, "service.version": version("ding-robot")})
        self._provider = TracerProvider(resource=resource)
        self._provider.add_span_processor(processor)
        # The MCP client takes the trace on to tool servers through the global provider.
        trace.set_tracer_provider(self._provider)
        self._tracer = self._provider.get_tracer("ding_robot")

    @classmethod
    def exporting(cls) -> "TracingTelemetry":
        """To where OTEL_EXPORTER_OTLP_ENDPOINT says, in the background."""
        seconds = None if os.environ.get("OTEL_EXPORTER_OTLP_TIMEOUT") else _EXPORT_SECONDS
        return cls(BatchSpanProcessor(OTLPSpanExporter(timeout=seconds)))

    def close(self) -> None:
        """Send what is left."""
        self._provider.shutdown()

    @contextmanager
    def run_step(self, run_id: str, *, session_id: str) -> Iterator[None]:
        parent = trace.set_span_in_context(NonRecordingSpan(_context_of(run_id)))
        attributes = {
            "gen_ai.operation.name": "invoke_agent",
            "gen_ai.agent.name": _AGENT,
            "gen_ai.conversation.id": session_id,
            "ding_robot.run.id": run_id,
        }
        with self._tracer.start_as_current_span(f"invoke_agent {_AGENT}", context=parent, attributes=attributes):
            yield

    @contextmanager
    def model_call(self, *, model: str) -> Iterator[ModelCallRecord]:
        record = ModelCallRecord()
        # Not made current: the reply is streamed through a generator, which is left and entered all the time.
        span = self._tracer.start_span(
            f"chat {model}",
            kind=SpanKind.CLIENT,
            attributes={"gen_ai.operation.name": "chat", "gen_ai.request.model": model},
        )
        try:
            yield record
        finally:
            if record.usage is not None:
                span.set_attribute("gen_ai.usage.input_tokens", record.usage.input_tokens)
                span.set_attribute("gen_ai.usage.output_tokens", record.usage.output_tokens)
            if record.first_token_at is not None:
                span.add_event("first token")
            if record.outcome not in {"ok", "cancelled"}:
                span.set_attribute("error.type", record.outcome)
                span.set_status(Status(StatusCode.ERROR, record.outcome))
            span.end()

    @contextmanager
    def tool_call(self, *, tool: str, server: str, risk: Risk) -> Iterator[ToolCallRecord]:
        record = ToolCallRecord()
        attributes = {
            "gen_ai.operation.name": "execute_tool",
            "gen_ai.tool.name": tool,
            "gen_ai.tool.type": "extension",
            "ding_robot.tool.server": server,
            "ding_robot.tool.risk": risk.value,
        }
        with self._tracer.start_as_current_span(f"execute_tool {tool}", attributes=attributes) as span:
            try:
                yield record
            finally:
                span.set_attribute("ding_robot.tool.status", record.status)
                if record.status in _FAULTS:
                    span.set_attribute("error.type", record.status)
                    span.set_status(Status(StatusCode.ERROR, record.status))


def _context_of(run_id: str) -> SpanContext:
    digest = hashlib.sha256(run_id.encode()).digest()
    try:
        trace_id = int(run_id.replace("-", ""), 16) % 2**128 or 1
    except ValueError:
        trace_id = int.from_bytes(digest[:16], "big") or 1
    span_id = int.from_bytes(digest[16:24], "big") or 1
    return SpanContext(trace_id=trace_id, span_id=span_id, is_remote=True, trace_flags=TraceFlags(TraceFlags.SAMPLED))
