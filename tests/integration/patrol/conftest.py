"""A patrol on a real database, with hosts as the test says and a robot that shows what people would see."""

import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC

import httpx2
import pytest
from pydantic import SecretStr

from backend.features.audit.service import AuditService
from backend.features.hosts.service import HostService
from backend.features.hosts.settings import HostSettings
from backend.features.notifications.domain import Audience
from backend.features.notifications.service import NotificationService
from backend.features.notifications.settings import NotificationSettings
from backend.features.patrol.domain import Finding, PatrolRun, Trigger
from backend.features.patrol.findings import FindingService
from backend.features.patrol.interfaces import FindingFilter
from backend.features.patrol.looking import Looker, LookSettings, Sources
from backend.features.patrol.service import PatrolProcess, PatrolService, PatrolStores
from backend.features.patrol.settings import CheckSettings, PatrolSettings
from backend.features.patrol.telling import Teller
from backend.features.reports.service import ReportService
from backend.features.reports.settings import ReportSettings
from backend.integrations.dingtalk.settings import DingTalkSettings
from backend.integrations.dingtalk.webhook import DingTalkChannel
from backend.integrations.webhook.posting import HttpPoster
from backend.storage.audit_store import SqlAuditStore
from backend.storage.database import Database
from backend.storage.figure_store import SqlFigureStore
from backend.storage.finding_store import SqlFindingStore
from backend.storage.outbox_store import SqlOutboxStore
from backend.storage.patrol_log import SqlPatrolLog
from backend.storage.patrol_store import SqlPatrolStore
from backend.storage.run_signals import RunSignals
from backend.vocabulary.language import Language
from tests.fakes.chat_robots import DingTalk, make_app
from tests.fakes.clock import SettableClock
from tests.fakes.watching import FixtureClusters, FixtureExplainer, FixtureHosts, InProcessStarter


@dataclass
class Place:
    """What outlives a process: the database, the hosts, the robot, the clock."""

    database: Database
    clock: SettableClock
    robot: DingTalk
    poster: HttpPoster
    hosts: FixtureHosts = field(default_factory=FixtureHosts)
    clusters: FixtureClusters = field(default_factory=FixtureClusters)
    explainer: FixtureExplainer = field(default_factory=FixtureExplainer)
    settings: PatrolSettings = field(default_factory=PatrolSettings)
    checks: CheckSettings = field(default_factory=CheckSettings)
    host_settings: HostSettings = field(default_factory=lambda: HostSettings(hosts_per_call=2))
    numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def new_id(self) -> str:
        return f"id-{next(self.numbers):04d}"

    def open(self, *, owner: str = "local") -> "Desk":
        """A process on this place; opening again is a restart."""
        return Desk(self, owner=owner)


class Desk:
    """One process that patrols."""

    def __init__(self, place: Place, *, owner: str) -> None:
        self.place = place
        clock, database = place.clock, place.database
        self.log = SqlPatrolLog(database, signals=RunSignals())
        self.runs = SqlPatrolStore(database, log=self.log, new_id=place.new_id)
        self.finding_store = SqlFindingStore(database, log=self.log)
        self.figures = SqlFigureStore(database)
        self.audit = AuditService(store=SqlAuditStore(database), clock=clock, redact=str)
        settings = LookSettings(patrol=place.settings, checks=place.checks, hosts=place.host_settings)
        channel = DingTalkChannel(
            DingTalkSettings(webhook_url=SecretStr("http://robot/robot/send?access_token=token")),
            poster=place.poster,
            clock=clock,
        )
        self.notifications = NotificationService(
            channels=[channel],
            outbox=SqlOutboxStore(database),
            audit=self.audit,
            clock=clock,
            settings=NotificationSettings(language="en"),
            owner=owner,
        )
        self.patrol = PatrolService(
            stores=PatrolStores(runs=self.runs, figures=self.figures, log=self.log),
            looker=Looker(
                sources=Sources(hosts=place.hosts, clusters=place.clusters),
                store=self.runs,
                figures=self.figures,
                clock=clock,
                settings=settings,
            ),
            teller=Teller(
                findings=self.finding_store,
                notifications=self.notifications,
                explainer=place.explainer,
                clock=clock,
                settings=place.settings,
                audience=Audience(Language.EN, zone=UTC),
            ),
            notifications=self.notifications,
            audit=self.audit,
            clock=clock,
            settings=settings,
            process=PatrolProcess(owner=owner),
        )
        self.starter = InProcessStarter(self.patrol.advance)
        self.patrol.connect(self.starter)
        self.findings = FindingService(findings=self.finding_store, figures=self.figures, audit=self.audit, clock=clock)
        self.hosts = HostService(source=place.hosts, figures=self.figures, clock=clock, settings=settings.hosts)
        self.reports = ReportService(
            figures=self.figures,
            findings=self.finding_store,
            runs=self.runs,
            notifications=self.notifications,
            clock=clock,
            settings=ReportSettings(),
            audience=Audience(Language.EN, zone=UTC),
        )

    async def look(self) -> PatrolRun:
        """One whole patrol, five minutes after the last one, with everything delivered that it had to say."""
        self.place.clock.advance(300)
        run, _is_new = await self.patrol.start(trigger=Trigger.PERSON, by="anna")
        await self.starter.wait()
        await self.notifications.deliver_due("dingtalk")
        return await self.patrol.get_run(run.id)

    async def all_findings(self) -> list[Finding]:
        """Oldest first."""
        found = await self.findings.list_page(FindingFilter(), before=None, limit=500)
        return list(reversed(found))

    @property
    def titles(self) -> list[str]:
        """The titles that people have read."""
        return [body["markdown"]["title"] for body in self.place.robot.shown]


@pytest.fixture
async def place(database_url: str) -> AsyncIterator[Place]:
    database = Database(database_url)
    await database.migrate()
    clock = SettableClock()
    robot = DingTalk(now=clock.now)
    poster = HttpPoster(transport=httpx2.ASGITransport(app=make_app(dingtalk=robot)))
    yield Place(database=database, clock=clock, robot=robot, poster=poster)
    await poster.close()
    await database.close()


@pytest.fixture
def desk(place: Place) -> Desk:
    return place.open()
