"""Approving for a session, taking it back, and answering when it is too late or twice."""

import asyncio
from typing import Any

import pytest

from backend.agent.domain import AssistantMessage, Risk, ToolSpec
from backend.vocabulary.errors import AlreadyDecided, InvalidInput, NotFound
from tests.fakes.agent import CHANGE_TOOL, FixtureTools, ScriptedModel, call, say
from tests.integration.backend.conftest import Chat, OpenChat

ON_BOTH_DATABASES = True

CHANGE = call(("change-thing", '{"n": 5}'))


def script(turns: int) -> list[AssistantMessage]:
    return [CHANGE, say("Done.")] * turns


async def approve_first(chat: Chat, *, for_session: bool = True) -> Any:  # Any: Approval
    await chat.ask("change it")
    [approval] = [entry for entry in await _approvals(chat) if entry.state == "pending"]
    await chat.service.decide(approval.id, approve=True, decided_by="amy", reason=None, for_session=for_session)
    await chat.executor.wait()
    return approval


async def _approvals(chat: Chat) -> Any:  # Any: a list of Approval
    return await chat.service.list_approvals(state=None, session_id=chat.session.id)


async def test_same_key_is_approved_without_a_question_and_the_log_shows_it(open_chat: OpenChat) -> None:
    chat: Chat = await open_chat(ScriptedModel(*script(2)), tools=FixtureTools(remember_key="thing 1..10"))
    await approve_first(chat)

    run = await chat.ask("change it again")

    answer = await chat.answer()
    [block] = [block for block in answer.blocks if block["type"] == "approval"]
    assert run.outcome == "answered"
    assert chat.tools.changed == [{"n": 5}, {"n": 5}]
    assert (block["approval"]["state"], block["approval"]["decided_by"]) == ("approved", "remembered:amy")
    assert [entry.decided_by for entry in await _approvals(chat)].count("remembered:amy") == 1


@pytest.mark.parametrize("other", ["thing 11..99", None], ids=["another key", "no key"])
async def test_another_key_asks_again(open_chat: OpenChat, other: str | None) -> None:
    chat: Chat = await open_chat(ScriptedModel(*script(2)), tools=FixtureTools(remember_key="thing 1..10"))
    await approve_first(chat)
    chat.tools.remember_key = other

    run = await chat.ask("change it again")

    assert run.outcome == "interrupted"
    assert len(chat.tools.changed) == 1


async def test_single_approval_and_another_session_are_not_remembered(open_chat: OpenChat) -> None:
    chat: Chat = await open_chat(ScriptedModel(*script(3)), tools=FixtureTools(remember_key="thing"))
    await approve_first(chat, for_session=False)
    again = await chat.ask("again")
    [pending] = [entry for entry in await _approvals(chat) if entry.state == "pending"]
    await chat.service.decide(pending.id, approve=True, decided_by="amy", reason=None, for_session=True)
    await chat.executor.wait()
    other = await chat.service.create_session()

    run = await chat.service.start_run(other.id, message="change it", model=None)
    await chat.executor.wait()

    assert again.outcome == "interrupted"
    assert (await chat.service.get_run(run.id)).outcome == "interrupted"


@pytest.mark.parametrize(
    ("key", "risk"), [(None, Risk.CHANGE), ("thing", Risk.DESTRUCTIVE)], ids=["no key", "destructive"]
)
async def test_what_may_not_be_remembered_is_refused_and_stays_open(
    open_chat: OpenChat, key: str | None, risk: Risk
) -> None:
    spec = ToolSpec(
        name=CHANGE_TOOL.name, server="fixture", description="", input_schema={}, risk=risk, asks_itself=True
    )
    chat: Chat = await open_chat(ScriptedModel(*script(1)), tools=FixtureTools(specs=[spec], remember_key=key))
    await chat.ask("change it")
    [approval] = await _approvals(chat)

    with pytest.raises(InvalidInput):
        await chat.service.decide(approval.id, approve=True, decided_by="amy", reason=None, for_session=True)

    assert (await chat.service.get_approval(approval.id)).state == "pending"
    assert await chat.service.list_grants(chat.session.id) == []
    assert chat.tools.changed == []


async def test_revoked_grant_asks_again(open_chat: OpenChat) -> None:
    chat: Chat = await open_chat(ScriptedModel(*script(2)), tools=FixtureTools(remember_key="thing"))
    await approve_first(chat)
    [grant] = await chat.service.list_grants(chat.session.id)

    left = await chat.service.revoke_grants(chat.session.id, remember_key=grant.remember_key)

    run = await chat.ask("change it again")
    assert (grant.tool, grant.granted_by) == ("change-thing", "amy")
    assert left == []
    assert run.outcome == "interrupted"


