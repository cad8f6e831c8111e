"""An ingress controller: it serves the Ingresses of its classes under the address of its load balancer."""

from simulator.api_resources import INGRESSCLASSES, INGRESSES
from simulator.store import ChangeKind, JsonObject
from simulator.world.agenda import WorkQueue
from simulator.world.engine import Engine
from simulator.world.events import EventSource
from simulator.world.shapes import is_terminating, key_of

CONTROLLER = "k8s.io/ingress-nginx"
SOURCE = EventSource("nginx-ingress-controller")
ADDRESS = "198.51.100.20"
OLD_CLASS = "kubernetes.io/ingress.class"


class IngressController:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._queue = WorkQueue(agenda=engine.agenda, reconcile=self._reconcile)
        engine.state.watch(INGRESSES, self._ingress_changed)
        engine.state.watch(INGRESSCLASSES, lambda *_: self._look_at_all())

    def _ingress_changed(self, kind: ChangeKind, old: JsonObject | None, item: JsonObject) -> None:
        if kind != "DELETED" and (old is None or old["spec"] != item["spec"]):
            self._queue.add(key_of(item), after=2.0)

    def _look_at_all(self) -> None:
        for item in self._engine.state.store.list_objects(INGRESSES):
            self._queue.add(key_of(item), after=2.0)

    def _reconcile(self, key: str) -> None:
        item = self._engine.state.find(INGRESSES, key)
        if item is None or is_terminating(item):
            return
        status: JsonObject = {"loadBalancer": {}}
        if self._is_mine(item):
            status = {"loadBalancer": {"ingress": [{"ip": ADDRESS}]}}
            self._engine.events.record(item, reason="Sync", message="Scheduled for sync", source=SOURCE)
        if status != item.get("status"):
            self._engine.state.set_status(INGRESSES, key, status)

    def _is_mine(self, item: JsonObject) -> bool:
        annotations = item["metadata"].get("annotations") or {}
        name = item["spec"].get("ingressClassName") or annotations.get(OLD_CLASS)
        found = self._engine.state.store.find(INGRESSCLASSES, name=name) if name else None
        return found is not None and found["spec"].get("controller") == CONTROLLER
