"""The memory of one node: what its containers use, and what happens when nothing is left."""

from collections.abc import Callable
from dataclasses import dataclass

from simulator.store import JsonObject
from simulator.world.agenda import Agenda
from simulator.world.kubelet.container_run import ContainerRun
from simulator.world.shapes import memory_bytes

MIB = 1024 * 1024
OWN_BYTES = 900 * MIB
"""Kubelet, container runtime and operating system."""

Kill = Callable[[], None]


@dataclass(slots=True)
class Tenant:
    """One running container."""

    run: ContainerRun
    requested: int
    used: int
    kill: Kill


class NodeMemory:
    """Counts what runs; programs that fill up slowly are counted step by step."""

    def __init__(self, *, capacity: int, agenda: Agenda) -> None:
        self._capacity = capacity
        self._agenda = agenda
        self._tenants: dict[str, Tenant] = {}
        self.on_shortage: Callable[[], None] = lambda: None
        """Called when less than the eviction threshold is left; the kubelet looks a few seconds later."""
        self.on_kill: Callable[[Tenant], None] = lambda _: None
        """Called before the kernel ends a process."""

    @property
    def available(self) -> int:
        return self._capacity - OWN_BYTES - sum(tenant.used for tenant in self._tenants.values())

    def used_by(self, run: ContainerRun) -> int:
        tenant = self._tenants.get(run.container_id)
        return tenant.used if tenant else 0

    def begin(self, run: ContainerRun, *, container: JsonObject, kill: Kill) -> None:
        """A container starts; `kill` ends it when the kernel chooses it."""
        requests = (container.get("resources") or {}).get("requests") or {}
        first = run.plan.growth[0].memory_bytes if run.plan.growth else run.plan.memory_bytes
        self._tenants[run.container_id] = Tenant(run, memory_bytes(requests.get("memory")), first, kill)
        for step in run.plan.growth[1:]:
            self._agenda.at(run.started_at + step.offset, self._grower(run, step.memory_bytes))
        self._look()

    def end(self, run: ContainerRun) -> None:
        self._tenants.pop(run.container_id, None)

    def _grower(self, run: ContainerRun, used: int) -> Callable[[], None]:
        def grow() -> None:
            tenant = self._tenants.get(run.container_id)
            if tenant is not None:
                tenant.used = used
                self._look()

        return grow

    def _look(self) -> None:
        while self.available < 0 and self._tenants:
            # The kernel ends what uses most beyond what it was promised.
            victim = max(self._tenants.values(), key=lambda tenant: tenant.used - tenant.requested)
            self.on_kill(victim)
            self.end(victim.run)
            victim.kill()
        self.on_shortage()
