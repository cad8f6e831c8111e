"""What a check sees of a host, and how a figure becomes a grade."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from backend.features.hosts.domain import Point
from backend.features.patrol.domain import CheckResult, Grade, Reading
from backend.features.patrol.settings import CheckSettings
from host_facts.domain import HostFacts


@dataclass(frozen=True, slots=True)
class HostView:
    """One look at a host, with what is known from earlier ones."""

    facts: HostFacts
    now: datetime
    settings: CheckSettings
    repeat: int
    """Looks in a row that a check asks for which comes and goes by itself."""
    previous: HostFacts | None = None
    first_seen_at: datetime | None = None
    """When the host was first looked at; None at the first look."""
    disk_history: Mapping[str, Sequence[Point]] = field(default_factory=dict)
    """Used share of each mount point over the last hours, oldest first."""


def grade_high(value: float, *, warning: float, critical: float, slack: float) -> Grade:
    """The grade of a figure that is bad when high; between clear and warning lies a strip that changes nothing."""
    if value >= critical:
        return Grade.CRITICAL
    if value >= warning:
        return Grade.WARNING
    return Grade.HOLD if value >= warning - slack else Grade.CLEAR


def conclude(check: str, facts: HostFacts, *, part: str, readings: Iterable[Reading]) -> CheckResult:
    """What a check read. A part that is known and yet named as unknown is incomplete."""
    return CheckResult(check, tuple(readings), unknown=facts.unknown.get(part))


def could_not_look(check: str, facts: HostFacts, *, part: str) -> CheckResult:
    """The check says nothing, since a part of the facts could not be read."""
    return CheckResult(check, unknown=facts.unknown.get(part, f"{part}: not read"))
