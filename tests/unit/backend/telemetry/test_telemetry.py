"""What is measured of tools, models and runs, and where it goes."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from backend.agent.domain import (
    AssistantMessage,
    Mode,
    ModelEvent,
    ModelFinished,
    ModelRequest,
    Risk,
    TextDelta,
    TokenUsage,
)
from backend.agent.measured_model import MeasuredModel
from backend.integrations.telemetry import RecordingTelemetry, choose_telemetry
from backend.integrations.telemetry.choice import CombinedTelemetry
from backend.integrations.telemetry.tracing import TracingTelemetry
from backend.vocabulary.errors import ErrorKind, ModelError
from backend.vocabulary.language import Language

REQUEST = ModelRequest(instructions="", history=(), tools=(), language=Language.EN)
RUN = "0f8fad5b-d9cb-469f-a165-70867728950e"


class FailingOrNot:
    """Answers with one word, or fails after it."""

    def __init__(self, error: ModelError | None = None) -> None:
        self._error = error

    @property
    def name(self) -> str:
        return "small"

    @property
    def mode(self) -> Mode:
        return "model"

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent]:
        yield TextDelta("hi")
        if self._error is not None:
            raise self._error
        yield ModelFinished(AssistantMessage(text="hi"), usage=TokenUsage(7, 3))


async def exhaust(model: MeasuredModel) -> None:
    async for _ in model.stream(REQUEST):
        pass


def write(telemetry: RecordingTelemetry) -> str:
    return telemetry.write_exposition(active_runs={}, servers=[])[0].decode()


async def test_model_calls_are_measured_with_tokens_and_outcome() -> None:
    telemetry = RecordingTelemetry()
    await exhaust(MeasuredModel(FailingOrNot(), telemetry=telemetry))
    with pytest.raises(ModelError):
        await exhaust(MeasuredModel(FailingOrNot(ModelError(ErrorKind.MODEL_QUOTA, "no")), telemetry=telemetry))

    (model,) = telemetry.read().models
    text = write(telemetry)

    assert (model.calls, model.errors, model.input_tokens, model.output_tokens) == (2, 1, 7, 3)
    assert model.first_token_ms is not None
    assert model.first_token_ms.count == 2
    assert 'ding_robot_model_calls_total{model="small",outcome="model_quota"} 1.0' in text
    assert 'ding_robot_model_calls_total{model="small",outcome="ok"} 1.0' in text


async def test_a_reply_that_nobody_waits_for_is_no_error() -> None:
    telemetry = RecordingTelemetry()
    stream = MeasuredModel(FailingOrNot(), telemetry=telemetry).stream(REQUEST)
    await anext(stream)
    await stream.aclose()

    (model,) = telemetry.read().models

    assert (model.calls, model.errors) == (1, 0)
    assert 'outcome="cancelled"' in write(telemetry)


def test_tool_calls_are_measured_per_server_and_tool() -> None:
    telemetry = RecordingTelemetry()
    for status in ("ok", "error", "asked"):
        with telemetry.tool_call(tool="look", server="k8s", risk=Risk.READ) as record:
            record.status = status
    with pytest.raises(asyncio.CancelledError), telemetry.tool_call(tool="look", server="k8s", risk=Risk.READ):
        raise asyncio.CancelledError

    (tool,) = telemetry.read().tools

    assert (tool.name, tool.server, tool.calls, tool.errors) == ("look", "k8s", 4, 1)
    assert 'ding_robot_tool_calls_total{server="k8s",status="cancelled",tool="look"} 1.0' in write(telemetry)


def test_invented_names_do_not_multiply_the_metrics() -> None:
    telemetry = RecordingTelemetry()
    for number in range(5000):
        with telemetry.tool_call(tool=f"tool-{number}", server="foreign", risk=Risk.READ) as record:
            record.status = "ok"

    measured = telemetry.read()

    assert len(measured.tools) == 301
    assert sum(tool.calls for tool in measured.tools) == 5000
    assert write(telemetry).count("ding_robot_tool_calls_total{") == 301


def test_open_streams_are_counted_up_and_down() -> None:
    telemetry = RecordingTelemetry()
    with telemetry.open_stream(), telemetry.open_stream():
        during = telemetry.read().open_streams

    assert (during, telemetry.read().open_streams) == (2, 0)


@pytest.fixture
def spans() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def telemetry(spans: InMemorySpanExporter) -> CombinedTelemetry:
    return CombinedTelemetry(RecordingTelemetry(), TracingTelemetry(SimpleSpanProcessor(spans)))


def by_name(spans: InMemorySpanExporter) -> dict[str, ReadableSpan]:
    return {span.name: span for span in spans.get_finished_spans()}


async def test_a_run_is_one_trace_of_model_and_tool_calls(
    telemetry: CombinedTelemetry, spans: InMemorySpanExporter
) -> None:
    with telemetry.run_step(RUN, session_id="s1"):
        await exhaust(MeasuredModel(FailingOrNot(), telemetry=telemetry))
        with telemetry.tool_call(tool="look", server="k8s", risk=Risk.READ) as record:
            record.status = "error"

    found = by_name(spans)
    step, chat, tool = found["invoke_agent ding-robot"], found["chat small"], found["execute_tool look"]
    assert {f"{span.context.trace_id:032x}" for span in (step, chat, tool) if span.context} == {RUN.replace("-", "")}
    assert chat.parent is not None
    assert step.context is not None
    assert chat.parent.span_id == step.context.span_id
    assert dict(chat.attributes or {}) == {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "small",
        "gen_ai.usage.input_tokens": 7,
        "gen_ai.usage.output_tokens": 3,
    }
    assert (step.attributes or {})["gen_ai.conversation.id"] == "s1"
    assert (tool.attributes or {})["gen_ai.tool.name"] == "look"
    assert not tool.status.is_ok


async def test_a_run_stays_one_trace_over_a_restart(telemetry: CombinedTelemetry, spans: InMemorySpanExporter) -> None:
    for _ in range(2):
        with telemetry.run_step(RUN, session_id="s1"):
            pass

    first, second = spans.get_finished_spans()
    assert first.context is not None
    assert second.context is not None
    assert first.context.trace_id == second.context.trace_id


async def test_traces_are_off_unless_an_endpoint_is_named() -> None:
    recording = RecordingTelemetry()
    async with AsyncExitStack() as stack:
        chosen = [
            choose_telemetry(recording, environment=environment, stack=stack)
            for environment in ({}, {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://x", "OTEL_SDK_DISABLED": "true"})
        ]

    assert chosen == [recording, recording]


def test_traces_that_are_off_cost_no_import() -> None:
    code = (
        "import sys, backend.main; print([name for name in sys.modules if name.startswith('opentelemetry.sdk')"
        " or name.startswith('opentelemetry.exporter')])"
    )

    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=50)

    assert result.stdout.strip() == "[]"
