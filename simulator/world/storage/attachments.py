"""The attach/detach controller: network disks hang on the node of their pod, and on one node only."""

import hashlib
from functools import partial

from simulator.api_resources import PERSISTENTVOLUMECLAIMS, PERSISTENTVOLUMES, PODS, VOLUMEATTACHMENTS
from simulator.store import ChangeKind, JsonObject
from simulator.world.agenda import Agenda, WorkQueue
from simulator.world.events import EventRecorder, EventSource
from simulator.world.shapes import key_of
from simulator.world.state import ClusterState
from simulator.world.storage.backends import find_backend

SOURCE = EventSource("attachdetach-controller")
ATTACH_SECONDS = 1.5
DETACH_SECONDS = 3.0
RETRY_SECONDS = 30.0
SHARED = frozenset({"ReadWriteMany", "ReadOnlyMany"})


class Attachments:
    """Knows which volume hangs on which nodes, and works towards what the pods need."""

    def __init__(self, *, agenda: Agenda, state: ClusterState, events: EventRecorder) -> None:
        self._agenda = agenda
        self._state = state
        self._events = events
        self._nodes: dict[str, dict[str, None]] = {}
        self._queue = WorkQueue(agenda=agenda, reconcile=self._reconcile)
        state.watch(PODS, self._pod_changed)

    def missing_for(self, pod: JsonObject) -> list[str]:
        """Names of the pod's volumes that do not hang on its node yet."""
        node = pod["spec"].get("nodeName", "")
        return [name for name, volume in self._attachable(pod) if node not in self._nodes.get(volume, {})]

    def _pod_changed(self, kind: ChangeKind, _old: JsonObject | None, pod: JsonObject) -> None:
        if kind == "DELETED":
            self._agenda.after(DETACH_SECONDS, lambda: self._detach_unused(pod))
        elif pod["spec"].get("nodeName") and self.missing_for(pod):
            self._queue.add(key_of(pod))

    def _reconcile(self, key: str) -> None:
        pod = self._state.find(PODS, key)
        if pod is None or not pod["spec"].get("nodeName"):
            return
        node = pod["spec"]["nodeName"]
        for _, volume in self._attachable(pod):
            nodes = self._nodes.setdefault(volume, {})
            if node in nodes:
                continue
            if nodes and not self._is_shared(volume):
                self._complain(pod, volume, nodes=list(nodes))
                self._queue.add(key, after=RETRY_SECONDS)
            else:
                self._agenda.after(ATTACH_SECONDS, partial(self._attach, key, volume, node))

    def _attach(self, key: str, volume: str, node: str) -> None:
        pod = self._state.find(PODS, key)
        nodes = self._nodes.setdefault(volume, {})
        if pod is None or node in nodes or (nodes and not self._is_shared(volume)):
            return
        nodes[node] = None
        item = self._state.store.find(PERSISTENTVOLUMES, name=volume)
        driver = ((item or {"spec": {}})["spec"].get("csi") or {}).get("driver", "")
        name = _attachment_name(volume, node)
        if self._state.store.find(VOLUMEATTACHMENTS, name=name) is None:
            spec = {"attacher": driver, "source": {"persistentVolumeName": volume}, "nodeName": node}
            attachment = {"metadata": {"name": name}, "spec": spec, "status": {"attached": True}}
            self._state.store.create(VOLUMEATTACHMENTS, attachment)
        message = f'AttachVolume.Attach succeeded for volume "{volume}" '
        self._events.record(pod, reason="SuccessfulAttachVolume", message=message, source=SOURCE)

    def _detach_unused(self, gone: JsonObject) -> None:
        """Take volumes off the node of a pod that has gone, unless another pod there needs them."""
        node = gone["spec"].get("nodeName", "")
        for _, volume in self._attachable(gone):
            if node in self._nodes.get(volume, {}) and not self._users(volume, node=node):
                del self._nodes[volume][node]
                self._state.delete(VOLUMEATTACHMENTS, f"/{_attachment_name(volume, node)}")
                for pod in self._users(volume):
                    self._queue.add(key_of(pod))

    def _users(self, volume: str, *, node: str | None = None) -> list[JsonObject]:
        item = self._state.store.find(PERSISTENTVOLUMES, name=volume)
        reference = (item or {"spec": {}})["spec"].get("claimRef")
        if not reference:
            return []
        pods = self._state.store.list_objects(PODS, namespace=reference["namespace"])
        return [
            pod
            for pod in pods
            if volume in {found for _, found in self._attachable(pod)}
            and (pod["spec"].get("nodeName") == node if node is not None else pod["spec"].get("nodeName"))
        ]

    def _complain(self, pod: JsonObject, volume: str, *, nodes: list[str]) -> None:
        """Names the pods that have the volume where they are in the same namespace."""
        others = [
            other["metadata"]["name"]
            for other in self._users(volume)
            if other["spec"].get("nodeName") in nodes and other["metadata"]["uid"] != pod["metadata"]["uid"]
        ]
        if others:
            text = f"Volume is already used by pod(s) {', '.join(sorted(others))}"
        else:
            text = "Volume is already exclusively attached to one node and can't be attached to another"
        message = f'Multi-Attach error for volume "{volume}" {text}'
        self._events.record(pod, reason="FailedAttachVolume", message=message, source=SOURCE, warning=True)

    def _attachable(self, pod: JsonObject) -> list[tuple[str, str]]:
        """(name in the pod, name of the PersistentVolume) of volumes that have to be attached."""
        found = []
        for entry in pod["spec"].get("volumes") or []:
            claim = (entry.get("persistentVolumeClaim") or {}).get("claimName")
            if claim is None:
                continue
            item = self._state.find(PERSISTENTVOLUMECLAIMS, f"{pod['metadata']['namespace']}/{claim}")
            name = (item or {"spec": {}})["spec"].get("volumeName")
            volume = self._state.store.find(PERSISTENTVOLUMES, name=name) if name else None
            driver = ((volume or {"spec": {}})["spec"].get("csi") or {}).get("driver")
            backend = find_backend(driver) if driver else None
            if name and backend is not None and backend.is_attached:
                found.append((entry["name"], name))
        return found

    def _is_shared(self, volume: str) -> bool:
        item = self._state.store.find(PERSISTENTVOLUMES, name=volume)
        return bool(SHARED & set((item or {"spec": {}})["spec"].get("accessModes") or []))


def _attachment_name(volume: str, node: str) -> str:
    return f"csi-{hashlib.sha256(f'{volume}{node}'.encode()).hexdigest()}"
