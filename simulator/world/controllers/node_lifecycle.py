"""The node lifecycle controller: it notices silent kubelets, taints troubled nodes and drives pods away from them."""

from functools import partial

from simulator.api_resources import NODES, PODS
from simulator.store import ChangeKind, JsonObject
from simulator.world.agenda import WorkQueue
from simulator.world.engine import Engine
from simulator.world.events import EventSource
from simulator.world.outages import OutageKind
from simulator.world.scheduling.node_filter import find_toleration
from simulator.world.shapes import find_condition, is_ready, is_terminating, key_of, timestamp

SOURCE = EventSource("node-controller")
EVICTION_SOURCE = EventSource("taint-eviction-controller")
GRACE_SECONDS = 50.0
"""How long a kubelet may be silent before its node counts as unreachable."""

GARBAGE_SECONDS = 40.0
"""How long a pod may be bound to a node that does not exist."""

UNKNOWN = ("NodeStatusUnknown", "Kubelet stopped posting node status.")
NOT_READY, UNREACHABLE = "node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"
PRESSURES = {
    "MemoryPressure": "node.kubernetes.io/memory-pressure",
    "DiskPressure": "node.kubernetes.io/disk-pressure",
    "PIDPressure": "node.kubernetes.io/pid-pressure",
    "NetworkUnavailable": "node.kubernetes.io/network-unavailable",
}
UNSCHEDULABLE = "node.kubernetes.io/unschedulable"
OWN_TAINTS = frozenset({NOT_READY, UNREACHABLE, UNSCHEDULABLE, *PRESSURES.values()})


