"""What breaks outside of the Kubernetes API: on a node's host, in its disk, its network or its services."""

from collections.abc import Callable
from typing import Literal

OutageKind = Literal[
    "kubelet-stopped",
    "container-runtime-stopped",
    "network-plugin-missing",
    "network-plugin-failing",
    "network-route-missing",
    "disk-full",
    "process-ids-exhausted",
]
Listener = Callable[[OutageKind, str], None]


class Outages:
    """Which outage is on at which node. The kubelets and controllers obey it; nobody sees it directly."""

    def __init__(self) -> None:
        self._running: set[tuple[OutageKind, str]] = set()
        self._listeners: list[Listener] = []

    def is_on(self, kind: OutageKind, *, at: str) -> bool:
        return (kind, at) in self._running

    def begin(self, kind: OutageKind, *, at: str) -> None:
        self._running.add((kind, at))
        self._tell(kind, at)

    def end(self, kind: OutageKind, *, at: str) -> None:
        self._running.discard((kind, at))
        self._tell(kind, at)

    def watch(self, listener: Listener) -> None:
        """Call the listener whenever an outage begins or ends."""
        self._listeners.append(listener)

    def _tell(self, kind: OutageKind, at: str) -> None:
        for listener in tuple(self._listeners):
            listener(kind, at)
