"""What is wrong with a few pods of a large cluster: each fault changes a healthy pod and says its events."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from simulator.clock import format_time
from simulator.store import JsonObject


@dataclass(frozen=True, slots=True)
class WrittenEvent:
    reason: str
    message: str
    count: int


Fault = Callable[[JsonObject, datetime], list[WrittenEvent]]
"""Changes the pod in place, given the present, and answers its warnings."""


def crash_loop(pod: JsonObject, now: datetime) -> list[WrittenEvent]:
    """The program ends with an error at every start."""
    container = _container_status(pod)
    ended = {
        "exitCode": 1,
        "reason": "Error",
        "startedAt": format_time(now - timedelta(seconds=93)),
        "finishedAt": format_time(now - timedelta(seconds=91)),
        "containerID": container["containerID"],
    }
    message = f"back-off 5m0s restarting failed container={container['name']} pod={_pod_reference(pod)}"
    container.update(
        state={"waiting": {"reason": "CrashLoopBackOff", "message": message}},
        lastState={"terminated": ended},
        ready=False,
        started=False,
        restartCount=41,
    )
    _mark_unready(pod, now)
    return [
        WrittenEvent(
            "BackOff", f"Back-off restarting failed container {container['name']} in pod {_pod_reference(pod)}", 380
        )
    ]


def image_missing(pod: JsonObject, now: datetime) -> list[WrittenEvent]:
    container = _container_status(pod)
    image = pod["spec"]["containers"][0]["image"] + "-rc9"
    pod["spec"]["containers"][0]["image"] = image
    container.update(
        state={"waiting": {"reason": "ImagePullBackOff", "message": f'Back-off pulling image "{image}"'}},
        image=image,
        imageID="",
        ready=False,
        started=False,
    )
    container.pop("containerID")
    pod["status"]["phase"] = "Pending"
    _mark_unready(pod, now)
    failed = (
        f'Failed to pull image "{image}": rpc error: code = NotFound desc = failed to pull and unpack image "{image}": '
        f'failed to resolve reference "{image}": {image}: not found'
    )
    return [WrittenEvent("Failed", failed, 12), WrittenEvent("Failed", "Error: ImagePullBackOff", 205)]


def out_of_memory(pod: JsonObject, now: datetime) -> list[WrittenEvent]:
    """Killed at its own limit, and up again."""
    container = _container_status(pod)
    ended = {
        "exitCode": 137,
        "reason": "OOMKilled",
        "startedAt": format_time(now - timedelta(minutes=38)),
        "finishedAt": format_time(now - timedelta(minutes=4)),
        "containerID": container["containerID"],
    }
    container.update(
        state={"running": {"startedAt": format_time(now - timedelta(minutes=4))}},
        lastState={"terminated": ended},
        restartCount=7,
    )
    return [
        WrittenEvent(
            "BackOff", f"Back-off restarting failed container {container['name']} in pod {_pod_reference(pod)}", 6
        )
    ]


def unschedulable(pod: JsonObject, now: datetime) -> list[WrittenEvent]:
    message = (
        "0/50 nodes are available: 50 Insufficient memory. preemption: 0/50 nodes are available: 50 No preemption "
        "victims found for incoming pod."
    )
    pod["spec"]["containers"][0]["resources"]["requests"]["memory"] = "512Gi"
    pod["spec"]["containers"][0]["resources"]["limits"]["memory"] = "512Gi"
    del pod["spec"]["nodeName"]
    pod["status"] = {
        "phase": "Pending",
        "conditions": [
            {
                "type": "PodScheduled",
                "status": "False",
                "lastProbeTime": None,
                "lastTransitionTime": format_time(now - timedelta(minutes=50)),
                "reason": "Unschedulable",
                "message": message,
            }
        ],
        "qosClass": "Burstable",
    }
    return [WrittenEvent("FailedScheduling", message, 11)]


def never_ready(pod: JsonObject, now: datetime) -> list[WrittenEvent]:
    _container_status(pod)["ready"] = False
    _mark_unready(pod, now)
    address = f"http://{pod['status']['podIP']}:8080/readyz"
    return [
        WrittenEvent("Unhealthy", f"Readiness probe failed: HTTP probe failed with statuscode: 503 ({address})", 640)
    ]


FAULTS: tuple[Fault, ...] = (crash_loop, image_missing, out_of_memory, unschedulable, never_ready)


def _container_status(pod: JsonObject) -> JsonObject:
    status: JsonObject = pod["status"]["containerStatuses"][0]
    return status


def _mark_unready(pod: JsonObject, now: datetime) -> None:
    for condition in pod["status"]["conditions"]:
        if condition["type"] in {"Ready", "ContainersReady"}:
            condition.update(
                status="False",
                reason="ContainersNotReady",
                message=f"containers with unready status: [{pod['spec']['containers'][0]['name']}]",
                lastTransitionTime=format_time(now - timedelta(minutes=50)),
            )


def _pod_reference(pod: JsonObject) -> str:
    metadata = pod["metadata"]
    return f"{metadata['name']}_{metadata['namespace']}({metadata['ownerReferences'][0]['uid']})"
