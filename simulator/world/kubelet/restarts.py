"""When a container that has ended is started again: at once, and then after pauses that double."""

from collections.abc import Callable

from simulator.store import JsonObject
from simulator.world.engine import Engine
from simulator.world.kubelet.image_pull import BackOff, Says
from simulator.world.kubelet.status import waiting
from simulator.world.shapes import go_duration

SYNC_SECONDS = (11.0, 14.0)
"""How often the kubelet looks at a pod again on its own."""

STABLE_AFTER_SECONDS = 600.0
"""A run that lasted that long forgives earlier crashes."""

FIRST_RESTART_SECONDS = 1.2


class Restarts:
    """The back-off of one container; `later` dies with the phase of life the container is in."""

    def __init__(
        self,
        *,
        name: str,
        engine: Engine,
        says: Says,
        later: Callable[[float, Callable[[], None]], None],
        show: Callable[[JsonObject], None],
        restart: Callable[[], None],
    ) -> None:
        self._name = name
        self._engine = engine
        self._says = says
        self._later = later
        self._show = show
        self._restart = restart
        self._back_off = BackOff()

    def plan(self, *, started_at: float, read: Callable[[], JsonObject]) -> None:
        """A run that began at `started_at` is over; `read` answers the pod."""
        now = self._engine.now
        if now - started_at >= STABLE_AFTER_SECONDS:
            self._back_off.reset()
        if self._back_off.seconds == 0.0:
            self._back_off.grow()
            self._later(FIRST_RESTART_SECONDS, self._restart)
            return
        pause = self._back_off.seconds
        self._back_off.grow()
        until = now + pause
        self._later(1.0, lambda: self._wait(until=until, pause=pause, read=read))

    def _wait(self, *, until: float, pause: float, read: Callable[[], JsonObject]) -> None:
        if self._engine.now >= until:
            self._restart()
            return
        metadata = read()["metadata"]
        pod = f"{metadata['name']}_{metadata['namespace']}({metadata['uid']})"
        self._says.warning("BackOff", f"Back-off restarting failed container {self._name} in pod {pod}")
        message = f"back-off {go_duration(pause)} restarting failed container={self._name} pod={pod}"
        self._show(waiting("CrashLoopBackOff", message))
        again = min(self._engine.identities.between(*SYNC_SECONDS), max(until - self._engine.now, 0.2))
        self._later(again, lambda: self._wait(until=until, pause=pause, read=read))