async def test_preview_reaches_the_approval_and_its_event(open_chat: OpenChat) -> None:
    preview = {"kind": "scale", "before": 3, "after": 5}
    chat: Chat = await open_chat(ScriptedModel(CHANGE), tools=FixtureTools(preview=preview))

    await chat.ask("change it")

    [approval] = await _approvals(chat)
    [block] = [block for block in (await chat.answer()).blocks if block["type"] == "approval"]
    assert approval.preview == preview
    assert block["approval"]["preview"] == preview
    assert block["approval"]["can_remember"] is False


async def test_tool_that_is_gone_when_the_yes_comes_is_not_called(open_chat: OpenChat) -> None:
    """Read-only mode and a disabled tool both take it out of the catalogue."""
    chat: Chat = await open_chat(ScriptedModel(*script(1)))
    await chat.ask("change it")
    [approval] = await _approvals(chat)
    chat.tools.specs = [spec for spec in chat.tools.specs if spec.risk is Risk.READ]

    await chat.service.decide(approval.id, approve=True, decided_by="amy", reason=None)
    await chat.executor.wait()

    [block] = [block for block in (await chat.answer()).blocks if block["type"] == "tool_call"]
    assert chat.tools.changed == []
    assert block["error"]["code"] == "tool_not_found"


async def test_remembered_yes_does_not_outlive_the_tool(open_chat: OpenChat) -> None:
    chat: Chat = await open_chat(ScriptedModel(*script(2)), tools=FixtureTools(remember_key="thing"))
    await approve_first(chat)
    chat.tools.specs = [spec for spec in chat.tools.specs if spec.risk is Risk.READ]

    await chat.ask("change it again")

    assert len(chat.tools.changed) == 1


async def test_cancelled_question_is_withdrawn_and_cannot_be_approved_any_more(open_chat: OpenChat) -> None:
    chat: Chat = await open_chat(ScriptedModel(*script(1)))
    run = await chat.ask("change it")
    [approval] = await _approvals(chat)

    await chat.service.cancel_run(run.id)
    await chat.executor.wait()
    with pytest.raises(AlreadyDecided):
        await chat.service.decide(approval.id, approve=True, decided_by="amy", reason=None)

    answer = await chat.answer()
    [block] = [block for block in answer.blocks if block["type"] == "tool_call"]
    assert (answer.state, block["status"]) == ("cancelled", "cancelled")
    assert chat.tools.changed == []


async def test_approval_of_a_deleted_session_is_not_found(open_chat: OpenChat) -> None:
    chat: Chat = await open_chat(ScriptedModel(*script(1)))
    await chat.ask("change it")
    [approval] = await _approvals(chat)
    await chat.service.delete_session(chat.session.id)

    with pytest.raises(NotFound):
        await chat.service.decide(approval.id, approve=True, decided_by="amy", reason=None)

    assert chat.tools.changed == []


async def test_ten_clicks_at_once_execute_once(open_chat: OpenChat) -> None:
    chat: Chat = await open_chat(ScriptedModel(*script(1)), tools=FixtureTools(remember_key="thing"))
    await chat.ask("change it")
    [approval] = await _approvals(chat)

    answers = await asyncio.gather(
        *(
            chat.service.decide(approval.id, approve=True, decided_by="amy", reason=None, for_session=bool(number % 2))
            for number in range(10)
        ),
        return_exceptions=True,
    )
    await chat.executor.wait()

    assert [type(answer) for answer in answers].count(AlreadyDecided) == 9
    assert chat.tools.changed == [{"n": 5}]


async def test_second_backend_answers_what_the_first_has_asked(open_chat: OpenChat) -> None:
    tools = FixtureTools(remember_key="thing")
    first: Chat = await open_chat(ScriptedModel(CHANGE), tools=tools)
    await first.ask("change it")
    await first.database.close()
    second: Chat = await open_chat(ScriptedModel(say("Done."), CHANGE, say("Done.")), tools=tools)
    [approval] = await _approvals(second)

    await second.service.decide(approval.id, approve=True, decided_by="bob", reason=None, for_session=True)
    await second.executor.wait()
    run = await second.ask("again")

    assert run.outcome == "answered"
    assert tools.changed == [{"n": 5}, {"n": 5}]
