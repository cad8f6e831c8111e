"""The status of a Deployment: counts and the conditions Available and Progressing. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from simulator.store import JsonObject
from simulator.world.controllers.rollout import Allowance, available_of
from simulator.world.shapes import find_condition, instant_of, timestamp

COMPLETE = "NewReplicaSetAvailable"
TIMED_OUT = "ProgressDeadlineExceeded"
COUNTS = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas", "unavailableReplicas")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a condition says."""

    status: str
    reason: str
    message: str


PAUSED = Verdict("Unknown", "DeploymentPaused", "Deployment is paused")
RESUMED = Verdict("Unknown", "DeploymentResumed", "Deployment is resumed")


@dataclass(frozen=True, slots=True)
class Fleet:
    """The ReplicaSets of one Deployment; `news` is a reason and message for Progressing that a step just produced."""

    new: JsonObject | None
    old: Sequence[JsonObject]
    news: tuple[str, str] | None = None

    @property
    def all(self) -> list[JsonObject]:
        return [*self.old, *([self.new] if self.new else [])]


def deployment_status(deployment: JsonObject, *, fleet: Fleet, allowance: Allowance, now: float) -> JsonObject:
    counts = _counts(fleet)
    before = deployment.get("status") or {}
    conditions = [dict(item) for item in before.get("conditions") or []]
    is_available = counts["availableReplicas"] >= allowance.fewest_available
    conditions = with_condition(conditions, kind="Available", verdict=_availability(is_available), now=now)
    conditions = _with_failure(conditions, fleet, now=now)
    conditions = _with_progress(conditions, deployment, fleet=fleet, counts=counts, wanted=allowance.wanted, now=now)
    shown = {name: count for name, count in counts.items() if count}
    return {"observedGeneration": deployment["metadata"]["generation"], **shown, "conditions": conditions}


def _with_failure(conditions: list[JsonObject], fleet: Fleet, *, now: float) -> list[JsonObject]:
    """What keeps a ReplicaSet from creating pods; the newest one's trouble counts first."""
    sets = [*([fleet.new] if fleet.new else []), *fleet.old]
    failures = (find_condition(item, "ReplicaFailure") for item in sets)
    failure = next((condition for condition in failures if condition is not None), None)
    if failure is None:
        return [item for item in conditions if item["type"] != "ReplicaFailure"]
    verdict = Verdict(failure["status"], failure["reason"], failure["message"])
    return with_condition(conditions, kind="ReplicaFailure", verdict=verdict, now=now)


def _availability(is_available: bool) -> Verdict:
    if is_available:
        return Verdict("True", "MinimumReplicasAvailable", "Deployment has minimum availability.")
    return Verdict("False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.")


def deadline_of(deployment: JsonObject, *, status: JsonObject) -> float | None:
    """When the rollout will be called timed out; None when nothing is being waited for."""
    seconds = deployment["spec"].get("progressDeadlineSeconds", 600)
    condition = find_condition({"status": status}, "Progressing")
    if condition is None or condition["status"] != "True" or condition["reason"] == COMPLETE:
        return None
    return instant_of(condition["lastUpdateTime"]) + float(seconds)


def is_complete(counts: JsonObject, *, wanted: int) -> bool:
    found = {int(counts.get(name, 0)) for name in ("replicas", "updatedReplicas", "availableReplicas")}
    return found == {wanted}


def with_condition(
    conditions: list[JsonObject], *, kind: str, verdict: Verdict, now: float, renew: bool = False
) -> list[JsonObject]:
    """Put a condition at the end unless it says the same already; `renew` moves lastUpdateTime all the same."""
    known = next((item for item in conditions if item["type"] == kind), None)
    if known and known["status"] == verdict.status and known["reason"] == verdict.reason and not renew:
        return conditions
    since = known["lastTransitionTime"] if known and known["status"] == verdict.status else timestamp(now)
    fresh = {
        "type": kind,
        "status": verdict.status,
        "lastUpdateTime": timestamp(now),
        "lastTransitionTime": since,
        "reason": verdict.reason,
        "message": verdict.message,
    }
    return [*(item for item in conditions if item["type"] != kind), fresh]


def _counts(fleet: Fleet) -> dict[str, int]:
    def total(field: str) -> int:
        return sum(int((item.get("status") or {}).get(field, 0)) for item in fleet.all)

    wanted = sum(int(item["spec"]["replicas"]) for item in fleet.all)
    available = sum(available_of(item) for item in fleet.all)
    updated = int((fleet.new.get("status") or {}).get("replicas", 0)) if fleet.new else 0
    values = (total("replicas"), updated, total("readyReplicas"), available, max(0, wanted - available))
    return dict(zip(COUNTS, values, strict=True))


def _with_progress(
    conditions: list[JsonObject],
    deployment: JsonObject,
    *,
    fleet: Fleet,
    counts: dict[str, int],
    wanted: int,
    now: float,
) -> list[JsonObject]:
    known = find_condition(deployment, "Progressing")
    reason = known["reason"] if known else ""
    if deployment["spec"].get("paused"):
        return with_condition(conditions, kind="Progressing", verdict=PAUSED, now=now)
    if reason == PAUSED.reason:
        return with_condition(conditions, kind="Progressing", verdict=RESUMED, now=now)
    if fleet.new is None:
        return conditions
    if reason == COMPLETE and counts["replicas"] == counts["updatedReplicas"] and fleet.news is None:
        return conditions
    is_over = is_complete(counts, wanted=wanted)
    verdict = _judge_progress(deployment, fleet=fleet, counts=counts, is_over=is_over, now=now)
    if verdict is None:
        return conditions
    is_news = not is_over and verdict.reason != TIMED_OUT
    return with_condition(conditions, kind="Progressing", verdict=verdict, now=now, renew=is_news)


def _judge_progress(
    deployment: JsonObject, *, fleet: Fleet, counts: dict[str, int], is_over: bool, now: float
) -> Verdict | None:
    """What there is to say about the rollout; None when nothing has changed."""
    name = f'ReplicaSet "{fleet.new["metadata"]["name"]}"' if fleet.new else "ReplicaSet"
    before = deployment.get("status") or {}
    if is_over:
        return Verdict("True", COMPLETE, f"{name} has successfully progressed.")
    if fleet.news is not None:
        return Verdict("True", *fleet.news)
    if _has_progressed(before, counts):
        return Verdict("True", "ReplicaSetUpdated", f"{name} is progressing.")
    deadline = deadline_of(deployment, status=before)
    if deadline is not None and now >= deadline:
        return Verdict("False", TIMED_OUT, f"{name} has timed out progressing.")
    return None


def _has_progressed(before: JsonObject, counts: dict[str, int]) -> bool:
    def was(name: str) -> int:
        return int(before.get(name, 0))

    old_before = was("replicas") - was("updatedReplicas")
    old_now = counts["replicas"] - counts["updatedReplicas"]
    grown = any(counts[name] > was(name) for name in ("updatedReplicas", "readyReplicas", "availableReplicas"))
    return grown or old_now < old_before
