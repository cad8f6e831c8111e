"""The volume controllers: a volume for every claim that can have one, kept while a pod uses it."""

from simulator.api_resources import NODES, PERSISTENTVOLUMECLAIMS, PERSISTENTVOLUMES, PODS, STORAGECLASSES
from simulator.store import ChangeKind, JsonObject
from simulator.world.agenda import WorkQueue
from simulator.world.engine import Engine
from simulator.world.events import EventSource
from simulator.world.shapes import is_terminating, key_of, memory_bytes
from simulator.world.storage.backends import Backend, find_backend, refusal_of
from simulator.world.storage.volume_objects import (
    NO_PROVISIONER,
    SELECTED_NODE,
    bound_claim,
    bound_volume,
    fits,
    provisioned_volume,
    reaches_node,
)

SOURCE = EventSource("persistentvolume-controller")
CLAIM_PROTECTION = "kubernetes.io/pvc-protection"
VOLUME_PROTECTION = "kubernetes.io/pv-protection"
PROVISIONING_SECONDS = 0.5
RETRY_SECONDS = 15.0


class VolumeController:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._queue = WorkQueue(agenda=engine.agenda, reconcile=self._reconcile)
        engine.state.watch(PERSISTENTVOLUMECLAIMS, self._claim_changed)
        engine.state.watch(PERSISTENTVOLUMES, self._volume_changed)
        engine.state.watch(STORAGECLASSES, lambda *_: self._try_all_again())
        engine.state.watch(PODS, self._pod_changed)

    def _claim_changed(self, kind: ChangeKind, _old: JsonObject | None, claim: JsonObject) -> None:
        if kind != "DELETED":
            self._queue.add(key_of(claim), after=PROVISIONING_SECONDS)
        elif volume := claim["spec"].get("volumeName"):
            self._release(volume)

    def _volume_changed(self, kind: ChangeKind, _old: JsonObject | None, volume: JsonObject) -> None:
        reference = volume["spec"].get("claimRef")
        if kind == "DELETED" and reference:
            self._queue.add(f"{reference['namespace']}/{reference['name']}")
        elif kind == "ADDED":
            self._engine.agenda.after(0.1, lambda: self._show_available(volume["metadata"]["name"]))
        elif is_terminating(volume):
            self._engine.agenda.after(0.1, lambda: self._let_volume_go(volume["metadata"]["name"]))

    def _pod_changed(self, kind: ChangeKind, _old: JsonObject | None, pod: JsonObject) -> None:
        """A claim that is being deleted may go when its last pod has gone."""
        if kind == "DELETED":
            for name in claims_of(pod):
                self._queue.add(f"{pod['metadata']['namespace']}/{name}")

    def _try_all_again(self) -> None:
        for claim in self._engine.state.store.list_objects(PERSISTENTVOLUMECLAIMS):
            if not claim["spec"].get("volumeName"):
                self._queue.add(key_of(claim))

    def _reconcile(self, key: str) -> None:
        claim = self._engine.state.find(PERSISTENTVOLUMECLAIMS, key)
        if claim is None:
            return
        if CLAIM_PROTECTION not in (claim["metadata"].get("finalizers") or []) and not is_terminating(claim):
            finalizers = [*(claim["metadata"].get("finalizers") or []), CLAIM_PROTECTION]
            metadata = {**claim["metadata"], "finalizers": finalizers}
            claim = self._engine.state.store.replace(PERSISTENTVOLUMECLAIMS, {**claim, "metadata": metadata})
        if is_terminating(claim):
            self._let_go(claim)
        elif volume := claim["spec"].get("volumeName"):
            self._check_volume(claim, volume)
        else:
            self._find_volume(key, claim)

    def _let_go(self, claim: JsonObject) -> None:
        namespace, name = claim["metadata"]["namespace"], claim["metadata"]["name"]
        pods = self._engine.state.store.list_objects(PODS, namespace=namespace)
        if any(name in claims_of(pod) for pod in pods):
            return
        left = [item for item in claim["metadata"].get("finalizers") or [] if item != CLAIM_PROTECTION]
        if len(left) != len(claim["metadata"].get("finalizers") or []):
            metadata = {**claim["metadata"], "finalizers": left}
            self._engine.state.store.replace(PERSISTENTVOLUMECLAIMS, {**claim, "metadata": metadata})

    def _check_volume(self, claim: JsonObject, name: str) -> None:
        """A claim whose volume has been taken away is lost; one that was made for a volume by hand gets it."""
        volume = self._engine.state.store.find(PERSISTENTVOLUMES, name=name)
        phase = (claim.get("status") or {}).get("phase")
        if volume is None and phase == "Bound":
            message = "Bound claim has lost its PersistentVolume. Data on the volume is lost!"
            self._say(claim, "ClaimLost", message, warning=True)
            status = {**claim["status"], "phase": "Lost"}
            self._engine.state.set_status(PERSISTENTVOLUMECLAIMS, key_of(claim), status)
        elif volume is not None and phase != "Bound":
            self._bind(claim, volume)

    def _find_volume(self, key: str, claim: JsonObject) -> None:
        wanted = claim["spec"].get("storageClassName")
        storage_class = self._engine.state.store.find(STORAGECLASSES, name=wanted) if wanted else None
        is_waiting = self._is_waiting_for_pod(claim, storage_class)
        match = None if is_waiting else self._matching_volume(claim)
        if match is not None:
            self._bind(claim, match)
        elif not wanted:
            self._say(
                claim,
                "FailedBinding",
                "no persistent volumes available for this claim and no storage class is set",
            )
            self._queue.add(key, after=RETRY_SECONDS)
        elif storage_class is None:
            message = f'storageclass.storage.k8s.io "{wanted}" not found'
            self._say(claim, "ProvisioningFailed", message, warning=True)
            self._queue.add(key, after=RETRY_SECONDS)
        elif is_waiting:
            self._say(claim, "WaitForFirstConsumer", "waiting for first consumer to be created before binding")
            self._queue.add(key, after=RETRY_SECONDS)
        else:
            self._provision(key, claim, storage_class)

    def _is_waiting_for_pod(self, claim: JsonObject, storage_class: JsonObject | None) -> bool:
        """Volumes that depend on the node are chosen together with it, so the scheduler has to name it first."""
        mode = (storage_class or {}).get("volumeBindingMode")
        annotations = claim["metadata"].get("annotations") or {}
        return mode == "WaitForFirstConsumer" and SELECTED_NODE not in annotations

    def _matching_volume(self, claim: JsonObject) -> JsonObject | None:
        volumes = self._engine.state.store.list_objects(PERSISTENTVOLUMES)
        node = self._selected_node(claim)
        fitting = [volume for volume in volumes if fits(volume, claim) and (node is None or reaches_node(volume, node))]
        return min(fitting, key=lambda item: memory_bytes(item["spec"]["capacity"]["storage"]), default=None)

    def _selected_node(self, claim: JsonObject) -> JsonObject | None:
        name = (claim["metadata"].get("annotations") or {}).get(SELECTED_NODE)
        return self._engine.state.store.find(NODES, name=name) if name else None

    def _provision(self, key: str, claim: JsonObject, storage_class: JsonObject) -> None:
        provisioner = storage_class["provisioner"]
        backend = find_backend(provisioner)
        self._queue.add(key, after=RETRY_SECONDS)
        if provisioner == NO_PROVISIONER:
            return
        if backend is None:
            message = (
                f"Waiting for a volume to be created either by the external provisioner '{provisioner}' or manually by "
                "the system administrator. If volume creation is delayed, please verify that the provisioner is "
                "running and correctly registered."
            )
            self._say(claim, "ExternalProvisioning", message)
            return
        refusal = self._refusal(backend, claim, storage_class)
        if refusal is not None:
            message = f'failed to provision volume with StorageClass "{storage_class["metadata"]["name"]}": {refusal}'
            self._say(claim, "ProvisioningFailed", message, warning=True, source=_driver_source(provisioner))
            return
        volume = provisioned_volume(claim, storage_class)
        created = self._engine.state.store.create(PERSISTENTVOLUMES, volume)
        self._bind(claim, created)

    def _refusal(self, backend: Backend, claim: JsonObject, storage_class: JsonObject) -> str | None:
        size = ((claim["spec"].get("resources") or {}).get("requests") or {}).get("storage")
        return refusal_of(
            backend,
            size_bytes=memory_bytes(size),
            modes=claim["spec"].get("accessModes") or [],
            parameters=storage_class.get("parameters") or {},
        )

    def _bind(self, claim: JsonObject, volume: JsonObject) -> None:
        self._engine.state.store.replace(PERSISTENTVOLUMES, bound_volume(volume, claim))
        self._engine.state.store.replace(PERSISTENTVOLUMECLAIMS, bound_claim(claim, volume))

    def _show_available(self, name: str) -> None:
        volume = self._engine.state.store.find(PERSISTENTVOLUMES, name=name)
        if volume is None:
            return
        finalizers = volume["metadata"].get("finalizers") or []
        if VOLUME_PROTECTION not in finalizers:
            metadata = {**volume["metadata"], "finalizers": [*finalizers, VOLUME_PROTECTION]}
            volume = self._engine.state.store.replace(PERSISTENTVOLUMES, {**volume, "metadata": metadata})
        if not (volume.get("status") or {}).get("phase"):
            self._engine.state.set_status(PERSISTENTVOLUMES, f"/{name}", {"phase": "Available"})
            self._try_all_again()

    def _let_volume_go(self, name: str) -> None:
        """The protection holds a volume only while it is bound."""
        volume = self._engine.state.store.find(PERSISTENTVOLUMES, name=name)
        if volume is None or (volume.get("status") or {}).get("phase") == "Bound":
            return
        left = [item for item in volume["metadata"].get("finalizers") or [] if item != VOLUME_PROTECTION]
        self._engine.state.store.replace(
            PERSISTENTVOLUMES, {**volume, "metadata": {**volume["metadata"], "finalizers": left}}
        )

    def _release(self, name: str) -> None:
        """The claim is gone: what becomes of its volume is the volume's own policy."""
        volume = self._engine.state.store.find(PERSISTENTVOLUMES, name=name)
        if volume is None:
            return
        self._engine.state.set_status(PERSISTENTVOLUMES, f"/{name}", {"phase": "Released"})
        if volume["spec"].get("persistentVolumeReclaimPolicy") == "Delete":
            self._engine.state.delete(PERSISTENTVOLUMES, f"/{name}")

    def _say(
        self, claim: JsonObject, reason: str, message: str, *, warning: bool = False, source: EventSource = SOURCE
    ) -> None:
        self._engine.events.record(claim, reason=reason, message=message, source=source, warning=warning)


def claims_of(pod: JsonObject) -> set[str]:
    """Names of the claims that a pod mounts."""
    volumes = pod["spec"].get("volumes") or []
    return {item["persistentVolumeClaim"]["claimName"] for item in volumes if "persistentVolumeClaim" in item}


def _driver_source(provisioner: str) -> EventSource:
    return EventSource(f"{provisioner}_csi-provisioner-6f4d9c7b58-h2xvk_5c0f1f5e-8f0a-4c4e-9d3c-2b7f7a1d9e60")
