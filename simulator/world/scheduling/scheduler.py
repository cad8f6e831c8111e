"""The default scheduler: binds each new pod, or says why it cannot and tries again when something changes."""

from simulator.api_resources import NODES, PERSISTENTVOLUMECLAIMS, PODS
from simulator.store import ChangeKind, JsonObject
from simulator.world.agenda import WorkQueue
from simulator.world.engine import Engine
from simulator.world.scheduling.node_filter import Rejection, fit_error, reject, volume_error
from simulator.world.scheduling.node_room import Capacity, NodeRoom, Request, least_used, request_of
from simulator.world.shapes import controller_of, find_condition, is_terminating, key_of, timestamp

FLUSH_SECONDS = 300.0
"""Unschedulable pods are tried again at least every five minutes."""

ENOUGH_NODES = 100
OVER = frozenset({"Succeeded", "Failed"})


class Scheduler:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._rooms: dict[str, NodeRoom] = {}
        self._unschedulable: dict[str, None] = {}
        self._next_room = 0
        self._queue = WorkQueue(agenda=engine.agenda, reconcile=self._schedule)
        engine.state.watch(NODES, self._node_changed)
        engine.state.watch(PODS, self._pod_changed)
        engine.state.watch(PERSISTENTVOLUMECLAIMS, lambda *_: self._try_all_again())

    def _node_changed(self, kind: ChangeKind, old: JsonObject | None, node: JsonObject) -> None:
        name = node["metadata"]["name"]
        if kind == "DELETED":
            self._rooms.pop(name, None)
            return
        if name not in self._rooms:
            self._rooms[name] = NodeRoom(node, Capacity.of(node))
            for pod in self._engine.state.pods_on(name):
                self._rooms[name].add(pod["metadata"]["uid"], request_of(pod["spec"]), owner=_owner(pod))
        self._rooms[name].update(node)
        is_heartbeat = old is not None and _placement_of(old) == _placement_of(node)
        if not is_heartbeat:
            self._try_all_again()

    def _pod_changed(self, kind: ChangeKind, old: JsonObject | None, pod: JsonObject) -> None:
        key = key_of(pod)
        node = pod["spec"].get("nodeName")
        phase = (pod.get("status") or {}).get("phase")
        if kind == "DELETED" or phase in OVER:
            self._unschedulable.pop(key, None)
            if node in self._rooms and pod["metadata"]["uid"] in self._rooms[node].requests:
                self._rooms[node].remove(pod["metadata"]["uid"], owner=_owner(pod))
                self._try_all_again()
            return
        if node:
            self._unschedulable.pop(key, None)
            if node in self._rooms:
                self._rooms[node].add(pod["metadata"]["uid"], request_of(pod["spec"]), owner=_owner(pod))
        elif kind == "ADDED" or (old is not None and old["spec"] != pod["spec"]):
            self._queue.add(key, after=self._engine.identities.between(0.01, 0.08))

    def _try_all_again(self) -> None:
        for key in self._unschedulable:
            self._queue.add(key, after=0.3)

    def _schedule(self, key: str) -> None:
        pod = self._engine.state.find(PODS, key)
        if pod is None or pod["spec"].get("nodeName") or is_terminating(pod):
            self._unschedulable.pop(key, None)
            return
        if problem := self._volume_problem(pod):
            self._refuse(key, pod, message=volume_error(problem, nodes=len(self._rooms)))
            return
        request = request_of(pod["spec"])
        fitting, rejections = self._filter(pod["spec"], request=request)
        chosen = least_used(fitting, request=request, owner=_owner(pod))
        if chosen is None:
            self._refuse(key, pod, message=fit_error(rejections))
        else:
            self._bind(key, pod, node=chosen.node["metadata"]["name"])

    def _filter(self, spec: JsonObject, *, request: Request) -> tuple[list[NodeRoom], list[Rejection]]:
        """Nodes that fit, and why the others do not; a hundred that fit are enough to choose from."""
        rooms = list(self._rooms.values())
        first = self._next_room % max(1, len(rooms))
        fitting: list[NodeRoom] = []
        rejections: list[Rejection] = []
        for room in (*rooms[first:], *rooms[:first]):
            rejection = reject(spec, room=room, request=request)
            if rejection is not None:
                rejections.append(rejection)
                continue
            fitting.append(room)
            if len(fitting) == ENOUGH_NODES:
                self._next_room += ENOUGH_NODES
                break
        return fitting, rejections

    def _volume_problem(self, pod: JsonObject) -> str | None:
        for volume in pod["spec"].get("volumes") or []:
            name = (volume.get("persistentVolumeClaim") or {}).get("claimName")
            if name is None:
                continue
            claim = self._engine.state.find(PERSISTENTVOLUMECLAIMS, f"{pod['metadata']['namespace']}/{name}")
            if claim is None:
                return f'persistentvolumeclaim "{name}" not found'
            if (claim.get("status") or {}).get("phase") != "Bound":
                return "pod has unbound immediate PersistentVolumeClaims"
        return None

    def _bind(self, key: str, pod: JsonObject, *, node: str) -> None:
        now = timestamp(self._engine.now)
        scheduled = {"type": "PodScheduled", "status": "True", "lastProbeTime": None, "lastTransitionTime": now}
        status = {**(pod.get("status") or {}), "conditions": [scheduled]}
        bound = {**pod, "spec": {**pod["spec"], "nodeName": node}, "status": status}
        self._engine.events.record_scheduling(
            pod, reason="Scheduled", message=f"Successfully assigned {key} to {node}", action="Binding", warning=False
        )
        self._engine.state.store.replace(PODS, bound)

    def _refuse(self, key: str, pod: JsonObject, *, message: str) -> None:
        self._unschedulable[key] = None
        self._engine.events.record_scheduling(
            pod, reason="FailedScheduling", message=message, action="Scheduling", warning=True
        )
        known = find_condition(pod, "PodScheduled")
        since = known["lastTransitionTime"] if known else timestamp(self._engine.now)
        condition = {
            "type": "PodScheduled",
            "status": "False",
            "lastProbeTime": None,
            "lastTransitionTime": since,
            "reason": "Unschedulable",
            "message": message,
        }
        status = {**(pod.get("status") or {}), "conditions": [condition]}
        self._engine.state.set_status(PODS, key, status)
        self._queue.add(key, after=FLUSH_SECONDS)


def _owner(pod: JsonObject) -> str:
    controller = controller_of(pod)
    return str(controller["uid"]) if controller else ""


def _placement_of(node: JsonObject) -> tuple[JsonObject, JsonObject, JsonObject]:
    return node["spec"], node["metadata"].get("labels") or {}, (node.get("status") or {}).get("allocatable") or {}
