"""Which nodes a pod could go to: selectors, taints, cordons; and what the scheduler said about it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from k8s_diagnosis.objects.access import JsonObject, labels_of, name_of, read_flag, read_map, read_maps, read_text
from k8s_diagnosis.objects.labels import fits_expression
from k8s_diagnosis.objects.pods import condition_of
from mcp_kit.sanitising import sanitise_line

_MAX_MESSAGE = 700
_COUNTED = re.compile(r"(?:^|, )(\d+) (?=\S)")
CONTROL_PLANE_TAINTS = {"node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master"}
NODE_STATE_TAINTS = {"node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"}


@dataclass(frozen=True, slots=True)
class Reason:
    """One part of the scheduler's message; nodes is 0 when it is about the pod as a whole."""

    text: str
    nodes: int


def scheduler_message(pod: JsonObject) -> str:
    """Why the scheduler could not place the pod; empty when it did or has not tried yet."""
    scheduled = condition_of(pod, "PodScheduled")
    if read_text(scheduled, "status") != "False" or read_text(scheduled, "reason") != "Unschedulable":
        return ""
    return sanitise_line(read_text(scheduled, "message"), max_characters=_MAX_MESSAGE)


def split_reasons(message: str) -> list[Reason]:
    """The reasons per node; what preemption would find is not counted again."""
    body = message.partition("preemption:")[0]
    body = body.partition("available: ")[2] or body
    body = body.strip().rstrip(".")
    starts = list(_COUNTED.finditer(body))
    if not starts:
        return [Reason(body, 0)] if body else []
    reasons = [Reason(body[: starts[0].start()].strip(" ,."), 0)] if starts[0].start() else []
    for start, following in zip(starts, [*starts[1:], None], strict=True):
        end = following.start() if following else len(body)
        reasons.append(Reason(body[start.end() : end].strip(" ,."), int(start.group(1))))
    return [reason for reason in reasons if reason.text]


def fits_selector(pod: JsonObject, node: JsonObject) -> bool:
    """Whether the node has what nodeSelector and required node affinity ask for."""
    labels = labels_of(node)
    selector = read_map(pod, "spec", "nodeSelector")
    if any(labels.get(key) != str(value) for key, value in selector.items()):
        return False
    terms = read_maps(
        pod, "spec", "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms"
    )
    return not terms or any(_fits_term(term, node, labels) for term in terms)


def has_node_choice(pod: JsonObject) -> bool:
    return bool(read_map(pod, "spec", "nodeSelector") or read_map(pod, "spec", "affinity", "nodeAffinity"))


def show_node_choice(pod: JsonObject) -> str:
    """What the pod demands of its node, in one line."""
    selector = read_map(pod, "spec", "nodeSelector")
    parts = [f"{key}={value}" for key, value in sorted(selector.items())]
    for term in read_maps(
        pod, "spec", "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms"
    ):
        for each in read_maps(term, "matchExpressions"):
            values = ",".join(str(value) for value in each.get("values") or ())
            parts.append(f"{read_text(each, 'key')} {read_text(each, 'operator')} ({values})")
    return ", ".join(parts)


def untolerated_taints(pod: JsonObject, node: JsonObject) -> list[JsonObject]:
    """Taints of the node that keep the pod away."""
    tolerations = read_maps(pod, "spec", "tolerations")
    return [
        taint
        for taint in read_maps(node, "spec", "taints")
        if read_text(taint, "effect") in {"NoSchedule", "NoExecute"} and not _is_tolerated(taint, tolerations)
    ]


def show_taint(taint: JsonObject) -> str:
    value = read_text(taint, "value")
    return f"{read_text(taint, 'key')}{f'={value}' if value else ''}:{read_text(taint, 'effect')}"


def is_cordoned(node: JsonObject) -> bool:
    return read_flag(node, "spec", "unschedulable")


def _is_tolerated(taint: JsonObject, tolerations: Iterable[JsonObject]) -> bool:
    for each in tolerations:
        key, effect = read_text(each, "key"), read_text(each, "effect")
        if effect and effect != read_text(taint, "effect"):
            continue
        if not key and read_text(each, "operator") == "Exists":
            return True
        if key != read_text(taint, "key"):
            continue
        if read_text(each, "operator") == "Exists" or read_text(each, "value") == read_text(taint, "value"):
            return True
    return False


def _fits_term(term: JsonObject, node: JsonObject, labels: dict[str, str]) -> bool:
    expressions, fields = read_maps(term, "matchExpressions"), read_maps(term, "matchFields")
    if not expressions and not fields:
        return False
    by_field = {"metadata.name": name_of(node)}
    return all(fits_expression(each, labels) for each in expressions) and all(
        fits_expression(each, by_field) for each in fields
    )
