"""Choosing a model by name, the order of fall-backs, budgets and prices."""

from datetime import UTC, datetime

import pytest

from backend.agent.domain import AssistantMessage, HistoryMessage, ModelFinished, ModelRequest, TokenUsage, UserMessage
from backend.agent.model_routing.budgets import BudgetStage, TokenBudget, choose_stage
from backend.agent.model_routing.circuit_breaker import CircuitBreaker, Limits
from backend.agent.model_routing.named_models import Choice, ModelDirectory, ModelProfile, NamedModel
from backend.agent.model_routing.spending import count_usage, price
from backend.vocabulary.errors import InvalidInput
from backend.vocabulary.language import Language
from tests.fakes.agent import ScriptedModel


def named(name: str) -> NamedModel:
    breaker = CircuitBreaker(now=lambda: datetime(2026, 11, 21, tzinfo=UTC), limits=Limits(failures=3, seconds=30))
    return NamedModel(name=name, client=ScriptedModel(name=f"label-{name}"), breaker=breaker)


DIRECTORY = ModelDirectory(
    [named("default"), named("Qwen"), named("deepseek-v3.2"), named("rules")], order=["default", "Qwen", "rules"]
)


def chain(choice: str | None) -> list[str]:
    return [model.name for model in DIRECTORY.chain(choice)]


def test_chosen_model_comes_before_the_configured_order() -> None:
    assert chain(None) == ["default", "Qwen", "rules"]
    assert chain("deepseek-v3.2") == ["deepseek-v3.2", "default", "Qwen", "rules"]
    assert chain("Qwen") == ["Qwen", "default", "rules"]
    assert chain("gone since") == ["default", "Qwen", "rules"]


@pytest.mark.parametrize(
    ("message", "name"),
    [
        ("@qwen 有哪些 Pod?", "Qwen"),
        ("@Qwen,有哪些 Pod?", "Qwen"),
        ("@qwen有哪些 Pod?", "Qwen"),
        ("  @deepseek-v3.2 why?", "deepseek-v3.2"),
        ("@rules list pods", "rules"),
        ("@default list pods", "default"),
    ],
)
def test_message_can_name_its_model(message: str, name: str) -> None:
    assert DIRECTORY.choose(message, model=None) == Choice(name, is_for_one_message=True)


@pytest.mark.parametrize(
    "message", ["@bob look at this", "mail qwen@example.com", "@qwen", "who is @qwen ?", "@qwenx hi"]
)
def test_other_at_signs_are_part_of_the_question(message: str) -> None:
    assert DIRECTORY.choose(message, model=None) is None
    assert DIRECTORY.strip_prefixes([UserMessage(message)]) == (UserMessage(message),)


def test_model_reads_the_question_without_the_prefix() -> None:
    history: list[HistoryMessage] = [
        UserMessage("@qwen first\nline"),
        AssistantMessage("@qwen said"),
        UserMessage("second"),
    ]

    assert DIRECTORY.strip_prefixes(history) == (UserMessage("first\nline"), *history[1:])


def test_name_in_the_message_wins_over_the_one_beside_it() -> None:
    choice = DIRECTORY.choose("@rules list", model="qwen")

    assert choice == Choice("rules", is_for_one_message=True)


def test_unknown_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(InvalidInput) as caught:
        DIRECTORY.choose("hi", model="deepseek")

    assert "deepseek-v3.2" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("turn", "day", "stage"),
    [
        (0, 0, BudgetStage.FREE),
        (799, 0, BudgetStage.FREE),
        (800, 0, BudgetStage.NEAR),
        (0, 8_000, BudgetStage.NEAR),
        (1_000, 0, BudgetStage.SPENT),
        (900, 10_000, BudgetStage.SPENT),
    ],
)
def test_budget_runs_down_in_steps(turn: int, day: int, stage: BudgetStage) -> None:
    budget = TokenBudget(per_turn=1_000, per_day=10_000, near_share=0.8)

    assert choose_stage(budget, turn_tokens=turn, day_tokens=day) is stage


def test_no_limit_is_never_near() -> None:
    budget = TokenBudget(per_turn=None, per_day=None, near_share=0.8)

    assert choose_stage(budget, turn_tokens=10**9, day_tokens=10**9) is BudgetStage.FREE


def test_price_per_million_gives_millionths() -> None:
    profile = ModelProfile(input_price=2.0, output_price=8.0)

    assert price(TokenUsage(1_000_000, 500_000), profile=profile) == 6_000_000
    assert price(TokenUsage(3, 1), profile=profile) == 14


def test_provider_that_counts_nothing_is_estimated() -> None:
    request = ModelRequest(
        instructions="Be brief.", history=(UserMessage("which pods?"),), tools=(), language=Language.EN
    )

    counted = count_usage(ModelFinished(AssistantMessage("x"), usage=TokenUsage(3, 4)), request=request)
    estimated = count_usage(ModelFinished(AssistantMessage("three pods run")), request=request)

    assert counted == TokenUsage(3, 4)
    assert estimated.input_tokens > 5
    assert estimated.output_tokens == 3
