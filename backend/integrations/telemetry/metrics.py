"""The metrics as Prometheus scrapes them. Labels are names from the configuration and fixed words only."""

from collections.abc import Mapping, Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.process_collector import ProcessCollector

from backend.agent.domain import ServerState
from backend.features.operations.domain import ServerDetail

_FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5)
_SLOW = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)


class Metrics:
    """One registry of its own: importing another library adds nothing to it."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.tool_seconds = self._histogram("tool_call_seconds", "Duration of tool calls.", ["server", "tool"], _SLOW)
        self.tool_calls = self._counter("tool_calls", "Tool calls by how they ended.", ["server", "tool", "status"])
        self.model_seconds = self._histogram("model_call_seconds", "Duration of model calls.", ["model"], _SLOW)
        self.first_token_seconds = self._histogram(
            "model_first_token_seconds", "Time until a model's first sign of life.", ["model"], _SLOW
        )
        self.model_calls = self._counter("model_calls", "Model calls by how they ended.", ["model", "outcome"])
        self.tokens = self._counter("model_tokens", "Tokens read and written by models.", ["model", "direction"])
        self.runs_ended = self._counter("runs_ended", "Runs by how they ended.", ["outcome"])
        self.run_seconds = self._histogram("run_seconds", "From question to the end of the run.", [], _SLOW)
        self.queue_seconds = self._histogram("run_queue_seconds", "How long runs waited to be taken up.", [], _SLOW)
        self.append_seconds = self._histogram(
            "event_append_seconds", "Duration of a write to the event log.", [], _FAST
        )
        self.events = self._counter("events_appended", "Events written to the log.", [])
        self.open_streams = self._gauge("open_event_streams", "Clients that follow a run now.", [])
        self._active_runs = self._gauge("active_runs", "Runs that are not over, by state.", ["state"])
        self._server_up = self._gauge("tool_server_up", "1 when the server is connected.", ["server"])
        self._replicas_up = self._gauge("tool_server_replicas_up", "Replicas that are connected.", ["server"])

    def write(self, *, active_runs: Mapping[str, int], servers: Sequence[ServerDetail]) -> tuple[bytes, str]:
        """The text and its content type."""
        for state, count in active_runs.items():
            self._active_runs.labels(state).set(count)
        # Servers that left the configuration leave the metrics too.
        self._server_up.clear()
        self._replicas_up.clear()
        for detail in servers:
            name = detail.status.name
            self._server_up.labels(name).set(detail.status.state is ServerState.CONNECTED)
            connected = sum(1 for replica in detail.replicas if replica.state is ServerState.CONNECTED)
            self._replicas_up.labels(name).set(connected)
        return generate_latest(self.registry), CONTENT_TYPE_PLAIN_0_0_4

    def _histogram(self, name: str, text: str, labels: list[str], buckets: tuple[float, ...]) -> Histogram:
        return Histogram(f"ding_robot_{name}", text, labels, buckets=buckets, registry=self.registry)

    def _counter(self, name: str, text: str, labels: list[str]) -> Counter:
        return Counter(f"ding_robot_{name}", text, labels, registry=self.registry)

    def _gauge(self, name: str, text: str, labels: list[str]) -> Gauge:
        return Gauge(f"ding_robot_{name}", text, labels, registry=self.registry)
