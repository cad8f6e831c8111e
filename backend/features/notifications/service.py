"""Takes messages, and hands each to a robot of every channel that wants it."""

import asyncio
import logging
import random
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from backend.agent.interfaces import AuditTrail
from backend.features.notifications.digest import compose
from backend.features.notifications.domain import (
    ChannelPlan,
    ChannelStatus,
    Claim,
    Delivery,
    DeliveryState,
    Message,
    MessageKind,
    SendOutcome,
    SendResult,
)
from backend.features.notifications.interfaces import Channel, OutboxStore
from backend.features.notifications.settings import NotificationSettings
from backend.vocabulary.clock import Clock
from backend.vocabulary.errors import NotFound, Unavailable
from backend.vocabulary.language import Text
from backend.vocabulary.severity import Severity

ABANDONED_SECONDS = 120.0
"""Longer than any send may take; what is claimed for longer belongs to a process that is gone."""
_LOOK_SECONDS = 30.0
"""How often the outbox is looked at without a wake-up: other processes write to it too."""
_TEST_TITLE = Text(en="Test message from ding-robot (告警 alert, 日报 report)", zh="ding-robot 测试消息（告警、日报）")
_log = logging.getLogger(__name__)


class NotificationService:
    """Several processes may run it on one database: claims keep them apart."""

    def __init__(
        self,
        *,
        channels: Sequence[Channel],
        outbox: OutboxStore,
        audit: AuditTrail,
        clock: Clock,
        settings: NotificationSettings,
        owner: str,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """`owner` names this process among those that deliver; what it left open when it died is its own again."""
        self._channels = {channel.name: channel for channel in channels}
        self._outbox = outbox
        self._audit = audit
        self._clock = clock
        self._settings = settings
        self._owner = owner
        self._jitter = jitter
        self._wake_ups = {name: asyncio.Event() for name in self._channels}
        self._workers: list[asyncio.Task[None]] = []

    @property
    def channel_names(self) -> Sequence[str]:
        return list(self._channels)

    async def start(self) -> None:
        """Deliver in the background. What every robot refused is tried once more: the settings may be others now."""
        now = self._clock.now()
        await self._outbox.release_abandoned(older_than=now, at=now, owner=self._owner)
        await self.retry_refused()
        self._workers = [
            asyncio.create_task(self._work(channel), name=f"notify-{channel.name}")
            for channel in self._channels.values()
        ]

    async def retry_refused(self) -> None:
        """Try once more what every robot refused, as far as it still says something."""
        since = self._clock.now() - timedelta(hours=self._settings.expire_hours)
        for channel in self._channels.values():
            await self._retry_refused(channel, newer_than=since)

    async def stop(self) -> None:
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)
        self._workers = []

    def route(self, messages: Iterable[Message], *, channels: Sequence[str] | None = None) -> list[tuple[str, Message]]:
        """Which channel gets what: those named, or every channel that takes messages as mild as this."""
        chosen = [self._find(name) for name in channels] if channels is not None else list(self._channels.values())
        return [
            (channel.name, message)
            for message in messages
            for channel in chosen
            if channels is not None or _takes(channel, message)
        ]

    async def send(self, message: Message, *, channels: Sequence[str] | None = None, by: str | None = None) -> int:
        """Write a message down and have it delivered. Returns to how many channels it is new; raise NotFound.

        `by` is the person who wished it, for the audit; robots that refused everything get another chance for them.
        """
        if by is not None:
            for name in channels if channels is not None else self._channels:
                await self._retry_refused(self._find(name), newer_than=self._clock.now())
        added = await self._outbox.add(self.route([message], channels=channels), at=self._clock.now())
        self.wake()
        if by is not None:
            await self._record(message, channels=channels, by=by)
        return added

    async def send_test(self, channel: str, *, by: str) -> Message:
        """A message that shows whether a channel works. Raise NotFound."""
        now = self._clock.now()
        language = self._settings.chosen_language
        message = Message(
            key=f"test:{now.isoformat()}:{by}",
            kind=MessageKind.TEST,
            severity=Severity.INFO,
            title=_TEST_TITLE.in_language(language),
            language=language,
        )
        await self.send(message, channels=[channel], by=by)
        return message

    def wake(self) -> None:
        """Somebody else has written to the outbox, in a transaction of their own."""
        for event in self._wake_ups.values():
            event.set()

    async def deliver_due(self, channel: str) -> datetime | None:
        """Send everything that can go out now; returns when there will be more, None when nothing waits."""
        chosen = self._find(channel)
        plan = self._plan(chosen)
        while True:
            now = self._clock.now()
            await self._outbox.release_abandoned(older_than=now - timedelta(seconds=ABANDONED_SECONDS), at=now)
            await self._outbox.expire(older_than=now - timedelta(hours=self._settings.expire_hours))
            claim = await self._outbox.claim(plan, owner=self._owner, at=now)
            if not isinstance(claim, Claim):
                return claim
            await self._deliver(chosen, plan=plan, claim=claim)

    async def purge(self) -> int:
        return await self._outbox.purge(older_than=self._clock.now() - timedelta(days=self._settings.keep_days))

    async def list_deliveries(
        self, *, state: DeliveryState | None, channel: str | None, before: int | None, limit: int
    ) -> Sequence[Delivery]:
        return await self._outbox.list_page(state=state, channel=channel, before=before, limit=limit)

    async def find_deliveries(self, key: str) -> Sequence[Delivery]:
        return await self._outbox.find_by_key(key)

    async def list_channels(self) -> list[ChannelStatus]:
        return [await self._status_of(channel) for channel in self._channels.values()]

    async def _status_of(self, channel: Channel) -> ChannelStatus:
        waiting, refused, last_sent_at = await self._outbox.count(channel.name)
        names = [robot.name for robot in channel.robots]
        return ChannelStatus(
            name=channel.name,
            min_severity=channel.min_severity,
            waiting=waiting,
            refused=refused,
            last_sent_at=last_sent_at,
            robots=tuple(await self._outbox.read_robots(channel.name, names, at=self._clock.now())),
        )

    async def _work(self, channel: Channel) -> None:
        wake_up = self._wake_ups[channel.name]
        while True:
            wake_up.clear()
            try:
                next_at = await self.deliver_due(channel.name)
            except Exception:  # noqa: BLE001  # the outermost edge of a task: the outbox keeps what could not be sent
                _log.exception("delivery to %s stopped; it goes on in %g s", channel.name, _LOOK_SECONDS)
                next_at = None
            await _wait(wake_up, seconds=self._seconds_until(next_at))

    def _seconds_until(self, moment: datetime | None) -> float:
        if moment is None:
            return _LOOK_SECONDS
        return min(_LOOK_SECONDS, max(0.05, (moment - self._clock.now()).total_seconds()))

    async def _deliver(self, channel: Channel, *, plan: ChannelPlan, claim: Claim) -> None:
        robot = next(robot for robot in channel.robots if robot.name == claim.robot)
        try:
            result = await robot.send(compose(claim.deliveries))
        except asyncio.CancelledError:
            # The request may be out already; whoever goes on must know that.
            cut = SendResult(SendOutcome.UNKNOWN, "the backend was stopped while sending")
            await asyncio.shield(self._finish(claim, cut, plan=plan))
            raise
        await asyncio.shield(self._finish(claim, result, plan=plan))
        if result.outcome is not SendOutcome.SENT:
            _log.warning("%s: %s of %d messages: %s", robot.name, result.outcome, len(claim.deliveries), result.detail)

    async def _finish(self, claim: Claim, result: SendResult, *, plan: ChannelPlan) -> None:
        await self._outbox.finish(claim, result, plan=plan, at=self._clock.now(), jitter=self._jitter())

    async def _record(self, message: Message, *, channels: Sequence[str] | None, by: str) -> None:
        details = {"kind": message.kind.value, "channels": list(channels or self._channels)}
        try:
            await self._audit.record("notification.sent", actor=by, subject=message.title, details=details)
        except Unavailable:
            _log.exception("the message %r that %s sent is not in the audit", message.title, by)

    async def _retry_refused(self, channel: Channel, *, newer_than: datetime) -> None:
        robots = [robot.name for robot in channel.robots]
        await self._outbox.retry_refused(channel=channel.name, robots=robots, newer_than=newer_than)

    def _plan(self, channel: Channel) -> ChannelPlan:
        return ChannelPlan(
            name=channel.name,
            robots=tuple(robot.name for robot in channel.robots),
            per_minute=channel.per_minute,
            digest_from=self._settings.digest_from,
        )

    def _find(self, name: str) -> Channel:
        channel = self._channels.get(name)
        if channel is not None:
            return channel
        known = ", ".join(self._channels) or "none"
        raise NotFound(
            Text(
                en=f"No channel {name!r} is configured; there is: {known}.",
                zh=f"没有配置渠道 {name!r}；已有：{known}。",
            ),
            hint=Text(
                en="DINGTALK_WEBHOOK_URL, FEISHU_WEBHOOK or WEBHOOK_URL configure one.",
                zh="通过 DINGTALK_WEBHOOK_URL、FEISHU_WEBHOOK 或 WEBHOOK_URL 配置渠道。",
            ),
        )


def _takes(channel: Channel, message: Message) -> bool:
    """Reports and tests concern every channel; the rest is a matter of severity."""
    if message.kind in {MessageKind.REPORT, MessageKind.TEST}:
        return True
    return message.severity.rank >= channel.min_severity.rank


async def _wait(event: asyncio.Event, *, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
