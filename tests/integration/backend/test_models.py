"""Several models over real HTTP: choice, fall-back, breaker, repairs, budgets, windows, accounts."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any

import pytest

from backend.agent.artifacts.tools import ArtifactTools
from backend.agent.combined_tools import CombinedTools
from backend.agent.domain import ToolOutcome, ToolStatus
from backend.agent.model_routing.circuit_breaker import CircuitBreaker, CircuitState, Limits
from backend.agent.model_routing.named_models import ModelDirectory, ModelProfile, NamedModel
from backend.agent.settings import AgentSettings
from backend.features.chat.usage import UsageFilter
from backend.integrations.openai_compatible import OpenAiCompatibleModel
from backend.storage.artifact_store import SqlArtifactStore
from backend.vocabulary.errors import InvalidInput
from tests.fakes import openai_server as script
from tests.fakes.agent import FixtureTools, ScriptedModel, say
from tests.fakes.openai_server import Reply, ScriptedCall, ScriptedModelServer
from tests.integration.backend.conftest import Chat, OpenChat

FAST = AgentSettings(retry_seconds=0, delta_interval_seconds=0.001)
MOMENT_OF_TESTS = "2026-11-21"

Serve = Callable[..., Awaitable[tuple[NamedModel, ScriptedModelServer]]]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Starts a scripted model server and names the model behind it."""
    async with AsyncExitStack() as stack:

        async def start(name: str, *replies: Reply, now: Any = None, **profile: Any) -> Any:  # Any: see ModelProfile
            server = await stack.enter_async_context(ScriptedModelServer(replies=replies))
            client = OpenAiCompatibleModel(name=name, model=f"{name}-1", base_url=server.base_url, api_key=None)
            stack.push_async_callback(client.close)
            return named(name, client, now=now, **profile), server

        yield start


def named(name: str, client: Any, *, now: Any = None, **profile: Any) -> NamedModel:  # Any: see ModelProfile
    moment = datetime(2026, 11, 21, 3, tzinfo=UTC)
    breaker = CircuitBreaker(now=now or (lambda: moment), limits=Limits(failures=3, seconds=30))
    return NamedModel(name=name, client=client, breaker=breaker, profile=ModelProfile(**profile))


def rules(*texts: str) -> NamedModel:
    return named("rules", ScriptedModel(*(say(text) for text in texts), name="rule-planner", mode="rules"))


def in_order(*models: NamedModel, also: Sequence[NamedModel] = ()) -> ModelDirectory:
    return ModelDirectory([*models, *also], order=[model.name for model in models])


def notices(answer: Any) -> list[str]:  # Any: a message
    return [block["code"] for block in answer.blocks if block["type"] == "notice"]


def said(answer: Any) -> list[str]:  # Any: a message
    return [block["text"].strip() for block in answer.blocks if block["type"] == "text"]


