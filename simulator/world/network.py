"""Who reaches whom: names of Services resolve, and connections succeed where something listens behind them."""

from collections import defaultdict
from collections.abc import Callable
from typing import Literal
from urllib.parse import urlsplit

from simulator.api_resources import NAMESPACES, NETWORKPOLICIES, SERVICES
from simulator.store import JsonObject
from simulator.world.controllers.endpoint_objects import target_number
from simulator.world.network_policies import is_allowed
from simulator.world.shapes import is_ready
from simulator.world.state import ClusterState

DNS_SERVICE = "kube-system/kube-dns"
DNS_PORT = 53
CLUSTER_SUFFIXES = (".svc.cluster.local", ".svc")
DEFAULT_PORTS = {"http": 80, "https": 443, "postgres": 5432, "redis": 6379, "amqp": 5672, "mysql": 3306}

Trouble = Literal["unresolved", "no-dns", "refused", "timed-out"]
"""Why a connection fails; the styles of programs have words for each."""

Listener = Callable[[], None]
Listening = Callable[[JsonObject, int], bool]


class Network:
    """Keeps how many ready endpoints each Service has, and tells those who call it when that changes."""

    def __init__(self, state: ClusterState) -> None:
        self._state = state
        self._ready: dict[str, int] = {}
        self._listeners: dict[str, dict[int, Listener]] = defaultdict(dict)
        self._tickets = 0
        self._is_listening: Listening = lambda _pod, _port: True
        state.watch(NETWORKPOLICIES, lambda *_: self._tell_all())
        state.watch(SERVICES, lambda _kind, _old, item: self._tell(f"{_namespace(item)}/{item['metadata']['name']}"))

    def ask_about_ports(self, is_listening: Listening) -> None:
        """Who knows whether a pod listens on a port: the node agents."""
        self._is_listening = is_listening

    def set_ready(self, service: str, count: int | None) -> None:
        """Ready endpoints of a Service by `namespace/name`; None when the Service is gone."""
        before = self._ready.get(service)
        if count is None:
            self._ready.pop(service, None)
        else:
            self._ready[service] = count
        if (before is None) != (count is None) or bool(before) != bool(count):
            self._tell(service)

    def has_ready_endpoints(self, service: str) -> bool:
        return self._ready.get(service, 0) > 0

    def trouble(self, url: str, *, caller: JsonObject) -> Trouble | None:
        """Why a connection from a pod to an address fails; None when it works."""
        namespace = _namespace(caller)
        service = service_of(url, namespace=namespace)
        host, port = host_and_port(url)
        if not _is_address(host) and (problem := self._name_trouble(caller, service)):
            return problem
        if service is None:
            return None if self._may_leave(caller, port=port) else "timed-out"
        if self._ready[service] == 0:
            return "refused"
        return self._port_trouble(service, port=port, caller=caller)

    def address_of(self, url: str, *, namespace: str) -> str:
        """The address that a name resolves to, as error messages show it."""
        service = service_of(url, namespace=namespace)
        item = self._state.find(SERVICES, service) if service else None
        return str(item["spec"].get("clusterIP") or "") if item else host_and_port(url)[0]

    def listen(self, url: str, *, namespace: str, listener: Listener) -> Callable[[], None]:
        """Call the listener whenever the answer of `trouble` may have changed; the result ends that."""
        service = service_of(url, namespace=namespace)
        self._tickets += 1
        ticket = self._tickets
        keys = (service, DNS_SERVICE) if service else (DNS_SERVICE,)
        for key in keys:
            self._listeners[key][ticket] = listener

        def stop() -> None:
            for key in keys:
                self._listeners[key].pop(ticket, None)

        return stop

    def _name_trouble(self, caller: JsonObject, service: str | None) -> Trouble | None:
        """Why a name cannot be found. Names outside the cluster are asked for through the same servers."""
        spec = caller["spec"]
        policy = spec.get("dnsPolicy", "ClusterFirst")
        if policy == "None" and not (spec.get("dnsConfig") or {}).get("nameservers"):
            return "no-dns"
        if policy in {"Default", "None"} or (policy == "ClusterFirst" and spec.get("hostNetwork")):
            return "unresolved" if service is not None else None
        if self._ready.get(DNS_SERVICE) == 0 or not self._may_reach(DNS_SERVICE, port=DNS_PORT, caller=caller):
            return "no-dns"
        return "unresolved" if service is not None and service not in self._ready else None

    def _port_trouble(self, service: str, *, port: int | None, caller: JsonObject) -> Trouble | None:
        item = self._state.find(SERVICES, service)
        if item is None or not item["spec"].get("selector"):
            return None
        ports = item["spec"].get("ports") or []
        entry: JsonObject | None = next((found for found in ports if port is None or found["port"] == port), None)
        is_headless = item["spec"].get("clusterIP") == "None"
        if entry is None and not is_headless:
            return "timed-out"
        if not self._may_reach(service, port=port, caller=caller):
            return "timed-out"
        pods = [pod for pod in self._members(item) if is_ready(pod)]
        numbers = [(pod, port if is_headless else target_number(entry or {}, pod=pod)) for pod in pods]
        if numbers and not any(number is None or self._is_listening(pod, number) for pod, number in numbers):
            return "refused"
        return None

    def _may_reach(self, service: str, *, port: int | None, caller: JsonObject) -> bool:
        """Whether the network policies let a caller through to at least one pod of a Service."""
        item = self._state.find(SERVICES, service)
        policies = self._state.store.list_objects(NETWORKPOLICIES)
        if item is None or not policies:
            return True
        ports = item["spec"].get("ports") or []
        entry: JsonObject = next((found for found in ports if port in {None, found["port"]}), {})
        members = self._members(item)
        return not members or any(
            is_allowed(
                policies,
                caller=caller,
                target=pod,
                port=target_number(entry, pod=pod),
                namespace_labels=self._namespace_labels,
            )
            for pod in members
        )

    def _may_leave(self, caller: JsonObject, *, port: int | None) -> bool:
        policies = self._state.store.list_objects(NETWORKPOLICIES)
        return not policies or is_allowed(
            policies, caller=caller, target=None, port=port, namespace_labels=self._namespace_labels
        )

    def _members(self, service: JsonObject) -> list[JsonObject]:
        return self._state.pods_labelled(_namespace(service), service["spec"].get("selector") or {})

    def _namespace_labels(self, name: str) -> dict[str, str]:
        item = self._state.store.find(NAMESPACES, name=name)
        labels: dict[str, str] = (item or {"metadata": {}})["metadata"].get("labels") or {}
        return labels

    def _tell(self, service: str) -> None:
        for listener in tuple(self._listeners.get(service, {}).values()):
            listener()

    def _tell_all(self) -> None:
        for service in tuple(self._listeners):
            self._tell(service)


