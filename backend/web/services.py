"""What the routes work with, handed to the app by the composition root."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Annotated, cast

from fastapi import Depends, Request

from backend.agent.domain import Mode
from backend.agent.interfaces import Telemetry, ToolSource
from backend.agent.model_routing.named_models import ModelDirectory
from backend.agent.telemetry import NoTelemetry
from backend.features.access.domain import Principal
from backend.features.access.rate_limit import RateLimits
from backend.features.access.service import AccessService
from backend.features.audit.service import AuditService
from backend.features.chat.service import ChatService
from backend.features.chat.usage import UsageReader
from backend.features.clusters.service import ClusterService
from backend.features.hosts.service import HostService
from backend.features.notifications.service import NotificationService
from backend.features.operations.service import OperationsService
from backend.features.patrol.findings import FindingService
from backend.features.patrol.schedule import PatrolSchedule
from backend.features.patrol.service import PatrolService
from backend.features.reports.service import ReportService
from backend.vocabulary.errors import Unauthenticated, Unavailable
from backend.vocabulary.language import Text


@dataclass(frozen=True, slots=True)
class Watch:
    """What watches hosts and clusters."""

    patrol: PatrolService
    findings: FindingService
    schedule: PatrolSchedule
    hosts: HostService
    clusters: ClusterService
    reports: ReportService
    notifications: NotificationService


@dataclass(frozen=True, slots=True)
class Services:
    """The running product behind the HTTP surface."""

    chat: ChatService
    tools: ToolSource
    mode: Mode
    model: str
    models: ModelDirectory
    usage: UsageReader
    check_database: Callable[[], Awaitable[None]]
    """Raises when the database does not answer."""
    access: AccessService
    limits: RateLimits
    audit: AuditService
    operations: OperationsService
    telemetry: Telemetry = field(default_factory=NoTelemetry)
    watch: Watch | None = None
    """None where only chats are served, as in some tests."""


def get_services(request: Request) -> Services:
    return cast("Services", request.app.state.services)


ServicesDep = Annotated[Services, Depends(get_services)]


def get_watch(request: Request) -> Watch:
    watch = get_services(request).watch
    if watch is None:
        raise Unavailable(Text(en="Nothing is watched here.", zh="此处未启用监控。"))
    return watch


WatchDep = Annotated[Watch, Depends(get_watch)]

PRINCIPAL_KEY = "ding_robot.principal"
"""Where the access guard leaves in a request's scope who makes it."""


def find_principal(request: Request) -> Principal | None:
    """Who makes the request; None before a login, which only routes open to anyone can see."""
    return cast("Principal | None", request.scope.get(PRINCIPAL_KEY))


def get_principal(request: Request) -> Principal:
    principal = find_principal(request)
    if principal is None:
        raise Unauthenticated(Text(en="This needs a login.", zh="此操作需要登录。"))
    return principal


PrincipalDep = Annotated[Principal, Depends(get_principal)]
"""Who makes the request, for routes that need a login."""
