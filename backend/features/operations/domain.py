"""What an operator sees of tools and tool servers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from backend.agent.domain import ServerState, ServerStatus, ToolSpec, ToolStatistics


class HiddenReason(StrEnum):
    """Why the model does not see a tool that a server offers."""

    DENIED = "denied"
    """The configuration file does not expose it."""
    UNUSABLE_NAME = "unusable_name"
    NAME_TAKEN = "name_taken"
    READ_ONLY = "read_only"
    CHANGED = "changed"
    """A foreign server describes it otherwise than when it was first seen or last accepted."""
    DISABLED = "disabled"
    """A person switched it off."""
    SERVER_DOWN = "server_down"


@dataclass(frozen=True, slots=True)
class Hidden:
    reason: HiddenReason
    message: str


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """One tool a server offers. `fingerprint` is a digest of everything a model is told about it."""

    spec: ToolSpec
    fingerprint: str
    hidden: Hidden | None = None


@dataclass(frozen=True, slots=True)
class ReplicaStatus:
    """One connection. `address` is the origin of its URL, or its command without arguments."""

    address: str
    state: ServerState
    error: str | None
    calls_under_way: int
    times_connected: int


@dataclass(frozen=True, slots=True)
class ServerDetail:
    """One configured server; `calls_draining` are still under way on connections that were replaced."""

    status: ServerStatus
    transport: Literal["stdio", "http"] | None = None
    is_trusted: bool = False
    replicas: tuple[ReplicaStatus, ...] = ()
    statistics: ToolStatistics = field(default_factory=ToolStatistics)
    calls_draining: int = 0


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Milliseconds over the newest `count` observations."""

    count: int
    p50: float
    p95: float
    p99: float


@dataclass(frozen=True, slots=True)
class ToolPerformance:
    name: str
    server: str
    calls: int
    errors: int
    latency_ms: Percentiles | None


@dataclass(frozen=True, slots=True)
class ModelPerformance:
    name: str
    calls: int
    errors: int
    first_token_ms: Percentiles | None
    total_ms: Percentiles | None
    input_tokens: int
    output_tokens: int


@dataclass(frozen=True, slots=True)
class Measurements:
    """What was measured since the process started."""

    uptime_seconds: float
    tools: tuple[ToolPerformance, ...]
    models: tuple[ModelPerformance, ...]
    open_streams: int
    ended_runs: Mapping[str, int]
    """Number by outcome."""
    run_ms: Percentiles | None
    queue_wait_ms: Percentiles | None
    event_append_ms: Percentiles | None
    events_appended: int


@dataclass(frozen=True, slots=True)
class Performance:
    """Measurements and what is at work now; `active_runs` by state."""

    measured: Measurements
    active_runs: Mapping[str, int]