FAULTS = {
    "refused at the first chunk": lambda: [script.refuse(500, message="boom")] * 3,
    "cut at the first chunk": lambda: [script.stream(script.CutConnection(), ends_with_done=False)] * 3,
    "cut at the second chunk": lambda: [script.cut_off("One")] * 3,
    "cut in mid-stream": lambda: [script.cut_off("One two three four five six")] * 3,
    "error in mid-stream": lambda: [script.error_chunk("upstream broke", after="One two three")] * 3,
    "cut in the arguments of a call": lambda: (
        [
            script.stream(
                *script.tool_call_steps([ScriptedCall("list-things", {"name": "half"})])[:2],
                script.CutConnection(),
                ends_with_done=False,
            )
        ]
        * 3
    ),
    "empty account, once": lambda: [script.refuse(402, message="Insufficient Balance")],
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
async def test_next_provider_takes_over_and_nothing_of_the_first_stays(
    open_chat: OpenChat, serve: Serve, fault: Callable[[], list[Reply]]
) -> None:
    first, first_server = await serve("alpha", *fault())
    second, second_server = await serve("beta", script.say("All is well"))
    chat: Chat = await open_chat(directory=in_order(first, second, rules()))

    run = await chat.ask("how are my pods?")

    answer = await chat.answer()
    assert (run.outcome, run.mode, run.model) == ("answered", "model", "beta")
    assert said(answer) == ["All is well"]
    assert notices(answer)[-1] == "model-taken-over"
    assert "beta" in answer.blocks[-2]["message"]
    assert not [block for block in answer.blocks if block["type"] == "tool_call"]
    assert len(first_server.requests) == len(fault())
    assert len(second_server.requests) == 1
    assert chat.tools.read == []


async def test_provider_that_comes_back_is_asked_again_in_the_same_turn(open_chat: OpenChat, serve: Serve) -> None:
    first, server = await serve("alpha", script.cut_off("Half an"), script.say("Whole answer"))
    chat: Chat = await open_chat(directory=in_order(first, rules()))

    run = await chat.ask("hello")

    answer = await chat.answer()
    assert (run.model, said(answer), notices(answer)) == ("alpha", ["Whole answer"], ["model-asked-again"])
    assert len(server.requests) == 2
    assert first.breaker.state is CircuitState.CLOSED


async def test_failing_provider_is_left_alone_until_its_time_is_over(open_chat: OpenChat, serve: Serve) -> None:
    chat: Chat = await open_chat()
    now = chat.clock.now
    first, first_server = await serve("alpha", *[script.refuse(503, message="down")] * 3, script.say("Back"), now=now)
    second, _server = await serve("beta", script.say("One"), script.say("Two"), now=now)
    chat = await open_chat(directory=in_order(first, second, rules()))

    await chat.ask("first")
    await chat.ask("second")
    while_open = len(first_server.requests)
    paused = notices(await chat.answer())
    chat.clock.advance(30)
    back = await chat.ask("third")

    assert while_open == 3
    assert paused == ["model-paused"]
    assert (back.model, notices(await chat.answer())) == ("alpha", [])
    assert first.breaker.state is CircuitState.CLOSED


async def test_fallback_holds_for_the_turn_without_repeating_itself(open_chat: OpenChat, serve: Serve) -> None:
    first, first_server = await serve("alpha", *[script.refuse(503, message="down")] * 3)
    second, _server = await serve(
        "beta", script.call_tools(ScriptedCall("list-things", {"a": 1})), script.say("One thing")
    )
    chat: Chat = await open_chat(directory=in_order(first, second, rules()))

    run = await chat.ask("list")

    events = await chat.events(run)
    assert [event["value"]["model"] for event in events if event.get("name") == "run-info"] == ["alpha", "beta"]
    assert notices(await chat.answer()).count("model-taken-over") == 1
    assert len(first_server.requests) == 3


async def test_everything_down_ends_with_rules(open_chat: OpenChat, serve: Serve) -> None:
    first, _server = await serve("alpha", script.refuse(401, message="bad key"))
    second, _server = await serve("beta", script.refuse(402, message="no money"))
    chat: Chat = await open_chat(directory=in_order(first, second, rules("By rules.")))

    run = await chat.ask("hello")

    assert (run.mode, run.model) == ("rules", "rule-planner")
    assert said(await chat.answer()) == ["By rules."]


async def test_message_chooses_its_model_and_the_stored_text_stays_as_typed(open_chat: OpenChat, serve: Serve) -> None:
    first, first_server = await serve("alpha", script.say("From alpha"))
    other, other_server = await serve("qwen", script.say("来自 qwen"))
    chat: Chat = await open_chat(directory=in_order(first, rules(), also=[other]))

    chosen = await chat.ask("@qwen 有哪些 Pod?")
    after = await chat.ask("and now?")

    messages, _before, _active = await chat.service.read_session(chat.session.id, before=None, limit=None)
    assert (chosen.model, after.model) == ("qwen", "alpha")
    assert other_server.requests[0].messages[-1]["content"] == "有哪些 Pod?"
    assert "@qwen" not in str(first_server.requests[0].messages)
    assert messages[0].blocks[0]["text"] == "@qwen 有哪些 Pod?"


async def test_choice_beside_the_message_holds_for_the_session(open_chat: OpenChat, serve: Serve) -> None:
    first, _server = await serve("alpha", *[script.say("From alpha")] * 2)
    other, _server = await serve("qwen", *[script.say("From qwen")] * 2)
    chat: Chat = await open_chat(directory=in_order(first, rules("By rules."), also=[other]))

    models = []
    for message, model in (
        ("one", "QWEN"),
        ("@rules two", None),
        ("three", None),
        ("@alpha four", None),
        ("five", "default"),
    ):
        run = await chat.service.start_run(chat.session.id, message=message, model=model)
        await chat.executor.wait()
        models.append((await chat.service.get_run(run.id)).model)

    assert models == ["qwen", "rule-planner", "qwen", "alpha", "alpha"]


async def test_unknown_model_writes_nothing(open_chat: OpenChat, serve: Serve) -> None:
    first, _server = await serve("alpha")
    chat: Chat = await open_chat(directory=in_order(first, rules()))

    with pytest.raises(InvalidInput, match="alpa"):
        await chat.service.start_run(chat.session.id, message="hi", model="alpa")

    assert (await chat.service.sessions.get(chat.session.id)).message_count == 0


PRINTED = '<tool_call>{"name": "list-things", "arguments": {"a": 1}}</tool_call>'


async def test_printed_call_is_taken_back_and_made(open_chat: OpenChat, serve: Serve) -> None:
    first, server = await serve("alpha", script.say(f"Let me look.\n{PRINTED}"), script.say("One thing"))
    chat: Chat = await open_chat(directory=in_order(first, rules()))

    run = await chat.ask("list")

    answer = await chat.answer()
    assert chat.tools.read == [{"a": 1}]
    assert said(answer) == ["Let me look.", "One thing"]
    assert notices(answer) == ["tool-call-repaired"]
    assert [block["status"] for block in answer.blocks if block["type"] == "tool_call"] == ["ok"]
    assert "message-discarded" in [event.get("name") for event in await chat.events(run)]
    assert [message["role"] for message in server.requests[1].messages][-3:] == ["user", "assistant", "tool"]


async def test_repairs_are_bounded(open_chat: OpenChat, serve: Serve) -> None:
    texts = [PRINTED.replace("1", str(number)) for number in (1, 2, 3)]
    first, _server = await serve("alpha", *(script.say(text) for text in texts))
    chat: Chat = await open_chat(directory=in_order(first, rules()))

    run = await chat.ask("list")

    assert run.outcome == "answered"
    assert chat.tools.read == [{"a": 1}, {"a": 2}]
    assert said(await chat.answer()) == [texts[2]]


async def test_cut_printed_call_is_asked_again_and_never_made(open_chat: OpenChat, serve: Serve) -> None:
    cut = '<tool_call>{"name": "foreign-change", "arguments": {"x": "y"'
    first, server = await serve("alpha", script.say(cut), script.say("I cannot say"))
    chat: Chat = await open_chat(directory=in_order(first, rules()))

    await chat.ask("change it")

    answer = await chat.answer()
    assert chat.tools.changed == []
    assert (said(answer), notices(answer)) == (["I cannot say"], ["tool-call-repaired"])
    assert len(server.requests) == 2


async def test_printed_change_waits_for_a_person_like_any_other(open_chat: OpenChat, serve: Serve) -> None:
    text = '{"name": "foreign-change", "arguments": {"x": "y"}}'
    first, _server = await serve("alpha", script.say(text))
    chat: Chat = await open_chat(directory=in_order(first, rules()))

    run = await chat.ask("change it")

    assert run.outcome == "interrupted"
    assert chat.tools.changed == []


async def test_model_without_tool_calling_works_in_words(open_chat: OpenChat, serve: Serve) -> None:
    calls = [script.say(PRINTED.replace("1", str(number))) for number in (1, 2, 3)]
    first, server = await serve("gemma", *calls, script.say("Three things"), can_call_tools=False)
    chat: Chat = await open_chat(directory=in_order(first, rules()))

    await chat.ask("list")

    answer = await chat.answer()
    assert chat.tools.read == [{"a": 1}, {"a": 2}, {"a": 3}]
    assert (said(answer), notices(answer)) == (["Three things"], [])
    assert server.requests[0].tool_names == []
    assert "list-things" in server.requests[0].messages[0]["content"]
    assert {message["role"] for message in server.requests[3].messages} <= {"system", "user", "assistant"}


async def test_calls_are_accounted_for_per_session_day_and_model(open_chat: OpenChat, serve: Serve) -> None:
    first, _server = await serve(
        "alpha",
        script.call_tools(ScriptedCall("list-things", {}), input_tokens=100, output_tokens=10),
        script.say("One thing", input_tokens=200, output_tokens=20),
        input_price=2.0,
        output_price=8.0,
    )
    chat: Chat = await open_chat(directory=in_order(first, rules()))

    run = await chat.ask("list")

    [usage] = await chat.usage.read(UsageFilter(session_id=chat.session.id, day=MOMENT_OF_TESTS))
    assert (usage.model, usage.calls, usage.input_tokens, usage.output_tokens) == ("alpha", 2, 300, 30)
    assert usage.cost_micros == 300 * 2 + 30 * 8
    assert await chat.usage.read(UsageFilter(run_id=run.id)) == [usage]
    assert await chat.usage.read(UsageFilter(day="2026-11-20")) == []
    assert await chat.usage.count_tokens_of_day(MOMENT_OF_TESTS) == 330


async def test_budget_goes_down_to_the_small_model_and_then_to_rules(open_chat: OpenChat, serve: Serve) -> None:
    large, _server = await serve("large", script.say("Large", input_tokens=850, output_tokens=0))
    small, _server = await serve("small", script.say("Small", input_tokens=200, output_tokens=0), is_small=True)
    settings = FAST.model_copy(update={"max_day_tokens": 1_000})
    chat: Chat = await open_chat(directory=in_order(large, rules("By rules."), also=[small]), settings=settings)

    runs, codes = [], []
    for message in ("one", "two", "three"):
        runs.append((await chat.ask(message)).model)
        codes.append(notices(await chat.answer()))

    assert runs == ["large", "small", "rule-planner"]
    assert codes == [[], ["budget-near"], ["budget-spent"]]


async def test_turn_that_spends_its_tokens_ends_with_rules(open_chat: OpenChat, serve: Serve) -> None:
    call = script.call_tools(ScriptedCall("list-things", {}), input_tokens=600, output_tokens=0)
    first, server = await serve("alpha", call)
    settings = FAST.model_copy(update={"max_turn_tokens": 500})
    chat: Chat = await open_chat(directory=in_order(first, rules("One thing.")), settings=settings)

    run = await chat.ask("list")

    assert (run.model, len(server.requests)) == ("rule-planner", 1)
    assert said(await chat.answer()) == ["One thing."]


def long_result(lines: int) -> ToolOutcome:
    text = "\n".join(f"pod-{number} Running on node-{number % 3}" for number in range(lines))
    return ToolOutcome(status=ToolStatus.OK, text=text, structured={"shown": lines})


async def test_large_result_is_read_on_through_the_artifact_tools(open_chat: OpenChat, serve: Serve) -> None:
    def reply(request: script.RecordedRequest) -> Reply:
        results = [message for message in request.messages if message["role"] == "tool"]
        if not results:
            return script.call_tools(ScriptedCall("list-things", {}))
        if len(results) == 1:
            artifact = results[0]["content"].split("artifact ")[1].split(":")[0]
            return script.call_tools(ScriptedCall("artifact-search", {"id": artifact, "pattern": "pod-1234 "}))
        return script.say("Found it" if "1235: pod-1234 Running" in results[1]["content"] else "Lost")

    fixture = FixtureTools(read_result=long_result(3_000))
    async with ScriptedModelServer(replies=reply) as server:
        client = OpenAiCompatibleModel(model="alpha", base_url=server.base_url, api_key=None)
        plain: Chat = await open_chat()
        store = SqlArtifactStore(plain.database, clock=plain.clock)
        tools = CombinedTools(ArtifactTools(store, max_tokens=2_000), fixture)
        settings = FAST.model_copy(update={"result_tokens": 2_000})
        chat: Chat = await open_chat(
            directory=in_order(named("alpha", client), rules()), tools=tools, settings=settings
        )

        await chat.ask("where is pod-1234?")

        answer = await chat.answer()
        await client.close()
    calls = [block for block in answer.blocks if block["type"] == "tool_call"]
    assert said(answer) == ["Found it"]
    assert len(server.requests[1].messages[-1]["content"]) < 12_000
    assert calls[0]["structured"] == {"shown": 3_000}
    assert [call["server"] for call in calls] == ["fixture", "local"]


async def test_long_session_fits_a_small_window_and_the_transcript_stays_whole(
    open_chat: OpenChat, serve: Serve
) -> None:
    summaries: list[str] = []

    def reply(request: script.RecordedRequest) -> Reply:
        if request.messages[0]["content"].startswith("Summarise"):
            summaries.append(request.messages[-1]["content"])
            return script.say("- asked about wood and stone")
        return script.say("An answer of some length. " * 60)

    async with ScriptedModelServer(replies=reply) as server:
        client = OpenAiCompatibleModel(model="alpha", base_url=server.base_url, api_key=None)
        model = named("alpha", client, context_tokens=3_000)
        chat: Chat = await open_chat(directory=in_order(model, rules()))

        for number in range(8):
            await chat.ask(f"question {number}: " + "wood and stone " * 40)

        answer = await chat.answer()
        await client.close()
    last = server.requests[-1].messages
    messages, _before, _active = await chat.service.read_session(chat.session.id, before=None, limit=None)
    assert summaries
    assert any("asked about wood and stone" in str(message["content"]) for message in last)
    assert last[-1]["content"].startswith("question 7")
    assert sum(len(str(message["content"])) for message in last) < 12_000
    assert "context-shortened" in notices(answer)
    assert len(messages) == 16
    assert messages[0].blocks[0]["text"].startswith("question 0")


async def test_provider_that_still_finds_it_too_long_gets_a_shorter_request(open_chat: OpenChat, serve: Serve) -> None:
    too_long = script.refuse(400, message="maximum context length is 4096 tokens", code="context_length_exceeded")
    first, server = await serve(
        "alpha",
        *[script.say("word " * 900)] * 2,
        too_long,
        script.say("- so far"),
        script.say("Short"),
        context_tokens=4_000,
    )
    chat: Chat = await open_chat(directory=in_order(first, rules()))

    await chat.ask("one")
    await chat.ask("two")
    run = await chat.ask("three")

    sizes = [sum(len(str(message["content"])) for message in request.messages) for request in server.requests]
    assert (run.model, said(await chat.answer())) == ("alpha", ["Short"])
    assert sizes[-1] < sizes[2]


async def test_repeated_call_is_answered_from_code(open_chat: OpenChat, serve: Serve) -> None:
    same = [script.call_tools(ScriptedCall("list-things", arguments)) for arguments in ('{"a": 1}', '{ "a":1 }')]
    first, server = await serve("alpha", *same, script.say("One thing"))
    chat: Chat = await open_chat(directory=in_order(first, rules()))

    await chat.ask("list")

    assert chat.tools.read == [{"a": 1}]
    assert "Not run again" in server.requests[2].messages[-1]["content"]


async def test_cancel_during_a_probe_gives_the_probe_back(open_chat: OpenChat, serve: Serve) -> None:
    chat: Chat = await open_chat()
    first, server = await serve(
        "alpha", *[script.refuse(503, message="down")] * 3, script.hold_after("thinking"), now=chat.clock.now
    )
    chat = await open_chat(directory=in_order(first, rules("By rules.")))
    await chat.ask("one")
    chat.clock.advance(31)
    run = await chat.service.start_run(chat.session.id, message="two", model=None)
    await server.wait_for_requests(4)

    await chat.service.cancel_run(run.id)
    async with asyncio.timeout(5):
        await chat.executor.wait()

    assert first.breaker.state is CircuitState.HALF_OPEN
    assert first.breaker.try_enter()
