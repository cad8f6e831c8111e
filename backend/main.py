"""The composition root: settings → integrations → services → the FastAPI application."""

import logging
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from fastapi import FastAPI
from sqlalchemy.exc import SQLAlchemyError

from backend.agent.artifacts.tools import ArtifactTools
from backend.agent.combined_tools import CombinedTools
from backend.agent.interfaces import Telemetry, ToolSource
from backend.agent.loop import AgentLoop
from backend.agent.model_calling import ModelAccess
from backend.features.access.rate_limit import RateLimits
from backend.features.access.service import AccessService
from backend.features.audit.service import AuditService
from backend.features.chat.run_metering import MeteredRuns
from backend.features.chat.service import ChatService
from backend.features.operations.service import OperationsService
from backend.features.patrol.chat_tools import PatrolTools
from backend.features.patrol.service import PatrolProcess
from backend.integrations.durable_execution.advancing import AdvancingWork
from backend.integrations.durable_execution.executor import DurableRunExecutor
from backend.integrations.mcp_servers import McpToolSource
from backend.integrations.telemetry import RecordingTelemetry, choose_telemetry
from backend.model_setup import build_models
from backend.patrol_setup import WatchNeeds, build_watch, keep_watch
from backend.records import new_id, open_records, refuse_open_doors
from backend.settings import PACKAGE, Settings, read_server_environment
from backend.storage.approval_store import SqlApprovalStore
from backend.storage.artifact_store import SqlArtifactStore
from backend.storage.database import Database
from backend.storage.run_signals import RunSignals
from backend.storage.run_store import SqlRunStore
from backend.storage.session_store import SqlSessionStore
from backend.storage.usage_store import SqlUsageStore
from backend.tool_setup import make_tool_source
from backend.vocabulary.clock import SystemClock
from backend.vocabulary.errors import Unavailable
from backend.vocabulary.language import Text
from backend.web.app import create_app
from backend.web.request_guard import LOOPBACK_HOSTS
from backend.web.services import Services
from backend.web.watch import Watch

PAGE_DIRECTORY = PACKAGE / "static" / "spa"
_log = logging.getLogger(__name__)


