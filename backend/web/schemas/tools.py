"""Bodies of the tool catalogue and the tool servers."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from backend.agent.domain import ServerStatus as Status
from backend.agent.domain import ToolSpec, ToolStatistics
from backend.features.operations.domain import CatalogueEntry, ReplicaStatus, ServerDetail

State = Literal["connecting", "connected", "failed", "disabled", "invalid"]
Reason = Literal["denied", "unusable_name", "name_taken", "read_only", "changed", "disabled", "server_down"]


class Latency(BaseModel):
    """Milliseconds over the newest calls."""

    p50: int
    p99: int


class Hidden(BaseModel):
    """Why the model does not see a tool."""

    reason: Reason
    message: str


class Tool(BaseModel):
    """`fingerprint` is a digest of everything a model is told about the tool; only tools of servers have one."""

    name: str
    server: str
    title: str
    description: str
    risk: Literal["read", "change", "destructive"]
    input_schema: dict[str, Any]  # Any: JSON Schema
    enabled: bool
    hidden: Hidden | None
    fingerprint: str | None
    calls: int
    errors: int
    latency_ms: Latency | None


class ServerStatus(BaseModel):
    name: str
    state: State
    error: str | None
    tools: int


class ToolList(BaseModel):
    items: list[Tool]
    servers: list[ServerStatus]


class AcceptTool(BaseModel):
    """With the fingerprint that was looked at, a description that changed meanwhile is not accepted by mistake."""

    fingerprint: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None


class Replica(BaseModel):
    """One connection; `address` is the origin of its URL, or its command without arguments."""

    address: str
    state: State
    error: str | None
    calls_under_way: int
    times_connected: int


class Server(BaseModel):
    """`calls_draining` are still under way on connections that were replaced."""

    name: str
    state: State
    error: str | None
    tools: int
    transport: Literal["stdio", "http"] | None
    trusted: bool
    replicas: list[Replica]
    calls: int
    errors: int
    latency_ms: Latency | None
    calls_draining: int


class ServerList(BaseModel):
    items: list[Server]


def read_tool(spec: ToolSpec, statistics: ToolStatistics, *, entry: CatalogueEntry | None = None) -> Tool:
    hidden = None if entry is None else entry.hidden
    return Tool(
        name=spec.name,
        server=spec.server,
        title=spec.title,
        description=spec.description,
        risk=spec.risk.value,
        input_schema=dict(spec.input_schema),
        enabled=hidden is None,
        hidden=None if hidden is None else Hidden(reason=hidden.reason.value, message=hidden.message),
        fingerprint=None if entry is None else entry.fingerprint,
        calls=statistics.calls,
        errors=statistics.errors,
        latency_ms=_read_latency(statistics),
    )


def read_status(status: Status) -> ServerStatus:
    return ServerStatus(name=status.name, state=status.state.value, error=status.error, tools=status.tool_count)


def read_server(detail: ServerDetail) -> Server:
    return Server(
        name=detail.status.name,
        state=detail.status.state.value,
        error=detail.status.error,
        tools=detail.status.tool_count,
        transport=detail.transport,
        trusted=detail.is_trusted,
        replicas=[_read_replica(replica) for replica in detail.replicas],
        calls=detail.statistics.calls,
        errors=detail.statistics.errors,
        latency_ms=_read_latency(detail.statistics),
        calls_draining=detail.calls_draining,
    )


def _read_replica(replica: ReplicaStatus) -> Replica:
    return Replica(
        address=replica.address,
        state=replica.state.value,
        error=replica.error,
        calls_under_way=replica.calls_under_way,
        times_connected=replica.times_connected,
    )


def _read_latency(statistics: ToolStatistics) -> Latency | None:
    if statistics.p50_ms is None or statistics.p99_ms is None:
        return None
    return Latency(p50=statistics.p50_ms, p99=statistics.p99_ms)
