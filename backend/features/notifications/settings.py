"""When messages are merged, how long they are kept, and in which language they are."""

from datetime import tzinfo
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, Field, field_validator

from backend.vocabulary.language import Language


class NotificationSettings(BaseModel):
    """Settings of all channels; each channel's own addresses and secrets are with its integration."""

    language: Literal["zh", "en"] = "zh"
    """In which language messages and reports are written."""
    timezone: str = ""
    """The time zone of moments in messages and of the report's schedule, such as Asia/Shanghai; by default the
    machine's own."""
    digest_from: Annotated[int, Field(ge=2)] = 5
    """From this many waiting messages on they are merged into one: a group that gets twenty at once reads none."""
    expire_hours: Annotated[float, Field(gt=0)] = 24.0
    """A message that could not be delivered for so long says nothing any more; it stays listed as expired."""
    keep_days: Annotated[int, Field(ge=1)] = 30
    """How long delivered and expired messages stay listed."""

    @field_validator("timezone")
    @classmethod
    def _check_timezone(cls, value: str) -> str:
        try:
            if value:
                ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"{value!r} is no time zone; write it as Asia/Shanghai") from error
        return value

    @property
    def zone(self) -> tzinfo | None:
        """None is the machine's own."""
        return ZoneInfo(self.timezone) if self.timezone else None

    @property
    def chosen_language(self) -> Language:
        return Language.ZH if self.language == "zh" else Language.EN
