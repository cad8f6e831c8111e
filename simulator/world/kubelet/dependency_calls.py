"""The calls a running program makes to what it depends on, and what it says when they fail."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from simulator.store import JsonObject
from simulator.world.engine import Engine
from simulator.world.kubelet.container_run import ContainerRun
from simulator.world.network import Trouble, host_and_port, shown_address
from simulator.world.programs.styles import style_of

COMPLAINS_EVERY_SECONDS = 30.0


@dataclass(slots=True)
class _Called:
    url: str
    is_for_health: bool
    was_down: bool = False


class DependencyCalls:
    """Watches the dependencies of one run; silent and idle while all of them answer."""

    def __init__(
        self,
        run: ContainerRun,
        *,
        env: Mapping[str, str],
        caller: Callable[[], JsonObject],
        engine: Engine,
        changed: Callable[[], None],
    ) -> None:
        self._run = run
        self._caller = caller
        self._namespace = str(caller()["metadata"]["namespace"])
        self._engine = engine
        self._changed = changed
        self._called = [
            _Called(env[dependency.env], dependency.needed_for == "health")
            for dependency in run.program.dependencies
            if env.get(dependency.env)
        ]
        self._is_over = False
        self._listeners = [
            engine.network.listen(called.url, namespace=self._namespace, listener=partial(self._look, called))
            for called in self._called
        ]
        if self._called and run.plan.listens_on:
            engine.agenda.at(run.serves_since() + 0.5, self._look_at_all)

    def stop(self) -> None:
        self._is_over = True
        for end_listening in self._listeners:
            end_listening()

    def health_complaints(self) -> list[tuple[str, str]]:
        """Level and text of the lines for each broken dependency that health depends on."""
        checked = ((called, self._trouble(called)) for called in self._called if called.is_for_health)
        return [line for called, trouble in checked if trouble is not None for line in self._words(called, trouble)]

    def _look_at_all(self) -> None:
        if not self._is_over:
            for called in self._called:
                self._look(called)

    def _look(self, called: _Called) -> None:
        """The dependency may have changed: say so once, then complain regularly while it is down."""
        if self._is_over or self._engine.now < self._run.serves_since():
            return
        trouble = self._trouble(called)
        if trouble is None and called.was_down:
            called.was_down = False
            self._run.say(f"{shown_address(called.url)} is reachable again", at=self._engine.now)
            self._changed()
        elif trouble is not None and not called.was_down:
            called.was_down = True
            self._changed()
            self._complain(called)

    def _complain(self, called: _Called) -> None:
        if self._is_over or not called.was_down:
            return
        trouble = self._trouble(called)
        if trouble is None:
            self._look(called)
            return
        for level, text in self._words(called, trouble):
            self._run.say(text, at=self._engine.now, level=level)
        self._engine.agenda.after(COMPLAINS_EVERY_SECONDS, lambda: self._complain(called))

    def _trouble(self, called: _Called) -> Trouble | None:
        return self._engine.network.trouble(called.url, caller=self._caller())

    def _words(self, called: _Called, trouble: Trouble) -> list[tuple[str, str]]:
        host, port = host_and_port(called.url)
        address = self._engine.network.address_of(called.url, namespace=self._namespace)
        style = style_of(self._run.program.style)
        return style.lines(trouble, url=shown_address(called.url), host=host, port=port, address=address)
