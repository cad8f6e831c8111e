"""Bodies of channels, messages on their way, and reports."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from backend.features.notifications import domain
from backend.web.schemas.patrol import SeverityName

DeliveryStateName = Literal["waiting", "sending", "sent", "refused", "expired"]


class Robot(BaseModel):
    """One address of a channel. `is_refused` until the settings are mended and the backend starts or a test is sent."""

    name: str
    is_refused: bool
    stopped_until: datetime | None
    failures: int
    detail: str | None


class Channel(BaseModel):
    """Where messages go, with its robots in the order in which they take over."""

    name: str
    min_severity: SeverityName
    waiting: int
    refused: int
    last_sent_at: datetime | None
    robots: list[Robot]


class ChannelList(BaseModel):
    items: list[Channel]


class Delivery(BaseModel):
    """One message to one channel. `is_maybe_sent` when an attempt ended without an answer."""

    id: int
    channel: str
    kind: Literal["alert", "recovery", "report", "test"]
    severity: SeverityName
    title: str
    state: DeliveryStateName
    created_at: datetime
    due_at: datetime
    sent_at: datetime | None
    attempts: int
    is_maybe_sent: bool
    error: str | None


class DeliveryPage(BaseModel):
    items: list[Delivery]
    next_before: int | None


class SendReport(BaseModel):
    """Without `channels` the report goes to all of them."""

    model_config = ConfigDict(extra="forbid")

    channels: Annotated[list[Annotated[str, Field(max_length=32)]], Field(min_length=1, max_length=10)] | None = None


class SentReport(BaseModel):
    """To how many channels the report is on its way."""

    channels: int


def read_channel(status: domain.ChannelStatus) -> Channel:
    return Channel(
        name=status.name,
        min_severity=status.min_severity.value,
        waiting=status.waiting,
        refused=status.refused,
        last_sent_at=status.last_sent_at,
        robots=[
            Robot(
                name=robot.name,
                is_refused=robot.is_refused,
                stopped_until=robot.stopped_until,
                failures=robot.failures,
                detail=robot.detail,
            )
            for robot in status.robots
        ],
    )


def read_delivery(delivery: domain.Delivery) -> Delivery:
    message = delivery.message
    return Delivery(
        id=delivery.id,
        channel=delivery.channel,
        kind=message.kind.value,
        severity=message.severity.value,
        title=message.title,
        state=delivery.state.value,
        created_at=delivery.created_at,
        due_at=delivery.due_at,
        sent_at=delivery.sent_at,
        attempts=delivery.attempts,
        is_maybe_sent=delivery.is_maybe_sent,
        error=delivery.error,
    )
