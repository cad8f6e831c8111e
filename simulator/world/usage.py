"""What metrics.k8s.io tells: usage that follows from what the programs do, with a little noise."""

import zlib
from datetime import UTC, datetime

from simulator.api_resources import PODS
from simulator.interfaces import Usage, UsageSample
from simulator.world.engine import Engine
from simulator.world.kubelet.container_run import ContainerRun
from simulator.world.kubelet.kubelets import Kubelets

SCRAPE_SECONDS = 15
NODE_CPU_NANOCORES = 140_000_000
"""Kubelet, container runtime and operating system."""
NODE_MEMORY_KIBIBYTES = 900 * 1024
STARTING_FACTOR = 4
"""A starting program works harder than a serving one."""


class WorldUsage:
    """Samples are taken every 15 seconds and are the same however often they are read."""

    def __init__(self, *, engine: Engine, kubelets: Kubelets) -> None:
        self._engine = engine
        self._kubelets = kubelets

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

    def _containers_of(self, pod: dict[str, object], *, at: float) -> dict[str, Usage]:
        worker = self._kubelets.find(pod)
        if worker is None:
            return {}
        running = [item for item in worker.containers if item.is_running and item.run and item.run.started_at < at]
        return {item.name: _usage_of(item.run, at=at) for item in running if item.run is not None}

    def _sample_time(self) -> float:
        return self._engine.now // SCRAPE_SECONDS * SCRAPE_SECONDS


def _usage_of(run: ContainerRun, *, at: float) -> Usage:
    program = run.program
    is_serving = at >= run.serves_since()
    millis = program.cpu_millis * (1 if is_serving else STARTING_FACTOR)
    grown = 1.0 if is_serving else max(0.2, (at - run.started_at) / max(run.plan.listens_after, 1.0))
    noise = _noise(run.container_id, at=at)
    memory = max(run.plan.memory_bytes, program.memory_mib * 1024 * 1024) * 0.92
    return Usage(
        cpu_nanocores=int(millis * 1_000_000 * noise),
        memory_kibibytes=int(memory * min(grown, 1.0) * (0.97 + 0.03 * noise) / 1024),
    )


def _noise(name: str, *, at: float) -> float:
    """Between 0.8 and 1.2, fixed for a name and a moment."""
    return 0.8 + zlib.crc32(f"{name}:{int(at)}".encode()) % 400 / 1000
