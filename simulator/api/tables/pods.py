"""The pod table: the STATUS column that people read first."""

from datetime import datetime

from simulator.api.tables.columns import AGE, NAME, Cell, Column, TablePrinter, age, since
from simulator.store import JsonObject


def _cells(pod: JsonObject, now: datetime) -> list[Cell]:
    spec, status = pod["spec"], pod.get("status", {})
    restarts, ready, total = count_containers(pod)
    last = _last_restart(pod)
    restart_text = f"{restarts} ({since(last, now)} ago)" if restarts and last else str(restarts)
    return [
        pod["metadata"]["name"],
        f"{ready}/{total}",
        pod_status(pod),
        restart_text,
        age(pod, now),
        status.get("podIP") or "<none>",
        spec.get("nodeName") or "<none>",
        status.get("nominatedNodeName") or "<none>",
        _readiness_gates(pod),
    ]


def pod_status(pod: JsonObject) -> str:
    """One word for the state of a pod, worked out from its containers as the real server does."""
    status = pod.get("status", {})
    word = status.get("reason") or status.get("phase", "")
    if any(
        c.get("type") == "PodScheduled" and c.get("reason") == "SchedulingGated" for c in status.get("conditions") or ()
    ):
        word = "SchedulingGated"
    initialising = _init_word(pod)
    is_initialising = bool(initialising) and not _is_initialized(pod)
    word = initialising if is_initialising else _container_word(pod, word)
    if pod["metadata"].get("deletionTimestamp"):
        if status.get("reason") == "NodeLost":
            return "Unknown"
        return word if status.get("phase") in {"Succeeded", "Failed"} else "Terminating"
    return word


def _init_word(pod: JsonObject) -> str:
    containers = pod["spec"].get("initContainers") or []
    sidecars = {c["name"] for c in containers if c.get("restartPolicy") == "Always"}
    for index, state in enumerate(pod.get("status", {}).get("initContainerStatuses") or []):
        terminated = state.get("state", {}).get("terminated")
        waiting = state.get("state", {}).get("waiting")
        if terminated and terminated.get("exitCode") == 0:
            continue
        if state["name"] in sidecars and state.get("started"):
            continue
        if terminated:
            return f"Init:{_terminated_word(terminated)}"
        if waiting and waiting.get("reason") and waiting["reason"] != "PodInitializing":
            return f"Init:{waiting['reason']}"
        return f"Init:{index}/{len(containers)}"
    return ""


def _is_initialized(pod: JsonObject) -> bool:
    conditions = pod.get("status", {}).get("conditions") or ()
    return any(c.get("type") == "Initialized" and c.get("status") == "True" for c in conditions)


def _container_word(pod: JsonObject, word: str) -> str:
    has_running = False
    for state in reversed(pod.get("status", {}).get("containerStatuses") or []):
        now = state.get("state", {})
        if now.get("waiting", {}).get("reason"):
            word = now["waiting"]["reason"]
        elif now.get("terminated"):
            word = _terminated_word(now["terminated"])
        elif state.get("ready") and now.get("running") is not None:
            has_running = True
    if word == "Completed" and has_running:
        return "Running" if _has_condition(pod, "Ready") else "NotReady"
    return word


def _terminated_word(terminated: JsonObject) -> str:
    if terminated.get("reason"):
        return str(terminated["reason"])
    if terminated.get("signal"):
        return f"Signal:{terminated['signal']}"
    return f"ExitCode:{terminated.get('exitCode', 0)}"


def _has_condition(pod: JsonObject, kind: str) -> bool:
    conditions = pod.get("status", {}).get("conditions") or ()
    return any(c.get("type") == kind and c.get("status") == "True" for c in conditions)


def count_containers(pod: JsonObject) -> tuple[int, int, int]:
    """Restarts, ready containers and all containers; sidecars among the init containers count too."""
    spec, status = pod["spec"], pod.get("status", {})
    sidecars = {c["name"] for c in spec.get("initContainers") or () if c.get("restartPolicy") == "Always"}
    states = list(status.get("containerStatuses") or ())
    init_states = list(status.get("initContainerStatuses") or ())
    is_initialising = not _is_initialized(pod) and bool(_init_word(pod))
    counted = init_states if is_initialising else [*states, *(s for s in init_states if s["name"] in sidecars)]
    restarts = sum(state.get("restartCount", 0) for state in counted)
    shown = [*states, *(s for s in init_states if s["name"] in sidecars)]
    ready = sum(1 for state in shown if state.get("ready") and state.get("state", {}).get("running") is not None)
    return restarts, ready, len(spec.get("containers") or ()) + len(sidecars)


def _last_restart(pod: JsonObject) -> str | None:
    status = pod.get("status", {})
    states = [*(status.get("containerStatuses") or ()), *(status.get("initContainerStatuses") or ())]
    ends = [state.get("lastState", {}).get("terminated", {}).get("finishedAt") for state in states]
    return max((end for end in ends if end), default=None)


def _readiness_gates(pod: JsonObject) -> str:
    gates = pod["spec"].get("readinessGates") or []
    if not gates:
        return "<none>"
    return f"{sum(_has_condition(pod, gate['conditionType']) for gate in gates)}/{len(gates)}"


PODS_PRINTER = TablePrinter(
    (
        NAME,
        Column("Ready", "Ready containers of all containers."),
        Column("Status", "State of the pod in one word."),
        Column("Restarts", "How often its containers were restarted, and when last."),
        AGE,
        Column("IP", "Address of the pod inside the cluster.", is_wide=True),
        Column("Node", "Node the pod is assigned to.", is_wide=True),
        Column("Nominated Node", "Node where room is being made for the pod.", is_wide=True),
        Column("Readiness Gates", "Extra conditions that hold, of all the pod asks for.", is_wide=True),
    ),
    _cells,
)
