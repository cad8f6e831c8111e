"""How often hosts are looked at for the dashboard, and how long their figures are kept."""

from typing import Annotated

from pydantic import BaseModel, Field


class HostSettings(BaseModel):
    """Settings of the host figures."""

    watch: str = "*"
    """Which hosts are watched: ids with * for anything, separated by commas."""
    skip: str = ""
    """Which of those are not, in the same form."""
    sample_seconds: Annotated[int, Field(ge=5, le=3600)] = 30
    """How often hosts are looked at while somebody watches; otherwise only patrol looks."""
    viewer_seconds: Annotated[int, Field(ge=10)] = 90
    """For how long somebody who asked for the hosts counts as watching."""
    keep_hours: Annotated[int, Field(ge=1, le=24 * 14)] = 24
    """How long every single value is kept."""
    keep_days: Annotated[int, Field(ge=1, le=3650)] = 30
    """How long the mean and the largest value of each hour are kept."""
    parallel_calls: Annotated[int, Field(ge=1, le=32)] = 4
    """Tool calls at once for reading hosts."""
    hosts_per_call: Annotated[int, Field(ge=1, le=20)] = 10
    """Hosts in one tool call."""
