"""Runs on a real database: answers, tools, approvals, faults, cancels."""

import asyncio

import pytest
from ag_ui.core import Event
from pydantic import TypeAdapter

from backend.agent.domain import Risk, ToolMessage, ToolOutcome, ToolSpec, ToolStatus
from backend.agent.settings import AgentSettings
from backend.vocabulary.errors import AlreadyDecided, ErrorKind, Expired, Failure, InvalidInput, ModelError
from tests.fakes.agent import FixtureTools, ScriptedModel, call, say
from tests.integration.backend.conftest import Chat, OpenChat

ON_BOTH_DATABASES = True


async def test_answer_is_streamed_into_the_log_and_read_back(open_chat: OpenChat) -> None:
    chat: Chat = await open_chat(ScriptedModel(say("All pods are fine.")))

    run = await chat.ask("how are my pods?")

    answer = await chat.answer()
    assert run.outcome == "answered"
    assert [block["text"].strip() for block in answer.blocks] == ["All pods are fine."]
    assert answer.usage == {"input_tokens": 10, "output_tokens": 5}


async def test_every_event_is_valid_ag_ui(open_chat: OpenChat) -> None:
    chat: Chat = await open_chat(
        ScriptedModel(call(("list-things", "{}"), text="Looking."), call(("change-thing", '{"n": 5}')))
    )

    run = await chat.ask("change it")

    adapter: TypeAdapter[Event] = TypeAdapter(Event)
    events = await chat.events(run)
    assert [adapter.validate_python(event).type.value for event in events] == [event["type"] for event in events]


async def test_reads_of_one_reply_run_side_by_side_and_feed_the_next_call(open_chat: OpenChat) -> None:
    model = ScriptedModel(call(("list-things", '{"a": 1}'), ("list-things", '{"a": 2}')), say("Two things."))
    chat: Chat = await open_chat(model)

    await chat.ask("list")

    assert chat.tools.read == [{"a": 1}, {"a": 2}]
    results = [message for message in model.requests[1].history if isinstance(message, ToolMessage)]
    assert [result.outcome.text.splitlines()[1] for result in results] == ["one thing", "one thing"]


async def test_change_waits_for_approval_and_then_runs_exactly_once(open_chat: OpenChat) -> None:
    chat: Chat = await open_chat(ScriptedModel(call(("change-thing", '{"n": 5}')), say("Done.")))
    first = await chat.ask("change it")
    [approval] = await chat.service.list_approvals(state=None, session_id=chat.session.id)
    changed_before = list(chat.tools.changed)

    _approval, run = await chat.service.decide(approval.id, approve=True, decided_by="amy", reason=None)
    await chat.executor.wait()

    answer = await chat.answer()
    assert first.outcome == "interrupted"
    assert changed_before == []
    assert chat.tools.changed == [{"n": 5}]
    assert answer.run_id == run.id
    assert answer.blocks[-1]["text"].strip() == "Done."
    assert [block["approval"]["decided_by"] for block in answer.blocks if block["type"] == "approval"] == ["amy"]


async def test_rejection_reaches_the_model_with_its_reason(open_chat: OpenChat) -> None:
    model = ScriptedModel(call(("change-thing", '{"n": 5}')), say("Understood."))
    chat: Chat = await open_chat(model)
    await chat.ask("change it")
    [approval] = await chat.service.list_approvals(state=None, session_id=None)

    await chat.service.decide(approval.id, approve=False, decided_by="amy", reason="not at night")
    await chat.executor.wait()

    result = model.requests[1].history[-1]
    assert isinstance(result, ToolMessage)
    assert result.outcome.status is ToolStatus.DECLINED
    assert "not at night" in result.outcome.text
    assert chat.tools.changed == []


async def test_second_answer_to_an_approval_is_refused(open_chat: OpenChat) -> None:
    chat: Chat = await open_chat(ScriptedModel(call(("change-thing", '{"n": 5}')), say("Done.")))
    await chat.ask("change it")
    [approval] = await chat.service.list_approvals(state=None, session_id=None)

    answers = await asyncio.gather(
        *(chat.service.decide(approval.id, approve=True, decided_by=name, reason=None) for name in ("amy", "bob")),
        return_exceptions=True,
    )
    await chat.executor.wait()

    assert [type(answer) for answer in answers].count(AlreadyDecided) == 1
    assert chat.tools.changed == [{"n": 5}]


