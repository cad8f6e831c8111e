"""What the API needs from the world for answers that the object store does not hold.

The world (controllers, scheduler, kubelets, programs that log) writes every object it changes into the ObjectStore and
hears of the API's writes by `ObjectStore.subscribe`. What is left are logs, resource usage and the passage of time.

Division of labour, for whoever implements this:

- Pods: `DELETE` over the API calls `ObjectStore.delete`. A pod with a nodeName then carries deletionTimestamp; the
  world's kubelet must call `ObjectStore.remove` when its grace period or its shutdown is over.
- Namespaces: `DELETE` marks them Terminating; the world deletes what is inside and then calls `ObjectStore.remove`.
- Owned objects: the world's garbage collector deletes what a deleted owner leaves behind (background propagation), and
  takes the finalizers `foregroundDeletion` and `orphan` off objects that are being deleted once their dependants are
  gone or released.
- Scheduling, status, endpoints, events: all the world's. The API fills in defaults and validates what clients send;
  objects the world creates are stored as they are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line a container wrote, without its line end."""

    time: datetime
    text: str


class PodLogs(Protocol):
    """The output of containers.

    The API asks only for containers that have run: it answers by itself, from the pod's status, when pod or container
    do not exist, when the container still waits, when there is no previous run, and when the pod has no node.
    """

    def read_log(
        self,
        *,
        namespace: str,
        pod: str,
        container: str,
        previous: bool = False,
        tail: int | None = None,
        since: datetime | None = None,
    ) -> Sequence[LogLine]:
        """Lines of the current run (or of the one before), oldest first, none later than now.

        `since`: only lines at or after that moment. `tail`: only the last so many of these. The API cuts to bytes,
        adds timestamps and follows by asking again, so equal questions at a later time must repeat the same lines.
        """
        ...


@dataclass(frozen=True, slots=True)
class Usage:
    cpu_nanocores: int
    memory_kibibytes: int


@dataclass(frozen=True, slots=True)
class UsageSample:
    """Usage averaged over a window: of a node as a whole, or of each container of a pod by name."""

    time: datetime
    window_seconds: float
    total: Usage
    containers: Mapping[str, Usage]
    """Empty for a node."""


@dataclass(frozen=True, slots=True)
class VolumeUsage:
    """A claimed volume of a pod, as the kubelet measures its file system."""

    volume: str
    claim: str
    capacity_bytes: int
    used_bytes: int


class ResourceUsage(Protocol):
    """What metrics.k8s.io and the kubelets' own statistics tell."""

    @property
    def is_available(self) -> bool:
        """Whether anybody answers for the metrics API."""
        ...

    def node_usage(self, *, name: str) -> UsageSample | None:
        """The latest sample, or None while there is none (a node that is down or just came)."""
        ...

    def pod_usage(self, *, namespace: str, name: str) -> UsageSample | None:
        """The latest sample, or None while there is none (a pod that does not run or just started)."""
        ...

    def volumes_of(self, *, namespace: str, name: str) -> Sequence[VolumeUsage]:
        """The claimed volumes of a running pod."""
        ...


class World(Protocol):
    """The living half of the simulator: `simulator.world.build_world(store, clock, *, seed, scenarios) -> World`.

    `build_world` fills the store and lets hours of history pass, so that ages, restarts and events look lived in.
    """

    @property
    def logs(self) -> PodLogs: ...

    @property
    def usage(self) -> ResourceUsage: ...

    def run_until(self, now: datetime) -> None:
        """Let everything happen that is due up to a moment, moving the clock there.

        Called several times a second by the launcher, and directly by tests. Must return in a few milliseconds when
        little is due.
        """
        ...
