"""What is said to people outside, and how a delivery stands."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Annotated, Literal, TypeAlias

from pydantic import Field, TypeAdapter

from backend.vocabulary.language import Language, Text
from backend.vocabulary.severity import Severity

MAX_TITLE_CHARACTERS = 120


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Plain text, drawn as a heading when `is_strong`. Nothing in a block is ever read as markup."""

    text: str
    is_strong: bool = False
    type: Literal["paragraph"] = "paragraph"


@dataclass(frozen=True, slots=True)
class Facts:
    """Labels with their values, one per line."""

    items: tuple[tuple[str, str], ...]
    type: Literal["facts"] = "facts"


@dataclass(frozen=True, slots=True)
class Listing:
    items: tuple[str, ...]
    type: Literal["listing"] = "listing"


@dataclass(frozen=True, slots=True)
class Commands:
    """What a person may copy into a shell, one command per line."""

    lines: tuple[str, ...]
    type: Literal["commands"] = "commands"


@dataclass(frozen=True, slots=True)
class Table:
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    type: Literal["table"] = "table"


Block: TypeAlias = Annotated[Paragraph | Facts | Listing | Commands | Table, Field(discriminator="type")]


@dataclass(frozen=True, slots=True)
class Audience:
    """Whom messages and reports are written for."""

    language: Language
    zone: tzinfo | None = None
    """The time zone in which moments are written; None is the machine's own."""
    link: str | None = None
    """Where the product shows more."""

    def say(self, text: Text) -> str:
        return text.in_language(self.language)

    def write_moment(self, moment: datetime) -> str:
        """`2026-11-21 11:00 +0800`."""
        return moment.astimezone(self.zone).strftime("%Y-%m-%d %H:%M %z")


class MessageKind(StrEnum):
    """What a message is for."""

    ALERT = "alert"
    RECOVERY = "recovery"
    REPORT = "report"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class Message:
    """One message in one language. A channel takes a key only once, so saying the same thing again is harmless."""

    key: str
    kind: MessageKind
    severity: Severity
    title: str
    blocks: tuple[Block, ...] = ()
    language: Language = Language.ZH
    link: str | None = None
    """Where the product shows more."""


_messages = TypeAdapter(Message)


def to_json(message: Message) -> str:
    return _messages.dump_json(message).decode()


def from_json(text: str) -> Message:
    return _messages.validate_json(text)


class DeliveryState(StrEnum):
    """Where a message to one channel stands."""

    WAITING = "waiting"
    SENDING = "sending"
    """Handed to a robot; when its process dies, the message waits again and counts as possibly sent."""
    SENT = "sent"
    REFUSED = "refused"
    """Every robot refused it; the next start tries once more, as the settings may have been mended."""
    EXPIRED = "expired"
    """Undelivered for so long that it says nothing any more."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message on its way to one channel."""

    id: int
    channel: str
    message: Message
    state: DeliveryState
    created_at: datetime
    due_at: datetime
    attempts: int = 0
    is_maybe_sent: bool = False
    """An earlier attempt ended without an answer. It is sent again, and says that it may be a repetition."""
    refused_by: frozenset[str] = frozenset()
    """The robots that will never take this message."""
    error: str | None = None
    sent_at: datetime | None = None


class SendOutcome(StrEnum):
    """What a robot's answer means."""

    SENT = "sent"
    LIMITED = "limited"
    """Too many messages; nothing was shown, and the robot takes nothing for a while."""
    REFUSED_MESSAGE = "refused_message"
    """This message never passes, others may."""
    REFUSED_ROBOT = "refused_robot"
    """Nothing passes before somebody mends the settings."""
    FAILED = "failed"
    """Nothing was delivered for sure; worth another try."""
    UNKNOWN = "unknown"
    """The request went out and nobody knows what became of it."""


@dataclass(frozen=True, slots=True)
class SendResult:
    outcome: SendOutcome
    detail: str = ""
    """The other side's words, without secrets."""
    stop_seconds: float | None = None
    """How long the robot takes nothing, where the rules say so."""


@dataclass(frozen=True, slots=True)
class RobotState:
    """One robot as the outbox remembers it, over restarts and processes."""

    name: str
    stopped_until: datetime | None = None
    is_refused: bool = False
    failures: int = 0
    """In a row."""
    detail: str | None = None
    sent_at: tuple[datetime, ...] = ()
    """Attempts of the last minute, oldest first."""

    def is_usable(self, now: datetime) -> bool:
        return not self.is_refused and (self.stopped_until is None or self.stopped_until <= now)

    def room(self, now: datetime, *, per_minute: int) -> int:
        """How many more messages fit into the sliding minute."""
        since = now - timedelta(minutes=1)
        return per_minute - sum(1 for moment in self.sent_at if moment > since)

    def next_room_at(self, now: datetime, *, per_minute: int) -> datetime:
        """When there is room for one more; now when there is."""
        recent = [moment for moment in self.sent_at if moment > now - timedelta(minutes=1)]
        return now if len(recent) < per_minute else recent[-per_minute] + timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class ChannelPlan:
    """What the outbox needs to know of a channel: its robots in the order of preference, and its limits."""

    name: str
    robots: tuple[str, ...]
    per_minute: int
    digest_from: int
    """From this many waiting messages on they are merged into one."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Deliveries that this process may hand to one robot, together; nobody else touches them meanwhile."""

    send_id: int
    robot: str
    deliveries: tuple[Delivery, ...]

    @property
    def is_maybe_sent(self) -> bool:
        return any(delivery.is_maybe_sent for delivery in self.deliveries)


@dataclass(frozen=True, slots=True)
class ChannelStatus:
    """A channel for people to look at."""

    name: str
    min_severity: Severity
    waiting: int
    refused: int
    last_sent_at: datetime | None
    robots: tuple[RobotState, ...] = field(default=())


def sort_urgent_first(deliveries: Sequence[Delivery]) -> list[Delivery]:
    """Worst first, and within a severity oldest first."""
    return sorted(deliveries, key=lambda delivery: (-delivery.message.severity.rank, delivery.created_at, delivery.id))