async def test_expired_approval_changes_nothing(open_chat: OpenChat) -> None:
    chat: Chat = await open_chat(ScriptedModel(call(("change-thing", '{"n": 5}'))))
    await chat.ask("change it")
    [approval] = await chat.service.list_approvals(state=None, session_id=None)
    chat.clock.advance(601)

    with pytest.raises(Expired):
        await chat.service.decide(approval.id, approve=True, decided_by="amy", reason=None)

    assert chat.tools.changed == []
    assert (await chat.service.get_approval(approval.id)).state == "expired"


async def test_server_that_is_not_trusted_to_ask_is_not_called_before_approval(open_chat: OpenChat) -> None:
    chat: Chat = await open_chat(ScriptedModel(call(("foreign-change", '{"x": "y"}')), say("Done.")))
    await chat.ask("change it")
    [approval] = await chat.service.list_approvals(state=None, session_id=None)
    changed_before = list(chat.tools.changed)

    await chat.service.decide(approval.id, approve=True, decided_by="amy", reason=None)
    await chat.executor.wait()

    assert changed_before == []
    assert 'x = "y"' in approval.question
    assert chat.tools.changed == [{"x": "y"}]


async def test_approved_call_whose_arguments_differ_is_refused(open_chat: OpenChat) -> None:
    chat: Chat = await open_chat(ScriptedModel(call(("change-thing", '{"n": 5}')), say("Refused.")))
    await chat.ask("change it")
    [approval] = await chat.service.list_approvals(state=None, session_id=None)
    chat.tools.specs = [
        ToolSpec(name="change-thing", server="other", description="", input_schema={}, risk=Risk.CHANGE)
    ]

    await chat.service.decide(approval.id, approve=True, decided_by="amy", reason=None)
    await chat.executor.wait()

    answer = await chat.answer()
    assert chat.tools.changed == []
    assert answer.blocks[0]["error"]["code"] == "permission_denied"


async def test_malformed_arguments_and_unknown_tools_go_back_to_the_model(open_chat: OpenChat) -> None:
    model = ScriptedModel(call(("list-things", '{"a": '), ("list-thing", "{}")), say("Sorry."))
    chat: Chat = await open_chat(model)

    await chat.ask("list")

    results = [message.outcome for message in model.requests[1].history if isinstance(message, ToolMessage)]
    assert [result.failure.kind for result in results if result.failure] == [
        ErrorKind.TOOL_BAD_ARGUMENTS,
        ErrorKind.TOOL_NOT_FOUND,
    ]
    assert "list-things" in results[1].text
    assert chat.tools.read == []


async def test_reply_that_breaks_off_is_discarded_and_asked_again(open_chat: OpenChat) -> None:
    broken = ModelError(ErrorKind.MODEL_UNAVAILABLE, "connection lost")
    chat: Chat = await open_chat(ScriptedModel(broken, say("Complete.")))

    run = await chat.ask("hello")

    answer = await chat.answer()
    assert run.outcome == "answered"
    assert [block["type"] for block in answer.blocks] == ["notice", "text"]
    assert answer.blocks[1]["text"].strip() == "Complete."


async def test_next_model_takes_over_and_the_log_says_so(open_chat: OpenChat) -> None:
    refused = ModelError(ErrorKind.MODEL_AUTHENTICATION, "wrong key")
    planner = ScriptedModel(say("From rules."), name="rule-planner", mode="rules")
    chat: Chat = await open_chat(ScriptedModel(refused), planner)

    run = await chat.ask("hello")

    answer = await chat.answer()
    assert (run.mode, answer.mode, answer.model) == ("rules", "rules", "rule-planner")
    assert "wrong key" in answer.blocks[0]["message"]


async def test_failure_of_every_model_closes_the_run_with_advice(open_chat: OpenChat) -> None:
    quota = [ModelError(ErrorKind.MODEL_QUOTA, "rate limit") for _ in range(3)]
    chat: Chat = await open_chat(ScriptedModel(*quota))

    run = await chat.ask("hello")

    answer = await chat.answer()
    assert run.state == "failed"
    assert answer.error["code"] == "model_quota"
    assert answer.error["hint"]


async def test_retry_after_beyond_the_limit_is_not_waited_for(open_chat: OpenChat) -> None:
    quota = ModelError(ErrorKind.MODEL_QUOTA, "come back tomorrow", retry_after_seconds=86_400)
    chat: Chat = await open_chat(ScriptedModel(quota))

    run = await chat.ask("hello")

    assert run.state == "failed"


