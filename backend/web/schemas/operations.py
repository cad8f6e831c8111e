"""Bodies of health and problem details."""

from typing import Literal

from pydantic import BaseModel

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