def build_app(settings: Settings, *, page_directory: Path = PAGE_DIRECTORY) -> FastAPI:
    """The application; everything is opened when it starts and closed when it stops."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_services(settings) as services:
            app.state.services = services
            yield

    allowed = LOOPBACK_HOSTS | {settings.web.host} | frozenset(settings.web.allowed_hosts)
    return create_app(lifespan=lifespan, page_directory=page_directory, allowed_hosts=allowed)


@asynccontextmanager
async def open_services(settings: Settings) -> AsyncIterator[Services]:
    """Open the database, connect the tool servers, resume what a crash broke off."""
    async with AsyncExitStack() as stack:
        base = await _open_base(settings, stack=stack)
        catalogue = await stack.enter_async_context(
            make_tool_source(settings, audit=base.audit, telemetry=base.telemetry)
        )
        watch = _build_watch(base, catalogue=catalogue, stack=stack)
        patrols = AdvancingWork("patrol", lambda run_id, _cancelled: watch.patrol.advance(run_id))
        watch.patrol.connect(patrols)
        tools = CombinedTools(
            ArtifactTools(base.models.artifacts, max_tokens=settings.agent.result_tokens),
            PatrolTools(patrol=watch.patrol, findings=watch.findings, hosts=watch.hosts),
            catalogue,
        )
        executor = _build_executor(base, tools=tools, other_work=[patrols])
        chat = _build_chat(base, executor=executor)
        await executor.start()
        stack.push_async_callback(executor.stop)
        resumed = await chat.resume_active_runs()
        await stack.enter_async_context(keep_watch(settings, watch))
        _log.info("ready: %d runs resumed, answers by %s", resumed, base.models.directory.first.label)
        yield _gather_services(base, chat=chat, tools=tools, catalogue=catalogue, watch=watch)


@dataclass(frozen=True, slots=True)
class _Base:
    """What everything else is built on."""

    settings: Settings
    clock: SystemClock
    database: Database
    measurements: RecordingTelemetry
    telemetry: Telemetry
    access: AccessService
    audit: AuditService
    usage: SqlUsageStore
    models: ModelAccess
    runs: SqlRunStore


async def _open_base(settings: Settings, *, stack: AsyncExitStack) -> _Base:
    """Refuses to go on where the settings would leave a door open."""
    clock = SystemClock()
    database = Database(settings.resolved_database_url)
    stack.push_async_callback(database.close)
    await database.migrate()
    measurements = RecordingTelemetry()
    telemetry = choose_telemetry(measurements, environment=os.environ, stack=stack)
    access, audit = open_records(database, settings=settings)
    await refuse_open_doors(access, settings=settings)
    environment = read_server_environment(settings)
    directory = build_models(settings, environment=environment, now=clock.now, stack=stack, telemetry=telemetry)
    usage = SqlUsageStore(database)
    return _Base(
        settings=settings,
        clock=clock,
        database=database,
        measurements=measurements,
        telemetry=telemetry,
        access=access,
        audit=audit,
        usage=usage,
        models=ModelAccess(directory=directory, ledger=usage, artifacts=SqlArtifactStore(database, clock=clock)),
        runs=SqlRunStore(
            database,
            signals=RunSignals(),
            clock=clock,
            new_id=new_id,
            history_turns=settings.agent.history_turns,
            telemetry=telemetry,
        ),
    )


def _build_watch(base: _Base, *, catalogue: McpToolSource, stack: AsyncExitStack) -> Watch:
    needs = WatchNeeds(
        database=base.database,
        tools=catalogue,
        models=base.models.directory,
        ledger=base.usage,
        audit=base.audit,
        clock=base.clock,
        new_id=new_id,
        process=PatrolProcess(owner=base.settings.durable.executor_id),
    )
    return build_watch(base.settings, needs, stack=stack)


def _build_executor(base: _Base, *, tools: ToolSource, other_work: Sequence[AdvancingWork]) -> DurableRunExecutor:
    settings = base.settings
    loop = AgentLoop(
        journal=base.runs,
        tools=tools,
        audit=base.audit,
        models=base.models,
        clock=base.clock,
        settings=settings.agent,
        new_id=new_id,
    )
    metered = MeteredRuns(
        advance=lambda run_id, cancelled: loop.advance(run_id, cancelled=cancelled),
        get_run=base.runs.get,
        telemetry=base.telemetry,
        clock=base.clock,
    )
    return DurableRunExecutor(
        settings.durable_database_url,
        advance=metered.advance,
        settings=settings.durable,
        max_parallel_runs=settings.chat.max_parallel_runs,
        other_work=other_work,
    )


def _build_chat(base: _Base, *, executor: DurableRunExecutor) -> ChatService:
    return ChatService(
        sessions=SqlSessionStore(base.database, clock=base.clock, new_id=new_id),
        runs=base.runs,
        approvals=SqlApprovalStore(base.database, clock=base.clock, new_id=new_id),
        executor=executor,
        models=base.models.directory,
        audit=base.audit,
        clock=base.clock,
        settings=base.settings.chat,
    )


def _gather_services(
    base: _Base, *, chat: ChatService, tools: ToolSource, catalogue: McpToolSource, watch: Watch
) -> Services:
    first = base.models.directory.first
    return Services(
        chat=chat,
        tools=tools,
        mode=first.client.mode,
        model=first.label,
        models=base.models.directory,
        usage=base.usage,
        check_database=lambda: _check_database(base.database),
        access=base.access,
        limits=RateLimits(base.settings.access),
        audit=base.audit,
        operations=OperationsService(
            catalogue=catalogue,
            measurements=base.measurements,
            audit=base.audit,
            list_active_states=lambda: _list_active_states(base.runs),
        ),
        telemetry=base.telemetry,
        watch=watch,
    )


async def _list_active_states(runs: SqlRunStore) -> Sequence[str]:
    return [run.state.value for run in await runs.list_active()]


async def _check_database(database: Database) -> None:
    try:
        await database.ping()
    except (SQLAlchemyError, OSError) as error:
        raise Unavailable(Text(en=f"The database does not answer: {error}", zh=f"数据库没有应答:{error}")) from error
