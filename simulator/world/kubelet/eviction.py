"""The kubelet's eviction manager: it ends pods when their node, or they themselves, run out of something."""

from collections.abc import Callable, Iterable

from simulator.api_resources import NODES
from simulator.store import JsonObject
from simulator.world.engine import Engine
from simulator.world.events import EventSource
from simulator.world.kubelet.container_start import volume_at
from simulator.world.kubelet.container_worker import ContainerWorker
from simulator.world.kubelet.node_agent import NodeAgent
from simulator.world.kubelet.pod_worker import Ending, PodWorker
from simulator.world.programs.run_plan import number_in
from simulator.world.shapes import memory_bytes

MIB = 1024 * 1024
LOOKS_EVERY_SECONDS = 10.0
MEMORY_THRESHOLD_BYTES = 100 * MIB
CALM_SECONDS = 300.0
"""How long a pressure condition stays after the last sign of it."""

CRITICAL_PRIORITY = 2_000_000_000
Workers = Callable[[], Iterable[PodWorker]]


class EvictionManager:
    """One per node; it looks only while there is something to look at."""

    def __init__(self, node: NodeAgent, *, engine: Engine, workers: Workers) -> None:
        self._node = node
        self._engine = engine
        self._workers = workers
        self._is_looking = False
        self._pressed_at = 0.0
        node.memory.on_shortage = self._wake_for_memory
        engine.outages.watch(lambda _kind, at: self._wake() if at == node.name else None)

    def watch_files(self, worker: PodWorker, container: ContainerWorker) -> None:
        """A container has started that writes files; see whether it writes more than the pod may have."""
        run = container.run
        if run is None or run.program.scratch is None:
            return
        scratch = run.program.scratch
        self._engine.agenda.after(
            scratch.after_seconds, lambda: self._check_files(worker, container) if container.run is run else None
        )

    def _wake_for_memory(self) -> None:
        if self._node.memory.available < MEMORY_THRESHOLD_BYTES:
            self._wake()

    def _wake(self) -> None:
        if not self._is_looking:
            self._is_looking = True
            self._engine.agenda.after(LOOKS_EVERY_SECONDS, self._look)

    def _look(self) -> None:
        self._is_looking = False
        if self._node.is_silent:
            return
        shortage = self._shortage()
        if shortage is not None:
            self._pressed_at = self._engine.now
            self._set_memory_pressure(shortage == "memory")
            self._reclaim(shortage)
            self._wake()
        elif self._node.has_memory_pressure:
            is_calm = self._engine.now - self._pressed_at >= CALM_SECONDS
            self._set_memory_pressure(not is_calm)
            if not is_calm:
                self._wake()

    def _shortage(self) -> str | None:
        if self._node.memory.available < MEMORY_THRESHOLD_BYTES:
            return "memory"
        if self._node.has_disk_pressure:
            return "ephemeral-storage"
        return "pids" if self._node.has_pid_pressure else None

    def _set_memory_pressure(self, is_on: bool) -> None:
        if self._node.has_memory_pressure != is_on:
            self._node.has_memory_pressure = is_on
            self._node.beat()

    def _reclaim(self, resource: str) -> None:
        """End one pod: the one that uses most beyond what it was promised."""
        node = self._engine.state.store.find(NODES, name=self._node.name)
        if node is not None:
            self._engine.events.record(
                node,
                reason="EvictionThresholdMet",
                message=f"Attempting to reclaim {resource}",
                source=EventSource("kubelet", self._node.name),
                warning=True,
            )
        victims = [worker for worker in self._workers() if self._may_go(worker)]
        if not victims:
            return
        victim = max(victims, key=self._excess)
        self._evict(victim, f"{self._threshold_text(resource)}{self._usage_text(victim, resource)}")

    def _may_go(self, worker: PodWorker) -> bool:
        spec = self._pod_of(worker)["spec"]
        is_running = any(container.is_running for container in worker.containers)
        return is_running and not worker.is_ended and int(spec.get("priority") or 0) < CRITICAL_PRIORITY

    def _excess(self, worker: PodWorker) -> int:
        return sum(self._used(container) - _requested(container.spec, "memory") for container in worker.containers)

    def _used(self, container: ContainerWorker) -> int:
        return self._node.memory.used_by(container.run) if container.run is not None else 0

    def _threshold_text(self, resource: str) -> str:
        if resource == "memory":
            available = max(0, self._node.memory.available) // 1024
            return f"The node was low on resource: memory. Threshold quantity: 100Mi, available: {available}Ki. "
        if resource == "pids":
            return "The node was low on resource: pids. Threshold quantity: 3276, available: 912. "
        return "The node was low on resource: ephemeral-storage. Threshold quantity: 10307984384, available: 6812Mi. "

    def _usage_text(self, worker: PodWorker, resource: str) -> str:
        if resource == "pids":
            return ""
        container = max(worker.containers, key=self._used)
        used = self._used(container) if resource == "memory" else 48 * 1024
        request = (container.spec.get("resources") or {}).get("requests") or {}
        shown = request.get(resource, "0")
        return (
            f"Container {container.name} was using {used // 1024}Ki, request is {shown}, "
            f"has larger consumption of {resource}. "
        )

    def _check_files(self, worker: PodWorker, container: ContainerWorker) -> None:
        """Local files count against the container's limit, or against that of the volume they lie in."""
        run = container.run
        if run is None or run.program.scratch is None or not container.is_running or worker.is_ended:
            return
        scratch = run.program.scratch
        written = number_in(run.env, scratch.size_env, default=scratch.size_mib) * MIB
        pod = self._pod_of(worker)
        volume = volume_at(pod, container.spec, path=scratch.path)
        size_limit = ((volume or {}).get("emptyDir") or {}).get("sizeLimit")
        limit = ((container.spec.get("resources") or {}).get("limits") or {}).get("ephemeral-storage")
        if volume is not None and size_limit is not None and written > memory_bytes(size_limit):
            self._evict(worker, f'Usage of EmptyDir volume "{volume["name"]}" exceeds the limit "{size_limit}". ')
        elif limit is not None and written > memory_bytes(limit) and (volume is None or "emptyDir" in volume):
            if volume is None:
                text = f'Container {container.name} exceeded its local ephemeral storage limit "{limit}". '
            else:
                text = f"Pod ephemeral local storage usage exceeds the total limit of containers {limit}. "
            self._evict(worker, text)

    def _evict(self, worker: PodWorker, message: str) -> None:
        source = EventSource("kubelet", self._node.name)
        self._engine.events.record(self._pod_of(worker), reason="Evicted", message=message, source=source, warning=True)
        worker.end(Ending("Evicted", message, is_disruption=True))

    def _pod_of(self, worker: PodWorker) -> JsonObject:
        return worker.read()


def _requested(container: JsonObject, resource: str) -> int:
    return memory_bytes(((container.get("resources") or {}).get("requests") or {}).get(resource))
