"""Counting and choosing pods: who is active, ready, available, and who goes first when there are too many."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from simulator.store import JsonObject
from simulator.world.shapes import find_condition, instant_of, is_ready, is_terminating, labels_of

OVER = frozenset({"Succeeded", "Failed"})


@dataclass(frozen=True, slots=True)
class Counts:
    total: int
    ready: int
    available: int
    next_available_in: float | None
    """Seconds until another ready pod has been ready for long enough; None when none waits for that."""


def is_active(pod: JsonObject) -> bool:
    """Counts towards the wanted number: neither ended nor on its way out."""
    return (pod.get("status") or {}).get("phase") not in OVER and not is_terminating(pod)


def count_pods(pods: Sequence[JsonObject], *, min_ready_seconds: int, now: float) -> Counts:
    ready = [pod for pod in pods if is_ready(pod)]
    waits = [max(0.0, _ready_since(pod) + min_ready_seconds - now) if min_ready_seconds else 0.0 for pod in ready]
    pending = [wait for wait in waits if wait > 0]
    return Counts(len(pods), len(ready), len(ready) - len(pending), min(pending, default=None))


def choose_victims(pods: Iterable[JsonObject], *, count: int) -> list[JsonObject]:
    """Pods to delete first: unassigned, pending, not ready, crowded, recently ready, often restarted, young."""
    pods = list(pods)
    per_node: dict[str, int] = {}
    for pod in pods:
        node = pod["spec"].get("nodeName", "")
        per_node[node] = per_node.get(node, 0) + 1

    def rank(pod: JsonObject) -> tuple[int, int, int, int, float, int, float, str]:
        node = pod["spec"].get("nodeName", "")
        phase = (pod.get("status") or {}).get("phase", "Pending")
        return (
            1 if node else 0,
            {"Pending": 0, "Unknown": 1}.get(phase, 2),
            1 if is_ready(pod) else 0,
            -per_node[node],
            -_ready_since(pod),
            -restarts_of(pod),
            -instant_of(pod["metadata"]["creationTimestamp"]),
            pod["metadata"]["name"],
        )

    return sorted(pods, key=rank)[:count]


def restarts_of(pod: JsonObject) -> int:
    statuses = (pod.get("status") or {}).get("containerStatuses") or []
    return max((int(item["restartCount"]) for item in statuses), default=0)


def template_labels(template: JsonObject) -> dict[str, str]:
    return labels_of(template) if template.get("metadata") else {}


def _ready_since(pod: JsonObject) -> float:
    condition = find_condition(pod, "Ready")
    if condition is None or condition["status"] != "True":
        return 0.0
    return instant_of(condition["lastTransitionTime"])
