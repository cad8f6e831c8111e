"""What a kubelet says of its node: pressure, readiness, and why. Pure."""

from dataclasses import dataclass

from simulator.store import JsonObject
from simulator.world.shapes import timestamp

RUNTIME_DOWN = (
    "[container runtime is down, PLEG is not healthy: pleg was last seen active 3m41s ago; threshold is 3m0s]"
)
NO_NETWORK = (
    "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady "
    "message:Network plugin returns error: cni plugin not initialized"
)


@dataclass(frozen=True, slots=True)
class NodeHealth:
    """What is wrong with a node, as its kubelet sees it."""

    has_memory_pressure: bool = False
    has_disk_pressure: bool = False
    has_pid_pressure: bool = False
    unready_because: str = ""
    has_no_route: bool = False
    """Told by the cloud's route controller; a cluster whose nodes never lacked one has no such condition."""


def conditions_of(health: NodeHealth, *, known: list[JsonObject], now: float) -> list[JsonObject]:
    """The conditions in the kubelet's order; a transition time moves only with the status."""
    before = {item["type"]: item for item in known}
    wanted = [
        ("MemoryPressure", health.has_memory_pressure, "KubeletHasInsufficientMemory", "KubeletHasSufficientMemory"),
        ("DiskPressure", health.has_disk_pressure, "KubeletHasDiskPressure", "KubeletHasNoDiskPressure"),
        ("PIDPressure", health.has_pid_pressure, "KubeletHasInsufficientPID", "KubeletHasSufficientPID"),
    ]
    found = []
    if health.has_no_route or "NetworkUnavailable" in before:
        reason = "NoRouteCreated" if health.has_no_route else "RouteCreated"
        text = "RouteController failed to create a route" if health.has_no_route else "RouteController created a route"
        found.append(_condition("NetworkUnavailable", health.has_no_route, reason, text, before=before, now=now))
    for kind, is_on, bad, good in wanted:
        reason = bad if is_on else good
        found.append(_condition(kind, is_on, reason, _MESSAGES[reason], before=before, now=now))
    if health.unready_because:
        found.append(_condition("Ready", False, "KubeletNotReady", health.unready_because, before=before, now=now))
    else:
        message = "kubelet is posting ready status"
        found.append(_condition("Ready", True, "KubeletReady", message, before=before, now=now))
    return found


def _condition(
    kind: str, is_true: bool, reason: str, message: str, *, before: dict[str, JsonObject], now: float
) -> JsonObject:
    status = "True" if is_true else "False"
    known = before.get(kind, {})
    since = known["lastTransitionTime"] if known.get("status") == status else timestamp(now)
    return {
        "type": kind,
        "status": status,
        "lastHeartbeatTime": timestamp(now),
        "lastTransitionTime": since,
        "reason": reason,
        "message": message,
    }


_MESSAGES = {
    "KubeletHasInsufficientMemory": "kubelet has insufficient memory available",
    "KubeletHasSufficientMemory": "kubelet has sufficient memory available",
    "KubeletHasDiskPressure": "kubelet has disk pressure",
    "KubeletHasNoDiskPressure": "kubelet has no disk pressure",
    "KubeletHasInsufficientPID": "kubelet has insufficient PID available",
    "KubeletHasSufficientPID": "kubelet has sufficient PID available",
}
