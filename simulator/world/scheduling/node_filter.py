"""Whether a pod may run on a node at all, checked in the scheduler's own order of filters."""

from dataclasses import dataclass

from simulator.store import JsonObject
from simulator.world.scheduling.node_room import NodeRoom, Request
from simulator.world.shapes import labels_of, matches_expression

UNSCHEDULABLE_TAINT = "node.kubernetes.io/unschedulable"
BLOCKING_EFFECTS = frozenset({"NoSchedule", "NoExecute"})


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why a node was filtered out; `is_helped_by_preemption` says whether evicting pods could change that."""

    reasons: tuple[str, ...]
    is_helped_by_preemption: bool


def reject(spec: JsonObject, *, room: NodeRoom, request: Request) -> Rejection | None:
    """The first filter that refuses the node; None when the pod fits."""
    node = room.node
    tolerations = spec.get("tolerations") or []
    if node["spec"].get("unschedulable") and not _tolerates(
        {"key": UNSCHEDULABLE_TAINT, "effect": "NoSchedule"}, tolerations=tolerations
    ):
        return Rejection(("node(s) were unschedulable",), False)
    for taint in node["spec"].get("taints") or []:
        if taint["effect"] in BLOCKING_EFFECTS and not _tolerates(taint, tolerations=tolerations):
            shown = f"{taint['key']}: {taint.get('value', '')}"
            return Rejection((f"node(s) had untolerated taint {{{shown}}}",), False)
    if not is_wanted(spec, node=node):
        return Rejection(("node(s) didn't match Pod's node affinity/selector",), False)
    shortages = room.shortages(request)
    return Rejection(tuple(shortages), True) if shortages else None


def is_wanted_on(spec: JsonObject, *, node: JsonObject) -> bool:
    """Whether selectors and taints let a daemon's pod onto a node, room aside."""
    taints = [taint for taint in node["spec"].get("taints") or [] if taint["effect"] in BLOCKING_EFFECTS]
    own = [taint for taint in taints if not taint["key"].startswith("node.kubernetes.io/")]
    tolerations = spec.get("tolerations") or []
    return is_wanted(spec, node=node) and all(_tolerates(taint, tolerations=tolerations) for taint in own)


def fit_error(rejections: list[Rejection]) -> str:
    """The scheduler's message when no node is left, with what preemption would bring."""
    total = len(rejections)
    if not total:
        return "no nodes available to schedule pods"
    reasons = _counted([reason for rejection in rejections for reason in rejection.reasons])
    outlook = _counted(
        [
            "No preemption victims found for incoming pod"
            if rejection.is_helped_by_preemption
            else "Preemption is not helpful for scheduling"
            for rejection in rejections
        ]
    )
    return f"0/{total} nodes are available: {reasons}. preemption: 0/{total} nodes are available: {outlook}."


def volume_error(problem: str, *, nodes: int) -> str:
    """The message when a claim of the pod stands in the way, whatever the node."""
    outlook = f"{nodes} Preemption is not helpful for scheduling"
    return f"0/{nodes} nodes are available: {problem}. preemption: 0/{nodes} nodes are available: {outlook}."


def _counted(reasons: list[str]) -> str:
    counts: dict[str, int] = {}
    for reason in reasons:
        counts[reason] = counts.get(reason, 0) + 1
    return ", ".join(sorted(f"{count} {reason}" for reason, count in counts.items()))


def find_toleration(taint: JsonObject, *, tolerations: list[JsonObject]) -> JsonObject | None:
    """The first toleration that fits a taint."""
    return next((toleration for toleration in tolerations if _matches(toleration, taint=taint)), None)


def _tolerates(taint: JsonObject, *, tolerations: list[JsonObject]) -> bool:
    return find_toleration(taint, tolerations=tolerations) is not None


def _matches(toleration: JsonObject, *, taint: JsonObject) -> bool:
    if toleration.get("effect") and toleration["effect"] != taint["effect"]:
        return False
    if toleration.get("operator") == "Exists":
        return not toleration.get("key") or bool(toleration["key"] == taint["key"])
    same_value = (toleration.get("value") or "") == (taint.get("value") or "")
    return bool(toleration.get("key") == taint["key"]) and same_value


def is_wanted(spec: JsonObject, *, node: JsonObject) -> bool:
    """Whether the pod's selector and node affinity allow a node."""
    labels = labels_of(node)
    if any(labels.get(key) != value for key, value in (spec.get("nodeSelector") or {}).items()):
        return False
    affinity = (spec.get("affinity") or {}).get("nodeAffinity") or {}
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution")
    if not required:
        return True
    fields = {"metadata.name": node["metadata"]["name"]}
    return any(
        all(matches_expression(labels, expression=item) for item in term.get("matchExpressions") or [])
        and all(matches_expression(fields, expression=item) for item in term.get("matchFields") or [])
        for term in required["nodeSelectorTerms"]
    )
