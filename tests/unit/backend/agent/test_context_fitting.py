"""Fitting a history into a window: what is cut first, what always stays."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.agent.context.excerpts import write_excerpt
from backend.agent.context.fitting import (
    choose_old_turns,
    elide_results,
    estimate_history,
    with_summary,
)
from backend.agent.context.summarising import summarise_by_code, write_summary_request
from backend.agent.context.token_estimate import estimate_tokens
from backend.agent.domain import (
    AssistantMessage,
    HistoryMessage,
    ToolCall,
    ToolMessage,
    ToolOutcome,
    ToolStatus,
    UserMessage,
)
from backend.vocabulary.language import Language


def step(number: int, *, lines: int) -> list[HistoryMessage]:
    """A reply with one call, and its result of so many lines."""
    call = ToolCall(id=f"call-{number}", name="k8s-get-pods", arguments_text="{}")
    text = "\n".join(f"pod-{number}-{line} Running" for line in range(lines))
    return [
        AssistantMessage(text="", tool_calls=(call,)),
        ToolMessage(call=call, outcome=ToolOutcome(status=ToolStatus.OK, text=text, structured={"total": lines})),
    ]


def turn(number: int, *, lines: int) -> list[HistoryMessage]:
    return [UserMessage(f"question {number}"), *step(number, lines=lines), AssistantMessage(f"answer {number}")]


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("", 0, 0),
        ("The quick brown fox jumps over the lazy dog.", 9, 14),
        ("default 命名空间里有哪些 Pod 不正常?为什么?", 15, 26),
        ("web-7d9c6c9f5b-x2x4v   1/1   Running   0   4m", 15, 40),
        ('{"name":"web","replicas":3}', 8, 16),
    ],
)
def test_estimate_is_near_what_vocabularies_make_of_it(text: str, low: int, high: int) -> None:
    assert low <= estimate_tokens(text) <= high


@given(st.text(max_size=300), st.text(max_size=300))
def test_estimate_grows_with_the_text_and_never_exceeds_its_length(first: str, second: str) -> None:
    assert estimate_tokens(first) <= len(first)
    assert estimate_tokens(f"{first}\n{second}") >= max(estimate_tokens(first), estimate_tokens(second))


def test_history_that_fits_is_left_alone() -> None:
    history = turn(1, lines=3)

    fitted = elide_results(history, budget=10_000)

    assert fitted.history == tuple(history)
    assert fitted.elided == ()


def test_oldest_results_give_way_first_and_leave_a_line_with_counts_and_id() -> None:
    history = [*turn(1, lines=200), *turn(2, lines=200), UserMessage("newest")]

    fitted = elide_results(history, budget=estimate_history(history) - 100)

    first, second = (item for item in fitted.history if isinstance(item, ToolMessage))
    assert [message.call.id for message in fitted.elided] == ["call-1"]
    assert "\n" not in first.outcome.text
    assert "200 lines" in first.outcome.text
    assert "call-1" in first.outcome.text
    assert first.outcome.structured == {"total": 200}
    assert "pod-2-199" in second.outcome.text


def test_results_not_yet_read_stay_even_when_nothing_fits() -> None:
    history = [*turn(1, lines=200), UserMessage("newest"), *step(2, lines=200), *step(3, lines=200)]

    fitted = elide_results(history, budget=10)

    assert [message.call.id for message in fitted.elided] == ["call-1", "call-2"]
    assert fitted.history[-1] == history[-1]
    assert not fitted.is_within


@given(st.lists(st.integers(min_value=0, max_value=80), min_size=1, max_size=6), st.integers(0, 3000))
def test_cutting_keeps_order_questions_and_calls(sizes: list[int], budget: int) -> None:
    history = [message for number, lines in enumerate(sizes) for message in turn(number, lines=lines)]
    history.append(UserMessage("newest"))

    fitted = elide_results(history, budget=budget)
    _old, kept = choose_old_turns(fitted.history, budget=budget, summary_tokens=100)

    assert [type(item) for item in fitted.history] == [type(item) for item in history]
    assert kept[-1] == UserMessage("newest")
    assert isinstance(kept[0], UserMessage)
    assert estimate_history(fitted.history) <= estimate_history(history)


def test_as_few_old_turns_as_possible_give_way_to_a_summary() -> None:
    history = [*turn(1, lines=5), *turn(2, lines=5), *turn(3, lines=5), UserMessage("newest")]
    budget = estimate_history(history[8:]) + 60

    old, kept = choose_old_turns(history, budget=budget, summary_tokens=50)

    assert list(old) == history[:8]
    assert list(kept) == history[8:]


def test_summary_is_a_question_and_its_acknowledgement() -> None:
    fitted = with_summary("so far", kept=[UserMessage("newest")])

    assert [type(item) for item in fitted] == [UserMessage, AssistantMessage, UserMessage]


def test_summary_by_code_names_questions_calls_and_answers_within_its_share() -> None:
    history = [*turn(1, lines=300), *turn(2, lines=300)]

    short = summarise_by_code(history, max_tokens=160)
    whole = summarise_by_code(history, max_tokens=5_000)

    assert estimate_tokens(short) <= 165
    assert "answer 2" in short
    assert all(part in whole for part in ("question 1", "Called: k8s-get-pods", "answer 1"))
    assert "pod-1-299" not in whole


def test_summary_request_fits_its_own_window() -> None:
    history = [*turn(1, lines=3_000)]

    request = write_summary_request(history, language=Language.EN, budget=2_000)

    assert estimate_history(request.history) <= 2_000
    assert request.tools == ()


def test_large_text_keeps_head_and_tail_with_the_way_to_the_rest() -> None:
    text = "\n".join(f"line {number} of the log" for number in range(1, 2_001))

    excerpt = write_excerpt(text, artifact_id="call-9", max_tokens=400)

    lines = excerpt.splitlines()
    assert lines[0] == "line 1 of the log"
    assert lines[-1] == "line 2000 of the log"
    assert "call-9" in excerpt
    assert "of 2000 lines" in excerpt
    assert estimate_tokens(excerpt) < 520


def test_one_endless_line_is_cut_as_well() -> None:
    excerpt = write_excerpt("x1" * 50_000, artifact_id="call-9", max_tokens=400)

    assert len(excerpt) < 1_000
    assert "call-9" in excerpt


@given(st.text(alphabet="ab 1中\n", max_size=2_000), st.integers(min_value=20, max_value=300))
def test_excerpt_is_bounded_or_the_text_itself(text: str, max_tokens: int) -> None:
    excerpt = write_excerpt(text, artifact_id="a", max_tokens=max_tokens)

    assert excerpt == text or estimate_tokens(excerpt) <= max_tokens + 100


def test_stub_changes_the_text_only() -> None:
    history = [*turn(1, lines=200), UserMessage("newest")]

    before, after = history[2], elide_results(history, budget=10).history[2]

    assert isinstance(before, ToolMessage)
    assert isinstance(after, ToolMessage)
    assert dataclasses.replace(after.outcome, text=before.outcome.text) == before.outcome
