"""Builds what one model is asked: instructions, a history that fits its window, tools in the form it understands."""

import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from backend.agent.artifacts.store import Artifact, ArtifactStore
from backend.agent.context.fitting import (
    choose_old_turns,
    elide_results,
    estimate_history,
    estimate_tools,
    with_summary,
)
from backend.agent.context.summarising import SUMMARY_HEADING, summarise_by_code, write_summary_request
from backend.agent.context.token_estimate import estimate_tokens
from backend.agent.domain import HistoryMessage, ModelRequest, ToolMessage
from backend.agent.guarding.delimiting import RunNonces, delimit_request
from backend.agent.interfaces import RunContext
from backend.agent.model_routing.named_models import NamedModel
from backend.agent.textual_tools import to_textual_request

_SMALLEST_BUDGET = 500
_KEPT_SUMMARIES = 64

Ask = Callable[[NamedModel, ModelRequest], Awaitable[str | None]]
"""Asks a model for one text; None when it could not say anything."""


@dataclass(frozen=True, slots=True)
class BuiltRequest:
    request: ModelRequest
    is_summarised: bool = False


class RequestBuilder:
    """Fits requests. Summaries are remembered, as every step of a turn needs the same one again."""

    def __init__(self, *, artifacts: ArtifactStore, output_reserve: int) -> None:
        self._artifacts = artifacts
        self._output_reserve = output_reserve
        self._nonces = RunNonces()
        self._summaries: OrderedDict[str, str] = OrderedDict()

    async def build(
        self, whole: ModelRequest, *, model: NamedModel, context: RunContext, ask: Ask, share: float = 1.0
    ) -> BuiltRequest:
        """`share` below one makes the request smaller than the estimate allows, after a model found it too long."""
        window = model.profile.context_tokens
        if window is None:
            return BuiltRequest(self._write(whole, model=model, context=context))
        fixed = estimate_tokens(whole.instructions) + estimate_tools(whole.tools)
        reserve = min(self._output_reserve, window // 4)
        budget = max(round((window - reserve - fixed) * share), _SMALLEST_BUDGET)
        fitted = elide_results(whole.history, budget=budget)
        await self._keep(fitted.elided, context=context)
        history, is_summarised = fitted.history, False
        if not fitted.is_within:
            history, is_summarised = await self._summarise(
                fitted.history, budget=budget, model=model, ask=ask, request=whole
            )
        request = ModelRequest(
            instructions=whole.instructions, history=history, tools=whole.tools, language=whole.language
        )
        return BuiltRequest(self._write(request, model=model, context=context), is_summarised=is_summarised)

    def _write(self, request: ModelRequest, *, model: NamedModel, context: RunContext) -> ModelRequest:
        """The form the model reads. Results are framed as data last, so that no cut can lose a frame."""
        if model.client.mode == "rules":
            return request
        framed = delimit_request(request, nonce=self._nonces.of(context.run_id))
        return framed if model.profile.can_call_tools else to_textual_request(framed)

    async def _keep(self, elided: Sequence[ToolMessage], *, context: RunContext) -> None:
        """What a stub points to must be there; results already kept whole stay as they are."""
        for message in elided:
            await self._artifacts.keep(
                Artifact(
                    id=message.call.id,
                    session_id=context.session_id,
                    run_id=context.run_id,
                    tool=message.call.name,
                    text=message.outcome.text,
                )
            )

    async def _summarise(
        self, history: tuple[HistoryMessage, ...], *, budget: int, model: NamedModel, ask: Ask, request: ModelRequest
    ) -> tuple[tuple[HistoryMessage, ...], bool]:
        summary_tokens = max(budget // 4, _SMALLEST_BUDGET // 2)
        old, kept = choose_old_turns(history, budget=budget, summary_tokens=summary_tokens)
        if not old or estimate_history(old) <= summary_tokens:
            return history, False
        key = hashlib.sha256(f"{model.name}\0{old!r}".encode()).hexdigest()
        summary = self._summaries.get(key)
        if summary is None:
            said = await ask(model, write_summary_request(old, language=request.language, budget=budget))
            summary = f"{SUMMARY_HEADING}\n{said}" if said else ""
            if not said or estimate_tokens(summary) > summary_tokens:
                summary = summarise_by_code(old, max_tokens=summary_tokens)
            self._summaries[key] = summary
            while len(self._summaries) > _KEPT_SUMMARIES:
                self._summaries.popitem(last=False)
        return with_summary(summary, kept=kept), True
