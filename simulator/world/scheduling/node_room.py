"""What a node has and what is requested of it, kept up to date pod by pod."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from simulator.store import JsonObject
from simulator.world.shapes import cpu_millis, memory_bytes


@dataclass(frozen=True, slots=True)
class Request:
    """What a pod asks for: thousandths of a core and bytes."""

    cpu: int
    memory: int
    others: tuple[tuple[str, int], ...] = ()
    """Further resources by name: local storage in bytes, devices by number."""


def request_of(spec: JsonObject) -> Request:
    """The sum over containers and sidecars, or the largest init container when that is more."""
    inits = spec.get("initContainers") or []
    sidecars = [_requests(item) for item in inits if item.get("restartPolicy") == "Always"]
    running = [*(_requests(item) for item in spec["containers"]), *sidecars]
    before = [_requests(item) for item in inits if item.get("restartPolicy") != "Always"]
    names = {name for entry in (*running, *before) for name in entry}
    total = {
        name: max([sum(item.get(name, 0) for item in running), *(item.get(name, 0) for item in before)])
        for name in sorted(names)
    }
    others = tuple((name, amount) for name, amount in total.items() if name not in {"cpu", "memory"} and amount)
    return Request(cpu=total.get("cpu", 0), memory=total.get("memory", 0), others=others)


def _requests(container: JsonObject) -> dict[str, int]:
    resources = container.get("resources") or {}
    requests = {**(resources.get("limits") or {}), **(resources.get("requests") or {})}
    return {name: cpu_millis(value) if name == "cpu" else memory_bytes(value) for name, value in requests.items()}


@dataclass(frozen=True, slots=True)
class Capacity:
    """What a node offers to pods, read once instead of for every pod that is placed."""

    cpu: int
    memory: int
    pods: int
    others: dict[str, int]

    @classmethod
    def of(cls, node: JsonObject) -> "Capacity":
        allocatable = (node.get("status") or {}).get("allocatable") or {}
        memory = memory_bytes(allocatable.get("memory"))
        others = {
            name: memory_bytes(value) for name, value in allocatable.items() if name not in {"cpu", "memory", "pods"}
        }
        return cls(cpu_millis(allocatable.get("cpu")), memory, int(allocatable.get("pods", 0)), others)


@dataclass(slots=True)
class NodeRoom:
    """One node; `requests` holds every pod counted in, by uid."""

    node: JsonObject
    capacity: Capacity
    cpu: int = 0
    memory: int = 0
    requests: dict[str, Request] = field(default_factory=dict)
    by_owner: dict[str, int] = field(default_factory=dict)

    def update(self, node: JsonObject) -> None:
        self.node = node
        self.capacity = Capacity.of(node)

    def add(self, uid: str, request: Request, *, owner: str) -> None:
        if uid in self.requests:
            return
        self.requests[uid] = request
        self.cpu += request.cpu
        self.memory += request.memory
        self.by_owner[owner] = self.by_owner.get(owner, 0) + 1

    def remove(self, uid: str, *, owner: str) -> None:
        request = self.requests.pop(uid, None)
        if request is None:
            return
        self.cpu -= request.cpu
        self.memory -= request.memory
        self.by_owner[owner] -= 1
        if not self.by_owner[owner]:
            del self.by_owner[owner]

    def shortages(self, request: Request) -> list[str]:
        """Why the request does not fit, one text per resource."""
        found = []
        if len(self.requests) + 1 > self.capacity.pods:
            found.append("Too many pods")
        if request.cpu and self.cpu + request.cpu > self.capacity.cpu:
            found.append("Insufficient cpu")
        if request.memory and self.memory + request.memory > self.capacity.memory:
            found.append("Insufficient memory")
        for name, amount in request.others:
            used = sum(dict(known.others).get(name, 0) for known in self.requests.values())
            if used + amount > self.capacity.others.get(name, 0):
                found.append(f"Insufficient {name}")
        return found

    def used_share(self, request: Request) -> float:
        """Mean of the requested shares of cpu and memory with this request counted in."""
        cpu = (self.cpu + request.cpu) / max(1, self.capacity.cpu)
        memory = (self.memory + request.memory) / max(1, self.capacity.memory)
        return (cpu + memory) / 2


def least_used(rooms: Iterable[NodeRoom], *, request: Request, owner: str) -> NodeRoom | None:
    """The node with the fewest pods of the same owner, then the most room."""
    return min(rooms, key=lambda room: (room.by_owner.get(owner, 0), room.used_share(request)), default=None)
