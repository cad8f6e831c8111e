"""When health reports are sent."""

from datetime import UTC, datetime
from typing import Annotated

from cronsim import CronSim, CronSimError
from pydantic import BaseModel, Field, field_validator

OFF = "off"


class ReportSettings(BaseModel):
    """Settings of the health report."""

    schedule: str = "5 0,8,16 * * *"
    """When a report is sent, as a cron expression; `off` sends none. Every eight hours, five minutes past the hour:
    on the hour itself the chat platforms are busiest and limit first."""
    trend_hours: Annotated[int, Field(ge=1, le=24)] = 8
    """How far back figures are compared."""
    top_risks: Annotated[int, Field(ge=1, le=50)] = 5
    """How many findings are named as the top risks."""

    @field_validator("schedule")
    @classmethod
    def _check_schedule(cls, value: str) -> str:
        try:
            if value != OFF:
                CronSim(value, datetime.now(UTC))
        except CronSimError as error:
            raise ValueError(f"{value!r} is no cron expression: {error}") from error
        return value
