"""When messages are merged, how long they are kept, and in which language they are."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from backend.vocabulary.language import Language


class NotificationSettings(BaseModel):
    """Settings of all channels; each channel's own addresses and secrets are with its integration."""

    language: Literal["zh", "en"] = "zh"
    """In which language messages and reports are written."""
    digest_from: Annotated[int, Field(ge=2)] = 5
    """From this many waiting messages on they are merged into one: a group that gets twenty at once reads none."""
    expire_hours: Annotated[float, Field(gt=0)] = 24.0
    """A message that could not be delivered for so long says nothing any more; it stays listed as expired."""
    keep_days: Annotated[int, Field(ge=1)] = 30
    """How long delivered and expired messages stay listed."""

    @property
    def chosen_language(self) -> Language:
        return Language.ZH if self.language == "zh" else Language.EN
