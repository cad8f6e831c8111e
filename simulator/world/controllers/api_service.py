"""The API aggregator: one APIService per group and version, and whether those served by pods can be reached."""

from simulator.api_resources import APISERVICES, ENDPOINTSLICES, SERVICES
from simulator.store import ChangeKind, JsonObject
from simulator.world.agenda import WorkQueue
from simulator.world.engine import Engine
from simulator.world.shapes import find_condition, labels_of, timestamp

METRICS = "v1beta1.metrics.k8s.io"
LOCAL = ("True", "Local", "Local APIServices are always available")
PASSED = ("True", "Passed", "all checks passed")


class ApiServiceController:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._queue = WorkQueue(agenda=engine.agenda, reconcile=self._reconcile)
        engine.state.watch(APISERVICES, self._api_service_changed)
        engine.state.watch(SERVICES, lambda _kind, _old, item: self._look_behind(item["metadata"]["name"]))
        engine.state.watch(ENDPOINTSLICES, self._slice_changed)

    def create_local(self) -> None:
        """What the server itself serves; the others are registered by whoever serves them."""
        store = self._engine.state.store
        for group, version in store.resources.group_versions():
            name = f"{version}.{group}" if group else f"{version}."
            if name != METRICS and store.find(APISERVICES, name=name) is None:
                spec = {"group": group, "version": version, "groupPriorityMinimum": 17800, "versionPriority": 15}
                spec = {field: value for field, value in spec.items() if value != ""}
                labels = {"kube-aggregator.kubernetes.io/automanaged": "onstart"}
                store.create(APISERVICES, {"metadata": {"name": name, "labels": labels}, "spec": spec})

    def _api_service_changed(self, kind: ChangeKind, old: JsonObject | None, item: JsonObject) -> None:
        if kind != "DELETED" and (old is None or old["spec"] != item["spec"]):
            self._queue.add(item["metadata"]["name"])

    def _slice_changed(self, _kind: ChangeKind, _old: JsonObject | None, item: JsonObject) -> None:
        self._look_behind(labels_of(item).get("kubernetes.io/service-name", ""))

    def _look_behind(self, service: str) -> None:
        for item in self._engine.state.store.list_objects(APISERVICES):
            if (item["spec"].get("service") or {}).get("name") == service:
                self._queue.add(item["metadata"]["name"], after=1.0)

    def _reconcile(self, name: str) -> None:
        item = self._engine.state.store.find(APISERVICES, name=name)
        if item is None:
            return
        status, reason, message = self._judge(item)
        known = find_condition(item, "Available")
        is_same = known is not None and known["status"] == status
        condition = {
            "type": "Available",
            "status": status,
            "lastTransitionTime": known["lastTransitionTime"] if known and is_same else timestamp(self._engine.now),
            "reason": reason,
            "message": message,
        }
        if item.get("status") != {"conditions": [condition]}:
            self._engine.state.set_status(APISERVICES, f"/{name}", {"conditions": [condition]})

    def _judge(self, item: JsonObject) -> tuple[str, str, str]:
        reference = item["spec"].get("service")
        if reference is None:
            return LOCAL
        namespace, name = reference["namespace"], reference["name"]
        service = self._engine.state.find(SERVICES, f"{namespace}/{name}")
        if service is None:
            return "False", "ServiceNotFound", f'service/{name} in "{namespace}" is not present'
        slices = self._engine.state.owned(service["metadata"]["uid"], ENDPOINTSLICES)
        if any(endpoint["conditions"]["ready"] for entry in slices for endpoint in entry.get("endpoints") or []):
            return PASSED
        port = next((entry.get("name", "") for entry in service["spec"].get("ports") or []), "")
        text = f'endpoints for service/{name} in "{namespace}" have no addresses with port name "{port}"'
        return "False", "MissingEndpoints", text
