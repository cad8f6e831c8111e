"""Bodies of login and audit."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from backend.features.access.domain import Principal


class LoginRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    token: Annotated[str, Field(min_length=1, max_length=200)]


class Me(BaseModel):
    """Who the caller is; name and role are null before a login."""

    name: str | None
    role: Literal["viewer", "operator", "admin"] | None
    is_login_required: bool


class AuditRecord(BaseModel):
    """One record; its hash covers the one before it."""

    seq: int
    at: datetime
    actor: str
    action: str
    subject: str
    details: dict[str, Any]  # Any: JSON
    previous_hash: str
    hash: str


class AuditPage(BaseModel):
    """Newest first; `next_before` leads to older ones."""

    items: list[AuditRecord]
    next_before: int | None


def read_me(principal: Principal | None, *, is_login_required: bool) -> Me:
    return Me(
        name=None if principal is None else principal.name,
        role=None if principal is None else principal.role.value,
        is_login_required=is_login_required,
    )
