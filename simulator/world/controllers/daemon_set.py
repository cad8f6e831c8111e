"""The DaemonSet controller: one pod on every node that may have it."""

from simulator.api_resources import DAEMONSETS, NODES, PODS
from simulator.store import ChangeKind, JsonObject
from simulator.world.agenda import WorkQueue
from simulator.world.controllers.pod_counts import count_pods, is_active
from simulator.world.controllers.pod_template import CreationRefused, create_pod, delete_pod, pod_from_template
from simulator.world.controllers.revisions import keep_revision
from simulator.world.engine import Engine
from simulator.world.events import EventSource
from simulator.world.scheduling.node_filter import is_wanted_on
from simulator.world.shapes import controller_of, is_terminating, key_of, labels_of, owner_reference

SOURCE = EventSource("daemonset-controller")
HASH_LABEL = "controller-revision-hash"
NODE_TROUBLES = (
    ("not-ready", "NoExecute"),
    ("unreachable", "NoExecute"),
    ("disk-pressure", "NoSchedule"),
    ("memory-pressure", "NoSchedule"),
    ("pid-pressure", "NoSchedule"),
    ("unschedulable", "NoSchedule"),
)


class DaemonSetController:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._known: dict[str, None] = {}
        self._queue = WorkQueue(agenda=engine.agenda, reconcile=self._reconcile)
        engine.state.watch(DAEMONSETS, self._daemon_set_changed)
        engine.state.watch(NODES, self._node_changed)
        engine.state.watch(PODS, self._pod_changed)

    def _daemon_set_changed(self, kind: ChangeKind, old: JsonObject | None, item: JsonObject) -> None:
        if kind == "DELETED":
            self._known.pop(key_of(item), None)
        elif old is None or old["metadata"]["generation"] != item["metadata"]["generation"]:
            self._known[key_of(item)] = None
            self._queue.add(key_of(item))

    def _node_changed(self, kind: ChangeKind, old: JsonObject | None, node: JsonObject) -> None:
        if kind != "MODIFIED" or old is None or old["spec"] != node["spec"] or labels_of(old) != labels_of(node):
            for key in self._known:
                self._queue.add(key)

    def _pod_changed(self, _kind: ChangeKind, _old: JsonObject | None, pod: JsonObject) -> None:
        owner = controller_of(pod)
        if owner is not None and owner["kind"] == "DaemonSet":
            self._queue.add(f"{pod['metadata']['namespace']}/{owner['name']}")

    def _reconcile(self, key: str) -> None:
        item = self._engine.state.find(DAEMONSETS, key)
        if item is None or is_terminating(item):
            return
        code = keep_revision(self._engine, item, kind="DaemonSet", hash_label=HASH_LABEL)
        pods = self._engine.state.owned(item["metadata"]["uid"], PODS)
        by_node = {_target_node(pod): pod for pod in pods if is_active(pod)}
        leaving = {_target_node(pod) for pod in pods if is_terminating(pod)}
        wanted = [
            node["metadata"]["name"] for node in self._engine.state.store.list_objects(NODES) if _may_run(item, node)
        ]
        missing = [name for name in wanted if name not in by_node and name not in leaving]
        self._create(key, item, nodes=missing, code=code)
        for name, pod in by_node.items():
            if name not in wanted:
                delete_pod(self._engine, pod, owner=item, source=SOURCE)
        current = [pod for name, pod in by_node.items() if name in wanted]
        self._roll(item, current, code=code, is_resting=len(by_node) < len(wanted))
        self._report(key, item, current, wanted=len(wanted), code=code)

    def _create(self, key: str, item: JsonObject, *, nodes: list[str], code: str) -> None:
        try:
            for name in nodes:
                create_pod(self._engine, self._new_pod(item, node=name, code=code), owner=item, source=SOURCE)
        except CreationRefused:
            self._queue.retry(key)
        else:
            self._queue.forget(key)

    def _roll(self, item: JsonObject, pods: list[JsonObject], *, code: str, is_resting: bool) -> None:
        """Replace one outdated pod at a time, once all others are ready."""
        outdated = [pod for pod in pods if labels_of(pod).get(HASH_LABEL) != code]
        strategy = (item["spec"].get("updateStrategy") or {}).get("type", "RollingUpdate")
        if not outdated or strategy != "RollingUpdate" or is_resting:
            return
        counts = count_pods(pods, min_ready_seconds=0, now=self._engine.now)
        broken = [pod for pod in outdated if count_pods([pod], min_ready_seconds=0, now=self._engine.now).ready == 0]
        if broken or counts.ready == counts.total:
            delete_pod(self._engine, (broken or outdated)[0], owner=item, source=SOURCE)

    def _new_pod(self, item: JsonObject, *, node: str, code: str) -> JsonObject:
        reference = owner_reference(item, api_version="apps/v1", kind="DaemonSet")
        namespace = item["metadata"]["namespace"]
        pod = pod_from_template(item["spec"]["template"], namespace=namespace, owner_reference=reference)
        pod["metadata"] = {"generateName": f"{item['metadata']['name']}-", **pod["metadata"]}
        generation = str(item["metadata"]["generation"])
        pod["metadata"].setdefault("labels", {}).update({HASH_LABEL: code, "pod-template-generation": generation})
        match = {"key": "metadata.name", "operator": "In", "values": [node]}
        required = {"nodeSelectorTerms": [{"matchFields": [match]}]}
        affinity = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": required}}
        added = [
            {"key": f"node.kubernetes.io/{name}", "operator": "Exists", "effect": effect}
            for name, effect in NODE_TROUBLES
        ]
        tolerations = [*(pod["spec"].get("tolerations") or []), *added]
        pod["spec"] = {**pod["spec"], "affinity": affinity, "tolerations": tolerations}
        return pod

    def _report(self, key: str, item: JsonObject, pods: list[JsonObject], *, wanted: int, code: str) -> None:
        counts = count_pods(pods, min_ready_seconds=0, now=self._engine.now)
        updated = sum(1 for pod in pods if labels_of(pod).get(HASH_LABEL) == code)
        status: JsonObject = {
            "currentNumberScheduled": len(pods),
            "numberMisscheduled": 0,
            "desiredNumberScheduled": wanted,
            "numberReady": counts.ready,
            "observedGeneration": item["metadata"]["generation"],
        }
        unavailable = wanted - counts.available
        for field, count in (
            ("updatedNumberScheduled", updated),
            ("numberAvailable", counts.available),
            ("numberUnavailable", unavailable),
        ):
            if count > 0:
                status[field] = count
        if status != item.get("status"):
            self._engine.state.set_status(DAEMONSETS, key, status)


def _target_node(pod: JsonObject) -> str:
    if pod["spec"].get("nodeName"):
        return str(pod["spec"]["nodeName"])
    required = pod["spec"]["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    return str(required["nodeSelectorTerms"][0]["matchFields"][0]["values"][0])


def _may_run(item: JsonObject, node: JsonObject) -> bool:
    """Cordoning does not drive daemon pods away; taints and selectors do."""
    return is_wanted_on(item["spec"]["template"]["spec"], node=node)
