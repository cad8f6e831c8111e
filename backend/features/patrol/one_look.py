"""What the checks say of one look at a host, for whoever asks about it: no history, nothing recorded."""

from collections.abc import Sequence
from datetime import datetime

from backend.agent.rule_planner.hosts.judging import HostFix, HostProblem
from backend.features.patrol.checks.catalogue import look_at_host
from backend.features.patrol.checks.view import HostView
from backend.features.patrol.domain import Grade, Reading
from backend.features.patrol.settings import CheckSettings
from host_facts.domain import HostFacts

_GRADES = frozenset({Grade.WARNING, Grade.CRITICAL})


def judge_once(facts: HostFacts, *, now: datetime, settings: CheckSettings) -> Sequence[HostProblem]:
    """Every warning and critical reading, by the same marks as patrol has."""
    view = HostView(facts=facts, now=now, settings=settings, repeat=1)
    readings = (reading for result in look_at_host(view) for reading in result.readings)
    return [_to_problem(reading) for reading in readings if reading.grade in _GRADES]


def _to_problem(reading: Reading) -> HostProblem:
    return HostProblem(
        check=reading.check,
        is_critical=reading.grade is Grade.CRITICAL,
        title=reading.title,
        cause=reading.cause,
        fixes=tuple(HostFix(fix.text, fix.command) for fix in reading.fixes),
    )