class NodeLifecycleController:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._queue = WorkQueue(agenda=engine.agenda, reconcile=self._reconcile)
        self._planned: dict[tuple[str, str], None] = {}
        engine.state.watch(NODES, self._node_changed)
        engine.state.watch(PODS, self._pod_changed)
        engine.outages.watch(self._outage_changed)

    def _node_changed(self, kind: ChangeKind, _old: JsonObject | None, node: JsonObject) -> None:
        if kind == "DELETED":
            for pod in self._engine.state.pods_on(node["metadata"]["name"]):
                self._engine.agenda.after(GARBAGE_SECONDS, partial(self._collect, key_of(pod)))
        else:
            self._queue.add(key_of(node))

    def _pod_changed(self, kind: ChangeKind, _old: JsonObject | None, pod: JsonObject) -> None:
        name = pod["spec"].get("nodeName")
        if not name or kind != "ADDED":
            return
        if self._engine.state.store.find(NODES, name=name) is None:
            self._engine.agenda.after(GARBAGE_SECONDS, partial(self._collect, key_of(pod)))
        else:
            self._queue.add(f"/{name}")

    def _outage_changed(self, kind: OutageKind, at: str) -> None:
        if kind == "kubelet-stopped" and self._engine.outages.is_on(kind, at=at):
            self._engine.agenda.after(GRACE_SECONDS, partial(self._call_unknown, at))

    def _call_unknown(self, name: str) -> None:
        """No heartbeat for too long: nobody knows any more how the node is."""
        node = self._engine.state.store.find(NODES, name=name)
        if node is None or not self._engine.outages.is_on("kubelet-stopped", at=name):
            return
        now = timestamp(self._engine.now)
        reason, message = UNKNOWN
        conditions = [
            {**condition, "status": "Unknown", "lastTransitionTime": now, "reason": reason, "message": message}
            for condition in node["status"].get("conditions") or []
        ]
        self._engine.state.set_status(NODES, f"/{name}", {**node["status"], "conditions": conditions})
        message = f"Node {name} status is now: NodeNotReady"
        self._engine.events.record(node, reason="NodeNotReady", message=message, source=SOURCE)

    def _reconcile(self, key: str) -> None:
        node = self._engine.state.find(NODES, key)
        if node is None:
            return
        self._write_taints(key, node)
        ready = find_condition(node, "Ready")
        if ready is not None and ready["status"] != "True":
            self._mark_pods(node)
        node = self._engine.state.find(NODES, key) or node
        for taint in node["spec"].get("taints") or []:
            if taint["effect"] == "NoExecute":
                self._plan_evictions(node, taint)

    def _write_taints(self, key: str, node: JsonObject) -> None:
        known = node["spec"].get("taints") or []
        wanted = _wanted_taints(node)
        now = timestamp(self._engine.now)
        kept = [taint for taint in known if taint["key"] not in OWN_TAINTS or _id_of(taint) in wanted]
        there = {_id_of(taint) for taint in kept}
        added = [
            {"key": name, "effect": effect, "timeAdded": now} for name, effect in wanted if (name, effect) not in there
        ]
        taints = [*kept, *added]
        if taints == known:
            return

        def change(draft: JsonObject) -> None:
            if taints:
                draft["spec"]["taints"] = taints
            else:
                draft["spec"].pop("taints", None)

        self._engine.state.change(NODES, key, change)

    def _mark_pods(self, node: JsonObject) -> None:
        """Pods of a node that nobody hears of count as not ready, so that no Service leads to them."""
        for pod in self._engine.state.pods_on(node["metadata"]["name"]):
            if not is_ready(pod):
                continue
            now = timestamp(self._engine.now)
            conditions = [
                {**condition, "status": "False", "lastTransitionTime": now}
                if condition["type"] == "Ready"
                else condition
                for condition in pod["status"].get("conditions") or []
            ]
            self._engine.state.set_status(PODS, key_of(pod), {**pod["status"], "conditions": conditions})
            self._engine.events.record(
                pod, reason="NodeNotReady", message="Node is not ready", source=SOURCE, warning=True
            )

    def _plan_evictions(self, node: JsonObject, taint: JsonObject) -> None:
        for pod in self._engine.state.pods_on(node["metadata"]["name"]):
            uid = pod["metadata"]["uid"]
            if is_terminating(pod) or (uid, taint["key"]) in self._planned:
                continue
            toleration = find_toleration(taint, tolerations=pod["spec"].get("tolerations") or [])
            if toleration is not None and "tolerationSeconds" not in toleration:
                continue
            seconds = float(toleration["tolerationSeconds"]) if toleration is not None else 0.0
            self._planned[uid, taint["key"]] = None
            self._engine.agenda.after(seconds, partial(self._evict, key_of(pod), uid, node["metadata"]["name"], taint))

    def _evict(self, key: str, uid: str, name: str, taint: JsonObject) -> None:
        self._planned.pop((uid, taint["key"]), None)
        node = self._engine.state.store.find(NODES, name=name)
        pod = self._engine.state.find(PODS, key)
        taints = (node or {"spec": {}})["spec"].get("taints") or []
        is_still_tainted = any(_id_of(known) == _id_of(taint) for known in taints)
        if pod is None or pod["metadata"]["uid"] != uid or is_terminating(pod) or not is_still_tainted:
            return
        message = f"Marking for deletion Pod {key}"
        self._engine.events.record(pod, reason="TaintManagerEviction", message=message, source=EVICTION_SOURCE)
        self._engine.state.delete(PODS, key)

    def _collect(self, key: str) -> None:
        """The pod garbage collector: a pod on a node that is not there is lost."""
        pod = self._engine.state.find(PODS, key)
        if pod is None or self._engine.state.store.find(NODES, name=pod["spec"].get("nodeName", "")) is not None:
            return
        namespace, _, name = key.partition("/")
        self._engine.state.store.remove(PODS, namespace=namespace, name=name)


def _wanted_taints(node: JsonObject) -> list[tuple[str, str]]:
    """What the node's conditions and its being cordoned ask for, as (key, effect)."""
    wanted: list[tuple[str, str]] = []
    ready = find_condition(node, "Ready")
    if ready is not None and ready["status"] == "False":
        wanted += [(NOT_READY, "NoSchedule"), (NOT_READY, "NoExecute")]
    elif ready is not None and ready["status"] == "Unknown":
        wanted += [(UNREACHABLE, "NoSchedule"), (UNREACHABLE, "NoExecute")]
    for kind, key in PRESSURES.items():
        condition = find_condition(node, kind)
        if condition is not None and condition["status"] == "True":
            wanted.append((key, "NoSchedule"))
    if node["spec"].get("unschedulable"):
        wanted.append((UNSCHEDULABLE, "NoSchedule"))
    return wanted


def _id_of(taint: JsonObject) -> tuple[str, str]:
    return taint["key"], taint["effect"]
