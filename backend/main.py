"""The composition root: settings → integrations → services → the FastAPI application."""

import logging
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from fastapi import FastAPI
from sqlalchemy.exc import SQLAlchemyError

from backend.agent.artifacts.tools import ArtifactTools
from backend.agent.combined_tools import CombinedTools
from backend.agent.interfaces import AuditTrail, Telemetry, ToolSource
from backend.agent.loop import AgentLoop
from backend.agent.model_calling import ModelAccess
from backend.features.access.rate_limit import RateLimits
from backend.features.chat.run_metering import MeteredRuns
from backend.features.chat.service import ChatService
from backend.features.operations.service import OperationsService
from backend.features.patrol.chat_tools import PatrolTools
from backend.features.patrol.service import PatrolProcess
from backend.integrations.durable_execution.advancing import AdvancingWork
from backend.integrations.durable_execution.executor import DurableRunExecutor
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
    clock = SystemClock()
    async with AsyncExitStack() as stack:
        database = Database(settings.resolved_database_url)
        stack.push_async_callback(database.close)
        await database.migrate()
        recording = RecordingTelemetry()
        telemetry = choose_telemetry(recording, environment=os.environ, stack=stack)
        access, audit = open_records(database, settings=settings)
        await refuse_open_doors(access, settings=settings)
        tools = await stack.enter_async_context(make_tool_source(settings, audit=audit, telemetry=telemetry))
        usage = SqlUsageStore(database)
        directory = build_models(
            settings, environment=read_server_environment(settings), now=clock.now, stack=stack, telemetry=telemetry
        )
        models = ModelAccess(
            directory=directory,
            ledger=usage,
            artifacts=SqlArtifactStore(database, clock=clock),
        )
        runs = SqlRunStore(
            database,
            signals=RunSignals(),
            clock=clock,
            new_id=new_id,
            history_turns=settings.agent.history_turns,
            telemetry=telemetry,
        )
        watch = build_watch(
            settings,
            WatchNeeds(
                database=database,
                tools=tools,
                models=directory,
                ledger=usage,
                audit=audit,
                clock=clock,
                new_id=new_id,
                process=PatrolProcess(owner=settings.durable.executor_id),
            ),
            stack=stack,
        )
        all_tools = CombinedTools(
            ArtifactTools(models.artifacts, max_tokens=settings.agent.result_tokens),
            PatrolTools(patrol=watch.patrol, findings=watch.findings, hosts=watch.hosts),
            tools,
        )
        patrols = AdvancingWork("patrol", lambda run_id, _cancelled: watch.patrol.advance(run_id))
        watch.patrol.connect(patrols)
        executor = _build_executor(
            settings,
            runs=runs,
            tools=all_tools,
            models=models,
            audit=audit,
            telemetry=telemetry,
            other_work=[patrols],
        )
        chat = ChatService(
            sessions=SqlSessionStore(database, clock=clock, new_id=new_id),
            runs=runs,
            approvals=SqlApprovalStore(database, clock=clock, new_id=new_id),
            executor=executor,
            models=directory,
            audit=audit,
            clock=clock,
            settings=settings.chat,
        )
        await executor.start()
        stack.push_async_callback(executor.stop)
        resumed = await chat.resume_active_runs()
        await stack.enter_async_context(keep_watch(settings, watch))
        _log.info("ready: %d runs resumed, answers by %s", resumed, directory.first.label)
        yield Services(
            chat=chat,
            tools=all_tools,
            mode=directory.first.client.mode,
            model=directory.first.label,
            models=directory,
            usage=usage,
            check_database=lambda: _check_database(database),
            access=access,
            limits=RateLimits(settings.access),
            audit=audit,
            operations=OperationsService(
                catalogue=tools,
                measurements=recording,
                audit=audit,
                list_active_states=lambda: _list_active_states(runs),
            ),
            telemetry=telemetry,
            watch=watch,
        )


def _build_executor(
    settings: Settings,
    *,
    runs: SqlRunStore,
    tools: ToolSource,
    models: ModelAccess,
    audit: AuditTrail,
    telemetry: Telemetry,
    other_work: Sequence[AdvancingWork],
) -> DurableRunExecutor:
    loop = AgentLoop(
        journal=runs,
        tools=tools,
        audit=audit,
        models=models,
        clock=SystemClock(),
        settings=settings.agent,
        new_id=new_id,
    )
    metered = MeteredRuns(
        advance=lambda run_id, cancelled: loop.advance(run_id, cancelled=cancelled),
        get_run=runs.get,
        telemetry=telemetry,
        clock=SystemClock(),
    )
    return DurableRunExecutor(
        settings.durable_database_url,
        advance=metered.advance,
        settings=settings.durable,
        max_parallel_runs=settings.chat.max_parallel_runs,
        other_work=other_work,
    )


async def _list_active_states(runs: SqlRunStore) -> Sequence[str]:
    return [run.state.value for run in await runs.list_active()]


async def _check_database(database: Database) -> None:
    try:
        await database.ping()
    except (SQLAlchemyError, OSError) as error:
        raise Unavailable(Text(en=f"The database does not answer: {error}", zh=f"数据库没有应答:{error}")) from error
