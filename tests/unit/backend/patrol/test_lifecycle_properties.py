"""Whatever a host does, its findings keep the rules of their life."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from backend.features.hosts.domain import Target, TargetKind
from backend.features.patrol.announcing import Occasion, find_occasion, mark_announced
from backend.features.patrol.domain import CheckResult, Finding, FindingState, Grade, Reading, Silence
from backend.features.patrol.lifecycle import LookContext, judge_look
from backend.vocabulary.language import Text
from backend.vocabulary.severity import Severity
from tests.fakes.watching import NOW

HOST = Target(TargetKind.HOST, "web-1", "web-1")
WORDS = Text(en="x", zh="x")
LOOKS = st.lists(st.sampled_from([*Grade, "unknown"]), max_size=40)


def make_result(grade: str, *, needs_looks: int) -> CheckResult:
    if grade == "unknown":
        return CheckResult("disk-usage", unknown="permission denied")
    reading = Reading(
        check="disk-usage",
        subject="/",
        grade=Grade(grade),
        title=WORDS,
        cause=WORDS,
        needs_looks=needs_looks,
    )
    return CheckResult("disk-usage", (reading,))


def live(grades: list[str], *, needs_looks: int, close_after: int) -> list[tuple[str, Finding | None, Occasion | None]]:
    """What becomes of one subject, look by look, with people being told as a patrol does."""
    known: dict[tuple[str, str], Finding] = {}
    told = []
    for number, grade in enumerate(grades):
        now = NOW + timedelta(minutes=5 * number)
        context = LookContext(target=HOST, now=now, close_after=close_after)
        changes = judge_look([make_result(grade, needs_looks=needs_looks)], known=known, context=context)
        finding = next((change.finding for change in changes), known.get(("disk-usage", "/")))
        if changes and changes[0].finding is None:
            finding = None
        occasion = None
        if finding is not None:
            occasion = find_occasion(finding, now=now, announce_recovery=True)
            if occasion is not None:
                finding = mark_announced(finding, occasion, now=now)
        told.append((grade, finding, occasion))
        known = {} if finding is None or finding.state is FindingState.CLOSED else {("disk-usage", "/"): finding}
    return told


@settings(max_examples=300, deadline=None)
@given(grades=LOOKS, needs=st.integers(1, 3), close=st.integers(1, 3))
def test_people_hear_of_each_episode_once_and_of_its_end_once(grades: list[str], needs: int, close: int) -> None:
    occasions = [
        occasion for _grade, _finding, occasion in live(grades, needs_looks=needs, close_after=close) if occasion
    ]

    kinds = [occasion for occasion in occasions if occasion is not Occasion.WORSE]
    assert kinds == [Occasion.NEW if position % 2 == 0 else Occasion.GONE for position in range(len(kinds))]
    assert occasions.count(Occasion.WORSE) <= kinds.count(Occasion.NEW)


@settings(max_examples=300, deadline=None)
@given(grades=LOOKS, needs=st.integers(1, 3), close=st.integers(1, 3))
def test_a_finding_opens_only_after_enough_bad_looks_in_a_row(grades: list[str], needs: int, close: int) -> None:
    history = live(grades, needs_looks=needs, close_after=close)

    for number, (_grade, finding, occasion) in enumerate(history):
        if occasion is Occasion.NEW and finding is not None:
            seen = [grade for grade, _f, _o in history[: number + 1] if grade != "unknown"][-needs:]
            assert len(seen) == needs
            assert all(grade in {Grade.WARNING, Grade.CRITICAL} for grade in seen)


@settings(max_examples=300, deadline=None)
@given(grades=LOOKS, needs=st.integers(1, 3), close=st.integers(1, 3))
def test_a_finding_closes_only_after_enough_clear_looks_in_a_row(grades: list[str], needs: int, close: int) -> None:
    history = live(grades, needs_looks=needs, close_after=close)

    for number, (_grade, _finding, occasion) in enumerate(history):
        if occasion is Occasion.GONE:
            seen = [grade for grade, _f, _o in history[: number + 1] if grade != "unknown"][-close:]
            assert seen == [Grade.CLEAR] * close


@settings(max_examples=200, deadline=None)
@given(grades=LOOKS, position=st.integers(0, 40), needs=st.integers(1, 3), close=st.integers(1, 3))
def test_a_look_that_saw_nothing_changes_nothing(grades: list[str], position: int, needs: int, close: int) -> None:
    blind = [*grades[:position], "unknown", *grades[position:]]

    def outcome(looks: list[str]) -> list[Occasion]:
        return [occasion for _g, _f, occasion in live(looks, needs_looks=needs, close_after=close) if occasion]

    assert outcome(blind) == outcome(grades)


def test_silenced_finding_is_told_after_the_silence_when_it_got_worse() -> None:
    [change] = judge_look(
        [make_result("warning", needs_looks=1)], known={}, context=LookContext(HOST, now=NOW, close_after=2)
    )
    assert change.finding is not None
    told = mark_announced(change.finding, Occasion.NEW, now=NOW)
    silent = replace(told, silence=Silence("anna", NOW, NOW + timedelta(hours=1)))
    worse = replace(silent, severity=Severity.CRITICAL)

    assert find_occasion(worse, now=NOW, announce_recovery=True) is None
    assert find_occasion(worse, now=NOW + timedelta(hours=2), announce_recovery=True) is Occasion.WORSE
