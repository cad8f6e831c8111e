"""The audit in a real database: serialised, tamper-evident, and in front of every change."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from audit_chain.chain import Fault, FaultKind, Head
from backend.agent.domain import Json
from backend.cli import app as cli
from backend.features.access.domain import Principal, Role
from backend.features.audit.service import AuditService
from backend.records import administer
from backend.settings import Settings
from backend.storage.audit_store import SqlAuditStore
from backend.storage.database import Database
from backend.vocabulary.errors import Unavailable
from backend.vocabulary.language import Text
from tests.fakes.agent import FixtureTools, ScriptedModel, call, say
from tests.integration.backend.conftest import Chat, OpenChat
from tests.integration.backend.test_crashes import (
    Crash,
    CrashingTools,
    StatefulModel,
    advance_until_over,
)

ON_BOTH_DATABASES = True


class FailingAudit:
    """An audit whose database is gone for some actions."""

    def __init__(self, inner: AuditService, *, fails: set[str]) -> None:
        self._inner = inner
        self._fails = fails

    async def record(self, action: str, *, actor: str, subject: str, details: Json) -> None:
        if action in self._fails:
            raise Unavailable(Text(en="gone", zh="没了"))
        await self._inner.record(action, actor=actor, subject=subject, details=details)


class CrashingAudit:
    """The process dies at the n-th record, before or after it is written."""

    def __init__(self, inner: AuditService, *, at: int, is_written: bool) -> None:
        self._inner = inner
        self._left = at
        self._is_written = is_written

    async def record(self, action: str, *, actor: str, subject: str, details: Json) -> None:
        self._left -= action != "session.created"  # the run has not begun
        if self._left != 0 or action == "session.created":
            await self._inner.record(action, actor=actor, subject=subject, details=details)
            return
        if self._is_written:
            await self._inner.record(action, actor=actor, subject=subject, details=details)
        raise Crash


async def read_actions(chat: Chat) -> list[str]:
    return [record.entry.action for record in await chat.audit.read_newest(before=None, limit=500, action=None)][::-1]


async def fill(chat: Chat, count: int) -> None:
    for number in range(count):
        await chat.audit.record("tool.finished", actor="amy", subject=f"tool-{number}", details={"n": number})


async def run_sql(chat: Chat, statement: str) -> None:
    async with chat.database.write() as connection:
        await connection.exec_driver_sql(statement)


async def test_concurrent_writers_in_several_processes_make_no_fork(open_chat: OpenChat) -> None:
    one: Chat = await open_chat()
    other: Chat = await open_chat()
    before = (await one.audit.verify()).head.seq

    await asyncio.gather(fill(one, 20), fill(other, 20), fill(one, 20), fill(other, 20))

    verdict = await one.audit.verify()
    assert (verdict.fault, verdict.head.seq - before) == (None, 80)


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("UPDATE audit SET actor = 'bob' WHERE seq = 4", Fault(4, FaultKind.ALTERED)),
        ("UPDATE audit SET details = '{}' WHERE seq = 4", Fault(4, FaultKind.ALTERED)),
        ("UPDATE audit SET at = '2020-01-01 00:00:00.000000' WHERE seq = 4", Fault(4, FaultKind.ALTERED)),
        (f"UPDATE audit SET hash = '{7:064d}' WHERE seq = 4", Fault(4, FaultKind.ALTERED)),
        ("DELETE FROM audit WHERE seq = 4", Fault(4, FaultKind.MISSING)),
        ("DELETE FROM audit WHERE seq <= 4", Fault(1, FaultKind.MISSING)),
    ],
)
async def test_verify_names_the_first_bad_record(open_chat: OpenChat, statement: str, fault: Fault) -> None:
    chat: Chat = await open_chat()
    await fill(chat, 8)

    await run_sql(chat, statement)

    assert (await chat.audit.verify()).fault == fault


async def test_cut_off_end_shows_against_an_earlier_head(open_chat: OpenChat) -> None:
    chat: Chat = await open_chat()
    await fill(chat, 8)
    head = (await chat.audit.verify()).head

    await run_sql(chat, "DELETE FROM audit WHERE seq > 5")
    alone = await chat.audit.verify()
    compared = await chat.audit.verify(expected=head)

    assert alone.fault is None
    assert compared.fault == Fault(head.seq, FaultKind.MISSING)


async def test_chain_written_anew_shows_against_an_earlier_head(open_chat: OpenChat) -> None:
    chat: Chat = await open_chat()
    await fill(chat, 3)
    head = (await chat.audit.verify()).head

    await run_sql(chat, "DELETE FROM audit")
    await fill(chat, 8)

    assert (await chat.audit.verify()).fault is None
    assert (await chat.audit.verify(expected=head)).fault == Fault(head.seq, FaultKind.ALTERED)


async def test_turn_with_a_read_and_a_change_is_told_in_order(open_chat: OpenChat) -> None:
    chat: Chat = await open_chat(
        ScriptedModel(call(("list-things", '{"secret": "hunter2"}')), call(("change-thing", '{"n": 5}')), say("Done."))
    )
    run = await chat.service.start_run(chat.session.id, message="change", model=None, asked_by="olga")
    await chat.executor.wait()
    [approval] = await chat.service.list_approvals(state=None, session_id=None)
    await chat.service.decide(approval.id, approve=True, decided_by="amy", reason=None)
    await chat.executor.wait()

    records = (await chat.audit.read_newest(before=None, limit=100, action=None))[::-1]
    told = [(record.entry.action, record.entry.actor, record.entry.subject) for record in records]
    assert told == [
        ("session.created", "local", chat.session.id),
        ("tool.finished", "olga", "list-things"),
        ("tool.sent", "olga", "change-thing"),
        ("approval.asked", "olga", "change-thing"),
        ("approval.decided", "amy", "change-thing"),
        ("approval.executed", "olga", "change-thing"),
        ("tool.finished", "olga", "change-thing"),
    ]
    read = json.loads(records[1].entry.details)
    assert (read["argument_names"], read["status"], read["run_id"]) == (["secret"], "ok", run.id)
    assert "hunter2" not in "".join(record.entry.details for record in records)
    digests = {json.loads(record.entry.details)["arguments_sha256"] for record in records[2:]}
    assert digests == {approval.arguments_sha256}


@pytest.mark.parametrize("action", ["tool.sent", "approval.executed"])
async def test_change_that_cannot_be_audited_is_not_sent(open_chat: OpenChat, action: str) -> None:
    tools = FixtureTools()
    chat: Chat = await open_chat(
        StatefulModel(), tools=tools, wrap_audit=lambda audit: FailingAudit(audit, fails={action})
    )
    await chat.ask("change")
    for approval in await chat.service.list_approvals(state=None, session_id=None):
        await chat.service.decide(approval.id, approve=True, decided_by="amy", reason=None)
    await chat.executor.wait()

    answer = await chat.answer()
    [change] = [block for block in answer.blocks if block["type"] == "tool_call" and block["name"] == "change-thing"]
    assert tools.changed == []
    assert (change["status"], change["error"]["code"]) == ("error", "permission_denied")
    assert "audit" in change["text"]


async def test_outcome_of_a_change_is_kept_when_only_its_end_cannot_be_audited(open_chat: OpenChat) -> None:
    tools = FixtureTools()
    chat: Chat = await open_chat(
        StatefulModel(), tools=tools, wrap_audit=lambda audit: FailingAudit(audit, fails={"tool.finished"})
    )
    await chat.ask("change")
    [approval] = await chat.service.list_approvals(state=None, session_id=None)
    await chat.service.decide(approval.id, approve=True, decided_by="amy", reason=None)
    await chat.executor.wait()

    answer = await chat.answer()
    statuses = [block["status"] for block in answer.blocks if block["type"] == "tool_call"]
    assert (tools.changed, statuses) == ([{"n": 5}], ["ok", "ok"])


@pytest.mark.parametrize("is_written", [False, True], ids=["before the record", "after the record"])
@pytest.mark.parametrize("at", range(1, 6))
async def test_crash_at_any_record_repeats_no_change_and_leaves_the_chain_whole(
    open_chat: OpenChat, at: int, is_written: bool
) -> None:
    tools = FixtureTools()
    first: Chat = await open_chat(
        StatefulModel(),
        tools=tools,
        wrap_audit=lambda audit: CrashingAudit(audit, at=at, is_written=is_written),
    )
    restarted: Chat = await open_chat(StatefulModel(), tools=tools)
    run_id = (await start(first)).id
    chat = first

    for _ in range(4):
        if await advance_until_over(chat, run_id):
            chat = restarted
            continue
        pending = await restarted.service.list_approvals(state=None, session_id=None)
        if not pending or pending[0].state != "pending":
            break
        _approval, following = await restarted.approvals.decide(
            pending[0].id, approve=True, decided_by="amy", reason=None, at=restarted.clock.now()
        )
        run_id = following.id

    actions = await read_actions(restarted)
    assert (await restarted.service.get_run(run_id)).outcome == "answered"
    assert len(tools.changed) <= 1
    assert actions.count("approval.executed") <= 1
    assert len(tools.changed) <= actions.count("approval.executed")
    assert (await restarted.audit.verify()).fault is None


async def test_change_whose_end_nobody_saw_is_in_the_audit_all_the_same(open_chat: OpenChat) -> None:
    tools = CrashingTools()
    chat: Chat = await open_chat(StatefulModel(), tools=tools)
    run = await start(chat)
    await advance_until_over(chat, run.id)
    [approval] = await chat.service.list_approvals(state=None, session_id=None)
    _approval, following = await chat.approvals.decide(
        approval.id, approve=True, decided_by="amy", reason=None, at=chat.clock.now()
    )
    await advance_until_over(chat, following.id)

    assert tools.changed == [{"n": 5}]
    assert (await read_actions(chat))[-1] == "approval.executed"


async def start(chat: Chat) -> Any:  # Any: a run
    from backend.vocabulary.language import Language

    return await chat.runs.start_turn(chat.session.id, message="change", language=Language.EN, model=None)


async def test_audit_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'empty.db'}")

    with pytest.raises(Unavailable):
        await SqlAuditStore(database).head()

    await database.close()


def run_command(*arguments: str) -> Result:
    return CliRunner().invoke(cli, list(arguments))


def test_commands_make_tokens_verify_and_export(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATA_DIRECTORY", str(tmp_path))

    made = run_command("token", "create", "amy", "--role", "operator")
    again = run_command("token", "create", "amy")
    whole = run_command("audit", "verify")
    exported = run_command("audit", "export")
    principal = asyncio.run(find_principal(made.stdout.strip()))
    asyncio.run(spoil())
    broken = run_command("audit", "verify")

    assert principal == Principal(name="amy", role=Role.OPERATOR)
    assert (again.exit_code, "There is a token 'amy' already" in again.output) == (1, True)
    assert (whole.exit_code, whole.stdout.startswith("The audit is whole: 1 records.")) == (0, True)
    assert [json.loads(line)["action"] for line in exported.stdout.splitlines()] == ["token.created"]
    assert made.stdout.strip() not in exported.stdout
    assert (broken.exit_code, "record 1 was changed" in broken.output) == (1, True)


def test_list_of_tokens_shows_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATA_DIRECTORY", str(tmp_path))
    secret = run_command("token", "create", "amy").stdout.strip()
    run_command("token", "revoke", "amy")

    listed = run_command("token", "list").stdout

    assert "amy" in listed
    assert "viewer" in listed
    assert "revoked" in listed
    assert secret[5:20] not in listed


@pytest.mark.parametrize("head", ["7", "x:" + "0" * 64, "7:short"])
def test_head_that_is_none_is_refused(head: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATA_DIRECTORY", str(tmp_path))

    assert run_command("audit", "verify", "--head", head).exit_code == 2


async def find_principal(secret: str) -> Principal | None:
    async with administer() as (access, _audit):
        return await access.find_principal(secret)


async def spoil() -> None:
    database = Database(Settings().resolved_database_url)
    async with database.write() as connection:
        await connection.exec_driver_sql("UPDATE audit SET actor = 'nobody'")
    await database.close()


async def test_export_begins_at_a_moment(open_chat: OpenChat) -> None:
    chat: Chat = await open_chat()
    await fill(chat, 2)
    chat.clock.advance(60)
    moment = chat.clock.now()
    await fill(chat, 3)

    exported = [record async for record in chat.audit.export(since=moment)]

    assert len(exported) == 3
    assert (await chat.audit.verify(expected=Head(exported[-1].seq, exported[-1].hash))).fault is None
