"""Bodies of the tool catalogue, health and problem details."""

from typing import Any, Literal

from pydantic import BaseModel


class Latency(BaseModel):
    """Milliseconds over the newest calls."""

    p50: int
    p99: int


class Tool(BaseModel):
    name: str
    server: str
    title: str
    description: str
    risk: Literal["read", "change", "destructive"]
    input_schema: dict[str, Any]  # Any: JSON Schema
    enabled: bool
    calls: int
    errors: int
    latency_ms: Latency | None


class ServerStatus(BaseModel):
    name: str
    state: Literal["connecting", "connected", "failed", "disabled", "invalid"]
    error: str | None
    tools: int


class ToolList(BaseModel):
    items: list[Tool]
    servers: list[ServerStatus]


HealthStatus = Literal["ok", "degraded", "unavailable"]


class HealthPart(BaseModel):
    name: str
    status: HealthStatus
    detail: str | None


class Health(BaseModel):
    """`unavailable` when no question can be taken; `degraded` when some part is missing."""

    status: HealthStatus
    mode: Literal["model", "rules"]
    parts: list[HealthPart]


class Problem(BaseModel):
    """RFC 9457 problem details; `code` is stable, `detail` and `hint` are in the caller's language."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    hint: str | None = None
    instance: str
