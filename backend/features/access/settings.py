"""Settings of access control."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

PerMinute = Annotated[int, Field(ge=1, le=100_000)]


class AccessSettings(BaseModel):
    """Roles, logins and request rates."""

    approvers: Literal["operator", "admin"] = "admin"
    """The lowest role that may answer approvals. Admin, so that nobody approves what they asked for themselves."""
    login_hours: Annotated[float, Field(gt=0, le=24 * 90)] = 12.0
    """How long a browser stays logged in: a working day."""
    runs_per_minute: PerMinute = 60
    """Questions per token, or per address without one."""
    decisions_per_minute: PerMinute = 60
    """Decisions and other changes per token, or per address without one."""
    logins_per_minute: PerMinute = 10
    """Logins, and refused tokens, per address."""
