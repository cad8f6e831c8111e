"""The disruption controller: how many pods of each PodDisruptionBudget may be evicted now."""

import math

from simulator.api_resources import (
    DEPLOYMENTS,
    PODDISRUPTIONBUDGETS,
    PODS,
    REPLICASETS,
    STATEFULSETS,
    ResourceType,
)
from simulator.store import ChangeKind, JsonObject, matches_label_selector
from simulator.world.agenda import WorkQueue
from simulator.world.controllers.deployment_status import Verdict
from simulator.world.engine import Engine
from simulator.world.events import EventSource
from simulator.world.shapes import controller_of, find_condition, is_ready, is_terminating, key_of, labels_of, timestamp

SOURCE = EventSource("controllermanager")
OVER = frozenset({"Succeeded", "Failed"})
ENOUGH = Verdict("True", "SufficientPods", "")
TOO_FEW = Verdict("False", "InsufficientPods", "")
SCALED: dict[str, ResourceType] = {
    "ReplicaSet": REPLICASETS,
    "StatefulSet": STATEFULSETS,
    "Deployment": DEPLOYMENTS,
}


class DisruptionController:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._queue = WorkQueue(agenda=engine.agenda, reconcile=self._reconcile)
        engine.state.watch(PODDISRUPTIONBUDGETS, self._budget_changed)
        engine.state.watch(PODS, self._pod_changed)

    def _budget_changed(self, kind: ChangeKind, old: JsonObject | None, item: JsonObject) -> None:
        is_same = old is not None and old["metadata"]["generation"] == item["metadata"]["generation"]
        if kind != "DELETED" and not is_same:
            self._queue.add(key_of(item))

    def _pod_changed(self, kind: ChangeKind, old: JsonObject | None, pod: JsonObject) -> None:
        if kind == "MODIFIED" and old is not None and _counts_as(old) == _counts_as(pod):
            return
        for budget in self._engine.state.store.list_objects(
            PODDISRUPTIONBUDGETS, namespace=pod["metadata"]["namespace"]
        ):
            if matches_label_selector(budget["spec"].get("selector"), labels_of(pod)):
                self._queue.add(key_of(budget))

    def _reconcile(self, key: str) -> None:
        budget = self._engine.state.find(PODDISRUPTIONBUDGETS, key)
        if budget is None or is_terminating(budget):
            return
        pods = self._pods_of(budget)
        if not pods:
            self._engine.events.record(budget, reason="NoPods", message="No matching pods found", source=SOURCE)
        healthy = sum(1 for pod in pods if is_ready(pod) and not is_terminating(pod))
        expected, desired = self._wanted(budget, pods)
        allowed = max(0, healthy - desired) if expected > 0 else 0
        status = {
            "observedGeneration": budget["metadata"]["generation"],
            "disruptionsAllowed": allowed,
            "currentHealthy": healthy,
            "desiredHealthy": desired,
            "expectedPods": expected,
            "conditions": [self._condition(budget, ENOUGH if allowed else TOO_FEW)],
        }
        if status != budget.get("status"):
            self._engine.state.set_status(PODDISRUPTIONBUDGETS, key, status)

    def _pods_of(self, budget: JsonObject) -> list[JsonObject]:
        pods = self._engine.state.store.list_objects(PODS, namespace=budget["metadata"]["namespace"])
        selector = budget["spec"].get("selector")
        return [
            pod
            for pod in pods
            if matches_label_selector(selector, labels_of(pod)) and (pod.get("status") or {}).get("phase") not in OVER
        ]

    def _wanted(self, budget: JsonObject, pods: list[JsonObject]) -> tuple[int, int]:
        """Pods that should be there, and how many of them have to be healthy."""
        most, least = budget["spec"].get("maxUnavailable"), budget["spec"].get("minAvailable")
        if most is not None:
            expected = self._replicas_of(pods)
            return expected, max(0, expected - _absolute(most, of=expected))
        if isinstance(least, str):
            expected = self._replicas_of(pods)
            return expected, _absolute(least, of=expected)
        return len(pods), int(least if least is not None else 1)

    def _replicas_of(self, pods: list[JsonObject]) -> int:
        """The sum of what the controllers of these pods want; a pod without one counts for itself."""
        wanted: dict[str, int] = {}
        for pod in pods:
            owner = controller_of(pod)
            resource = SCALED.get(owner["kind"]) if owner else None
            if owner is None or resource is None:
                wanted[pod["metadata"]["uid"]] = 1
                continue
            found = self._engine.state.find(resource, f"{pod['metadata']['namespace']}/{owner['name']}")
            parent = controller_of(found) if found else None
            if found is not None and parent is not None and parent["kind"] in SCALED:
                upper = SCALED[parent["kind"]]
                found = self._engine.state.find(upper, f"{pod['metadata']['namespace']}/{parent['name']}") or found
            if found is not None:
                wanted[found["metadata"]["uid"]] = int(found["spec"].get("replicas", 1))
        return sum(wanted.values())

    def _condition(self, budget: JsonObject, verdict: Verdict) -> JsonObject:
        known = find_condition(budget, "DisruptionAllowed")
        is_same = known is not None and known["status"] == verdict.status
        since = known["lastTransitionTime"] if known is not None and is_same else timestamp(self._engine.now)
        return {
            "type": "DisruptionAllowed",
            "status": verdict.status,
            "observedGeneration": budget["metadata"]["generation"],
            "lastTransitionTime": since,
            "reason": verdict.reason,
            "message": verdict.message,
        }


def _absolute(value: int | str, *, of: int) -> int:
    """Percentages are rounded up."""
    return math.ceil(int(value[:-1]) * of / 100) if isinstance(value, str) else value


def _counts_as(pod: JsonObject) -> tuple[object, ...]:
    return labels_of(pod), is_ready(pod), is_terminating(pod), (pod.get("status") or {}).get("phase") in OVER
