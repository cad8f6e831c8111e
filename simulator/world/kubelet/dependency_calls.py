"""The calls a running program makes to what it depends on, and what it says when they fail."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from simulator.world.engine import Engine
from simulator.world.kubelet.container_run import ContainerRun
from simulator.world.network import shown_address

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
        namespace: str,
        engine: Engine,
        changed: Callable[[], None],
    ) -> None:
        self._run = run
        self._namespace = namespace
        self._engine = engine
        self._changed = changed
        self._called = [
            _Called(env[dependency.env], dependency.needed_for == "health")
            for dependency in run.program.dependencies
            if env.get(dependency.env)
        ]
        self._is_over = False
        self._listeners = [
            engine.network.listen(called.url, namespace=namespace, listener=lambda called=called: self._look(called))  # type: ignore[misc]  # mypy cannot infer a lambda with a bound default
            for called in self._called
        ]
        if self._called and run.plan.listens_on:
            engine.agenda.at(run.serves_since() + 0.5, self._look_at_all)

    def stop(self) -> None:
        self._is_over = True
        for end_listening in self._listeners:
            end_listening()

    def health_complaints(self) -> list[str]:
        """One line for each broken dependency that health depends on."""
        checked = ((called.url, self._problem(called)) for called in self._called if called.is_for_health)
        return [_complaint(url, problem) for url, problem in checked if problem is not None]

    def _look_at_all(self) -> None:
        if not self._is_over:
            for called in self._called:
                self._look(called)

    def _look(self, called: _Called) -> None:
        """The dependency may have changed: say so once, then complain regularly while it is down."""
        if self._is_over or self._engine.now < self._run.serves_since():
            return
        problem = self._problem(called)
        if problem is None and called.was_down:
            called.was_down = False
            self._run.say(f"{shown_address(called.url)} is reachable again", at=self._engine.now)
            self._changed()
        elif problem is not None and not called.was_down:
            called.was_down = True
            self._changed()
            self._complain(called)

    def _complain(self, called: _Called) -> None:
        if self._is_over or not called.was_down:
            return
        problem = self._problem(called)
        if problem is None:
            self._look(called)
            return
        self._run.say(_complaint(called.url, problem), at=self._engine.now, level="ERROR")
        self._engine.agenda.after(COMPLAINS_EVERY_SECONDS, lambda: self._complain(called))

    def _problem(self, called: _Called) -> str | None:
        return self._engine.network.problem(called.url, namespace=self._namespace)


def _complaint(url: str, problem: str) -> str:
    return f"dependency {shown_address(url)} failed: {problem}"
