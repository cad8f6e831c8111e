"""Builds what watches hosts and clusters: patrol, findings, figures, reports, notifications."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from pydantic import SecretStr

from backend.agent.interfaces import AuditTrail, ToolSource
from backend.agent.model_routing.budgets import TokenBudget
from backend.agent.model_routing.named_models import ModelDirectory
from backend.agent.model_routing.spending import SpendingLedger
from backend.features.clusters.service import ClusterService
from backend.features.hosts.service import HostService
from backend.features.notifications.domain import Audience
from backend.features.notifications.interfaces import Channel
from backend.features.notifications.service import NotificationService
from backend.features.patrol.explaining import ModelExplainer
from backend.features.patrol.findings import FindingService
from backend.features.patrol.looking import Looker, LookSettings, Sources
from backend.features.patrol.schedule import PatrolSchedule
from backend.features.patrol.service import PatrolProcess, PatrolService, PatrolStores
from backend.features.patrol.telling import Teller
from backend.features.reports.service import ReportService
from backend.integrations.dingtalk.webhook import DINGTALK, DingTalkChannel
from backend.integrations.feishu.webhook import FEISHU, FeishuChannel
from backend.integrations.mcp_servers.cluster_findings import McpClusterFindings
from backend.integrations.mcp_servers.cluster_overviews import McpClusterOverviews
from backend.integrations.mcp_servers.host_facts import McpHostFacts
from backend.integrations.webhook.posting import HttpPoster
from backend.integrations.webhook.webhook import WEBHOOK, WebhookChannel
from backend.settings import Settings
from backend.storage.database import Database
from backend.storage.figure_store import SqlFigureStore
from backend.storage.finding_store import SqlFindingStore
from backend.storage.outbox_store import SqlOutboxStore
from backend.storage.patrol_log import SqlPatrolLog
from backend.storage.patrol_store import SqlPatrolStore
from backend.storage.run_signals import RunSignals
from backend.vocabulary.clock import Clock
from backend.web.watch import Watch


@dataclass(frozen=True, slots=True)
class WatchNeeds:
    """What it is built on."""

    database: Database
    tools: ToolSource
    models: ModelDirectory
    ledger: SpendingLedger
    audit: AuditTrail
    clock: Clock
    new_id: Callable[[], str]
    process: PatrolProcess


@dataclass(frozen=True, slots=True)
class _Stores:
    log: SqlPatrolLog
    runs: SqlPatrolStore
    findings: SqlFindingStore
    figures: SqlFigureStore


class UnusableWebhook(Exception):
    """The address on the command line cannot be used; the message says what to write instead."""


def apply_webhook(settings: Settings, url: str) -> str:
    """Make an address the only robot of its kind, in a channel of its own; returns that. Raise UnusableWebhook."""
    parts = urlsplit(url.replace("\\", ""))  # people paste addresses with their shell's escapes
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise UnusableWebhook("The webhook must be an http(s) address; put it in quotes, as it holds ? and &.")
    address = parts.geturl()
    secret = SecretStr(address)
    if parts.path.startswith("/robot/send"):
        settings.dingtalk = settings.dingtalk.with_given(address, webhook_url=secret, webhook_urls=None)
        return settings.dingtalk.name_channel(DINGTALK)
    if parts.path.startswith("/open-apis/bot/"):
        settings.feishu = settings.feishu.with_given(address, webhook=secret, webhooks=None)
        return settings.feishu.name_channel(FEISHU)
    settings.webhook = settings.webhook.with_given(address, url=secret)
    return settings.webhook.name_channel(WEBHOOK)


def read_audience(settings: Settings) -> Audience:
    notifications = settings.notifications
    return Audience(language=notifications.chosen_language, zone=notifications.zone, link=settings.page_link)


def build_channels(settings: Settings, *, poster: HttpPoster, clock: Clock) -> Sequence[Channel]:
    """The channels that have at least one robot."""
    channels: list[Channel] = [
        DingTalkChannel(settings.dingtalk, poster=poster, clock=clock),
        FeishuChannel(settings.feishu, poster=poster, clock=clock),
        WebhookChannel(settings.webhook, poster=poster, clock=clock),
    ]
    return [channel for channel in channels if channel.robots]


def build_watch(settings: Settings, needs: WatchNeeds, *, stack: AsyncExitStack) -> Watch:
    """Nothing runs yet; `keep_watch` starts the background work."""
    clock, stores = needs.clock, _open_stores(needs)
    poster = HttpPoster()
    stack.push_async_callback(poster.close)
    notifications = NotificationService(
        channels=build_channels(settings, poster=poster, clock=clock),
        outbox=SqlOutboxStore(needs.database),
        audit=needs.audit,
        clock=clock,
        settings=settings.notifications,
        owner=needs.process.owner,
    )
    hosts = McpHostFacts(needs.tools, watch=settings.hosts.watch, skip=settings.hosts.skip)
    clusters = McpClusterFindings(needs.tools, watch=settings.patrol.clusters)
    sources = Sources(hosts=hosts, clusters=clusters)
    patrol = _build_patrol(settings, needs, stores=stores, sources=sources, notifications=notifications)
    return Watch(
        patrol=patrol,
        findings=FindingService(findings=stores.findings, figures=stores.figures, audit=needs.audit, clock=clock),
        schedule=PatrolSchedule(patrol, clock=clock, interval_seconds=settings.patrol.interval_seconds),
        hosts=HostService(source=hosts, figures=stores.figures, clock=clock, settings=settings.hosts),
        clusters=ClusterService(source=McpClusterOverviews(needs.tools, clusters=clusters, clock=clock), clock=clock),
        reports=ReportService(
            figures=stores.figures,
            findings=stores.findings,
            runs=stores.runs,
            notifications=notifications,
            clock=clock,
            settings=settings.report,
            audience=read_audience(settings),
        ),
        notifications=notifications,
    )


@asynccontextmanager
async def keep_watch(settings: Settings, watch: Watch) -> AsyncIterator[None]:
    """Deliver, report, sample and patrol in the background until left. The patrol's starter is connected before."""
    await watch.notifications.start()
    watch.reports.start()
    watch.hosts.start()
    if settings.patrol.enabled:
        await watch.patrol.resume()
        watch.schedule.start()
    try:
        yield
    finally:
        for part in (watch.schedule, watch.hosts, watch.clusters, watch.reports, watch.notifications):
            await part.stop()


