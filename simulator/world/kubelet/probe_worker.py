"""One probe of one container: when it runs, what it finds and how often in a row."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from simulator.store import JsonObject
from simulator.world.agenda import Agenda, Appointment
from simulator.world.identity import Identities

ProbeKind = Literal["startup", "readiness", "liveness"]
DEFAULTS = {"initialDelaySeconds": 0, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3}


@dataclass(frozen=True, slots=True)
class ProbeOutcome:
    """None as failure means success."""

    failure: str | None = None

    @property
    def is_success(self) -> bool:
        return self.failure is None


@dataclass(frozen=True, slots=True)
class ProbeReports:
    """What the container does about results; `failed` gets the output of every single failure."""

    check: Callable[[ProbeKind, JsonObject], ProbeOutcome]
    failed: Callable[[ProbeKind, str], None]
    decided: Callable[[ProbeKind, bool], None]


class ProbeWorker:
    """Runs a probe on its schedule.

    A probe that succeeds rests until `wake`: while nothing around the container changes, its result cannot change
    either, so a healthy cluster costs nothing.
    """

    def __init__(
        self, kind: ProbeKind, spec: JsonObject, *, reports: ProbeReports, agenda: Agenda, identities: Identities
    ) -> None:
        self.kind: ProbeKind = kind
        self._spec = spec
        self._settings: dict[str, int] = {name: spec.get(name, default) for name, default in DEFAULTS.items()}
        self._reports = reports
        self._agenda = agenda
        self._identities = identities
        self._next: Appointment | None = None
        self._in_a_row = 0
        self._last_was_success: bool | None = None

    def start(self, *, process_started_at: float) -> None:
        first = process_started_at + self._settings["initialDelaySeconds"]
        self._plan(max(first, self._agenda.now) + self._identities.between(0.1, 0.9))

    def stop(self) -> None:
        if self._next is not None:
            self._next.cancel()
        self._next = None

    def wake(self) -> None:
        """Something the result depends on has changed."""
        if self._next is None and self._last_was_success:
            period = self._settings["periodSeconds"]
            self._plan(self._agenda.now + self._identities.between(0.05, min(period, 3.0)))

    def _plan(self, due: float) -> None:
        self._next = self._agenda.at(due, self._run)

    def _run(self) -> None:
        self._next = None
        outcome = self._reports.check(self.kind, self._spec)
        self._count(outcome.is_success)
        threshold = self._settings["successThreshold" if outcome.is_success else "failureThreshold"]
        is_decided = self._in_a_row >= threshold
        if not (is_decided and outcome.is_success):
            self._plan(self._agenda.now + self._settings["periodSeconds"])
        if outcome.failure is not None:
            self._reports.failed(self.kind, outcome.failure)
        if is_decided:
            self._reports.decided(self.kind, outcome.is_success)

    def _count(self, is_success: bool) -> None:
        self._in_a_row = self._in_a_row + 1 if is_success == self._last_was_success else 1
        self._last_was_success = is_success
