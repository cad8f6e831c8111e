"""An outbox on a real SQLite file, robots by their platforms' rules, one clock for all."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest
from pydantic import SecretStr

from backend.features.audit.service import AuditService
from backend.features.notifications.domain import Delivery, DeliveryState, Message, MessageKind, Paragraph
from backend.features.notifications.interfaces import Channel
from backend.features.notifications.service import NotificationService
from backend.features.notifications.settings import NotificationSettings
from backend.integrations.dingtalk.settings import DingTalkSettings
from backend.integrations.dingtalk.webhook import DingTalkChannel
from backend.integrations.feishu.settings import FeishuSettings
from backend.integrations.feishu.webhook import FeishuChannel
from backend.integrations.webhook.posting import HttpPoster
from backend.storage.audit_store import SqlAuditStore
from backend.storage.database import Database
from backend.storage.outbox_store import SqlOutboxStore
from backend.vocabulary.language import Language
from backend.vocabulary.severity import Severity
from tests.fakes.chat_robots import DingTalk, Feishu, make_app
from tests.fakes.clock import SettableClock

DINGTALK_URL = "http://{host}/robot/send?access_token=token"
FEISHU_URL = "http://{host}/open-apis/bot/v2/hook/abc"


class Network(httpx2.AsyncBaseTransport):
    """Leads host names to robots; a host without one cannot be reached, a mute one never answers."""

    def __init__(self) -> None:
        self.hosts: dict[str, httpx2.ASGITransport] = {}
        self.mute: set[str] = set()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        host = request.url.host
        if host not in self.hosts:
            raise httpx2.ConnectError("no route", request=request)
        response = await self.hosts[host].handle_async_request(request)
        if host in self.mute:
            raise httpx2.ReadTimeout("silence", request=request)
        return response


@dataclass
class Post:
    """A notification service and the robots it sends to."""

    clock: SettableClock
    network: Network
    database: Database
    outbox: SqlOutboxStore
    poster: HttpPoster
    owner: str = "local"
    channels: list[Channel] = field(default_factory=list)
    settings: NotificationSettings = field(default_factory=lambda: NotificationSettings(language="en"))

    @property
    def service(self) -> NotificationService:
        """A new one each time, as after a restart: nothing may live in it."""
        return NotificationService(
            channels=self.channels,
            outbox=self.outbox,
            audit=AuditService(store=SqlAuditStore(self.database), clock=self.clock, redact=str),
            clock=self.clock,
            settings=self.settings,
            owner=self.owner,
            jitter=lambda: 0.5,
        )

    def add_dingtalk(self, *robots: DingTalk, **settings: Any) -> None:  # Any: fields of the settings
        hosts = [f"ding-{number}" for number in range(1, len(robots) + 1)]
        for host, robot in zip(hosts, robots, strict=True):
            robot.now = self.clock.now
            self.network.hosts[host] = httpx2.ASGITransport(app=make_app(dingtalk=robot))
        urls = ",".join(DINGTALK_URL.format(host=host) for host in hosts)
        chosen = DingTalkSettings(webhook_urls=SecretStr(urls), **settings)
        self.channels.append(DingTalkChannel(chosen, poster=self.poster, clock=self.clock))

    def give_dingtalk(self, robot: DingTalk) -> str:
        """A robot whose address stands on the command line; returns its channel."""
        robot.now = self.clock.now
        self.network.hosts["given"] = httpx2.ASGITransport(app=make_app(dingtalk=robot))
        address = DINGTALK_URL.format(host="given")
        chosen = DingTalkSettings().with_given(address, webhook_url=SecretStr(address), webhook_urls=None)
        self.channels = [DingTalkChannel(chosen, poster=self.poster, clock=self.clock)]
        return self.channels[0].name

    def add_feishu(self, robot: Feishu, **settings: Any) -> None:  # Any: fields of the settings
        robot.now = self.clock.now
        self.network.hosts["feishu"] = httpx2.ASGITransport(app=make_app(feishu=robot))
        chosen = FeishuSettings(webhook=SecretStr(FEISHU_URL.format(host="feishu")), **settings)
        self.channels.append(FeishuChannel(chosen, poster=self.poster, clock=self.clock))

    async def deliver(self, channel: str = "dingtalk") -> None:
        await asyncio.wait_for(self.service.deliver_due(channel), 20)

    async def deliver_for(self, minutes: float, channel: str = "dingtalk") -> None:
        """Let time pass in steps, as a worker that wakes up when something is due."""
        for _ in range(int(minutes * 12)):
            await self.deliver(channel)
            self.clock.advance(5)

    async def states(self) -> list[DeliveryState]:
        return [delivery.state for delivery in reversed(await self.deliveries())]

    async def deliveries(self) -> list[Delivery]:
        return list(await self.outbox.list_page(state=None, channel=None, before=None, limit=500))


@pytest.fixture
async def post(database_url: str) -> AsyncIterator[Post]:
    database = Database(database_url)
    await database.migrate()
    network = Network()
    poster = HttpPoster(transport=network)
    yield Post(
        clock=SettableClock(),
        network=network,
        database=database,
        outbox=SqlOutboxStore(database),
        poster=poster,
    )
    await poster.close()
    await database.close()


def alert(number: int, *, severity: Severity = Severity.WARNING, text: str = "the disk fills up") -> Message:
    return Message(
        key=f"alert-{number}",
        kind=MessageKind.ALERT,
        severity=severity,
        title=f"Alert number {number:03d}",
        blocks=(Paragraph(text),),
        language=Language.EN,
    )


def read_texts(robot: DingTalk) -> list[str]:
    return [body["markdown"]["text"] for body in robot.shown]


def count_shown(robots: list[DingTalk], number: int) -> int:
    """How often people saw an alert."""
    return sum(text.count(f"Alert number {number:03d}") for robot in robots for text in read_texts(robot))
