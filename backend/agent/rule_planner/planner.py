"""The rule planner as a model: it reads the history and replies with tool calls or an answer."""

import json
from collections.abc import AsyncGenerator, Sequence

from backend.agent.domain import (
    AssistantMessage,
    HistoryMessage,
    Mode,
    ModelEvent,
    ModelFinished,
    ModelRequest,
    TextDelta,
    ToolCall,
    ToolCallDelta,
    ToolCallStarted,
    ToolMessage,
    UserMessage,
)
from backend.agent.rule_planner.answers.markdown import signed
from backend.agent.rule_planner.calls import CallTools, PlannedCall
from backend.agent.rule_planner.hosts.judging import JudgeHost, judge_nothing
from backend.agent.rule_planner.planning import plan_next
from backend.agent.rule_planner.results import TurnResults, read_results
from backend.agent.rule_planner.understanding import understand
from backend.vocabulary.language import detect_language


class RulePlanner:
    """Implements ModelClient without a model: always there, always the same answer to the same history."""

    def __init__(self, *, judge_host: JudgeHost = judge_nothing) -> None:
        self._judge_host = judge_host

    @property
    def name(self) -> str:
        return "rule-planner"

    @property
    def mode(self) -> Mode:
        return "rules"

    async def stream(self, request: ModelRequest) -> AsyncGenerator[ModelEvent, None]:
        """One reply, told line by line; it never fails."""
        message = compose_reply(request, judge_host=self._judge_host)
        for line in message.text.splitlines(keepends=True):
            yield TextDelta(line)
        for call in message.tool_calls:
            yield ToolCallStarted(call_id=call.id, name=call.name)
            yield ToolCallDelta(call_id=call.id, arguments_delta=call.arguments_text)
        yield ModelFinished(message=message)


def compose_reply(request: ModelRequest, *, judge_host: JudgeHost = judge_nothing) -> AssistantMessage:
    """The reply to the newest question, given what the tools have said since."""
    earlier, question, since = split_turn(request.history)
    language = detect_language(question)
    available = {spec.name for spec in request.tools}
    plan = plan_next(
        understand(question, earlier=earlier),
        TurnResults(
            read_results(message for message in since if isinstance(message, ToolMessage)),
            is_available=available.__contains__,
        ),
        is_available=available.__contains__,
        judge_host=judge_host,
        language=language,
    )
    if isinstance(plan, CallTools):
        return AssistantMessage(text="", tool_calls=_number(plan.calls, after=len(request.history)))
    return AssistantMessage(text=signed(plan.text, language=language))


def split_turn(
    history: Sequence[HistoryMessage],
) -> tuple[Sequence[HistoryMessage], str, Sequence[HistoryMessage]]:
    """What was before the newest question, the question, and what came of it so far."""
    for index in range(len(history) - 1, -1, -1):
        message = history[index]
        if isinstance(message, UserMessage):
            return history[:index], message.text, history[index + 1 :]
    return history, "", ()


def _number(calls: Sequence[PlannedCall], *, after: int) -> tuple[ToolCall, ...]:
    return tuple(
        ToolCall(
            id=f"rule-{after}-{position}",
            name=call.tool,
            arguments_text=json.dumps(dict(call.arguments), ensure_ascii=False),
        )
        for position, call in enumerate(calls, start=1)
    )
