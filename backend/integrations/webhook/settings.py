"""Where messages go as plain JSON."""

from typing import Annotated

from pydantic import Field, SecretStr

from backend.features.notifications.addresses import ChannelSettings
from backend.vocabulary.severity import Severity


class WebhookSettings(ChannelSettings):
    """A channel for everything that is no chat group: a pager, a ticket system, a script."""

    url: SecretStr | None = None
    """Where messages are posted; several are separated by commas and take over from each other."""
    secret: SecretStr | None = None
    """Signs each request: header `X-Ding-Robot-Signature`, hex HMAC-SHA256 of `timestamp.body`."""
    min_severity: Severity = Severity.WARNING
    """The mildest alerts that are sent."""
    per_minute: Annotated[int, Field(ge=1, le=10_000)] = 120
    """Most messages in any sixty seconds."""
