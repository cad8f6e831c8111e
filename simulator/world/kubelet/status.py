"""The status of a pod as the kubelet writes it, from what it knows about containers and conditions."""

from collections.abc import Iterable

from simulator.store import JsonObject
from simulator.world.shapes import timestamp


def waiting(reason: str, message: str = "") -> JsonObject:
    return {"waiting": {"reason": reason, **({"message": message} if message else {})}}


def running(*, since: float) -> JsonObject:
    return {"running": {"startedAt": timestamp(since)}}


def terminated(
    *, code: int, reason: str, started: float, finished: float, container_id: str, message: str = ""
) -> JsonObject:
    return {
        "terminated": {
            "exitCode": code,
            "reason": reason,
            **({"message": message} if message else {}),
            "startedAt": timestamp(started),
            "finishedAt": timestamp(finished),
            "containerID": container_id,
        }
    }


def volume_mounts(container: JsonObject) -> list[JsonObject]:
    mounts = []
    for mount in container.get("volumeMounts") or []:
        shown = {"name": mount["name"], "mountPath": mount["mountPath"]}
        if mount.get("readOnly"):
            shown |= {"readOnly": True, "recursiveReadOnly": "Disabled"}
        mounts.append(shown)
    return mounts


class Conditions:
    """The conditions of one pod; a transition time moves only when the status changes."""

    def __init__(self) -> None:
        self._by_type: dict[str, JsonObject] = {}

    def set(self, kind: str, is_true: bool, *, at: float, reason: str = "", message: str = "") -> None:
        status = "True" if is_true else "False"
        known = self._by_type.get(kind)
        since = known["lastTransitionTime"] if known and known["status"] == status else timestamp(at)
        condition = {"type": kind, "status": status, "lastProbeTime": None, "lastTransitionTime": since}
        if reason:
            condition["reason"] = reason
        if message:
            condition["message"] = message
        self._by_type[kind] = condition

    def take_over(self, conditions: Iterable[JsonObject]) -> None:
        """Start from what the scheduler and others have written already."""
        for condition in conditions:
            self._by_type.setdefault(condition["type"], condition)

    def status_of(self, kind: str) -> str | None:
        known = self._by_type.get(kind)
        return str(known["status"]) if known else None

    def adopt_foreign(self, conditions: Iterable[JsonObject]) -> None:
        """Keep what others write, such as the conditions that readiness gates name."""
        self._by_type.update({item["type"]: item for item in conditions if item["type"] not in OWN})

    def listed(self) -> list[JsonObject]:
        known = [self._by_type[kind] for kind in ORDER if kind in self._by_type]
        return [*known, *(item for kind, item in self._by_type.items() if kind not in ORDER)]


ORDER = ("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled")
OWN = frozenset({*ORDER, "DisruptionTarget"})
