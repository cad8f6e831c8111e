"""The StatefulSet controller: numbered pods with their own volumes, started in order and replaced from the last."""

import copy
from random import Random

from simulator.api.admission.defaults import apply_defaults
from simulator.api.admission.policies import check_new, complete_new
from simulator.api.status_errors import ApiError
from simulator.api_resources import PERSISTENTVOLUMECLAIMS, PODS, STATEFULSETS
from simulator.store import ChangeKind, JsonObject
from simulator.world.agenda import WorkQueue
from simulator.world.controllers.pod_counts import OVER, is_active
from simulator.world.controllers.pod_template import CreationRefused, Wording, create_pod, delete_pod, pod_from_template
from simulator.world.controllers.revisions import keep_revision
from simulator.world.engine import Engine
from simulator.world.events import EventSource
from simulator.world.shapes import controller_of, is_ready, is_terminating, key_of, labels_of, owner_reference

SOURCE = EventSource("statefulset-controller")
HASH_LABEL = "controller-revision-hash"
WORDING = Wording(
    created="create Pod {pod} in StatefulSet {owner} successful",
    deleted="delete Pod {pod} in StatefulSet {owner} successful",
    refused="create Pod {pod} in StatefulSet {owner} failed error: {error}",
)


class StatefulSetController:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._queue = WorkQueue(agenda=engine.agenda, reconcile=self._reconcile)
        engine.state.watch(STATEFULSETS, self._stateful_set_changed)
        engine.state.watch(PODS, self._pod_changed)

    def _stateful_set_changed(self, kind: ChangeKind, old: JsonObject | None, item: JsonObject) -> None:
        is_same = old is not None and old["metadata"]["generation"] == item["metadata"]["generation"]
        if kind != "DELETED" and not is_same:
            self._queue.add(key_of(item))

    def _pod_changed(self, _kind: ChangeKind, _old: JsonObject | None, pod: JsonObject) -> None:
        owner = controller_of(pod)
        if owner is not None and owner["kind"] == "StatefulSet":
            self._queue.add(f"{pod['metadata']['namespace']}/{owner['name']}")

    def _reconcile(self, key: str) -> None:
        item = self._engine.state.find(STATEFULSETS, key)
        if item is None or is_terminating(item):
            return
        code = keep_revision(self._engine, item, kind="StatefulSet", hash_label="controller.kubernetes.io/hash")
        revision = f"{item['metadata']['name']}-{code}"
        wanted = int(item["spec"].get("replicas", 1))
        by_number = {_number(pod): pod for pod in self._engine.state.owned(item["metadata"]["uid"], PODS)}
        try:
            self._step(item, by_number, wanted=wanted, revision=revision)
        except CreationRefused:
            self._queue.retry(key)
        else:
            self._queue.forget(key)
        pods = self._engine.state.owned(item["metadata"]["uid"], PODS)
        self._report(key, item, pods, revision=revision)

    def _step(self, item: JsonObject, by_number: dict[int, JsonObject], *, wanted: int, revision: str) -> None:
        """One move at a time, unless the policy is Parallel: create the lowest, drop the highest, then update."""
        is_parallel = item["spec"].get("podManagementPolicy") == "Parallel"
        for number in range(wanted):
            pod = by_number.get(number)
            if pod is None:
                self._create(item, number=number, revision=revision)
            elif (pod.get("status") or {}).get("phase") in OVER and not is_terminating(pod):
                delete_pod(self._engine, pod, owner=item, source=SOURCE, wording=WORDING)
            if not is_parallel and (pod is None or not is_ready(pod) or is_terminating(pod)):
                # A pod that does not get ready holds up everything after it, even a repair: somebody has to delete it.
                return
        surplus = sorted((number for number in by_number if number >= wanted), reverse=True)
        for number in surplus:
            if not is_terminating(by_number[number]):
                delete_pod(self._engine, by_number[number], owner=item, source=SOURCE, wording=WORDING)
            if not is_parallel:
                return
        self._update_last(item, by_number, wanted=wanted, revision=revision)

    def _update_last(self, item: JsonObject, by_number: dict[int, JsonObject], *, wanted: int, revision: str) -> None:
        if not _updates_by_itself(item):
            return
        rolling = (item["spec"].get("updateStrategy") or {}).get("rollingUpdate") or {}
        for number in range(wanted - 1, int(rolling.get("partition", 0)) - 1, -1):
            pod = by_number.get(number)
            if pod is not None and labels_of(pod).get(HASH_LABEL) != revision:
                if not is_terminating(pod):
                    delete_pod(self._engine, pod, owner=item, source=SOURCE, wording=WORDING)
                return

    def _create(self, item: JsonObject, *, number: int, revision: str) -> None:
        metadata = item["metadata"]
        name = f"{metadata['name']}-{number}"
        reference = owner_reference(item, api_version="apps/v1", kind="StatefulSet")
        pod = pod_from_template(item["spec"]["template"], namespace=metadata["namespace"], owner_reference=reference)
        pod["metadata"] = {"name": name, "generateName": f"{metadata['name']}-", **pod["metadata"]}
        pod["metadata"].setdefault("labels", {}).update(
            {
                "apps.kubernetes.io/pod-index": str(number),
                HASH_LABEL: revision,
                "statefulset.kubernetes.io/pod-name": name,
            }
        )
        pod["spec"] |= {"hostname": name, "subdomain": item["spec"].get("serviceName", "")}
        for template in item["spec"].get("volumeClaimTemplates") or []:
            claim = f"{template['metadata']['name']}-{name}"
            self._ensure_claim(item, template, claim=claim, pod=name)
            volume = {"name": template["metadata"]["name"], "persistentVolumeClaim": {"claimName": claim}}
            pod["spec"]["volumes"] = [*(pod["spec"].get("volumes") or []), volume]
        create_pod(self._engine, pod, owner=item, source=SOURCE, wording=WORDING)

    def _ensure_claim(self, item: JsonObject, template: JsonObject, *, claim: str, pod: str) -> None:
        namespace = item["metadata"]["namespace"]
        if self._engine.state.find(PERSISTENTVOLUMECLAIMS, f"{namespace}/{claim}") is not None:
            return
        spec = copy.deepcopy(template["spec"])
        labels = (item["spec"]["selector"].get("matchLabels") or {}).copy()
        body = {
            "metadata": {"name": claim, "namespace": namespace, "labels": labels},
            "spec": spec,
        }
        store = self._engine.state.store
        apply_defaults(PERSISTENTVOLUMECLAIMS, body, is_new=False, random=Random(0))  # noqa: S311  # draws nothing
        complete_new(store, PERSISTENTVOLUMECLAIMS, body)
        try:
            check_new(store, PERSISTENTVOLUMECLAIMS, body)
        except ApiError as error:
            message = (
                f"create Claim {claim} for Pod {pod} in StatefulSet {item['metadata']['name']} failed error: {error}"
            )
            self._engine.events.record(item, reason="FailedCreate", message=message, source=SOURCE, warning=True)
            raise CreationRefused(str(error)) from error
        store.create(PERSISTENTVOLUMECLAIMS, body)
        message = f"create Claim {claim} Pod {pod} in StatefulSet {item['metadata']['name']} success"
        self._engine.events.record(item, reason="SuccessfulCreate", message=message, source=SOURCE)

    def _report(self, key: str, item: JsonObject, pods: list[JsonObject], *, revision: str) -> None:
        active = [pod for pod in pods if is_active(pod)]
        ready = sum(1 for pod in active if is_ready(pod))
        updated = sum(1 for pod in active if labels_of(pod).get(HASH_LABEL) == revision)
        before = item.get("status") or {}
        is_done = updated == len(active) == int(item["spec"].get("replicas", 1)) == ready
        current = revision if is_done else before.get("currentRevision", revision)
        status: JsonObject = {"observedGeneration": item["metadata"]["generation"], "replicas": len(active)}
        current_count = sum(1 for pod in active if labels_of(pod).get(HASH_LABEL) == current)
        for field, count in (
            ("readyReplicas", ready),
            ("currentReplicas", current_count),
            ("updatedReplicas", updated),
        ):
            if count:
                status[field] = count
        status |= {
            "currentRevision": current,
            "updateRevision": revision,
            "collisionCount": 0,
            "availableReplicas": ready,
        }
        if status != before:
            self._engine.state.set_status(STATEFULSETS, key, status)


def _number(pod: JsonObject) -> int:
    return int(pod["metadata"]["name"].rsplit("-", 1)[1])


def _updates_by_itself(item: JsonObject) -> bool:
    strategy: JsonObject = item["spec"].get("updateStrategy") or {}
    return str(strategy.get("type", "RollingUpdate")) == "RollingUpdate"
