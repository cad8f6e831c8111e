"""When the budget runs low: a smaller model first, then rules only."""

from dataclasses import dataclass
from enum import StrEnum


class BudgetStage(StrEnum):
    FREE = "free"
    NEAR = "near"
    SPENT = "spent"


@dataclass(frozen=True, slots=True)
class TokenBudget:
    """Tokens that may be used; None has no limit. From `near_share` of a limit on the budget counts as near."""

    per_turn: int | None
    per_day: int | None
    near_share: float


def choose_stage(budget: TokenBudget, *, turn_tokens: int, day_tokens: int) -> BudgetStage:
    """The worse of the two limits decides."""
    shares = [used / limit for used, limit in ((turn_tokens, budget.per_turn), (day_tokens, budget.per_day)) if limit]
    share = max(shares, default=0.0)
    if share >= 1.0:
        return BudgetStage.SPENT
    return BudgetStage.NEAR if share >= budget.near_share else BudgetStage.FREE
