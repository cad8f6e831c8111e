"""The endpoints controllers: which pods stand behind a Service, as Endpoints and as EndpointSlices."""

from simulator.api_resources import ENDPOINTS, ENDPOINTSLICES, NODES, PODS, SERVICES
from simulator.store import ChangeKind, JsonObject
from simulator.world.agenda import WorkQueue
from simulator.world.controllers.endpoint_objects import Member, ports_of, slice_endpoints, subsets
from simulator.world.engine import Engine
from simulator.world.shapes import key_of, labels_of, owner_reference, split_key, timestamp

SLICE_SIZE = 100
MANAGED_BY = "endpointslice-controller.k8s.io"
TRIGGER = "endpoints.kubernetes.io/last-change-trigger-time"


class EndpointsController:
    """Finds the Services of a pod through one label of their selectors, never by trying all Services."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._by_label: dict[tuple[str, str, str], dict[str, None]] = {}
        self._queue = WorkQueue(agenda=engine.agenda, reconcile=self._reconcile)
        engine.state.watch(SERVICES, self._service_changed)
        engine.state.watch(PODS, self._pod_changed)

    def _service_changed(self, kind: ChangeKind, old: JsonObject | None, service: JsonObject) -> None:
        key = key_of(service)
        if old is not None and (entry := _index_entry(old)):
            self._by_label.get(entry, {}).pop(key, None)
        if kind != "DELETED" and (entry := _index_entry(service)):
            self._by_label.setdefault(entry, {})[key] = None
        if kind == "DELETED":
            self._engine.network.set_ready(key, None)
            self._engine.state.delete(ENDPOINTS, key)
        elif old is None or old["spec"] != service["spec"] or labels_of(old) != labels_of(service):
            self._queue.add(key)

    def _pod_changed(self, kind: ChangeKind, old: JsonObject | None, pod: JsonObject) -> None:
        if old is not None and kind == "MODIFIED" and _seen_by_services(old) == _seen_by_services(pod):
            return
        namespace = pod["metadata"]["namespace"]
        labels = dict.fromkeys(labels_of(pod).items())
        if old is not None:
            labels |= dict.fromkeys(labels_of(old).items())
        for name, value in labels:
            for key in self._by_label.get((namespace, name, value), ()):
                self._queue.add(key)

    def _reconcile(self, key: str) -> None:
        service = self._engine.state.find(SERVICES, key)
        if service is None:
            return
        selector = service["spec"].get("selector")
        if not selector:
            if service["spec"].get("type") != "ExternalName":
                self._engine.network.set_ready(key, 1)
            return
        namespace, _ = split_key(key)
        pods = self._engine.state.pods_labelled(namespace, selector)
        members = [member for pod in pods if (member := Member.of(pod)) is not None]
        self._write_endpoints(key, service, members)
        self._write_slices(key, service, members)
        publishes_all = bool(service["spec"].get("publishNotReadyAddresses"))
        reachable = [member for member in members if member.is_ready or publishes_all]
        has_ports = not service["spec"].get("ports") or any(ports_of(service, member) for member in members)
        self._engine.network.set_ready(key, len(reachable) if has_ports else 0)

    def _write_endpoints(self, key: str, service: JsonObject, members: list[Member]) -> None:
        name, namespace = service["metadata"]["name"], service["metadata"]["namespace"]
        body: JsonObject = {"metadata": {"name": name, "namespace": namespace, "labels": {**labels_of(service)}}}
        if found := subsets(service, members):
            body["subsets"] = found
        if service["spec"].get("clusterIP") == "None":
            body["metadata"]["labels"] |= {"service.kubernetes.io/headless": ""}
        known = self._engine.state.find(ENDPOINTS, key)
        if known is None:
            self._engine.state.store.create(ENDPOINTS, body)
        elif known.get("subsets") != body.get("subsets") or labels_of(known) != labels_of(body):
            self._stamp(body, members)
            self._engine.state.store.replace(ENDPOINTS, {**body, "apiVersion": "v1", "kind": "Endpoints"})

    def _write_slices(self, key: str, service: JsonObject, members: list[Member]) -> None:
        labels = {"endpointslice.kubernetes.io/managed-by": MANAGED_BY, "kubernetes.io/service-name": split_key(key)[1]}
        if service["spec"].get("clusterIP") == "None":
            labels["service.kubernetes.io/headless"] = ""
        known = self._engine.state.owned(service["metadata"]["uid"], ENDPOINTSLICES)
        pages = slice_endpoints(service, members, size=SLICE_SIZE, node_zone=self._zone)
        for number, (endpoints, ports) in enumerate(pages):
            body: JsonObject = {
                "metadata": {"namespace": split_key(key)[0], "labels": {**labels_of(service), **labels}},
                "addressType": "IPv4",
                "endpoints": endpoints,
                "ports": ports,
            }
            body["metadata"]["ownerReferences"] = [owner_reference(service, api_version="v1", kind="Service")]
            if number < len(known):
                self._update_slice(known[number], body, members)
            else:
                body["metadata"]["generateName"] = f"{service['metadata']['name']}-"
                self._engine.state.store.create(ENDPOINTSLICES, body)
        for surplus in known[len(pages) :]:
            self._engine.state.delete(ENDPOINTSLICES, key_of(surplus))

    def _update_slice(self, known: JsonObject, body: JsonObject, members: list[Member]) -> None:
        same = all(known[field] == body[field] for field in ("endpoints", "ports"))
        if same and labels_of(known) == labels_of(body):
            return
        metadata = {**known["metadata"], "labels": labels_of(body)}
        changed = {**known, **body, "metadata": metadata}
        self._stamp(changed, members)
        self._engine.state.store.replace(ENDPOINTSLICES, changed)

    def _stamp(self, body: JsonObject, members: list[Member]) -> None:
        latest = max((member.changed_at for member in members), default=timestamp(self._engine.now))
        annotations = body["metadata"].get("annotations") or {}
        body["metadata"]["annotations"] = {**annotations, TRIGGER: latest}

    def _zone(self, node: str) -> str:
        item = self._engine.state.store.find(NODES, name=node)
        return labels_of(item).get("topology.kubernetes.io/zone", "") if item else ""


def _index_entry(service: JsonObject) -> tuple[str, str, str] | None:
    selector = service["spec"].get("selector")
    if not selector:
        return None
    name = min(selector)
    return service["metadata"]["namespace"], name, selector[name]


def _seen_by_services(pod: JsonObject) -> tuple[object, ...]:
    member = Member.of(pod)
    shown = (member.address, member.is_ready, member.is_terminating) if member else None
    return labels_of(pod), shown
