"""What a diagnosis could not look at, so that silence about it is not taken for health."""

from __future__ import annotations

from collections.abc import Iterator

from k8s_diagnosis.cases import PodCase
from k8s_diagnosis.index import ClusterIndex
from k8s_diagnosis.snapshot import Unread

_MAX_LOGS = 20


def list_unknown(index: ClusterIndex) -> Iterator[Unread]:
    """What could not be read, and logs that would tell why a container failed."""
    yield from index.snapshot.unread
    yield from _missing_logs(index)


def _missing_logs(index: ClusterIndex) -> Iterator[Unread]:
    count = 0
    for pod in index.all("Pod"):
        for container in PodCase(index, pod).containers:
            if container.is_crashing and not container.failed_log:
                count += 1
                if count <= _MAX_LOGS:
                    yield Unread(f"log of {container.pod.namespace}/{container.pod.name} {container.name}", "not read")
    if count > _MAX_LOGS:
        yield Unread(f"logs of {count - _MAX_LOGS} more containers", "not read")
