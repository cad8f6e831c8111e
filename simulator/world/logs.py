"""Reading container logs: the lines of the current run or of the one before."""

from collections.abc import Sequence
from datetime import UTC, datetime

from simulator.api_resources import PODS
from simulator.interfaces import LogLine
from simulator.world.engine import Engine
from simulator.world.kubelet.container_run import ContainerRun
from simulator.world.kubelet.kubelets import Kubelets


class WorldLogs:
    """Answers what the programs have written up to now; nothing for a container that never ran."""

    def __init__(self, *, engine: Engine, kubelets: Kubelets) -> None:
        self._engine = engine
        self._kubelets = kubelets

    def read_log(
        self,
        *,
        namespace: str,
        pod: str,
        container: str,
        previous: bool = False,
        tail: int | None = None,
        since: datetime | None = None,
    ) -> Sequence[LogLine]:
        run = self._find_run(f"{namespace}/{pod}", container=container, previous=previous)
        if run is None:
            return []
        earliest = since.timestamp() if since is not None else None
        lines = run.lines(until=self._engine.now, since=earliest, tail=tail)
        return [LogLine(datetime.fromtimestamp(line.instant, UTC), line.text) for line in lines]

    def _find_run(self, key: str, *, container: str, previous: bool) -> ContainerRun | None:
        pod = self._engine.state.find(PODS, key)
        worker = self._kubelets.find(pod) if pod is not None else None
        found = worker.container(container) if worker is not None else None
        if found is None:
            return None
        return found.previous_shown() if previous else found.run
