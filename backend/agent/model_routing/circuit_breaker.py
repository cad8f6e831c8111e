"""Stops asking a model that keeps failing, so that people do not wait for it at every question."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from backend.vocabulary.errors import ErrorKind, ModelError

_NOT_THE_PROVIDERS_FAULT = frozenset({ErrorKind.CONTEXT_TOO_LONG, ErrorKind.INTERNAL})
_MAX_SECONDS = 3600.0
_MAX_DOUBLINGS = 5


class CircuitState(StrEnum):
    """`open` asks nothing, `half_open` lets one call find out whether the model is back."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True, slots=True)
class Limits:
    """So many failures in a row open the circuit for so long; each failed attempt to close it doubles the time."""

    failures: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Circuit:
    """What is remembered of one model's failures since its last success."""

    failures: int = 0
    openings: int = 0
    open_until: datetime | None = None
    is_probing: bool = False


def state_at(circuit: Circuit, *, now: datetime) -> CircuitState:
    if circuit.open_until is None:
        return CircuitState.CLOSED
    return CircuitState.OPEN if now < circuit.open_until else CircuitState.HALF_OPEN


def after_entry(circuit: Circuit, *, now: datetime) -> Circuit | None:
    """The circuit with one more call under way, or None when the call is not to be made."""
    state = state_at(circuit, now=now)
    if state is CircuitState.CLOSED:
        return circuit
    if state is CircuitState.OPEN or circuit.is_probing:
        return None
    return _with(circuit, is_probing=True)


def after_failure(circuit: Circuit, error: ModelError, *, now: datetime, limits: Limits) -> Circuit:
    """A passing fault counts; a refused key or an empty account opens at once: asking again changes nothing."""
    if error.kind in _NOT_THE_PROVIDERS_FAULT:
        return _with(circuit, is_probing=False)
    failures = circuit.failures + 1
    is_lasting = not error.is_retryable
    if failures < limits.failures and not circuit.is_probing and not is_lasting:
        return Circuit(failures=failures, openings=circuit.openings, open_until=circuit.open_until)
    seconds = limits.seconds * 2.0 ** min(circuit.openings, _MAX_DOUBLINGS)
    seconds = min(max(seconds, error.retry_after_seconds or 0.0), _MAX_SECONDS)
    return Circuit(failures=failures, openings=circuit.openings + 1, open_until=now + timedelta(seconds=seconds))


def after_abandoning(circuit: Circuit) -> Circuit:
    """The call was cancelled by us, which says nothing about the model."""
    return _with(circuit, is_probing=False)


class CircuitBreaker:
    """Holds one model's circuit on a given clock."""

    def __init__(self, *, now: Callable[[], datetime], limits: Limits) -> None:
        self._now = now
        self._limits = limits
        self._circuit = Circuit()

    @property
    def state(self) -> CircuitState:
        return state_at(self._circuit, now=self._now())

    @property
    def open_until(self) -> datetime | None:
        return self._circuit.open_until

    def try_enter(self) -> bool:
        """Take the right to call; every True is followed by exactly one of the three methods below."""
        entered = after_entry(self._circuit, now=self._now())
        if entered is None:
            return False
        self._circuit = entered
        return True

    def record_success(self) -> None:
        self._circuit = Circuit()

    def record_failure(self, error: ModelError) -> None:
        self._circuit = after_failure(self._circuit, error, now=self._now(), limits=self._limits)

    def abandon(self) -> None:
        self._circuit = after_abandoning(self._circuit)


def _with(circuit: Circuit, *, is_probing: bool) -> Circuit:
    return Circuit(
        failures=circuit.failures,
        openings=circuit.openings,
        open_until=circuit.open_until,
        is_probing=is_probing,
    )
