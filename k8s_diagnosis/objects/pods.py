"""What a pod object says: its STATUS as kubectl shows it, its containers, its owner."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from k8s_diagnosis.objects.access import (
    JsonObject,
    labels_of,
    name_of,
    namespace_of,
    read_flag,
    read_int,
    read_map,
    read_maps,
    read_text,
)
from k8s_diagnosis.text.times import parse_time

_FINISHED_PHASES = {"Succeeded", "Failed"}


@dataclass(frozen=True, slots=True)
class ContainerFacts:
    """One container of a pod: what was asked for and what happened."""

    spec: JsonObject
    status: JsonObject
    is_init: bool

    @property
    def name(self) -> str:
        return read_text(self.spec, "name")

    @property
    def is_sidecar(self) -> bool:
        return self.is_init and read_text(self.spec, "restartPolicy") == "Always"

    @property
    def waiting(self) -> JsonObject:
        return read_map(self.status, "state", "waiting")

    @property
    def waiting_reason(self) -> str:
        return read_text(self.waiting, "reason")

    @property
    def terminated(self) -> JsonObject:
        """How the container ended: now, or the time before."""
        return read_map(self.status, "state", "terminated") or read_map(self.status, "lastState", "terminated")

    @property
    def is_running(self) -> bool:
        return "running" in read_map(self.status, "state")

    @property
    def is_ready(self) -> bool:
        return read_flag(self.status, "ready")

    @property
    def restarts(self) -> int:
        return read_int(self.status, "restartCount")

    @property
    def running_since(self) -> datetime | None:
        return parse_time(read_text(self.status, "state", "running", "startedAt"))

    def state(self) -> str:
        """running, waiting or terminated; waiting when nothing is reported yet."""
        return next(iter(read_map(self.status, "state")), "waiting")


def containers_of(pod: JsonObject) -> list[ContainerFacts]:
    """Init containers first, in their order of start."""
    return [*_join(pod, "initContainers", is_init=True), *_join(pod, "containers", is_init=False)]


def _join(pod: JsonObject, field: str, *, is_init: bool) -> Iterator[ContainerFacts]:
    statuses = {
        read_text(status, "name"): status
        for status in read_maps(pod, "status", "initContainerStatuses" if is_init else "containerStatuses")
    }
    for spec in read_maps(pod, "spec", field):
        yield ContainerFacts(spec=spec, status=statuses.get(read_text(spec, "name"), {}), is_init=is_init)


def condition_of(source: JsonObject, kind: str) -> JsonObject:
    """The status condition of that type, or an empty object."""
    return next(
        (item for item in read_maps(source, "status", "conditions") if read_text(item, "type") == kind),
        {},
    )


def is_condition_true(source: JsonObject, kind: str) -> bool:
    return read_text(condition_of(source, kind), "status") == "True"


def is_terminating(pod: JsonObject) -> bool:
    return bool(read_text(pod, "metadata", "deletionTimestamp"))


def is_finished(pod: JsonObject) -> bool:
    return read_text(pod, "status", "phase") in _FINISHED_PHASES


def readiness_of(pod: JsonObject) -> tuple[int, int]:
    """Ready containers and all containers that should be, sidecars included."""
    counted = [container for container in containers_of(pod) if not container.is_init or container.is_sidecar]
    return sum(container.is_ready and container.is_running for container in counted), len(counted)


def restarts_of(pod: JsonObject) -> int:
    return sum(container.restarts for container in containers_of(pod))


def controller_of(source: JsonObject) -> tuple[str, str]:
    """Kind and name of the object that made this one; empty when nobody did."""
    references = read_maps(source, "metadata", "ownerReferences")
    owner = next((ref for ref in references if read_flag(ref, "controller")), references[0] if references else {})
    return read_text(owner, "kind"), read_text(owner, "name")


def owner_of(pod: JsonObject) -> tuple[str, str]:
    """Kind and name of the workload behind the pod, itself when nobody owns it.

    A Deployment names its ReplicaSets NAME-HASH and labels the pods with the hash, so no request is needed.
    """
    kind, name = controller_of(pod)
    if not name:
        return "Pod", name_of(pod)
    suffix = labels_of(pod).get("pod-template-hash", "")
    if kind == "ReplicaSet" and suffix and name.endswith(f"-{suffix}"):
        return "Deployment", name.removesuffix(f"-{suffix}")
    return kind, name


def owner_path(pod: JsonObject) -> str:
    """The owner as Kind/namespace/name, the form every problem uses."""
    kind, name = owner_of(pod)
    return f"{kind}/{namespace_of(pod)}/{name}"


def status_of(pod: JsonObject) -> str:
    """The STATUS column of `kubectl get pods`."""
    reason = read_text(pod, "status", "reason") or read_text(pod, "status", "phase") or "Unknown"
    if read_text(condition_of(pod, "PodScheduled"), "reason") == "SchedulingGated":
        reason = "SchedulingGated"
    starting = _init_status(pod)
    if starting and not is_condition_true(pod, "Initialized"):
        reason = starting
    else:
        reason = _container_status(pod) or starting or reason
    if is_terminating(pod) and not is_finished(pod):
        return "Unknown" if read_text(pod, "status", "reason") == "NodeLost" else "Terminating"
    return reason


def _init_status(pod: JsonObject) -> str:
    init = [container for container in containers_of(pod) if container.is_init]
    for position, container in enumerate(init):
        if not container.status:
            return ""
        ended = read_map(container.status, "state", "terminated")
        if ended and read_int(ended, "exitCode") == 0:
            continue
        if container.is_sidecar and read_flag(container.status, "started"):
            continue
        if ended:
            return f"Init:{_ending(ended)}"
        if container.waiting_reason not in {"", "PodInitializing"}:
            return f"Init:{container.waiting_reason}"
        return f"Init:{position}/{len(init)}"
    return ""


def _container_status(pod: JsonObject) -> str:
    reason, has_running = "", False
    for container in reversed([each for each in containers_of(pod) if not each.is_init]):
        ended = read_map(container.status, "state", "terminated")
        if container.waiting_reason:
            reason = container.waiting_reason
        elif ended:
            reason = _ending(ended)
        elif container.is_ready and container.is_running:
            has_running = True
    if reason == "Completed" and has_running:
        return "Running" if is_condition_true(pod, "Ready") else "NotReady"
    return reason


def _ending(terminated: JsonObject) -> str:
    reason = read_text(terminated, "reason")
    if reason:
        return reason
    signal = read_int(terminated, "signal")
    return f"Signal:{signal}" if signal else f"ExitCode:{read_int(terminated, 'exitCode')}"
