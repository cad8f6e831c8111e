"""All node agents of the world: they hear of pods bound to their node and of everything those pods wait for."""

from simulator.api_resources import CONFIGMAPS, NODES, PODS, SECRETS
from simulator.store import ChangeKind, JsonObject
from simulator.world.engine import Engine
from simulator.world.kubelet.environment import references
from simulator.world.kubelet.eviction import EvictionManager
from simulator.world.kubelet.node_agent import NodeAgent
from simulator.world.kubelet.pod_worker import PodWorker
from simulator.world.shapes import is_terminating, key_of


class Kubelets:
    """Keeps one worker per bound pod, by uid."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._nodes: dict[str, NodeAgent] = {}
        self._evictions: dict[str, EvictionManager] = {}
        self._workers: dict[str, PodWorker] = {}
        self._waiting_for: dict[tuple[str, str, str], dict[str, None]] = {}
        engine.network.ask_about_ports(self._is_listening)
        engine.state.watch(NODES, self._node_changed)
        engine.state.watch(PODS, self._pod_changed)
        engine.state.watch(CONFIGMAPS, lambda kind, _, item: self._source_changed("configmap", kind, item))
        engine.state.watch(SECRETS, lambda kind, _, item: self._source_changed("secret", kind, item))

    @property
    def nodes(self) -> list[NodeAgent]:
        return list(self._nodes.values())

    def find(self, pod: JsonObject) -> PodWorker | None:
        return self._workers.get(pod["metadata"]["uid"])

    def publish_all(self, node: NodeAgent) -> None:
        """A kubelet is back: it reports what became of its pods meanwhile."""
        for worker in self._workers_on(node):
            worker.publish()

    def _is_listening(self, pod: JsonObject, port: int) -> bool:
        worker = self.find(pod)
        return worker is None or worker.is_listening(port)

    def _workers_on(self, node: NodeAgent) -> list[PodWorker]:
        return [worker for worker in self._workers.values() if worker.node is node]

    def _node_changed(self, kind: ChangeKind, _old: JsonObject | None, node: JsonObject) -> None:
        name = node["metadata"]["name"]
        if kind == "DELETED":
            self._nodes.pop(name, None)
            self._evictions.pop(name, None)
        elif name in self._nodes:
            self._nodes[name].notice(node)
        else:
            agent = NodeAgent(node, engine=self._engine)
            agent.on_return = lambda: self.publish_all(agent)
            self._nodes[name] = agent
            self._evictions[name] = EvictionManager(agent, engine=self._engine, workers=lambda: self._workers_on(agent))
            self._engine.agenda.after(0.2, agent.register)

    def _pod_changed(self, kind: ChangeKind, _old: JsonObject | None, pod: JsonObject) -> None:
        uid = pod["metadata"]["uid"]
        worker = self._workers.get(uid)
        if kind == "DELETED":
            if worker is not None:
                del self._workers[uid]
                self._forget_references(pod)
                worker.abandon()
            return
        node = pod["spec"].get("nodeName")
        if worker is None and node in self._nodes and not is_terminating(pod):
            self._adopt(pod, node=self._nodes[node])
        elif worker is not None and is_terminating(pod):
            grace = pod["metadata"].get("deletionGracePeriodSeconds", 30)
            self._engine.agenda.after(0.1, lambda: worker.stop(grace_seconds=grace))
        elif worker is not None and pod["spec"].get("readinessGates"):
            worker.publish()
        elif worker is None and is_terminating(pod):
            # No node agent will ever finish this pod, so it goes the way the pod garbage collector takes it.
            self._engine.agenda.after(1.0, lambda: self._remove(pod))

    def _remove(self, pod: JsonObject) -> None:
        metadata = pod["metadata"]
        self._engine.state.store.remove(PODS, namespace=metadata["namespace"], name=metadata["name"])

    def _adopt(self, pod: JsonObject, *, node: NodeAgent) -> None:
        started = self._evictions[node.name].watch_files
        worker = PodWorker(pod, engine=self._engine, node=node, started=started)
        self._workers[pod["metadata"]["uid"]] = worker
        namespace = pod["metadata"]["namespace"]
        for kind, name in sorted(references(pod)):
            self._waiting_for.setdefault((kind, namespace, name), {})[pod["metadata"]["uid"]] = None
        self._engine.agenda.after(self._engine.identities.between(0.05, 0.2), lambda: self._admit(worker))

    def _admit(self, worker: PodWorker) -> None:
        if self._workers.get(worker.uid) is worker:
            worker.admit()

    def _source_changed(self, source: str, kind: ChangeKind, item: JsonObject) -> None:
        if kind == "DELETED":
            return
        namespace, _, name = key_of(item).partition("/")
        for uid in tuple(self._waiting_for.get((source, namespace, name), ())):
            worker = self._workers.get(uid)
            if worker is not None:
                worker.retry_now()

    def _forget_references(self, pod: JsonObject) -> None:
        namespace = pod["metadata"]["namespace"]
        for kind, name in references(pod):
            waiting = self._waiting_for.get((kind, namespace, name))
            if waiting is not None:
                waiting.pop(pod["metadata"]["uid"], None)
                if not waiting:
                    del self._waiting_for[(kind, namespace, name)]
