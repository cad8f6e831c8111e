"""The agent loop: model, tools, model, until an answer, or until a person must decide.

Each `advance` reads the log, does the one next thing and writes what came of it. So the loop keeps no
state of its own, and a run continues from any prefix of its log.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence

from backend.agent import events as ev
from backend.agent.answer_checking import check_answer
from backend.agent.approvals import to_wire
from backend.agent.artifacts.keeping import LargeResults
from backend.agent.domain import HistoryMessage, UserMessage
from backend.agent.event_writer import EventWriter
from backend.agent.grounding import write_refusal_to_guess
from backend.agent.guarding.redaction import redact
from backend.agent.interfaces import AuditTrail, RunContext, RunJournal, ToolSource
from backend.agent.model_calling import ModelAccess, ModelCaller, ModelsExhausted
from backend.agent.progress import Action, TurnProgress, choose_action, read_progress
from backend.agent.run_scope import run_scope
from backend.agent.settings import AgentSettings
from backend.agent.tool_running import ToolRunner, approval_events
from backend.vocabulary.clock import Clock
from backend.vocabulary.errors import ErrorKind, Failure, NotFound
from backend.vocabulary.language import Text

_log = logging.getLogger(__name__)

BUDGET_SPENT = Text(
    en="I stopped here: this question has used up its budget of model or tool calls. Ask more narrowly to go on.",
    zh="我先停在这里：这个问题已用完模型或工具调用的预算。请把问题问得更具体一些再继续。",
)


class AgentLoop:
    """Advances runs."""

    def __init__(
        self,
        *,
        journal: RunJournal,
        tools: ToolSource,
        audit: AuditTrail,
        models: ModelAccess,
        clock: Clock,
        settings: AgentSettings,
        new_id: Callable[[], str],
    ) -> None:
        self._journal = journal
        self._settings = settings
        self._new_id = new_id
        self._models = ModelCaller(models=models, tools=tools, clock=clock, settings=settings, new_id=new_id)
        self._runner = ToolRunner(
            tools=tools,
            journal=journal,
            audit=audit,
            clock=clock,
            settings=settings,
            new_id=new_id,
            large_results=LargeResults(models.artifacts, max_tokens=settings.result_tokens),
        )

    async def advance(self, run_id: str, *, cancelled: asyncio.Event) -> bool:
        """Do the next thing of a run; True when the run is over. Safe to repeat after a crash."""
        try:
            return await self._advance(run_id, cancelled=cancelled)
        except NotFound:
            _log.info("run %s is gone with its session", run_id)
            return True

    async def _advance(self, run_id: str, *, cancelled: asyncio.Event) -> bool:
        context = await self._journal.load(run_id)
        progress = read_progress(await self._journal.read_turn(context.turn_id))
        action = choose_action(progress)
        if action is Action.NOTHING and await self._continues_turn(context, progress=progress):
            action = Action.START
        if action is Action.NOTHING:
            return True
        if context.is_cancel_requested:
            cancelled.set()
        try:
            with run_scope(session_id=context.session_id, run_id=context.run_id, asked_by=context.asked_by):
                return await self._act_unless_cancelled(action, context=context, progress=progress, cancelled=cancelled)
        except NotFound:
            raise
        except Exception as error:  # noqa: BLE001  # the outermost edge: whatever happened, the run must be closed
            _log.exception("run %s failed", run_id)
            message = redact(f"{type(error).__name__}: {error}")
            await self._fail(context, Failure(kind=ErrorKind.INTERNAL, message=message))
            return True

    async def _continues_turn(self, context: RunContext, *, progress: TurnProgress) -> bool:
        """A turn whose newest run is over goes on only in a run that carries the decision of an approval."""
        approval = await self._journal.find_decided_approval(context.run_id)
        return approval is not None and any(
            call.approval is not None and call.approval["id"] == approval.id and call.approval["state"] == "pending"
            for call in progress.open_calls()
        )

    async def _act_unless_cancelled(
        self, action: Action, *, context: RunContext, progress: TurnProgress, cancelled: asyncio.Event
    ) -> bool:
        work = asyncio.create_task(self._act(action, context=context, progress=progress))
        watch = asyncio.create_task(cancelled.wait())
        try:
            if not cancelled.is_set():
                await asyncio.wait({work, watch}, return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                return work.result()
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
            await self._close_cancelled(context)
            return True
        finally:
            watch.cancel()
            if not work.done():
                work.cancel()
                await asyncio.gather(work, return_exceptions=True)

    async def _act(self, action: Action, *, context: RunContext, progress: TurnProgress) -> bool:
        async with self._writer(context) as writer:
            match action:
                case Action.START:
                    await self._start(context, writer=writer)
                case Action.DISCARD_REPLY:
                    await self._models.discard(progress, context=context, writer=writer)
                case Action.CALL_MODEL:
                    return await self._call_model(context, progress=progress, writer=writer)
                case Action.RUN_TOOLS:
                    return await self._run_tools(context, progress=progress, writer=writer)
                case _:
                    return await self._conclude(context, progress=progress, writer=writer)
        return False

    async def _conclude(self, context: RunContext, *, progress: TurnProgress, writer: EventWriter) -> bool:
        """Check the answer against the results; one that contradicts them is asked for again, once."""
        can_ask_again = not self._is_budget_spent(progress)
        check = check_answer(context, progress=progress, can_ask_again=can_ask_again)
        if check.is_rejected:
            await writer.write(check.events)
            return False
        await self._finish(context, outcome="answered", progress=progress, last_events=check.events)
        return True

    def _writer(self, context: RunContext) -> EventWriter:
        async def append(events: Sequence[ev.Event]) -> None:
            await self._journal.append(context.run_id, events)

        return EventWriter(append, interval_seconds=self._settings.delta_interval_seconds)

    async def _start(self, context: RunContext, *, writer: EventWriter) -> None:
        first = [ev.run_started(session_id=context.session_id, run_id=context.run_id)]
        first.append(self._models.describe_first(context))
        approval = await self._journal.find_decided_approval(context.run_id)
        if approval is not None:
            first.append(ev.custom(ev.APPROVAL_DECIDED, to_wire(approval)))
        await writer.write(first)

    async def _call_model(self, context: RunContext, *, progress: TurnProgress, writer: EventWriter) -> bool:
        refusal = write_refusal_to_guess(progress, language=context.language)
        if refusal is None and self._is_budget_spent(progress):
            refusal = BUDGET_SPENT.in_language(context.language)
        if refusal is not None:
            if refusal not in progress.written_texts:
                await writer.write(ev.text_message(self._new_id(), refusal))
            await self._finish(context, outcome="answered", progress=progress)
            return True
        try:
            history = build_history(context, progress=progress)
            await self._models.call(context, progress=progress, history=history, writer=writer)
        except ModelsExhausted as error:
            await writer.flush()
            await self._fail(context, error.failure)
            return True
        return False

    def _is_budget_spent(self, progress: TurnProgress) -> bool:
        tool_calls = sum(1 for _ in progress.calls())
        return len(progress.replies) >= self._settings.max_model_calls or tool_calls >= self._settings.max_tool_calls

    async def _run_tools(self, context: RunContext, *, progress: TurnProgress, writer: EventWriter) -> bool:
        approval = await self._runner.run(
            progress.open_calls(), turn=list(progress.calls()), context=context, writer=writer
        )
        if approval is None:
            return False
        await writer.flush()
        await self._journal.interrupt(approval, approval_events(approval, usage=progress.run_usage))
        return True

    async def _finish(
        self, context: RunContext, *, outcome: str, progress: TurnProgress, last_events: Sequence[ev.Event] = ()
    ) -> None:
        wire = {"type": "success" if outcome == "answered" else outcome}
        event = ev.run_finished(
            session_id=context.session_id, run_id=context.run_id, outcome=wire, usage=progress.run_usage
        )
        await self._journal.finish(context.run_id, [*last_events, event], outcome=outcome, failure=None)

    async def _close_cancelled(self, context: RunContext) -> None:
        progress = read_progress(await self._journal.read_turn(context.turn_id))
        async with self._writer(context) as writer:
            if not progress.is_run_started:
                await self._start(context, writer=writer)
            await self._runner.close_cancelled(progress.open_calls(), context=context, writer=writer)
        await self._finish(context, outcome="cancelled", progress=progress)

    async def _fail(self, context: RunContext, failure: Failure) -> None:
        event = ev.run_error(failure, language=context.language)
        await self._journal.finish(context.run_id, [event], outcome="failed", failure=failure)


def build_history(context: RunContext, *, progress: TurnProgress) -> tuple[HistoryMessage, ...]:
    """Earlier turns, the question, and what this turn has found so far."""
    history: list[HistoryMessage] = [*context.history, UserMessage(text=context.message)]
    history.extend(read_turn_messages(progress))
    return tuple(history)


def read_turn_messages(progress: TurnProgress) -> list[HistoryMessage]:
    """The replies and tool results of one turn, as a model reads them. Broken-off replies are left out."""
    messages: list[HistoryMessage] = []
    for reply in progress.replies:
        if reply.is_complete and not reply.is_rejected:
            messages.append(reply.as_message())
            messages.extend(progress.tool_messages(reply))
    return messages
