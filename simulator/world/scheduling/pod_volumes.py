"""The volumes of a pod that is to be placed: whether they are there, and which nodes they allow."""

from collections.abc import Callable

from simulator.api_resources import PERSISTENTVOLUMECLAIMS, PERSISTENTVOLUMES, PODS, STORAGECLASSES
from simulator.store import JsonObject
from simulator.world.controllers.pod_counts import is_active
from simulator.world.engine import Engine
from simulator.world.scheduling.node_filter import Rejection
from simulator.world.scheduling.pod_filter import volume_rejection
from simulator.world.storage.claims import claims_of
from simulator.world.storage.volume_objects import NO_PROVISIONER, SELECTED_NODE, fits

UNBOUND = "pod has unbound immediate PersistentVolumeClaims"
TAKEN = "node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode"
NONE_AVAILABLE = "node(s) didn't find available persistent volumes to bind"


class PodVolumes:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def problem(self, pod: JsonObject) -> str | None:
        """What keeps the pod from every node; None when the nodes can be looked at."""
        namespace = pod["metadata"]["namespace"]
        for name in _names(pod):
            claim = self._engine.state.find(PERSISTENTVOLUMECLAIMS, f"{namespace}/{name}")
            if claim is None:
                return f'persistentvolumeclaim "{name}" not found'
            if (claim.get("status") or {}).get("phase") == "Lost":
                lost = claim["spec"]["volumeName"]
                return f'persistentvolumeclaim "{name}" bound to non-existent persistentvolume "{lost}"'
            if not _is_bound(claim) and not self._waits_for_node(claim):
                return UNBOUND
        return None

    def judge(self, pod: JsonObject) -> Callable[[JsonObject], Rejection | None]:
        """What the volumes say of a node."""
        claims = self._claims(pod)
        if not claims:
            return lambda _node: None
        store = self._engine.state.store
        bound = [
            store.find(PERSISTENTVOLUMES, name=claim["spec"]["volumeName"]) for claim in claims if _is_bound(claim)
        ]
        volumes = [volume for volume in bound if volume is not None]
        static = [claim for claim in claims if not _is_bound(claim) and self._is_static(claim)]
        free = store.list_objects(PERSISTENTVOLUMES) if static else []

        is_taken = any(self._is_taken(claim, pod) for claim in claims)

        def reject(node: JsonObject) -> Rejection | None:
            if is_taken:
                return Rejection((TAKEN,), True)
            rejection = volume_rejection(volumes, node)
            if rejection is not None:
                return rejection
            for claim in static:
                fitting = [volume for volume in free if fits(volume, claim)]
                if not any(volume_rejection([volume], node) is None for volume in fitting):
                    return Rejection((NONE_AVAILABLE,), False)
            return None

        return reject

    def are_ready(self, pod: JsonObject, *, node: str) -> bool:
        """Whether all claims are bound; those that waited are told the node."""
        is_ready = True
        for claim in self._claims(pod):
            if _is_bound(claim):
                continue
            is_ready = False
            annotations = claim["metadata"].get("annotations") or {}
            if annotations.get(SELECTED_NODE) != node:
                metadata = {**claim["metadata"], "annotations": {**annotations, SELECTED_NODE: node}}
                self._engine.state.store.replace(PERSISTENTVOLUMECLAIMS, {**claim, "metadata": metadata})
        return is_ready

    def _is_taken(self, claim: JsonObject, pod: JsonObject) -> bool:
        """Whether another pod has a claim that only one may have."""
        if "ReadWriteOncePod" not in (claim["spec"].get("accessModes") or []):
            return False
        others = self._engine.state.store.list_objects(PODS, namespace=claim["metadata"]["namespace"])
        return any(
            other["metadata"]["uid"] != pod["metadata"]["uid"]
            and other["spec"].get("nodeName")
            and is_active(other)
            and claim["metadata"]["name"] in claims_of(other)
            for other in others
        )

    def _claims(self, pod: JsonObject) -> list[JsonObject]:
        namespace = pod["metadata"]["namespace"]
        found = (self._engine.state.find(PERSISTENTVOLUMECLAIMS, f"{namespace}/{name}") for name in _names(pod))
        return [claim for claim in found if claim is not None]

    def _class_of(self, claim: JsonObject) -> JsonObject | None:
        name = claim["spec"].get("storageClassName")
        return self._engine.state.store.find(STORAGECLASSES, name=name) if name else None

    def _waits_for_node(self, claim: JsonObject) -> bool:
        return (self._class_of(claim) or {}).get("volumeBindingMode") == "WaitForFirstConsumer"

    def _is_static(self, claim: JsonObject) -> bool:
        return (self._class_of(claim) or {}).get("provisioner") == NO_PROVISIONER


def _names(pod: JsonObject) -> list[str]:
    return sorted(claims_of(pod))


def _is_bound(claim: JsonObject) -> bool:
    return (claim.get("status") or {}).get("phase") == "Bound"
