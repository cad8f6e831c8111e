"""Traces arrive at a collector over OTLP."""

import threading
from collections.abc import Iterator
from contextlib import AsyncExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from backend.agent.domain import Risk
from backend.integrations.telemetry import RecordingTelemetry, choose_telemetry


class Collector(ThreadingHTTPServer):
    """Keeps the names of the spans it is sent."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.names: list[str] = []


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert isinstance(self.server, Collector)
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.headers.get("content-encoding") == "gzip":
            raise AssertionError("uncompressed is the default")
        request = ExportTraceServiceRequest.FromString(body)
        for resource in request.resource_spans:
            for scope in resource.scope_spans:
                self.server.names += [span.name for span in scope.spans]
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def collector() -> Iterator[Collector]:
    server = Collector()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    thread.join(timeout=5)
    server.server_close()


async def test_spans_reach_a_collector_before_the_process_ends(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint = f"http://127.0.0.1:{collector.server_port}"
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
    async with AsyncExitStack() as stack:
        telemetry = choose_telemetry(
            RecordingTelemetry(), environment={"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint}, stack=stack
        )
        with (
            telemetry.run_step("run", session_id="s"),
            telemetry.tool_call(tool="look", server="k8s", risk=Risk.READ) as record,
        ):
            record.status = "ok"

    assert sorted(collector.names) == ["execute_tool look", "invoke_agent ding-robot"]
