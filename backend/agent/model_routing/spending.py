"""What model calls cost."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from backend.agent.context.fitting import estimate_history, estimate_tools
from backend.agent.context.token_estimate import estimate_tokens
from backend.agent.domain import AssistantMessage, ModelFinished, ModelRequest, TokenUsage
from backend.agent.model_routing.named_models import ModelProfile


@dataclass(frozen=True, slots=True)
class Spending:
    """One model call; `cost_micros` are millionths of the price's currency."""

    id: str
    run_id: str
    session_id: str
    model: str
    usage: TokenUsage
    cost_micros: int
    at: datetime


class SpendingLedger(Protocol):
    """Where model calls are accounted for."""

    async def record(self, spending: Spending) -> None:
        """Write one call down; writing the same id again is harmless."""
        ...

    async def count_tokens_of_day(self, day: str) -> int:
        """Input and output tokens of a UTC day, as `2026-11-21`."""
        ...


def price(usage: TokenUsage, *, profile: ModelProfile) -> int:
    """Prices are per million tokens, so tokens times price are already millionths."""
    return round(usage.input_tokens * profile.input_price + usage.output_tokens * profile.output_price)


def count_usage(finished: ModelFinished, *, request: ModelRequest) -> TokenUsage:
    """What the provider counted; an estimate where it counts nothing, since budgets must hold there too."""
    if finished.usage != TokenUsage():
        return finished.usage
    return TokenUsage(
        input_tokens=estimate_request(request), output_tokens=sum(map(estimate_tokens, _texts(finished.message)))
    )


def estimate_request(request: ModelRequest) -> int:
    return estimate_tokens(request.instructions) + estimate_history(request.history) + estimate_tools(request.tools)


def _texts(message: AssistantMessage) -> list[str]:
    return [message.text, message.reasoning, *(call.arguments_text for call in message.tool_calls)]
