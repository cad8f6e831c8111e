"""The model client against a scripted server over real HTTP."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import pytest
from pydantic import SecretStr

from backend.agent.domain import (
    AssistantMessage,
    ModelEvent,
    ModelFinished,
    ModelRequest,
    ReasoningDelta,
    Risk,
    TextDelta,
    TokenUsage,
    ToolCall,
    ToolCallDelta,
    ToolCallStarted,
    ToolMessage,
    ToolOutcome,
    ToolSpec,
    ToolStatus,
    UserMessage,
)
from backend.integrations.openai_compatible.client import OpenAiCompatibleModel
from backend.vocabulary.errors import ErrorKind, ModelError
from backend.vocabulary.language import Language
from tests.fakes import openai_server as script
from tests.fakes.openai_server import Reply, ScriptedCall, ScriptedModelServer

TOOL = ToolSpec(
    name="k8s-get-pods",
    server="k8s",
    description="List pods",
    input_schema={"type": "object", "properties": {"namespace": {"type": "string"}}},
    risk=Risk.READ,
)
QUESTION = ModelRequest(
    instructions="Be brief.", history=(UserMessage("which pods?"),), tools=(TOOL,), language=Language.EN
)


@asynccontextmanager
async def serving(
    *replies: Reply, first: float = 5, idle: float = 5
) -> AsyncIterator[tuple[OpenAiCompatibleModel, ScriptedModelServer]]:
    async with ScriptedModelServer(replies=replies) as server:
        model = OpenAiCompatibleModel(
            model="scripted",
            base_url=server.base_url,
            api_key=SecretStr("sk-secret-secret"),
            first_token_seconds=first,
            idle_seconds=idle,
        )
        yield model, server
        await model.close()


async def ask(model: OpenAiCompatibleModel, request: ModelRequest = QUESTION) -> list[ModelEvent]:
    async with asyncio.timeout(20):
        return [event async for event in model.stream(request)]


async def ask_once(reply: Reply, *, first: float = 5, idle: float = 5) -> list[ModelEvent]:
    async with serving(reply, first=first, idle=idle) as (model, _):
        return await ask(model)


async def fail_once(reply: Reply, *, first: float = 5, idle: float = 5) -> ModelError:
    with pytest.raises(ModelError) as caught:
        await ask_once(reply, first=first, idle=idle)
    return caught.value


def last_message(events: Sequence[ModelEvent]) -> AssistantMessage:
    assert isinstance(events[-1], ModelFinished)
    return events[-1].message


def calls_of(events: Sequence[ModelEvent]) -> list[tuple[str, str]]:
    return [(call.name, call.arguments_text) for call in last_message(events).tool_calls]


async def test_text_reasoning_and_usage_stream_in_deltas() -> None:
    events = await ask_once(script.say("Three pods run", reasoning="let me see"))

    assert [event.text for event in events if isinstance(event, TextDelta)] == ["Three", " pods", " run"]
    assert "".join(event.text for event in events if isinstance(event, ReasoningDelta)) == "let me see "
    assert last_message(events).text == "Three pods run"
    assert isinstance(events[-1], ModelFinished)
    assert events[-1].usage == TokenUsage(input_tokens=11, output_tokens=7)


async def test_parallel_calls_with_split_arguments_are_put_together() -> None:
    reply = script.call_tools(
        ScriptedCall("k8s-get-pods", {"namespace": "default"}), ScriptedCall("k8s-get-nodes", {"limit": 5})
    )

    events = await ask_once(reply)

    assert calls_of(events) == [("k8s-get-pods", '{"namespace": "default"}'), ("k8s-get-nodes", '{"limit": 5}')]
    started = [event for event in events if isinstance(event, ToolCallStarted)]
    first = "".join(
        event.arguments_delta
        for event in events
        if isinstance(event, ToolCallDelta) and event.call_id == started[0].call_id
    )
    assert first == '{"namespace": "default"}'


def raw_call(*, arguments: object, **fields: object) -> script.Send:
    function: dict[str, object] = {"arguments": arguments}
    if "name" in fields:
        function["name"] = fields.pop("name")
    return script.delta_chunk({"tool_calls": [{**fields, "function": function}]})


QUIRKS = {
    "parallel calls all have index 0": [
        raw_call(index=0, id="a", name="one", arguments='{"x": 1}'),
        raw_call(index=0, id="b", name="two", arguments='{"y": 2}'),
    ],
    "all index 0, no ids": [
        raw_call(index=0, name="one", arguments='{"x": 1}'),
        raw_call(index=0, name="two", arguments='{"y": 2}'),
    ],
    "no index at all": [
        raw_call(id="a", name="one", arguments='{"x"'),
        raw_call(arguments=": 1}"),
        raw_call(id="b", name="two", arguments='{"y": 2}'),
    ],
    "name and id repeated in every delta": [
        raw_call(index=0, id="a", name="one", arguments='{"x"'),
        raw_call(index=0, id="a", name="one", arguments=": 1}"),
        raw_call(index=1, id="b", name="two", arguments='{"y"'),
        raw_call(index=1, id="b", name="two", arguments=": 2}"),
    ],
    "one id for all": [
        raw_call(index=0, id="call", name="one", arguments='{"x": 1}'),
        raw_call(index=1, id="call", name="two", arguments='{"y": 2}'),
    ],
    "arguments as an object": [
        raw_call(index=0, id="a", name="one", arguments={"x": 1}),
        raw_call(index=1, id="b", name="two", arguments={"y": 2}),
    ],
}


@pytest.mark.parametrize("steps", QUIRKS.values(), ids=QUIRKS.keys())
async def test_tool_calls_survive_vendors_quirks(steps: list[script.Send]) -> None:
    reply = script.stream(*steps, script.delta_chunk({}, finish_reason="tool_calls"))

    events = await ask_once(reply)

    assert calls_of(events) == [("one", '{"x": 1}'), ("two", '{"y": 2}')]
    assert len({call.id for call in last_message(events).tool_calls}) == 2


async def test_the_same_tool_called_twice_without_ids_stays_two_calls() -> None:
    steps = [raw_call(index=0, name="one", arguments=f'{{"x": {number}}}') for number in (1, 2)]

    events = await ask_once(script.stream(*steps, script.delta_chunk({}, finish_reason="tool_calls")))

    assert calls_of(events) == [("one", '{"x": 1}'), ("one", '{"x": 2}')]


async def test_call_ids_do_not_repeat_within_a_session() -> None:
    call = ToolCall(id="call_0", name="k8s-get-pods", arguments_text="{}")
    outcome = ToolOutcome(status=ToolStatus.OK, text="no pods")
    history = (UserMessage("hi"), AssistantMessage(text="", tool_calls=(call,)), ToolMessage(call, outcome))
    request = ModelRequest(instructions="", history=history, tools=(TOOL,), language=Language.EN)

    async with serving(script.call_tools(ScriptedCall("k8s-get-pods"))) as (model, _):
        events = await ask(model, request)

    assert last_message(events).tool_calls[0].id != "call_0"


async def test_broken_arguments_are_handed_on_as_they_are() -> None:
    events = await ask_once(script.call_tools(ScriptedCall("k8s-get-pods", '{"namespace": "def')))

    assert calls_of(events) == [("k8s-get-pods", '{"namespace": "def')]


@pytest.mark.parametrize("cut", [1, 3, 100])
async def test_think_tags_in_the_text_become_reasoning(cut: int) -> None:
    raw = "<think>first\nlook</think>\n\nAll is < well"
    pieces = [raw[start : start + cut] for start in range(0, len(raw), cut)]
    deltas = [script.delta_chunk({"content": piece}) for piece in pieces]

    events = await ask_once(script.stream(*deltas, script.delta_chunk({}, finish_reason="stop")))

    assert last_message(events) == AssistantMessage(text="All is < well", reasoning="first\nlook")


async def test_the_request_holds_instructions_tools_and_one_answer_per_call() -> None:
    calls = (
        ToolCall(id="a", name="k8s-get-pods", arguments_text='{"namespace": "x"}'),
        ToolCall(id="b", name="k8s-get-pods", arguments_text='{"names'),
    )
    failed = ToolOutcome(status=ToolStatus.ERROR, text="bad JSON")
    history = (
        UserMessage("which pods?"),
        AssistantMessage(text="Looking.", reasoning="hm", tool_calls=calls),
        ToolMessage(calls[1], failed),
    )
    request = ModelRequest(instructions="Be brief.", history=history, tools=(TOOL,), language=Language.EN)

    async with serving(script.say("ok")) as (model, server):
        await ask(model, request)

    system, user, assistant, first, second = server.requests[0].messages
    assert (system["role"], system["content"]) == ("system", "Be brief.")
    assert user["content"] == "which pods?"
    assert [call["function"]["arguments"] for call in assistant["tool_calls"]] == ['{"namespace":"x"}', "{}"]
    assert assistant["reasoning_content"] == "hm"
    assert (first["tool_call_id"], second["tool_call_id"]) == ("a", "b")
    assert second["content"] == "[error] bad JSON"
    assert server.requests[0].tool_names == ["k8s-get-pods"]
    assert server.requests[0].body["stream_options"] == {"include_usage": True}


async def test_a_rate_limit_names_the_wait_and_nothing_is_retried_behind_our_back() -> None:
    async with serving(script.too_many_requests(retry_after_seconds=7)) as (model, server):
        with pytest.raises(ModelError) as caught:
            await ask(model)

    assert caught.value.kind is ErrorKind.MODEL_QUOTA
    assert caught.value.retry_after_seconds == 7
    assert len(server.requests) == 1


REFUSALS: dict[str, tuple[Reply, ErrorKind]] = {
    "wrong key": (
        script.refuse(401, message="Incorrect API key provided: sk-secret-secret"),
        ErrorKind.MODEL_AUTHENTICATION,
    ),
    "forbidden": (script.refuse(403, message="no access"), ErrorKind.MODEL_AUTHENTICATION),
    "no balance (DeepSeek)": (script.refuse(402, message="Insufficient Balance"), ErrorKind.MODEL_QUOTA),
    "no balance (SiliconFlow)": (
        Reply(status=403, body={"code": 30001, "message": "Sorry, your account balance is insufficient"}),
        ErrorKind.MODEL_QUOTA,
    ),
    "overdue (Ark)": (
        script.refuse(403, message="The account has an overdue balance", code="AccountOverdueError"),
        ErrorKind.MODEL_QUOTA,
    ),
    "load (Zhipu)": (
        Reply(status=429, body={"error": {"code": "1305", "message": "当前API请求过多,请稍后重试"}}),
        ErrorKind.MODEL_QUOTA,
    ),
    "throttled (DashScope)": (
        Reply(status=429, body={"error": {"code": "Throttling.RateQuota", "message": "Requests throttled"}}),
        ErrorKind.MODEL_QUOTA,
    ),
    "too long (OpenAI)": (
        script.refuse(400, message="maximum context length is 8192 tokens", code="context_length_exceeded"),
        ErrorKind.CONTEXT_TOO_LONG,
    ),
    "too long (DashScope)": (
        script.refuse(400, message="Range of input length should be [1, 30720]", code="invalid_parameter_error"),
        ErrorKind.CONTEXT_TOO_LONG,
    ),
    "server error": (script.refuse(500, message="oops"), ErrorKind.MODEL_UNAVAILABLE),
    "overloaded": (script.refuse(503, message="The server is overloaded"), ErrorKind.MODEL_UNAVAILABLE),
    "gateway time-out": (script.refuse(504, message="upstream timed out"), ErrorKind.MODEL_TIMEOUT),
    "error in the stream": (script.error_chunk("upstream broke", after="Half"), ErrorKind.MODEL_UNAVAILABLE),
    "error in the stream without an error object": (
        script.stream(script.Send({"code": "1302", "message": "速率限制"}), ends_with_done=False),
        ErrorKind.MODEL_QUOTA,
    ),
    "connection cut": (script.cut_off("Half an answer"), ErrorKind.MODEL_UNAVAILABLE),
    "no finish reason": (script.stop_without_finish_reason("Half an answer"), ErrorKind.MODEL_UNAVAILABLE),
    "garbage": (script.stream(script.SendRaw(b"data: {not json\n\n")), ErrorKind.MODEL_UNAVAILABLE),
    "no stream but a page": (Reply(body="<html>welcome</html>"), ErrorKind.MODEL_UNAVAILABLE),
    "empty answer": (script.stream(script.delta_chunk({}, finish_reason="stop")), ErrorKind.MODEL_UNAVAILABLE),
}


@pytest.mark.parametrize(("reply", "kind"), REFUSALS.values(), ids=REFUSALS.keys())
async def test_failures_have_a_kind_and_never_show_the_key(reply: Reply, kind: ErrorKind) -> None:
    error = await fail_once(reply)

    assert error.kind is kind
    assert error.message
    assert "sk-secret" not in error.message


async def test_a_server_that_is_not_there_is_unavailable() -> None:
    model = OpenAiCompatibleModel(model="m", base_url="http://127.0.0.1:9/v1", api_key=None)

    with pytest.raises(ModelError) as caught:
        await ask(model)

    assert caught.value.kind is ErrorKind.MODEL_UNAVAILABLE


SILENCES: dict[str, Callable[[], Reply]] = {
    "before the first byte": script.hold_before_headers,
    "in the middle": lambda: script.hold_after("Half an answer"),
}


@pytest.mark.parametrize("silence", SILENCES.values(), ids=SILENCES.keys())
async def test_silence_ends_by_time_out_and_the_connection_is_closed(silence: Callable[[], Reply]) -> None:
    async with serving(silence(), first=0.2, idle=0.2) as (model, server):
        with pytest.raises(ModelError) as caught:
            await ask(model)
        await server.wait_for_hang_up()

    assert caught.value.kind is ErrorKind.MODEL_TIMEOUT


async def test_closing_the_iterator_closes_the_http_stream() -> None:
    async with serving(script.hold_after("Half an answer")) as (model, server):
        stream = model.stream(QUESTION)
        first = await anext(stream)
        await stream.aclose()
        await server.wait_for_hang_up()

    assert first == TextDelta("Half")


async def test_cancelling_the_reader_closes_the_http_stream() -> None:
    async with serving(script.hold_after("Half an answer")) as (model, server):
        task = asyncio.create_task(ask(model))
        await server.wait_for_requests(1)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await server.wait_for_hang_up()

    assert task.cancelled()
