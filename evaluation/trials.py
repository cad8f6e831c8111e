"""What is tried, what was found, and how good that is. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from simulator.world import Expected, Scenario


class Role(StrEnum):
    """Which side of a scenario a trial looks at."""

    FAULT = "fault"
    HEALED = "healed"
    TWIN = "twin"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a diagnosis claims to be wrong."""

    condition: str
    object: str
    confidence: float
    cause: str
    effects: tuple[tuple[str, str], ...] = ()
    """Condition and object of everything it is said to bring about."""

    def is_about(self, expected: Expected) -> bool:
        if expected.is_effect:
            return (expected.condition, expected.object) in self.effects
        return self.condition == expected.condition and self.object == expected.object


@dataclass(frozen=True, slots=True)
class Trial:
    """One diagnosis of one situation."""

    scenario: str
    role: Role
    expected: tuple[Expected, ...]
    found: tuple[Finding, ...]
    """In the order of the answer, the most likely cause first."""
    seconds: float

    @property
    def hits(self) -> list[Expected]:
        return [item for item in self.expected if any(finding.is_about(item) for finding in self.found)]

    @property
    def missed(self) -> list[Expected]:
        return [item for item in self.expected if item not in self.hits]

    @property
    def causes(self) -> list[Expected]:
        return [item for item in self.expected if not item.is_effect]

    @property
    def false(self) -> list[Finding]:
        return [item for item in self.found if not any(item.is_about(cause) for cause in self.causes)]

    @property
    def rank(self) -> int | None:
        """Place of the first true cause, counted from 1; None when none was found or none is there."""
        places = (
            place for place, item in enumerate(self.found, 1) if any(item.is_about(cause) for cause in self.causes)
        )
        return next(places, None)

    @property
    def is_right(self) -> bool:
        return not self.missed and not self.false and self.rank in {1, None}


@dataclass(frozen=True, slots=True)
class Score:
    """Counts over trials."""

    found: int
    missed: int
    false: int
    first: int
    """Faults whose true cause comes first in the answer."""
    faults: int

    @property
    def precision(self) -> float:
        return self.found / (self.found + self.false) if self.found + self.false else 1.0

    @property
    def recall(self) -> float:
        return self.found / (self.found + self.missed) if self.found + self.missed else 1.0

    @property
    def is_perfect(self) -> bool:
        return not self.missed and not self.false and self.first == self.faults


def expected_in(scenario: Scenario, *, role: Role) -> tuple[Expected, ...]:
    return scenario.expected if role is Role.FAULT else ()


def score(trials: Iterable[Trial]) -> Score:
    trials = list(trials)
    faults = [trial for trial in trials if trial.expected]
    return Score(
        found=sum(len(trial.hits) for trial in trials),
        missed=sum(len(trial.missed) for trial in trials),
        false=sum(len(trial.false) for trial in trials),
        first=sum(1 for trial in faults if trial.rank == 1),
        faults=len(faults),
    )


def score_by_condition(trials: Sequence[Trial]) -> dict[str, Score]:
    """One score per condition: a false finding counts against the condition that was claimed."""
    names = sorted({e.condition for t in trials for e in t.expected} | {f.condition for t in trials for f in t.false})
    return {name: _score_of(name, trials) for name in names}


def _score_of(condition: str, trials: Sequence[Trial]) -> Score:
    faults = [trial for trial in trials if any(item.condition == condition for item in trial.expected)]
    return Score(
        found=sum(item.condition == condition for trial in trials for item in trial.hits),
        missed=sum(item.condition == condition for trial in trials for item in trial.missed),
        false=sum(item.condition == condition for trial in trials for item in trial.false),
        first=sum(1 for trial in faults if trial.rank == 1),
        faults=len(faults),
    )
