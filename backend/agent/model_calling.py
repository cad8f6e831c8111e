"""One model reply: streamed into the log, asked again after a passing fault, handed on when a model fails."""

import asyncio
import logging
import random
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, field, replace

from backend.agent import events as ev
from backend.agent.answer_checking import write_correction
from backend.agent.artifacts.store import ArtifactStore
from backend.agent.context.request_building import RequestBuilder
from backend.agent.domain import (
    HistoryMessage,
    ModelFinished,
    ModelRequest,
    ReasoningDelta,
    TextDelta,
    TokenUsage,
    ToolMessage,
)
from backend.agent.event_writer import EventWriter
from backend.agent.instructions import write_instructions
from backend.agent.interfaces import RunContext, ToolSource
from backend.agent.model_routing.budgets import BudgetStage, TokenBudget, choose_stage
from backend.agent.model_routing.circuit_breaker import CircuitState
from backend.agent.model_routing.named_models import ModelDirectory, NamedModel
from backend.agent.model_routing.spending import Spending, SpendingLedger, count_usage, price
from backend.agent.progress import TurnProgress
from backend.agent.reply_writing import ReplyWriter
from backend.agent.settings import AgentSettings
from backend.agent.tool_call_repair import Repair, repair_text
from backend.vocabulary.clock import Clock
from backend.vocabulary.errors import ErrorKind, Failure, ModelError
from backend.vocabulary.language import Text

_log = logging.getLogger(__name__)

ASKED_AGAIN = Text(
    en="The model's reply broke off ({reason}); asked again.",
    zh="模型的回复中断了（{reason}），已重新请求。",
)
TAKEN_OVER = Text(
    en="{model} could not answer ({reason}); {next} answers instead.",
    zh="{model} 无法回答（{reason}），改由 {next} 回答。",
)
PAUSED = Text(
    en="{model} kept failing and is left alone until {until} UTC; {next} answers instead.",
    zh="{model} 连续失败，在 {until} UTC 之前暂不使用，改由 {next} 回答。",
)
BUDGET_NEAR = Text(
    en="The token budget is nearly used up; the smaller model {model} goes on.",
    zh="令牌预算即将用尽，改由较小的模型 {model} 继续。",
)
BUDGET_SPENT = Text(
    en="The token budget is used up; answers come from rules only until it is free again.",
    zh="令牌预算已用尽，在恢复之前只按规则回答。",
)
REPAIRED = Text(
    en="{model} wrote a tool call as text; the text was taken back and the call is made.",
    zh="{model} 把工具调用写成了文本；该文本已撤回，改为真正调用。",
)
CUT_CALL = Text(
    en="{model} wrote an incomplete tool call as text; it is not executed, the model is asked again.",
    zh="{model} 以文本写出的工具调用不完整，不予执行，已重新请求。",
)
SHORTENED = Text(
    en="The conversation no longer fits {model}: it sees a summary of the older turns. Nothing was deleted.",
    zh="对话已超出 {model} 的上下文长度：它看到的是较早轮次的摘要。原始记录没有删除。",
)
_TIGHTER_SHARE = 0.6
"""A model that finds a request too long gets it again at this share: estimates can be wrong."""


