"""What notifications need from outside."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from backend.features.notifications.domain import (
    ChannelPlan,
    Claim,
    Delivery,
    DeliveryState,
    Message,
    RobotState,
    SendResult,
)
from backend.vocabulary.severity import Severity


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What came back, whatever its status; at most 64 kB of the body."""

    status: int
    body: bytes


class Poster(Protocol):
    """Sends one HTTP POST."""

    async def post(self, url: str, *, body: bytes, headers: Mapping[str, str]) -> HttpAnswer | SendResult:
        """The answer; or FAILED when nothing can have arrived, UNKNOWN when it may have. Never retries or redirects."""
        ...


class Robot(Protocol):
    """One address that shows messages to a group."""

    @property
    def name(self) -> str:
        """Stable over restarts and without secrets; another address has another name."""
        ...

    async def send(self, message: Message) -> SendResult:
        """Send once, within a bounded time. Never raises for what the other side does."""
        ...


class Channel(Protocol):
    """One kind of robot, with its rules. Robots stand in the order in which they take over from each other."""

    @property
    def name(self) -> str: ...

    @property
    def robots(self) -> Sequence[Robot]: ...

    @property
    def per_minute(self) -> int:
        """Messages that each robot takes in any sixty seconds."""
        ...

    @property
    def min_severity(self) -> Severity: ...


class OutboxStore(Protocol):
    """Messages on their way, safe against crashes. Several processes may work on it."""

    async def add(self, messages: Sequence[tuple[str, Message]], *, at: datetime) -> int:
        """Write channel and message pairs, leaving alone keys that the channel had before; returns how many are new."""
        ...

    async def claim(self, plan: ChannelPlan, *, owner: str, at: datetime) -> Claim | datetime | None:
        """Take what goes out next; else the moment when to ask again, or None when nothing waits."""
        ...

    async def finish(self, claim: Claim, result: SendResult, *, plan: ChannelPlan, at: datetime, jitter: float) -> None:
        """Write down what became of a claim."""
        ...

    async def release_abandoned(self, *, older_than: datetime, at: datetime, owner: str | None = None) -> int:
        """Let wait again what a process that is gone had claimed, that owner or any; it may have been sent."""
        ...

    async def expire(self, *, older_than: datetime) -> int: ...

    async def retry_refused(self, *, channel: str, robots: Sequence[str], newer_than: datetime) -> int:
        """Give the robots and what they refused another chance, as after a start with other settings."""
        ...

    async def purge(self, *, older_than: datetime) -> int: ...

    async def list_page(
        self, *, state: DeliveryState | None, channel: str | None, before: int | None, limit: int
    ) -> Sequence[Delivery]:
        """Newest first."""
        ...

    async def find_by_key(self, key: str) -> Sequence[Delivery]: ...

    async def count(self, channel: str) -> tuple[int, int, datetime | None]:
        """Waiting (or being sent), refused, and when the newest was sent."""
        ...

    async def read_robots(self, channel: str, names: Sequence[str], *, at: datetime) -> Sequence[RobotState]: ...
