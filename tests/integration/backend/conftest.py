"""A chat on a real database, with a scripted model and fixture tools."""

import itertools
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import pytest

from backend.agent.interfaces import ModelClient
from backend.agent.loop import AgentLoop
from backend.agent.model_calling import ModelAccess
from backend.agent.model_routing.named_models import ModelDirectory
from backend.agent.settings import AgentSettings
from backend.features.access.service import AccessService
from backend.features.access.settings import AccessSettings
from backend.features.audit.service import AuditService
from backend.features.chat.domain import Run, Session
from backend.features.chat.service import ChatService
from backend.features.chat.settings import ChatSettings
from backend.storage.approval_store import SqlApprovalStore
from backend.storage.artifact_store import SqlArtifactStore
from backend.storage.audit_store import SqlAuditStore
from backend.storage.database import Database
from backend.storage.run_signals import RunSignals
from backend.storage.run_store import SqlRunStore
from backend.storage.session_store import SqlSessionStore
from backend.storage.token_store import SqlTokenStore
from backend.storage.usage_store import SqlUsageStore
from tests.fakes.agent import FixtureTools, InProcessExecutor, ScriptedModel
from tests.fakes.clock import SettableClock


@dataclass
class Chat:
    """Everything a test needs of one chat."""

    service: ChatService
    runs: SqlRunStore
    executor: InProcessExecutor
    loop: AgentLoop
    tools: FixtureTools
    clock: SettableClock
    database: Database
    session: Session
    approvals: SqlApprovalStore
    audit: AuditService
    access: AccessService
    usage: SqlUsageStore
    directory: ModelDirectory

    async def ask(self, message: str) -> Run:
        """Ask and wait until the run is over."""
        run = await self.service.start_run(self.session.id, message=message, model=None)
        await self.executor.wait()
        return await self.service.get_run(run.id)

    async def events(self, run: Run) -> list[dict[str, Any]]:  # Any: JSON
        return await self.runs.read_turn(run.turn_id)

    async def answer(self) -> Any:  # Any: the assistant's message
        messages, _before, _active = await self.service.read_session(self.session.id, before=None, limit=None)
        return messages[-1]


OpenChat = Callable[..., Any]


@pytest.fixture
async def open_chat(database_url: str) -> AsyncIterator[OpenChat]:
    """Opens chats on one database; opening again is a restart of the backend."""
    opened: list[Database] = []
    numbers = itertools.count(1)
    sessions: list[Session] = []
    clock = SettableClock()

    async def open_one(
        *models: ModelClient,
        tools: FixtureTools | None = None,
        settings: AgentSettings | None = None,
        directory: ModelDirectory | None = None,
        wrap_journal: Callable[[SqlRunStore], Any] = lambda journal: journal,  # Any: a RunJournal
        wrap_audit: Callable[[AuditService], Any] = lambda audit: audit,  # Any: an AuditTrail
    ) -> Chat:
        database = Database(database_url)
        await database.migrate()
        opened.append(database)
        fixture_tools = tools or FixtureTools()
        chosen = settings or AgentSettings(retry_seconds=0, delta_interval_seconds=0.001)

        def new_id() -> str:
            return f"id-{next(numbers):04d}"

        audit = AuditService(store=SqlAuditStore(database), clock=clock, redact=str)
        runs = SqlRunStore(database, signals=RunSignals(), clock=clock, new_id=new_id, history_turns=20)
        usage = SqlUsageStore(database)
        if directory is None:
            directory = ModelDirectory.in_order(models or [ScriptedModel()])
        loop = AgentLoop(
            journal=wrap_journal(runs),
            tools=fixture_tools,
            audit=wrap_audit(audit),
            models=ModelAccess(directory=directory, ledger=usage, artifacts=SqlArtifactStore(database, clock=clock)),
            clock=clock,
            settings=chosen,
            new_id=new_id,
        )
        executor = InProcessExecutor(lambda run_id, cancelled: loop.advance(run_id, cancelled=cancelled))
        approvals = SqlApprovalStore(database, clock=clock, new_id=new_id)
        service = ChatService(
            sessions=SqlSessionStore(database, clock=clock, new_id=new_id),
            runs=runs,
            approvals=approvals,
            executor=executor,
            models=directory,
            audit=wrap_audit(audit),
            clock=clock,
            settings=ChatSettings(poll_seconds=0.05),
        )
        if not sessions:
            sessions.append(await service.create_session())
        return Chat(
            service=service,
            runs=runs,
            executor=executor,
            loop=loop,
            tools=fixture_tools,
            clock=clock,
            database=database,
            session=sessions[0],
            approvals=approvals,
            audit=audit,
            access=AccessService(
                tokens=SqlTokenStore(database),
                audit=audit,
                clock=clock,
                settings=AccessSettings(),
                is_login_required=False,
            ),
            usage=usage,
            directory=directory,
        )

    yield open_one
    for database in opened:
        await database.close()
