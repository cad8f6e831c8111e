"""Nodes: state, roles, and how much of them is promised to pods."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from k8s_diagnosis.objects.access import JsonObject, labels_of, name_of, read_flag, read_map, read_maps, read_text
from k8s_diagnosis.objects.pods import is_condition_true, is_finished
from k8s_diagnosis.text.quantities import parse_quantity

_ROLE_PREFIX = "node-role.kubernetes.io/"
PRESSURES = ("MemoryPressure", "DiskPressure", "PIDPressure")
"""Conditions of a node that are bad when they are true."""


@dataclass(frozen=True, slots=True)
class Requests:
    """CPU in cores and memory in bytes that pods asked to have for themselves."""

    cpu: Decimal = Decimal(0)
    memory: Decimal = Decimal(0)

    def __add__(self, other: Requests) -> Requests:
        return Requests(self.cpu + other.cpu, self.memory + other.memory)


@dataclass(frozen=True, slots=True)
class NodeCapacity:
    """What a node can give and what is promised already."""

    name: str
    is_schedulable: bool
    allocatable: Requests
    requested: Requests
    pod_count: int

    @property
    def free(self) -> Requests:
        return Requests(
            max(Decimal(0), self.allocatable.cpu - self.requested.cpu),
            max(Decimal(0), self.allocatable.memory - self.requested.memory),
        )


def requests_of(pod: JsonObject) -> Requests:
    """What the scheduler counts: all containers together, or the largest init container when that is more."""
    total = Requests()
    for container in read_maps(pod, "spec", "containers"):
        total = total + _container_requests(container)
    largest_cpu, largest_memory = total.cpu, total.memory
    for container in read_maps(pod, "spec", "initContainers"):
        wanted = _container_requests(container)
        largest_cpu, largest_memory = max(largest_cpu, wanted.cpu), max(largest_memory, wanted.memory)
    return Requests(largest_cpu, largest_memory)


def _container_requests(container: JsonObject) -> Requests:
    wanted = read_map(container, "resources", "requests")
    limits = read_map(container, "resources", "limits")
    return Requests(
        parse_quantity(wanted.get("cpu", limits.get("cpu"))), parse_quantity(wanted.get("memory", limits.get("memory")))
    )


def request_of(pod: JsonObject, resource: str) -> Decimal:
    """What the scheduler counts of one resource, extended ones included."""

    def asked(container: JsonObject) -> Decimal:
        wanted = read_map(container, "resources", "requests")
        limits = read_map(container, "resources", "limits")
        return parse_quantity(wanted.get(resource, limits.get(resource)))

    together = sum((asked(each) for each in read_maps(pod, "spec", "containers")), Decimal(0))
    return max([together, *(asked(each) for each in read_maps(pod, "spec", "initContainers"))])


def allocatable_of(node: JsonObject, resource: str) -> Decimal:
    return parse_quantity(
        (read_map(node, "status", "allocatable") or read_map(node, "status", "capacity")).get(resource)
    )


def measure_nodes(nodes: Iterable[JsonObject], pods: Iterable[JsonObject]) -> list[NodeCapacity]:
    """Join nodes with the pods on them; finished pods hold nothing any more."""
    placed: dict[str, list[Requests]] = {}
    for pod in pods:
        node = read_text(pod, "spec", "nodeName")
        if node and not is_finished(pod):
            placed.setdefault(node, []).append(requests_of(pod))
    return [_measure(node, placed.get(name_of(node), [])) for node in nodes]


def _measure(node: JsonObject, wanted: list[Requests]) -> NodeCapacity:
    allocatable = read_map(node, "status", "allocatable") or read_map(node, "status", "capacity")
    return NodeCapacity(
        name=name_of(node),
        is_schedulable=not read_flag(node, "spec", "unschedulable") and is_condition_true(node, "Ready"),
        allocatable=Requests(parse_quantity(allocatable.get("cpu")), parse_quantity(allocatable.get("memory"))),
        requested=sum(wanted, Requests()),
        pod_count=len(wanted),
    )


def node_status(node: JsonObject) -> str:
    """Ready or NotReady, then what else is the matter, as kubectl writes it."""
    parts = ["Ready" if is_condition_true(node, "Ready") else "NotReady"]
    parts.extend(pressure for pressure in (*PRESSURES, "NetworkUnavailable") if is_condition_true(node, pressure))
    if read_flag(node, "spec", "unschedulable"):
        parts.append("SchedulingDisabled")
    return ",".join(parts)


def node_roles(node: JsonObject) -> str:
    roles = sorted(key.removeprefix(_ROLE_PREFIX) for key in labels_of(node) if key.startswith(_ROLE_PREFIX))
    return ",".join(roles) or "<none>"
