"""The process dies at every write of a run, before and after it; the run goes on from its log."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import insert

from backend.agent.domain import AssistantMessage, Json, ToolOutcome, ToolStatus
from backend.storage.run_store import SqlRunStore
from backend.storage.tables import grants
from backend.vocabulary.language import Language
from tests.fakes.agent import FixtureTools, ScriptedModel, call, say
from tests.integration.backend.conftest import Chat, OpenChat

ADVANCES_AT_MOST = 40


class Crash(BaseException):
    """The process is gone: no handler runs, nothing more is written."""


class CrashingJournal:
    """Dies at its n-th write, before or after the database has it."""

    def __init__(self, inner: SqlRunStore, *, at: int, is_written: bool) -> None:
        self._inner = inner
        self._left = at
        self._is_written = is_written
        self.has_crashed = False

    def __getattr__(self, name: str) -> Any:  # Any: the inner journal's methods
        method = getattr(self._inner, name)
        return (
            self._crashing(method)
            if name in {"append", "finish", "interrupt", "claim_approval", "add_remembered"}
            else method
        )

    def _crashing(self, method: Callable[..., Any]) -> Callable[..., Any]:  # Any: see above
        async def write(*args: Any, **kwargs: Any) -> Any:
            self._left -= 1
            if self._left != 0:
                return await method(*args, **kwargs)
            self.has_crashed = True
            if self._is_written:
                await method(*args, **kwargs)
            raise Crash

        return write


class CrashingTools(FixtureTools):
    """Dies after the change has had its effect and before anyone learns of it."""

    async def confirm(self, name: str, *, arguments: Json, state: Json) -> ToolOutcome:
        await super().confirm(name, arguments=arguments, state=state)
        raise Crash


def script() -> list[AssistantMessage]:
    """More replies than the story needs: a crash makes the model be asked again."""
    look = call(("list-things", '{"a": 1}'), text="Looking first.")
    change = call(("change-thing", '{"n": 5}'))
    return [look, change, say("Done."), say("Done."), say("Done.")]


class StatefulModel(ScriptedModel):
    """Answers by what the history holds, as a real model would: a repeated request gets the same reply."""

    def __init__(self) -> None:
        super().__init__(name="stateful")

    def stream(self, request: Any) -> Any:  # Any: as ScriptedModel.stream
        answered = sum(1 for message in request.history if type(message).__name__ == "AssistantMessage")
        self._script = [script()[answered]]
        return super().stream(request)


async def advance_until_over(chat: Chat, run_id: str) -> bool:
    """Advance as the executor does; True when a crash ended it."""
    has_crashed = is_over = False
    try:
        for _ in range(ADVANCES_AT_MOST):
            is_over = await chat.loop.advance(run_id, cancelled=asyncio.Event())
            if is_over:
                break
    except* Crash:
        has_crashed = True
    assert is_over or has_crashed, "the run does not end"
    return has_crashed


@pytest.mark.parametrize("is_written", [False, True], ids=["before the write", "after the write"])
@pytest.mark.parametrize("at", range(1, 16))
async def test_crash_at_any_write_loses_nothing_and_repeats_no_change(
    open_chat: OpenChat, at: int, is_written: bool
) -> None:
    tools = FixtureTools()
    journals: list[CrashingJournal] = []

    def wrap(inner: SqlRunStore) -> CrashingJournal:
        journals.append(CrashingJournal(inner, at=at, is_written=is_written))
        return journals[0]

    first: Chat = await open_chat(StatefulModel(), tools=tools, wrap_journal=wrap)
    restarted: Chat = await open_chat(StatefulModel(), tools=tools)
    run = await first.runs.start_turn(first.session.id, message="change", language=Language.EN, model=None)

    run_id = run.id
    while True:
        if await advance_until_over(first if not journals[0].has_crashed else restarted, run_id):
            await advance_until_over(restarted, run_id)
        pending = await restarted.service.list_approvals(state=None, session_id=None)
        if not pending or pending[0].state != "pending":
            break
        _approval, following = await restarted.approvals.decide(
            pending[0].id, approve=True, decided_by="amy", reason=None, at=restarted.clock.now()
        )
        run_id = following.id

    answer = await restarted.answer()
    statuses = {block["name"]: block["status"] for block in answer.blocks if block["type"] == "tool_call"}
    assert (await restarted.service.get_run(run_id)).outcome == "answered"
    assert statuses["list-things"] == "ok"
    assert (len(tools.changed), statuses["change-thing"]) in {(1, "ok"), (1, "unknown"), (0, "unknown")}
    assert answer.blocks[-1]["text"].strip() == "Done."


async def test_crash_right_after_the_effect_is_reported_as_unknown(open_chat: OpenChat) -> None:
    tools = CrashingTools()
    crashing: Chat = await open_chat(StatefulModel(), tools=tools)
    run = await crashing.runs.start_turn(crashing.session.id, message="change", language=Language.EN, model=None)
    await advance_until_over(crashing, run.id)
    [approval] = await crashing.service.list_approvals(state=None, session_id=None)
    _approval, following = await crashing.approvals.decide(
        approval.id, approve=True, decided_by="amy", reason=None, at=crashing.clock.now()
    )
    has_crashed = await advance_until_over(crashing, following.id)

    restarted: Chat = await open_chat(StatefulModel(), tools=tools)
    await advance_until_over(restarted, following.id)

    answer = await restarted.answer()
    assert has_crashed
    assert tools.changed == [{"n": 5}]
    assert [block["status"] for block in answer.blocks if block["type"] == "tool_call"] == ["ok", "unknown"]


async def test_open_approval_survives_a_restart(open_chat: OpenChat) -> None:
    tools = FixtureTools()
    first: Chat = await open_chat(StatefulModel(), tools=tools)
    await first.ask("change")

    restarted: Chat = await open_chat(StatefulModel(), tools=tools)
    [approval] = await restarted.service.list_approvals(state=None, session_id=None)
    await restarted.service.decide(approval.id, approve=True, decided_by="amy", reason=None)
    await restarted.executor.wait()

    assert tools.changed == [{"n": 5}]


class CorrectableModel(ScriptedModel):
    """Looks, changes, says something false, and the truth once it is told."""

    def stream(self, request: Any) -> Any:  # Any: as ScriptedModel.stream
        answered = sum(1 for message in request.history if type(message).__name__ == "AssistantMessage")
        is_corrected = "taken back" in request.instructions
        answer = say("All fine: web-6d9f587454-txp9v." if is_corrected else "All fine: web-7d9c6c9f5b-x2x4v.")
        self._script = [[call(("list-things", "{}")), call(("change-thing", '{"n": 5}')), answer][answered]]
        return super().stream(request)


def remembering_tools() -> FixtureTools:
    pod = {"kind": "Pod", "namespace": "default", "name": "web-6d9f587454-txp9v", "status": "Running"}
    result = ToolOutcome(status=ToolStatus.OK, text="web-6d9f587454-txp9v", structured=pod)
    return FixtureTools(read_result=result, remember_key="thing")


async def grant(chat: Chat) -> None:
    async with chat.database.write() as connection:
        await connection.execute(
            insert(grants).values(
                session_id=chat.session.id,
                server="fixture",
                tool="change-thing",
                remember_key="thing",
                granted_by="amy",
                created_at=chat.clock.now(),
            )
        )


@pytest.mark.parametrize("is_written", [False, True], ids=["before the write", "after the write"])
@pytest.mark.parametrize("at", range(1, 18))
async def test_crash_at_any_write_keeps_remembered_changes_single_and_answers_checked(
    open_chat: OpenChat, at: int, is_written: bool
) -> None:
    tools = remembering_tools()
    journals: list[CrashingJournal] = []

    def wrap(inner: SqlRunStore) -> CrashingJournal:
        journals.append(CrashingJournal(inner, at=at, is_written=is_written))
        return journals[0]

    first: Chat = await open_chat(CorrectableModel(), tools=tools, wrap_journal=wrap)
    restarted: Chat = await open_chat(CorrectableModel(), tools=tools)
    await grant(first)
    run = await first.runs.start_turn(first.session.id, message="change", language=Language.EN, model=None)

    if await advance_until_over(first, run.id):
        await advance_until_over(restarted, run.id)

    answer = await restarted.answer()
    statuses = {block["name"]: block["status"] for block in answer.blocks if block["type"] == "tool_call"}
    [text] = [block for block in answer.blocks if block["type"] == "text"]
    approvals = await restarted.service.list_approvals(state=None, session_id=None)
    assert (await restarted.service.get_run(run.id)).outcome == "answered"
    assert (len(tools.changed), statuses["change-thing"]) in {(1, "ok"), (1, "unknown"), (0, "unknown")}
    assert [approval.decided_by for approval in approvals] in (["remembered:amy"], [])
    assert text["text"].strip().endswith("web-6d9f587454-txp9v.")
    assert [entry["status"] for entry in text["statements"]] == ["cited"]


async def test_log_cut_at_any_event_goes_on_to_a_checked_answer(open_chat: OpenChat) -> None:
    """Every prefix of the log, not only those that a transaction can leave behind."""
    tools = remembering_tools()
    chat: Chat = await open_chat(CorrectableModel(), tools=tools)
    await grant(chat)
    log = await chat.events(await chat.ask("change"))

    for length in range(1, len(log)):
        chat.session = await chat.service.create_session()
        await grant(chat)
        run = await chat.runs.start_turn(chat.session.id, message="change", language=Language.EN, model=None)
        await chat.runs.append(run.id, log[:length])
        tools.changed.clear()

        await advance_until_over(chat, run.id)

        answer = await chat.answer()
        [text] = [block for block in answer.blocks if block["type"] == "text"]
        assert (await chat.service.get_run(run.id)).outcome == "answered", log[length]
        assert [entry["status"] for entry in text["statements"]] == ["cited"], log[length]
        assert len(tools.changed) <= 1
