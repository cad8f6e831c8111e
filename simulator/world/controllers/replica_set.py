"""The ReplicaSet controller: as many active pods as wanted, each made from the template."""

from simulator.api_resources import PODS, REPLICASETS
from simulator.store import ChangeKind, JsonObject, matches_label_selector
from simulator.world.agenda import WorkQueue
from simulator.world.controllers.pod_counts import choose_victims, count_pods, is_active, template_labels
from simulator.world.controllers.pod_template import CreationRefused, create_pod, delete_pod, pod_from_template
from simulator.world.engine import Engine
from simulator.world.events import EventSource
from simulator.world.shapes import (
    controller_of,
    find_condition,
    is_terminating,
    key_of,
    labels_of,
    owner_reference,
    timestamp,
)

SOURCE = EventSource("replicaset-controller")
BURST = 500
"""Pods created or deleted in one step, so that a typing error in `replicas` does not flood the cluster."""


class ReplicaSetController:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._queue = WorkQueue(agenda=engine.agenda, reconcile=self._reconcile)
        engine.state.watch(REPLICASETS, self._replica_set_changed)
        engine.state.watch(PODS, self._pod_changed)

    def _replica_set_changed(self, kind: ChangeKind, old: JsonObject | None, item: JsonObject) -> None:
        is_same = old is not None and old["metadata"]["generation"] == item["metadata"]["generation"]
        if kind != "DELETED" and not is_same:
            self._queue.add(key_of(item))

    def _pod_changed(self, _kind: ChangeKind, old: JsonObject | None, pod: JsonObject) -> None:
        owners = [controller_of(item) for item in (old, pod) if item is not None]
        namespace = pod["metadata"]["namespace"]
        for name in dict.fromkeys(owner["name"] for owner in owners if owner and owner["kind"] == "ReplicaSet"):
            self._queue.add(f"{namespace}/{name}")

    def _reconcile(self, key: str) -> None:
        item = self._engine.state.find(REPLICASETS, key)
        if item is None or is_terminating(item):
            return
        pods = [pod for pod in self._engine.state.owned(item["metadata"]["uid"], PODS) if is_active(pod)]
        kept = []
        for pod in pods:
            if matches_label_selector(item["spec"]["selector"], labels_of(pod)):
                kept.append(pod)
            else:
                self._release(pod)
        try:
            self._adjust(key, item, kept)
        except CreationRefused as error:
            self._queue.retry(key)
            self._report(key, item, failure=str(error))
        else:
            self._queue.forget(key)
            self._report(key, item)

    def _release(self, pod: JsonObject) -> None:
        """A pod whose labels no longer match belongs to nobody; it stays and is replaced."""
        self._engine.state.change(PODS, key_of(pod), lambda draft: draft["metadata"].pop("ownerReferences", None))

    def _adjust(self, key: str, item: JsonObject, pods: list[JsonObject]) -> None:
        wanted = item["spec"].get("replicas", 1)
        missing = wanted - len(pods)
        if missing < 0:
            for pod in choose_victims(pods, count=min(-missing, BURST)):
                delete_pod(self._engine, pod, owner=item, source=SOURCE)
        for _ in range(min(missing, BURST)):
            create_pod(self._engine, self._new_pod(item), owner=item, source=SOURCE)
        if abs(missing) > BURST:
            self._queue.add(key, after=1.0)

    def _new_pod(self, item: JsonObject) -> JsonObject:
        reference = owner_reference(item, api_version="apps/v1", kind="ReplicaSet")
        namespace = item["metadata"]["namespace"]
        pod = pod_from_template(item["spec"]["template"], namespace=namespace, owner_reference=reference)
        pod["metadata"] = {"generateName": f"{item['metadata']['name']}-", **pod["metadata"]}
        return pod

    def _report(self, key: str, item: JsonObject, *, failure: str = "") -> None:
        pods = [pod for pod in self._engine.state.owned(item["metadata"]["uid"], PODS) if is_active(pod)]
        min_ready = item["spec"].get("minReadySeconds", 0)
        counts = count_pods(pods, min_ready_seconds=min_ready, now=self._engine.now)
        wanted = template_labels(item["spec"]["template"]).items()
        labelled = sum(1 for pod in pods if wanted <= labels_of(pod).items())
        status: JsonObject = {"replicas": counts.total}
        for field, count in (
            ("fullyLabeledReplicas", labelled),
            ("readyReplicas", counts.ready),
            ("availableReplicas", counts.available),
        ):
            if count:
                status[field] = count
        status["observedGeneration"] = item["metadata"]["generation"]
        if failure:
            status["conditions"] = [self._failure(item, failure)]
        if status != item.get("status"):
            self._engine.state.set_status(REPLICASETS, key, status)
        if counts.next_available_in is not None:
            self._queue.add(key, after=counts.next_available_in + 0.5)

    def _failure(self, item: JsonObject, message: str) -> JsonObject:
        """The first refusal stays until pods can be created again."""
        known = find_condition(item, "ReplicaFailure")
        if known is not None:
            return known
        return {
            "type": "ReplicaFailure",
            "status": "True",
            "lastTransitionTime": timestamp(self._engine.now),
            "reason": "FailedCreate",
            "message": message,
        }