async def test_unreachable_cluster_is_reported_without_asking_the_model_again(open_chat: OpenChat) -> None:
    message = "Cannot reach the Kubernetes API at https://10.0.0.1:6443 (connection refused)"
    failure = Failure(kind=ErrorKind.TOOL_SERVER_UNREACHABLE, message=message)
    tools = FixtureTools(read_result=ToolOutcome(status=ToolStatus.ERROR, text=message, failure=failure))
    model = ScriptedModel(call(("list-things", "{}")), say("Your three pods are fine."))
    chat: Chat = await open_chat(model, tools=tools)

    run = await chat.ask("how are my pods?")

    answer = await chat.answer()
    assert run.outcome == "answered"
    assert len(model.requests) == 1
    assert message in answer.blocks[-1]["text"]


async def test_budget_of_model_calls_ends_the_turn(open_chat: OpenChat) -> None:
    model = ScriptedModel(*(call(("list-things", "{}")) for _ in range(5)))
    chat: Chat = await open_chat(model, settings=AgentSettings(max_model_calls=3, delta_interval_seconds=0.001))

    run = await chat.ask("loop")

    assert run.outcome == "answered"
    assert len(model.requests) == 3


async def test_cancel_reaches_the_model_and_keeps_what_was_said(open_chat: OpenChat) -> None:
    model = ScriptedModel(say("a very long answer"))
    model.hold = asyncio.Event()
    chat: Chat = await open_chat(model)
    run = await chat.service.start_run(chat.session.id, message="hello", model=None)
    await _wait_for_event(chat, run.id, "TEXT_MESSAGE_CONTENT")

    await chat.service.cancel_run(run.id)
    await chat.executor.wait()

    answer = await chat.answer()
    assert (await chat.service.get_run(run.id)).outcome == "cancelled"
    assert answer.state == "cancelled"
    assert answer.blocks[0]["text"].strip() == "a"


async def test_cancel_reaches_the_tool(open_chat: OpenChat) -> None:
    tools = FixtureTools(hold=asyncio.Event())
    chat: Chat = await open_chat(ScriptedModel(call(("list-things", "{}"))), tools=tools)
    run = await chat.service.start_run(chat.session.id, message="list", model=None)
    await _wait_for_event(chat, run.id, "CUSTOM", name="tool-call-info")

    await chat.service.cancel_run(run.id)
    await chat.executor.wait()

    answer = await chat.answer()
    assert tools.was_cancelled
    assert answer.blocks[0]["status"] == "cancelled"


async def test_earlier_turns_are_part_of_the_next_request(open_chat: OpenChat) -> None:
    model = ScriptedModel(call(("list-things", "{}")), say("One thing."), say("It is blue."))
    chat: Chat = await open_chat(model)

    await chat.ask("list")
    await chat.ask("what colour?")

    assert [type(message).__name__ for message in model.requests[-1].history] == [
        "UserMessage",
        "AssistantMessage",
        "ToolMessage",
        "AssistantMessage",
        "UserMessage",
    ]


@pytest.mark.parametrize("message", ["", "  \n", "x" * 100_000], ids=["empty", "blank", "100 kB"])
async def test_unusable_message_writes_nothing(open_chat: OpenChat, message: str) -> None:
    chat: Chat = await open_chat(ScriptedModel())

    with pytest.raises(InvalidInput):
        await chat.service.start_run(chat.session.id, message=message, model=None)

    assert (await chat.service.sessions.get(chat.session.id)).message_count == 0


async def test_follower_sees_every_event_exactly_once_from_any_position(open_chat: OpenChat) -> None:
    chat: Chat = await open_chat(ScriptedModel(call(("list-things", "{}")), say("one two three")))
    run = await chat.service.start_run(chat.session.id, message="list", model=None)

    live = [seq async for batch in chat.service.follow(run.id, after=0) for seq, _data in batch]
    late = [seq async for batch in chat.service.follow(run.id, after=3) for seq, _data in batch]

    assert live == list(range(1, len(live) + 1))
    assert late == live[3:]


async def _wait_for_event(chat: Chat, run_id: str, kind: str, *, name: str | None = None) -> None:
    wanted = f'"name":"{name}"' if name else f'"type":"{kind}"'
    async with asyncio.timeout(5):
        async for batch in chat.service.follow(run_id, after=0):
            if any(wanted in data for _seq, data in batch):
                return
