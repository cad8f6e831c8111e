"""What other pods and volumes have to say about where a pod may run: affinity, spreading, ports, volumes."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from simulator.store import JsonObject, matches_label_selector
from simulator.world.scheduling.node_filter import Rejection, is_wanted
from simulator.world.scheduling.node_room import NodeRoom
from simulator.world.shapes import is_terminating, labels_of
from simulator.world.storage.volume_objects import reaches_node

ANTI_AFFINITY = "node(s) didn't match pod anti-affinity rules"
AFFINITY = "node(s) didn't match pod affinity rules"
EXISTING_ANTI_AFFINITY = "node(s) didn't satisfy existing pods anti-affinity rules"
SPREAD = "node(s) didn't match pod topology spread constraints"
SPREAD_LABEL = "node(s) didn't match pod topology spread constraints (missing required label)"
HOST_PORTS = "node(s) didn't have free ports for the requested pod ports"
VOLUME_NODE = "node(s) had volume node affinity conflict"

Affinity = list[JsonObject]
PodsOf = Callable[[NodeRoom], Iterable[JsonObject]]


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """What a pod asks of its neighbours, counted once for all nodes."""

    reject: Callable[[NodeRoom], Rejection | None]


def needs_neighbours(pod: JsonObject, *, exists_anti_affinity: bool) -> bool:
    """Whether placing the pod depends on other pods at all; for most it does not, and then nothing is counted."""
    spec = pod["spec"]
    affinity = spec.get("affinity") or {}
    return bool(
        exists_anti_affinity
        or affinity.get("podAffinity")
        or affinity.get("podAntiAffinity")
        or spec.get("topologySpreadConstraints")
        or host_ports(spec)
    )


def host_ports(spec: JsonObject) -> set[tuple[int, str]]:
    return {
        (int(port["hostPort"]), port.get("protocol", "TCP"))
        for container in spec["containers"]
        for port in container.get("ports") or []
        if port.get("hostPort")
    }


def required_terms(spec: JsonObject, kind: str) -> Affinity:
    affinity = (spec.get("affinity") or {}).get(kind) or {}
    return list(affinity.get("requiredDuringSchedulingIgnoredDuringExecution") or [])


def look_around(pod: JsonObject, rooms: list[NodeRoom], *, pods_of: PodsOf) -> Neighbourhood:
    """Count who runs where, once; the answer judges node by node."""
    placed = [(room, other) for room in rooms for other in pods_of(room) if not is_terminating(other)]
    spec = pod["spec"]
    ports = host_ports(spec)
    spreads = [_Spread.count(rule, pod, rooms, placed) for rule in spec.get("topologySpreadConstraints") or []]
    near = [_places(term, pod, placed) for term in required_terms(spec, "podAffinity")]
    far = [_places(term, pod, placed) for term in required_terms(spec, "podAntiAffinity")]
    kept_away = _places_kept_away(pod, placed)

    def reject(room: NodeRoom) -> Rejection | None:
        if ports and any(ports & host_ports(other["spec"]) for other in pods_of(room)):
            return Rejection((HOST_PORTS,), True)
        for spread in spreads:
            if reason := spread.problem(room.node):
                return Rejection((reason,), True)
        labels = labels_of(room.node)
        if any(not _is_near(key, places, labels, pod=pod, term=term) for key, places, term in near):
            return Rejection((AFFINITY,), False)
        if any(labels.get(key) in places for key, places, _ in far):
            return Rejection((ANTI_AFFINITY,), True)
        if any(labels.get(key) == value for key, value in kept_away):
            return Rejection((EXISTING_ANTI_AFFINITY,), True)
        return None

    return Neighbourhood(reject)


def volume_rejection(volumes: Iterable[JsonObject], node: JsonObject) -> Rejection | None:
    """Volumes that only some nodes can reach."""
    if all(reaches_node(volume, node) for volume in volumes):
        return None
    return Rejection((VOLUME_NODE,), False)


@dataclass(frozen=True, slots=True)
class _Spread:
    """One topology spread constraint with the pods per place."""

    key: str
    skew: int
    counts: Mapping[str, int]

    @classmethod
    def count(
        cls, rule: JsonObject, pod: JsonObject, rooms: list[NodeRoom], placed: list[tuple[NodeRoom, JsonObject]]
    ) -> "_Spread":
        key = rule["topologyKey"]
        if rule.get("whenUnsatisfiable", "DoNotSchedule") != "DoNotSchedule":
            return cls("", 0, {})
        eligible = [labels_of(room.node).get(key) for room in rooms if is_wanted(pod["spec"], node=room.node)]
        counts: Counter[str] = Counter({place: 0 for place in eligible if place is not None})
        for room, other in placed:
            place = labels_of(room.node).get(key, "")
            if place in counts and _matches(rule.get("labelSelector"), other, namespace=pod["metadata"]["namespace"]):
                counts[place] += 1
        return cls(key, int(rule["maxSkew"]), counts)

    def problem(self, node: JsonObject) -> str | None:
        if not self.key:
            return None
        place = labels_of(node).get(self.key)
        if place is None:
            return SPREAD_LABEL
        least = min(self.counts.values(), default=0)
        return SPREAD if self.counts.get(place, 0) + 1 - least > self.skew else None


def _places(
    term: JsonObject, pod: JsonObject, placed: list[tuple[NodeRoom, JsonObject]]
) -> tuple[str, set[str], JsonObject]:
    """The values of the term's topology label where matching pods run."""
    key = term["topologyKey"]
    namespaces = set(term.get("namespaces") or [pod["metadata"]["namespace"]])
    places = {
        labels_of(room.node).get(key, "")
        for room, other in placed
        if other["metadata"]["namespace"] in namespaces
        and matches_label_selector(term.get("labelSelector") or {}, labels_of(other))
    }
    return key, places - {""}, term


def _is_near(key: str, places: set[str], labels: Mapping[str, str], *, pod: JsonObject, term: JsonObject) -> bool:
    """The first pod of a group that wants to be near itself may run anywhere."""
    if not places and matches_label_selector(term.get("labelSelector") or {}, labels_of(pod)):
        return key in labels
    return labels.get(key) in places


def _places_kept_away(pod: JsonObject, placed: list[tuple[NodeRoom, JsonObject]]) -> set[tuple[str, str]]:
    """Where running pods do not want this one beside them."""
    found = set()
    for room, other in placed:
        for term in required_terms(other["spec"], "podAntiAffinity"):
            namespaces = set(term.get("namespaces") or [other["metadata"]["namespace"]])
            is_meant = matches_label_selector(term.get("labelSelector") or {}, labels_of(pod))
            if is_meant and pod["metadata"]["namespace"] in namespaces:
                found.add((term["topologyKey"], labels_of(room.node).get(term["topologyKey"], "")))
    return found


def _matches(selector: JsonObject | None, pod: JsonObject, *, namespace: str) -> bool:
    return pod["metadata"]["namespace"] == namespace and matches_label_selector(selector or {}, labels_of(pod))
