"""The volume controllers: a volume for every claim of a class that exists, kept while a pod uses it."""

from simulator.api_resources import PERSISTENTVOLUMECLAIMS, PERSISTENTVOLUMES, PODS, STORAGECLASSES
from simulator.store import ChangeKind, JsonObject
from simulator.world.agenda import WorkQueue
from simulator.world.engine import Engine
from simulator.world.events import EventSource
from simulator.world.shapes import is_terminating, key_of

SOURCE = EventSource("persistentvolume-controller")
DEFAULT_CLASS = "standard"
PROTECTION = "kubernetes.io/pvc-protection"
PROVISIONING_SECONDS = 0.5
MISSING_CLASS_RETRY_SECONDS = 15.0


class VolumeController:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._queue = WorkQueue(agenda=engine.agenda, reconcile=self._reconcile)
        engine.state.watch(PERSISTENTVOLUMECLAIMS, self._claim_changed)
        engine.state.watch(PODS, self._pod_changed)

    def _claim_changed(self, kind: ChangeKind, _old: JsonObject | None, claim: JsonObject) -> None:
        if kind != "DELETED":
            self._queue.add(key_of(claim), after=PROVISIONING_SECONDS)
        elif volume := claim["spec"].get("volumeName"):
            self._engine.state.delete(PERSISTENTVOLUMES, f"/{volume}")

    def _pod_changed(self, kind: ChangeKind, _old: JsonObject | None, pod: JsonObject) -> None:
        """A claim that is being deleted may go when its last pod has gone."""
        if kind == "DELETED":
            for name in _claims_of(pod):
                self._queue.add(f"{pod['metadata']['namespace']}/{name}")

    def _reconcile(self, key: str) -> None:
        claim = self._engine.state.find(PERSISTENTVOLUMECLAIMS, key)
        if claim is None:
            return
        if is_terminating(claim):
            self._let_go(key, claim)
        elif not claim["spec"].get("volumeName"):
            self._provision(key, claim)

    def _let_go(self, key: str, claim: JsonObject) -> None:
        namespace, name = claim["metadata"]["namespace"], claim["metadata"]["name"]
        pods = self._engine.state.store.list_objects(PODS, namespace=namespace)
        if any(name in _claims_of(pod) for pod in pods):
            return
        left = [item for item in claim["metadata"].get("finalizers") or [] if item != PROTECTION]
        metadata = {**claim["metadata"], "finalizers": left}
        if len(left) != len(claim["metadata"].get("finalizers") or []):
            self._engine.state.store.replace(PERSISTENTVOLUMECLAIMS, {**claim, "metadata": metadata})

    def _provision(self, key: str, claim: JsonObject) -> None:
        wanted = claim["spec"].get("storageClassName", DEFAULT_CLASS)
        storage_class = self._engine.state.store.find(STORAGECLASSES, name=wanted) if wanted else None
        if storage_class is None:
            self._refuse(key, claim, wanted=wanted)
            return
        metadata = claim["metadata"]
        name = f"pvc-{metadata['uid']}"
        capacity = (claim["spec"].get("resources") or {}).get("requests") or {}
        modes = claim["spec"].get("accessModes") or []
        reference = {field: metadata[field] for field in ("namespace", "name", "uid")}
        annotations = {"pv.kubernetes.io/provisioned-by": storage_class["provisioner"]}
        volume = {
            "metadata": {"name": name, "annotations": annotations},
            "spec": {
                "capacity": capacity,
                "csi": {"driver": storage_class["provisioner"], "volumeHandle": name},
                "accessModes": modes,
                "claimRef": {"kind": "PersistentVolumeClaim", **reference, "apiVersion": "v1"},
                "persistentVolumeReclaimPolicy": storage_class.get("reclaimPolicy", "Delete"),
                "storageClassName": wanted,
                "volumeMode": claim["spec"].get("volumeMode", "Filesystem"),
            },
            "status": {"phase": "Bound"},
        }
        self._engine.state.store.create(PERSISTENTVOLUMES, volume)
        spec = {**claim["spec"], "storageClassName": wanted, "volumeName": name}
        status = {"phase": "Bound", "accessModes": modes, "capacity": capacity}
        finalizers = dict.fromkeys([*(metadata.get("finalizers") or []), PROTECTION])
        protected = {**metadata, "finalizers": list(finalizers)}
        bound = {**claim, "metadata": protected, "spec": spec, "status": status}
        self._engine.state.store.replace(PERSISTENTVOLUMECLAIMS, bound)

    def _refuse(self, key: str, claim: JsonObject, *, wanted: str) -> None:
        if wanted:
            message = f'storageclass.storage.k8s.io "{wanted}" not found'
            reason, warning = "ProvisioningFailed", True
        else:
            message = "no persistent volumes available for this claim and no storage class is set"
            reason, warning = "FailedBinding", False
        self._engine.events.record(claim, reason=reason, message=message, source=SOURCE, warning=warning)
        self._queue.add(key, after=MISSING_CLASS_RETRY_SECONDS)


def _claims_of(pod: JsonObject) -> set[str]:
    volumes = pod["spec"].get("volumes") or []
    return {item["persistentVolumeClaim"]["claimName"] for item in volumes if "persistentVolumeClaim" in item}