def service_of(url: str, *, namespace: str) -> str | None:
    """`namespace/name` of the Service a URL or host:port names; None for a host outside the cluster."""
    host = host_and_port(url)[0]
    is_full = any(host.endswith(suffix) for suffix in CLUSTER_SUFFIXES)
    for suffix in CLUSTER_SUFFIXES:
        host = host.removesuffix(suffix)
    parts = host.split(".")
    if is_full and len(parts) == 3:
        # A pod of a headless Service: the Service decides whether the name exists.
        parts = parts[1:]
    if not host or len(parts) > 2 or parts[0].isdigit():
        return None
    return f"{parts[1] if len(parts) == 2 else namespace}/{parts[0]}"


def host_and_port(url: str) -> tuple[str, int | None]:
    split = urlsplit(url if "://" in url else f"tcp://{url}")
    return split.hostname or "", split.port or DEFAULT_PORTS.get(split.scheme)


def shown_address(url: str) -> str:
    """The URL as a program logs it: scheme, host and port, never the credentials."""
    split = urlsplit(url if "://" in url else f"tcp://{url}")
    return f"{split.scheme}://{split.netloc.rsplit('@', 1)[-1]}"


def _is_address(host: str) -> bool:
    return bool(host) and all(part.isdigit() for part in host.split("."))


def _namespace(item: JsonObject) -> str:
    return str(item["metadata"].get("namespace", ""))