def _open_stores(needs: WatchNeeds) -> _Stores:
    log = SqlPatrolLog(needs.database, signals=RunSignals())
    return _Stores(
        log=log,
        runs=SqlPatrolStore(needs.database, log=log, new_id=needs.new_id),
        findings=SqlFindingStore(needs.database, log=log),
        figures=SqlFigureStore(needs.database),
    )


def _build_patrol(
    settings: Settings,
    needs: WatchNeeds,
    *,
    stores: _Stores,
    sources: Sources,
    notifications: NotificationService,
) -> PatrolService:
    look_settings = LookSettings(patrol=settings.patrol, checks=settings.checks, hosts=settings.hosts)
    explainer = ModelExplainer(
        models=needs.models,
        ledger=needs.ledger,
        budget=TokenBudget(
            per_turn=None,
            per_day=settings.agent.max_day_tokens,
            near_share=settings.agent.budget_near_share,
        ),
        clock=needs.clock,
        new_id=needs.new_id,
    )
    return PatrolService(
        stores=PatrolStores(runs=stores.runs, figures=stores.figures, log=stores.log),
        looker=Looker(
            sources=sources, store=stores.runs, figures=stores.figures, clock=needs.clock, settings=look_settings
        ),
        teller=Teller(
            findings=stores.findings,
            notifications=notifications,
            explainer=explainer,
            clock=needs.clock,
            settings=settings.patrol,
            audience=read_audience(settings),
        ),
        notifications=notifications,
        audit=needs.audit,
        clock=needs.clock,
        settings=look_settings,
        process=needs.process,
    )
