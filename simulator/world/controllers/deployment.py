"""The Deployment controller: one ReplicaSet per template, moved from old to new as the strategy allows."""

import copy
from dataclasses import replace

from simulator.api_resources import DEPLOYMENTS, PODS, REPLICASETS
from simulator.store import ChangeKind, JsonObject
from simulator.world.agenda import WorkQueue
from simulator.world.controllers.deployment_status import Fleet, deadline_of, deployment_status, is_complete
from simulator.world.controllers.pod_counts import OVER
from simulator.world.controllers.rollout import (
    DESIRED,
    MAXIMUM,
    REVISION,
    Allowance,
    allowance_of,
    next_size_of_new,
    next_sizes_of_old,
    revision_of,
    scaled_sizes,
)
from simulator.world.engine import Engine
from simulator.world.events import EventSource
from simulator.world.identity import template_hash
from simulator.world.shapes import controller_of, is_terminating, key_of, labels_of, owner_reference

SOURCE = EventSource("deployment-controller")
HASH_LABEL = "pod-template-hash"
NOT_COPIED = frozenset({"kubectl.kubernetes.io/last-applied-configuration", REVISION, DESIRED, MAXIMUM})
DEFAULT_HISTORY = 10


class DeploymentController:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._queue = WorkQueue(agenda=engine.agenda, reconcile=self._reconcile)
        engine.state.watch(DEPLOYMENTS, self._deployment_changed)
        engine.state.watch(REPLICASETS, self._replica_set_changed)
        engine.state.watch(PODS, self._pod_changed)

    def _deployment_changed(self, kind: ChangeKind, old: JsonObject | None, item: JsonObject) -> None:
        is_same = old is not None and old["metadata"]["generation"] == item["metadata"]["generation"]
        if kind != "DELETED" and not is_same:
            self._queue.add(key_of(item))

    def _replica_set_changed(self, _kind: ChangeKind, _old: JsonObject | None, item: JsonObject) -> None:
        owner = controller_of(item)
        if owner is not None and owner["kind"] == "Deployment":
            self._queue.add(f"{item['metadata']['namespace']}/{owner['name']}")

    def _pod_changed(self, kind: ChangeKind, _old: JsonObject | None, pod: JsonObject) -> None:
        """Recreate waits until the last old pod is really gone."""
        owner = controller_of(pod)
        if kind == "DELETED" and owner is not None and owner["kind"] == "ReplicaSet":
            parent = self._engine.state.find(REPLICASETS, f"{pod['metadata']['namespace']}/{owner['name']}")
            if parent is not None:
                self._replica_set_changed("MODIFIED", None, parent)

    def _reconcile(self, key: str) -> None:
        deployment = self._engine.state.find(DEPLOYMENTS, key)
        if deployment is None or is_terminating(deployment):
            return
        allowance = allowance_of(deployment)
        fleet = self._fleet(deployment)
        if deployment["spec"].get("paused") or _is_rescaled(fleet, allowance):
            self._rescale(fleet, allowance)
        elif (deployment["spec"].get("strategy") or {}).get("type") == "Recreate":
            fleet = self._recreate(deployment, fleet, allowance)
        else:
            fleet = self._roll(deployment, fleet, allowance)
        self._report(key, replace(self._fleet(deployment), news=fleet.news), allowance)

    def _fleet(self, deployment: JsonObject) -> Fleet:
        sets = self._engine.state.owned(deployment["metadata"]["uid"], REPLICASETS)
        sets = [item for item in sets if not is_terminating(item)]
        template = deployment["spec"]["template"]
        new = next((item for item in sets if _without_hash(item["spec"]["template"]) == _without_hash(template)), None)
        old = sorted((item for item in sets if item is not new), key=revision_of)
        return Fleet(new, old)

    def _recreate(self, deployment: JsonObject, fleet: Fleet, allowance: Allowance) -> Fleet:
        busy = [item for item in fleet.old if item["spec"]["replicas"]]
        for item in busy:
            self._scale(item, 0, allowance)
        if busy or any(self._has_living_pods(item) for item in fleet.old):
            return fleet
        new, fleet = self._ensure_new(deployment, fleet, allowance, size=allowance.wanted)
        self._scale(new, allowance.wanted, allowance)
        return fleet

    def _has_living_pods(self, item: JsonObject) -> bool:
        pods = self._engine.state.owned(item["metadata"]["uid"], PODS)
        return any((pod.get("status") or {}).get("phase") not in OVER for pod in pods)

    def _roll(self, deployment: JsonObject, fleet: Fleet, allowance: Allowance) -> Fleet:
        everything = sum(int(item["spec"]["replicas"]) for item in fleet.all)
        now = int(fleet.new["spec"]["replicas"]) if fleet.new else 0
        size = next_size_of_new(allowance, new=now, everything=everything)
        new, fleet = self._ensure_new(deployment, fleet, allowance, size=size)
        if int(new["spec"]["replicas"]) != size:
            self._scale(new, size, allowance)
            return fleet
        sizes = next_sizes_of_old(allowance, old=fleet.old, new=new)
        for item in fleet.old:
            self._scale(item, sizes[item["metadata"]["name"]], allowance)
        return fleet

    def _ensure_new(
        self, deployment: JsonObject, fleet: Fleet, allowance: Allowance, *, size: int
    ) -> tuple[JsonObject, Fleet]:
        """The ReplicaSet of the current template, created or given the newest revision number."""
        revision = max((revision_of(item) for item in fleet.old), default=0) + 1
        if fleet.new is None:
            new = self._create_set(deployment, allowance, revision=revision, size=size)
            self._set_revision(deployment, revision)
            news = ("NewReplicaSetCreated", f'Created new replica set "{new["metadata"]["name"]}"')
            return new, Fleet(new, fleet.old, news)
        new = fleet.new
        if revision_of(new) >= revision:
            self._set_revision(deployment, revision_of(new))
            return new, fleet
        found = self._annotate(new, {REVISION: str(revision)})
        self._set_revision(deployment, revision)
        news = ("FoundNewReplicaSet", f'Found new replica set "{new["metadata"]["name"]}"')
        return found or new, Fleet(found or new, fleet.old, news)

    def _create_set(self, deployment: JsonObject, allowance: Allowance, *, revision: int, size: int) -> JsonObject:
        metadata = deployment["metadata"]
        template = copy.deepcopy(deployment["spec"]["template"])
        code = template_hash(template)
        template.setdefault("metadata", {}).setdefault("labels", {})[HASH_LABEL] = code
        copied = {k: v for k, v in (metadata.get("annotations") or {}).items() if k not in NOT_COPIED}
        counts = {DESIRED: str(allowance.wanted), MAXIMUM: str(allowance.most), REVISION: str(revision)}
        spec = {"replicas": size, "selector": copy.deepcopy(deployment["spec"]["selector"]), "template": template}
        spec["selector"].setdefault("matchLabels", {})[HASH_LABEL] = code
        if deployment["spec"].get("minReadySeconds"):
            spec["minReadySeconds"] = deployment["spec"]["minReadySeconds"]
        body = {
            "metadata": {
                "name": f"{metadata['name']}-{code}",
                "namespace": metadata["namespace"],
                "labels": labels_of(template),
                "annotations": {**copied, **counts},
                "ownerReferences": [owner_reference(deployment, api_version="apps/v1", kind="Deployment")],
            },
            "spec": spec,
            "status": {"replicas": 0},
        }
        created = self._engine.state.store.create(REPLICASETS, body)
        if size:
            self._tell(deployment, created, before=0, after=size)
        return created

    def _rescale(self, fleet: Fleet, allowance: Allowance) -> None:
        """Only the number changed (or the rollout rests): keep the ReplicaSets and change their sizes."""
        active = [item for item in fleet.all if item["spec"]["replicas"]]
        if len(active) <= 1:
            latest = active[0] if active else fleet.new
            if latest is not None:
                self._scale(latest, allowance.wanted, allowance)
            return
        sizes = scaled_sizes(allowance, active=active)
        for item in active:
            self._scale(item, sizes[item["metadata"]["name"]], allowance)

    def _scale(self, item: JsonObject, size: int, allowance: Allowance) -> None:
        before = int(item["spec"]["replicas"])
        counts = {DESIRED: str(allowance.wanted), MAXIMUM: str(allowance.most)}
        annotations = item["metadata"].get("annotations") or {}
        if before == size and (not size or counts.items() <= annotations.items()):
            return

        def change(draft: JsonObject) -> None:
            draft["spec"]["replicas"] = size
            draft["metadata"].setdefault("annotations", {}).update(counts)

        self._engine.state.change(REPLICASETS, key_of(item), change)
        owner = controller_of(item)
        parent = (
            self._engine.state.find(DEPLOYMENTS, f"{item['metadata']['namespace']}/{owner['name']}") if owner else None
        )
        if parent is not None and before != size:
            self._tell(parent, item, before=before, after=size)

    def _tell(self, deployment: JsonObject, item: JsonObject, *, before: int, after: int) -> None:
        direction = "up" if after > before else "down"
        message = f"Scaled {direction} replica set {item['metadata']['name']} from {before} to {after}"
        self._engine.events.record(deployment, reason="ScalingReplicaSet", message=message, source=SOURCE)

    def _annotate(self, item: JsonObject, annotations: dict[str, str]) -> JsonObject | None:
        return self._engine.state.change(
            REPLICASETS,
            key_of(item),
            lambda draft: draft["metadata"].setdefault("annotations", {}).update(annotations),
        )

    def _set_revision(self, deployment: JsonObject, revision: int) -> None:
        if revision_of(deployment) == revision:
            return
        self._engine.state.change(
            DEPLOYMENTS,
            key_of(deployment),
            lambda draft: draft["metadata"].setdefault("annotations", {}).update({REVISION: str(revision)}),
        )

    def _report(self, key: str, fleet: Fleet, allowance: Allowance) -> None:
        deployment = self._engine.state.find(DEPLOYMENTS, key)
        if deployment is None:
            return
        status = deployment_status(deployment, fleet=fleet, allowance=allowance, now=self._engine.now)
        if status != deployment.get("status"):
            self._engine.state.set_status(DEPLOYMENTS, key, status)
        deadline = deadline_of(deployment, status=status)
        if deadline is not None:
            self._queue.add(key, after=max(1.0, deadline - self._engine.now + 1.0))
        if is_complete(status, wanted=allowance.wanted):
            self._forget_old(deployment, fleet)

    def _forget_old(self, deployment: JsonObject, fleet: Fleet) -> None:
        limit = deployment["spec"].get("revisionHistoryLimit", DEFAULT_HISTORY)
        idle = [
            item
            for item in fleet.old
            if not item["spec"]["replicas"] and not (item.get("status") or {}).get("replicas")
        ]
        for item in idle[: max(0, len(idle) - limit)]:
            self._engine.state.delete(REPLICASETS, key_of(item))


def _is_rescaled(fleet: Fleet, allowance: Allowance) -> bool:
    wanted = str(allowance.wanted)
    active = [item for item in fleet.all if item["spec"]["replicas"]]
    return any((item["metadata"].get("annotations") or {}).get(DESIRED, wanted) != wanted for item in active)


def _without_hash(template: JsonObject) -> JsonObject:
    metadata = dict(template.get("metadata") or {})
    metadata["labels"] = {key: value for key, value in (metadata.get("labels") or {}).items() if key != HASH_LABEL}
    return {**template, "metadata": {key: value for key, value in metadata.items() if value}}
