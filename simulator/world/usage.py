"""What metrics.k8s.io tells: usage that follows from what the programs do, with a little noise."""

import zlib
from datetime import UTC, datetime

from simulator.api_resources import PERSISTENTVOLUMECLAIMS, PODS
from simulator.interfaces import Usage, UsageSample, VolumeUsage
from simulator.store import JsonObject
from simulator.world.engine import Engine
from simulator.world.kubelet.container_run import ContainerRun
from simulator.world.kubelet.container_start import volume_at
from simulator.world.kubelet.kubelets import Kubelets
from simulator.world.kubelet.pod_worker import PodWorker
from simulator.world.programs.run_plan import MIB, number_in
from simulator.world.shapes import controller_of, cpu_millis, is_ready, memory_bytes

SCRAPE_SECONDS = 15
METRICS_SERVICE = "kube-system/metrics-server"
NODE_CPU_NANOCORES = 140_000_000
"""Kubelet, container runtime and operating system."""
NODE_MEMORY_KIBIBYTES = 900 * 1024
EMPTY_VOLUME_BYTES = 24 * 1024 * 1024
"""What a new file system needs for itself."""

STARTING_FACTOR = 4
"""A starting program works harder than a serving one."""


class WorldUsage:
    """Samples are taken every 15 seconds and are the same however often they are read."""

    def __init__(self, *, engine: Engine, kubelets: Kubelets) -> None:
        self._engine = engine
        self._kubelets = kubelets

    @property
    def is_available(self) -> bool:
        return self._engine.network.has_ready_endpoints(METRICS_SERVICE)

    def node_usage(self, *, name: str) -> UsageSample | None:
        if all(agent.name != name for agent in self._kubelets.nodes):
            return None
        taken = self._sample_time()
        usages = [
            usage for pod in self._engine.state.pods_on(name) for usage in self._containers_of(pod, at=taken).values()
        ]
        noise = _noise(name, at=taken)
        total = Usage(
            cpu_nanocores=int(NODE_CPU_NANOCORES * noise) + sum(usage.cpu_nanocores for usage in usages),
            memory_kibibytes=int(NODE_MEMORY_KIBIBYTES * noise) + sum(usage.memory_kibibytes for usage in usages),
        )
        return UsageSample(datetime.fromtimestamp(taken, UTC), 10 + 10 * noise, total, {})

    def pod_usage(self, *, namespace: str, name: str) -> UsageSample | None:
        pod = self._engine.state.find(PODS, f"{namespace}/{name}")
        if pod is None:
            return None
        taken = self._sample_time()
        containers = self._containers_of(pod, at=taken)
        if not containers:
            return None
        total = Usage(
            cpu_nanocores=sum(usage.cpu_nanocores for usage in containers.values()),
            memory_kibibytes=sum(usage.memory_kibibytes for usage in containers.values()),
        )
        return UsageSample(datetime.fromtimestamp(taken, UTC), 15.0, total, containers)

    def volumes_of(self, *, namespace: str, name: str) -> list[VolumeUsage]:
        pod = self._engine.state.find(PODS, f"{namespace}/{name}")
        worker = self._kubelets.find(pod) if pod is not None else None
        if pod is None or worker is None:
            return []
        found = []
        for volume in pod["spec"].get("volumes") or []:
            claim_name: str = (volume.get("persistentVolumeClaim") or {}).get("claimName", "")
            claim = self._engine.state.find(PERSISTENTVOLUMECLAIMS, f"{namespace}/{claim_name}") if claim_name else None
            capacity = memory_bytes(((claim or {}).get("status") or {}).get("capacity", {}).get("storage"))
            if capacity:
                used = min(capacity, EMPTY_VOLUME_BYTES + self._written(worker, volume["name"]))
                found.append(VolumeUsage(volume["name"], claim_name, capacity, used))
        return found

    def _written(self, worker: PodWorker, volume: str) -> int:
        """What the containers of a pod have written to a volume so far."""
        pod, total = worker.read(), 0
        for container in worker.containers:
            run = container.run
            scratch = run.program.scratch if run is not None else None
            if run is None or scratch is None or self._engine.now < run.serves_since() + scratch.after_seconds:
                continue
            if (volume_at(pod, container.spec, path=scratch.path) or {}).get("name") == volume:
                total += number_in(run.env, scratch.size_env, default=scratch.size_mib) * MIB
        return total

    def _containers_of(self, pod: JsonObject, *, at: float) -> dict[str, Usage]:
        worker = self._kubelets.find(pod)
        if worker is None:
            return {}
        running = [item for item in worker.containers if item.is_running and item.run and item.run.started_at < at]
        return {item.name: self._usage_of(item.run, worker, at=at) for item in running if item.run is not None}

    def _usage_of(self, run: ContainerRun, worker: PodWorker, *, at: float) -> Usage:
        work = number_in(run.env, run.program.work_env, default=run.program.work_millis)
        share = work // max(1, self._siblings(worker)) if work else 0
        limit = cpu_millis(((_container_of(worker, run).get("resources") or {}).get("limits") or {}).get("cpu"))
        return _usage_of(run, at=at, share=share, limit=limit)

    def _siblings(self, worker: PodWorker) -> int:
        """Ready pods of the same controller, among which the work is divided."""
        owner = controller_of(worker.read())
        if owner is None:
            return 1
        return sum(1 for pod in self._engine.state.owned(owner["uid"], PODS) if is_ready(pod))

    def _sample_time(self) -> float:
        return self._engine.now // SCRAPE_SECONDS * SCRAPE_SECONDS


def _container_of(worker: PodWorker, run: ContainerRun) -> JsonObject:
    return next(item.spec for item in worker.containers if item.name == run.name)


def _usage_of(run: ContainerRun, *, at: float, share: int, limit: int) -> Usage:
    """`share` and `limit` are thousandths of a core; without a limit it is 0."""
    program = run.program
    is_serving = at >= run.serves_since()
    millis = program.cpu_millis + share if is_serving else program.cpu_millis * STARTING_FACTOR
    millis = min(millis, limit) if limit else millis
    grown = 1.0 if is_serving else max(0.2, (at - run.started_at) / max(run.plan.listens_after, 1.0))
    noise = _noise(run.container_id, at=at)
    own = program.memory_mib * MIB
    # What a program has filled on purpose is all in use; of the rest a part never is.
    filled = max(run.plan.memory_bytes - own, 0)
    memory = own * 0.92 * (0.97 + 0.03 * noise) + filled
    return Usage(cpu_nanocores=int(millis * 1_000_000 * noise), memory_kibibytes=int(memory * min(grown, 1.0) / 1024))


def _noise(name: str, *, at: float) -> float:
    """Between 0.8 and 1.2, fixed for a name and a moment."""
    return 0.8 + zlib.crc32(f"{name}:{int(at)}".encode()) % 400 / 1000
