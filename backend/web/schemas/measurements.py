"""Body of the performance report."""

from pydantic import BaseModel, ConfigDict


class _Report(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class Percentiles(_Report):
    """Milliseconds over the newest `count` observations."""

    count: int
    p50: float
    p95: float
    p99: float


class ToolPerformance(_Report):
    name: str
    server: str
    calls: int
    errors: int
    latency_ms: Percentiles | None


class ModelPerformance(_Report):
    name: str
    calls: int
    errors: int
    first_token_ms: Percentiles | None
    total_ms: Percentiles | None
    input_tokens: int
    output_tokens: int


class Runs(_Report):
    """`active` by state now, `ended` by outcome since the start."""

    active: dict[str, int]
    ended: dict[str, int]
    total_ms: Percentiles | None
    queue_wait_ms: Percentiles | None


class EventLog(_Report):
    events: int
    append_ms: Percentiles | None


class Performance(_Report):
    """What was measured since the process started."""

    uptime_seconds: float
    tools: list[ToolPerformance]
    models: list[ModelPerformance]
    runs: Runs
    event_log: EventLog
    open_streams: int
