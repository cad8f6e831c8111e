"""Who reaches whom: names of Services resolve, and connections succeed where ready endpoints stand behind them."""

from collections import defaultdict
from collections.abc import Callable
from urllib.parse import urlsplit

from simulator.api_resources import SERVICES
from simulator.world.state import ClusterState

RESOLUTION_FAILED = "[Errno -3] Temporary failure in name resolution"
CONNECTION_REFUSED = "[Errno 111] Connection refused"
TIMED_OUT = "timed out"
DNS_SERVICE = "kube-system/kube-dns"
CLUSTER_SUFFIXES = (".svc.cluster.local", ".svc")

Listener = Callable[[], None]


class Network:
    """Keeps how many ready endpoints each Service has, and tells those who call it when that changes."""

    def __init__(self, state: ClusterState) -> None:
        self._state = state
        self._ready: dict[str, int] = {}
        self._listeners: dict[str, dict[int, Listener]] = defaultdict(dict)
        self._tickets = 0

    def set_ready(self, service: str, count: int | None) -> None:
        """Ready endpoints of a Service by `namespace/name`; None when the Service is gone."""
        before = self._ready.get(service)
        if count is None:
            self._ready.pop(service, None)
        else:
            self._ready[service] = count
        if (before is None) == (count is None) and bool(before) == bool(count):
            return
        for listener in tuple(self._listeners.get(service, {}).values()):
            listener()

    def problem(self, url: str, *, namespace: str) -> str | None:
        """Why a connection from a pod of that namespace fails, in the words of the system call; None when it works."""
        service = service_of(url, namespace=namespace)
        if service is None:
            return None
        if self._ready.get(DNS_SERVICE) == 0 or service not in self._ready:
            return RESOLUTION_FAILED
        if self._ready[service] == 0:
            return CONNECTION_REFUSED
        return None if self._has_port(service, url) else TIMED_OUT

    def listen(self, url: str, *, namespace: str, listener: Listener) -> Callable[[], None]:
        """Call the listener whenever the answer of `problem` may have changed; the result ends that."""
        service = service_of(url, namespace=namespace)
        if service is None:
            return lambda: None
        self._tickets += 1
        ticket = self._tickets
        keys = (service, DNS_SERVICE)
        for key in keys:
            self._listeners[key][ticket] = listener

        def stop() -> None:
            for key in keys:
                self._listeners[key].pop(ticket, None)

        return stop

    def _has_port(self, service: str, url: str) -> bool:
        item = self._state.find(SERVICES, service)
        port = _port_of(url)
        if item is None or port is None:
            return True
        return any(entry["port"] == port for entry in item["spec"].get("ports") or [])


def service_of(url: str, *, namespace: str) -> str | None:
    """`namespace/name` of the Service a URL or host:port names; None for a host outside the cluster."""
    host = urlsplit(url if "://" in url else f"tcp://{url}").hostname or ""
    for suffix in CLUSTER_SUFFIXES:
        host = host.removesuffix(suffix)
    parts = host.split(".")
    if not host or len(parts) > 2 or parts[0].isdigit():
        return None
    return f"{parts[1] if len(parts) == 2 else namespace}/{parts[0]}"


def shown_address(url: str) -> str:
    """The URL as a program logs it: scheme, host and port, never the credentials."""
    split = urlsplit(url if "://" in url else f"tcp://{url}")
    return f"{split.scheme}://{split.netloc.rsplit('@', 1)[-1]}"


def _port_of(url: str) -> int | None:
    split = urlsplit(url if "://" in url else f"tcp://{url}")
    if split.port is not None:
        return split.port
    return {"http": 80, "https": 443}.get(split.scheme)
