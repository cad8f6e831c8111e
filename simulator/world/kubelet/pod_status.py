"""Phase and conditions of a pod, from the states of its containers. Pure but for the conditions it keeps."""

from collections.abc import Sequence

from simulator.store import JsonObject
from simulator.world.kubelet.container_worker import ContainerWorker
from simulator.world.kubelet.status import Conditions


def phase_of(pod: JsonObject, *, containers: Sequence[ContainerWorker], is_stopping: bool) -> str:
    states = [item.state for item in containers]
    if any("waiting" in item.state and not item.last_state for item in containers):
        return "Pending"
    policy = pod["spec"].get("restartPolicy", "Always")
    if all("terminated" in state for state in states) and (is_stopping or policy != "Always"):
        codes = [state["terminated"]["exitCode"] for state in states]
        if policy == "OnFailure" and any(codes) and not is_stopping:
            return "Running"
        return "Failed" if any(codes) else "Succeeded"
    return "Running"


def is_initialised(container: ContainerWorker) -> bool:
    """Whether the next container may start: this one has done its work, or is a sidecar that is up."""
    return container.is_started if container.is_sidecar else container.exit_code == 0


def update_conditions(
    conditions: Conditions,
    *,
    phase: str,
    has_network: bool,
    init_containers: Sequence[ContainerWorker],
    containers: Sequence[ContainerWorker],
    gates: Sequence[str],
    now: float,
) -> None:
    """`gates` are the conditions that others have to set before the pod counts as ready."""
    put = conditions.set
    over = {"Succeeded": "PodCompleted", "Failed": "PodFailed"}.get(phase)
    put("PodReadyToStartContainers", has_network and over is None, at=now)
    incomplete = [item.name for item in init_containers if not is_initialised(item)]
    if incomplete and over is None:
        message = f"containers with incomplete status: [{' '.join(incomplete)}]"
        put("Initialized", False, at=now, reason="ContainersNotInitialized", message=message)
    else:
        put("Initialized", True, at=now, reason="PodCompleted" if phase == "Succeeded" else "")
    sidecars = [item for item in init_containers if item.is_sidecar]
    unready = [item.name for item in (*sidecars, *containers) if not item.is_ready]
    for kind in ("Ready", "ContainersReady"):
        if over is not None:
            put(kind, False, at=now, reason=over)
        elif unready:
            message = f"containers with unready status: [{' '.join(unready)}]"
            put(kind, False, at=now, reason="ContainersNotReady", message=message)
        elif kind == "Ready" and (message := _closed_gates(conditions, gates)):
            put(kind, False, at=now, reason="ReadinessGatesNotReady", message=message)
        else:
            put(kind, True, at=now)
    put("PodScheduled", True, at=now)


def _closed_gates(conditions: Conditions, gates: Sequence[str]) -> str:
    """What keeps a pod with ready containers from being ready."""
    messages = []
    for gate in gates:
        status = conditions.status_of(gate)
        if status is None:
            messages.append(f'corresponding condition of pod readiness gate "{gate}" does not exist.')
        elif status != "True":
            messages.append(f'the status of pod readiness gate "{gate}" is not "True", but {status}')
    return ", ".join(messages)
