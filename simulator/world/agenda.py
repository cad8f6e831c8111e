"""The list of things that are due: the world's only notion of "later"."""

import heapq
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeAlias

from simulator.clock import SimulatedClock

Action: TypeAlias = Callable[[], None]


class Appointment:
    """One action with its due time; cancelling leaves it in the heap, where it is skipped."""

    __slots__ = ("action", "due")

    def __init__(self, *, due: float, action: Action) -> None:
        self.due = due
        self.action: Action | None = action

    def cancel(self) -> None:
        self.action = None


class Agenda:
    """Runs actions in order of due time; `now` is the due time of the action that runs.

    Equal due times run in the order in which they were added, so a run is repeatable. The shared clock is moved
    along, so that whatever an action writes is stamped with the time at which it happens.
    """

    def __init__(self, *, clock: SimulatedClock) -> None:
        self._clock = clock
        self.now = clock.now().timestamp()
        self._heap: list[tuple[float, int, Appointment]] = []
        self._added = 0

    def after(self, seconds: float, action: Action) -> Appointment:
        """Do `action` that many seconds from now; a negative number means now."""
        return self.at(self.now + max(0.0, seconds), action)

    def at(self, due: float, action: Action) -> Appointment:
        appointment = Appointment(due=max(due, self.now), action=action)
        self._added += 1
        heapq.heappush(self._heap, (appointment.due, self._added, appointment))
        return appointment

    def run_until(self, now: float) -> int:
        """Run everything due up to `now` and return how many actions ran."""
        ran = 0
        heap = self._heap
        while heap and heap[0][0] <= now:
            due, _, appointment = heapq.heappop(heap)
            action = appointment.action
            if action is None:
                continue
            appointment.action = None
            self._move_to(due)
            action()
            ran += 1
        self._move_to(now)
        return ran

    def _move_to(self, instant: float) -> None:
        if instant > self.now:
            self.now = instant
            self._clock.set(datetime.fromtimestamp(instant, UTC))


FIRST_RETRY_SECONDS = 0.005
LONGEST_RETRY_SECONDS = 1000.0


class WorkQueue:
    """Keys waiting for one reconciler; a key that already waits is not added twice."""

    def __init__(self, *, agenda: Agenda, reconcile: Callable[[str], None]) -> None:
        self._agenda = agenda
        self._reconcile = reconcile
        self._waiting: dict[str, Appointment] = {}
        self._failures: dict[str, int] = {}

    def retry(self, key: str) -> None:
        """Reconcile a key again that failed: soon at first, then twice as late each time, as client-go does."""
        failures = self._failures.get(key, 0)
        self._failures[key] = failures + 1
        self.add(key, after=min(LONGEST_RETRY_SECONDS, FIRST_RETRY_SECONDS * 2**failures))

    def forget(self, key: str) -> None:
        """The key succeeded: its next failure is a first one again."""
        self._failures.pop(key, None)

    def add(self, key: str, *, after: float = 0.05) -> None:
        """Reconcile `key` soon; an earlier appointment wins over a later one."""
        due = self._agenda.now + after
        waiting = self._waiting.get(key)
        if waiting is not None:
            if waiting.due <= due:
                return
            waiting.cancel()
        self._waiting[key] = self._agenda.at(due, lambda: self._run(key))

    def _run(self, key: str) -> None:
        del self._waiting[key]
        self._reconcile(key)
