"""The default scheduler: binds each new pod, or says why it cannot and tries again when something changes."""

from collections.abc import Callable

from simulator.api_resources import NODES, PERSISTENTVOLUMECLAIMS, PERSISTENTVOLUMES, PODS
from simulator.store import ChangeKind, JsonObject
from simulator.world.agenda import WorkQueue
from simulator.world.engine import Engine
from simulator.world.scheduling.node_filter import Rejection, fit_error, reject, volume_error
from simulator.world.scheduling.node_room import Capacity, NodeRoom, Request, least_used, request_of
from simulator.world.scheduling.pod_filter import look_around, needs_neighbours, required_terms
from simulator.world.scheduling.pod_volumes import PodVolumes
from simulator.world.scheduling.preemption import find_victims
from simulator.world.shapes import controller_of, find_condition, is_terminating, key_of, timestamp

NAME = "default-scheduler"
FLUSH_SECONDS = 300.0
"""Unschedulable pods are tried again at least every five minutes."""

ENOUGH_NODES = 100
OVER = frozenset({"Succeeded", "Failed"})
GATED = ("SchedulingGated", "Scheduling is blocked due to non-empty scheduling gates")


class Scheduler:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._rooms: dict[str, NodeRoom] = {}
        self._unschedulable: dict[str, None] = {}
        self._choosy: dict[str, None] = {}
        """Placed pods that do not want certain others beside them."""
        self._next_room = 0
        self._volumes = PodVolumes(engine)
        self._queue = WorkQueue(agenda=engine.agenda, reconcile=self._schedule)
        engine.state.watch(NODES, self._node_changed)
        engine.state.watch(PODS, self._pod_changed)
        engine.state.watch(PERSISTENTVOLUMECLAIMS, lambda *_: self._try_all_again())
        engine.state.watch(PERSISTENTVOLUMES, lambda *_: self._try_all_again())

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
            self._choosy.pop(key, None)
            if node in self._rooms and pod["metadata"]["uid"] in self._rooms[node].requests:
                self._rooms[node].remove(pod["metadata"]["uid"], owner=_owner(pod))
                self._try_all_again()
            return
        if node:
            self._unschedulable.pop(key, None)
            if required_terms(pod["spec"], "podAntiAffinity"):
                self._choosy[key] = None
            if node in self._rooms:
                self._rooms[node].add(pod["metadata"]["uid"], request_of(pod["spec"]), owner=_owner(pod))
        elif pod["spec"].get("schedulerName", NAME) != NAME:
            return
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
        if pod["spec"].get("schedulingGates"):
            self._set_condition(key, pod, *GATED)
            return
        if problem := self._volumes.problem(pod):
            self._refuse(key, pod, message=volume_error(problem, nodes=len(self._rooms)))
            return
        request = request_of(pod["spec"])
        fitting, rejections = self._filter(pod, request=request)
        chosen = least_used(fitting, request=request, owner=_owner(pod))
        if chosen is None:
            self._preempt(pod, request=request)
            self._refuse(key, pod, message=fit_error(rejections))
            return
        node = chosen.node["metadata"]["name"]
        if self._volumes.are_ready(pod, node=node):
            self._bind(key, pod, node=node)
        else:
            # The claims have been told which node it is; their binding wakes this pod again.
            self._unschedulable[key] = None

    def _filter(self, pod: JsonObject, *, request: Request) -> tuple[list[NodeRoom], list[Rejection]]:
        """Nodes that fit, and why the others do not; a hundred that fit are enough to choose from."""
        rooms = list(self._rooms.values())
        first = self._next_room % max(1, len(rooms))
        fitting: list[NodeRoom] = []
        rejections: list[Rejection] = []
        judge = self._judge(pod, rooms)
        for room in (*rooms[first:], *rooms[:first]):
            rejection = reject(pod["spec"], room=room, request=request) or judge(room)
            if rejection is not None:
                rejections.append(rejection)
                continue
            fitting.append(room)
            if len(fitting) == ENOUGH_NODES:
                self._next_room += ENOUGH_NODES
                break
        return fitting, rejections

    def _judge(self, pod: JsonObject, rooms: list[NodeRoom]) -> Callable[[NodeRoom], Rejection | None]:
        """The filters that look at volumes and other pods, prepared once for all nodes."""
        by_volumes = self._volumes.judge(pod)
        if not needs_neighbours(pod, exists_anti_affinity=bool(self._choosy)):
            return lambda room: by_volumes(room.node)
        around = look_around(pod, rooms, pods_of=lambda room: self._engine.state.pods_on(room.node["metadata"]["name"]))
        return lambda room: by_volumes(room.node) or around.reject(room)

    def _preempt(self, pod: JsonObject, *, request: Request) -> None:
        """Make room for a more important pod by ending less important ones on one node."""
        if pod["spec"].get("preemptionPolicy") == "Never":
            return
        found = find_victims(
            pod,
            request,
            rooms=list(self._rooms.values()),
            pods_of=lambda room: self._engine.state.pods_on(room.node["metadata"]["name"]),
        )
        if found is None:
            return
        room, victims = found
        node = room.node["metadata"]["name"]
        for victim in victims:
            message = f"Preempted by pod {pod['metadata']['uid']} on node {node}"
            self._engine.events.record_scheduling(
                victim, reason="Preempted", message=message, action="Preempting", warning=False
            )
            self._engine.state.delete(PODS, key_of(victim))
        key = key_of(pod)
        current = self._engine.state.find(PODS, key) or pod
        self._engine.state.set_status(PODS, key, {**(current.get("status") or {}), "nominatedNodeName": node})

    def _bind(self, key: str, pod: JsonObject, *, node: str) -> None:
        now = timestamp(self._engine.now)
        scheduled = {"type": "PodScheduled", "status": "True", "lastProbeTime": None, "lastTransitionTime": now}
        known = {name: value for name, value in (pod.get("status") or {}).items() if name != "nominatedNodeName"}
        bound = {**pod, "spec": {**pod["spec"], "nodeName": node}, "status": {**known, "conditions": [scheduled]}}
        self._engine.events.record_scheduling(
            pod, reason="Scheduled", message=f"Successfully assigned {key} to {node}", action="Binding", warning=False
        )
        self._engine.state.store.replace(PODS, bound)

    def _refuse(self, key: str, pod: JsonObject, *, message: str) -> None:
        self._unschedulable[key] = None
        self._engine.events.record_scheduling(
            pod, reason="FailedScheduling", message=message, action="Scheduling", warning=True
        )
        self._set_condition(key, pod, "Unschedulable", message)
        self._queue.add(key, after=FLUSH_SECONDS)

    def _set_condition(self, key: str, pod: JsonObject, reason: str, message: str) -> None:
        pod = self._engine.state.find(PODS, key) or pod
        known = find_condition(pod, "PodScheduled")
        since = known["lastTransitionTime"] if known else timestamp(self._engine.now)
        condition = {
            "type": "PodScheduled",
            "status": "False",
            "lastProbeTime": None,
            "lastTransitionTime": since,
            "reason": reason,
            "message": message,
        }
        status = {**(pod.get("status") or {}), "conditions": [condition]}
        self._engine.state.set_status(PODS, key, status)


def _owner(pod: JsonObject) -> str:
    controller = controller_of(pod)
    return str(controller["uid"]) if controller else ""


def _placement_of(node: JsonObject) -> tuple[JsonObject, JsonObject, JsonObject]:
    return node["spec"], node["metadata"].get("labels") or {}, (node.get("status") or {}).get("allocatable") or {}