class ModelsExhausted(Exception):
    """Every model failed; `failure` is the last one's."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


class _CutCall(Exception):
    """The reply ended in a printed call that is not complete."""


@dataclass(frozen=True, slots=True)
class ModelAccess:
    """What model calls need from outside."""

    directory: ModelDirectory
    ledger: SpendingLedger
    artifacts: ArtifactStore
    jitter: Callable[[], float] = random.random
    """From 0 to 1; spreads the retries of runs that failed together."""


@dataclass(slots=True)
class _Turn:
    """One reply to be written: what it starts from, and what the log has already said about it."""

    context: RunContext
    progress: TurnProgress
    history: tuple[HistoryMessage, ...]
    writer: EventWriter
    notices: set[str] = field(default_factory=set)
    repairs: int = 0
    label: str | None = None
    """The model that the log last named as answering."""

    def text(self, text: Text, **values: str) -> str:
        return text.in_language(self.context.language).format(**values)

    async def notify(self, code: str, message: str) -> None:
        self.notices.add(code)
        await self.writer.write([ev.notice(code, message)])


class ModelCaller:
    """Calls the first model that answers."""

    def __init__(
        self,
        *,
        models: ModelAccess,
        tools: ToolSource,
        clock: Clock,
        settings: AgentSettings,
        new_id: Callable[[], str],
    ) -> None:
        self._access = models
        self._directory = models.directory
        self._tools = tools
        self._clock = clock
        self._settings = settings
        self._new_id = new_id
        self._requests = RequestBuilder(artifacts=models.artifacts, output_reserve=settings.output_reserve_tokens)
        self._budget = TokenBudget(
            per_turn=settings.max_turn_tokens,
            per_day=settings.max_day_tokens,
            near_share=settings.budget_near_share,
        )

    def describe_first(self, context: RunContext) -> ev.Event:
        chain = self._directory.chain(context.model)
        return _describe(_find_available(chain), context=context)

    async def call(
        self,
        context: RunContext,
        *,
        progress: TurnProgress,
        history: tuple[HistoryMessage, ...],
        writer: EventWriter,
    ) -> None:
        """Write one complete reply; raise ModelsExhausted when no model could give one."""
        turn = _Turn(
            context=context,
            progress=progress,
            history=self._directory.strip_prefixes(history),
            writer=writer,
            notices=set(progress.notices),
            repairs=progress.notices.count("tool-call-repaired"),
            label=progress.model,
        )
        chain = await self._choose_chain(turn)
        for position, model in enumerate(chain):
            following = chain[position + 1 :]
            if following and not model.breaker.try_enter():
                await self._tell_paused(model, following=following, turn=turn)
                continue
            await self._announce(model, turn=turn)
            error = await self._call_with_retries(model, turn=turn)
            if error is None:
                return
            if not following:
                raise ModelsExhausted(Failure(kind=error.kind, message=error.message))
            text = turn.text(TAKEN_OVER, model=model.label, reason=error.message, next=_find_available(following).label)
            await turn.notify("model-taken-over", text)

    async def discard(self, progress: TurnProgress, *, context: RunContext, writer: EventWriter) -> None:
        """Drop a reply that a crash broke off; the model is asked again."""
        reply = progress.last_reply
        if reply is None:
            return
        reason = Text(en="the robot was restarted", zh="机器人重启").in_language(context.language)
        await writer.write(
            [
                ev.message_discarded(
                    message_ids=[reply.step, *reply.message_ids], tool_call_ids=[call.id for call in reply.calls]
                ),
                ev.notice("model-asked-again", ASKED_AGAIN.in_language(context.language).format(reason=reason)),
            ]
        )

    async def _choose_chain(self, turn: _Turn) -> list[NamedModel]:
        """The person's choice and the configured order, cut down as the budget runs out."""
        chain = self._directory.chain(turn.context.model)
        day_tokens = 0
        if self._budget.per_day is not None:
            day_tokens = await self._access.ledger.count_tokens_of_day(self._clock.now().strftime("%Y-%m-%d"))
        used = turn.progress.usage
        stage = choose_stage(self._budget, turn_tokens=used.input_tokens + used.output_tokens, day_tokens=day_tokens)
        rules = [model for model in chain if model.client.mode == "rules"] or chain[-1:]
        small = self._directory.small
        if stage is BudgetStage.SPENT:
            if "budget-spent" not in turn.notices:
                await turn.notify("budget-spent", turn.text(BUDGET_SPENT))
            return rules
        if stage is BudgetStage.NEAR and small is not None:
            if "budget-near" not in turn.notices:
                await turn.notify("budget-near", turn.text(BUDGET_NEAR, model=small.label))
            return [small, *(model for model in rules if model is not small)]
        return chain

    async def _tell_paused(self, model: NamedModel, *, following: list[NamedModel], turn: _Turn) -> None:
        until = model.breaker.open_until
        if until is None or "model-paused" in turn.notices or "model-taken-over" in turn.notices:
            return
        text = turn.text(
            PAUSED, model=model.label, until=until.strftime("%H:%M:%S"), next=_find_available(following).label
        )
        await turn.notify("model-paused", text)

    async def _announce(self, model: NamedModel, *, turn: _Turn) -> None:
        """The log says who answers before the first word, and again only when that changes."""
        if turn.label != model.label:
            turn.label = model.label
            await turn.writer.write([_describe(model, context=turn.context)])

    async def _call_with_retries(self, model: NamedModel, *, turn: _Turn) -> ModelError | None:
        attempt, share = 1, 1.0
        while True:
            reply = ReplyWriter(turn.writer, new_id=self._new_id)
            try:
                await self._call_once(model, turn=turn, reply=reply, share=share)
            except _CutCall:
                await turn.notify("tool-call-repaired", turn.text(CUT_CALL, model=model.label))
            except ModelError as error:
                _log.warning("model %s failed (%s): %s", model.label, error.kind.value, error.message)
                model.breaker.record_failure(error)
                reply.discard()
                await turn.writer.flush()
                if error.kind is ErrorKind.CONTEXT_TOO_LONG and share == 1.0 and model.profile.context_tokens:
                    share = _TIGHTER_SHARE
                    wait: float | None = 0.0
                else:
                    wait = self._choose_wait(error, attempt=attempt, model=model)
                    attempt += 1
                if wait is None:
                    return error
                await turn.notify("model-asked-again", turn.text(ASKED_AGAIN, reason=error.message))
                await asyncio.sleep(wait)
            except BaseException:
                model.breaker.abandon()
                raise
            else:
                model.breaker.record_success()
                return None

    def _choose_wait(self, error: ModelError, *, attempt: int, model: NamedModel) -> float | None:
        """Seconds before asking again, or None when asking again makes no sense."""
        if not error.is_retryable or attempt >= self._settings.model_attempts:
            return None
        if model.breaker.state is CircuitState.OPEN:
            return None
        longest = self._settings.max_retry_seconds
        named = error.retry_after_seconds
        if named is not None:
            # Never earlier than asked for, and not all runs at the same moment.
            return min(named * (1 + self._access.jitter() / 10), longest) if named <= longest else None
        wait = min(self._settings.retry_seconds * 2.0 ** (attempt - 1), longest)
        return wait * (0.5 + self._access.jitter() / 2)

    async def _call_once(self, model: NamedModel, *, turn: _Turn, reply: ReplyWriter, share: float) -> None:
        whole = ModelRequest(
            instructions=write_instructions(turn.context.language) + write_correction(turn.progress),
            history=turn.history,
            tools=tuple(self._tools.tools()),
            language=turn.context.language,
        )
        built = await self._requests.build(
            whole,
            model=model,
            context=turn.context,
            ask=lambda asked, request: self._ask_aside(asked, request, context=turn.context),
            share=share,
        )
        if built.is_summarised and "context-shortened" not in turn.notices:
            await turn.notify("context-shortened", turn.text(SHORTENED, model=model.label))
        finished = await self._stream(model, request=built.request, reply=reply)
        usage = await self._account(model, finished, request=built.request, call_id=reply.step, context=turn.context)
        await self._complete(replace(finished, usage=usage), reply=reply, model=model, turn=turn)

    async def _stream(self, model: NamedModel, *, request: ModelRequest, reply: ReplyWriter) -> ModelFinished:
        reply.open()
        async with aclosing(model.client.stream(request)) as stream:
            async for event in stream:
                if isinstance(event, ModelFinished):
                    return event
                reply.emit(event)
        raise ModelError(ErrorKind.MODEL_UNAVAILABLE, f"{model.label} ended without an answer")

    async def _complete(self, finished: ModelFinished, *, reply: ReplyWriter, model: NamedModel, turn: _Turn) -> None:
        """Close the reply, or put the calls it printed in its place."""
        repair = self._find_repair(finished, model=model, turn=turn)
        if repair is None:
            reply.close(usage=finished.usage, model=model.label)
            await turn.writer.flush()
            return
        reply.discard()
        if not repair.calls:
            turn.repairs += 1
            raise _CutCall
        if model.profile.can_call_tools:
            turn.repairs += 1
            turn.writer.emit(ev.notice("tool-call-repaired", turn.text(REPAIRED, model=model.label)))
        made = ReplyWriter(turn.writer, new_id=self._new_id)
        made.open()
        if finished.message.reasoning:
            made.emit(ReasoningDelta(finished.message.reasoning))
        if repair.prose:
            made.emit(TextDelta(repair.prose))
        made.emit_calls(repair.calls)
        made.close(usage=finished.usage, model=model.label)
        await turn.writer.flush()

    def _find_repair(self, finished: ModelFinished, *, model: NamedModel, turn: _Turn) -> Repair | None:
        message = finished.message
        if message.tool_calls or model.client.mode == "rules":
            return None
        repair = repair_text(
            message.text,
            known={spec.name for spec in self._tools.tools()},
            seen=(item.outcome.text for item in turn.history if isinstance(item, ToolMessage)),
        )
        is_protocol = not model.profile.can_call_tools and repair is not None and bool(repair.calls)
        if is_protocol or turn.repairs < self._settings.max_repairs:
            return repair
        return None

    async def _account(
        self, model: NamedModel, finished: ModelFinished, *, request: ModelRequest, call_id: str, context: RunContext
    ) -> TokenUsage:
        """Write down what the call cost, before the log says that it is complete: the money is spent either way."""
        if model.client.mode == "rules":
            return finished.usage
        usage = count_usage(finished, request=request)
        await self._access.ledger.record(
            Spending(
                id=call_id,
                run_id=context.run_id,
                session_id=context.session_id,
                model=model.label,
                usage=usage,
                cost_micros=price(usage, profile=model.profile),
                at=self._clock.now(),
            )
        )
        return usage

    async def _ask_aside(self, model: NamedModel, request: ModelRequest, *, context: RunContext) -> str | None:
        """One text from a model, outside the log; None when it fails, since there is always another way."""
        try:
            async with aclosing(model.client.stream(request)) as stream:
                async for event in stream:
                    if isinstance(event, ModelFinished):
                        await self._account(model, event, request=request, call_id=self._new_id(), context=context)
                        return event.message.text.strip() or None
        except ModelError as error:
            _log.warning("summary by %s failed (%s): %s", model.label, error.kind.value, error.message)
        return None


def _find_available(chain: list[NamedModel]) -> NamedModel:
    return next((model for model in chain if model.breaker.state is not CircuitState.OPEN), chain[-1])


def _describe(model: NamedModel, *, context: RunContext) -> ev.Event:
    return ev.run_info(turn_id=context.turn_id, mode=model.client.mode, model=model.label)
