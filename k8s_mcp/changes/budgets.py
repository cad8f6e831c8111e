"""How much room PodDisruptionBudgets leave for pods to go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from k8s_diagnosis.objects.access import JsonObject, name_of, read_int, read_map
from k8s_diagnosis.objects.labels import selects
from k8s_diagnosis.problem import Words


@dataclass(frozen=True, slots=True)
class Headroom:
    """What one budget says at the moment."""

    budget: str
    allowed: int
    healthy: int
    needed: int


def find_headroom(budgets: Sequence[JsonObject], pod_labels: Mapping[str, str]) -> list[Headroom]:
    """Every budget that covers pods with these labels, the tightest first."""
    found = [
        Headroom(
            budget=name_of(each),
            allowed=read_int(each, "status", "disruptionsAllowed"),
            healthy=read_int(each, "status", "currentHealthy"),
            needed=read_int(each, "status", "desiredHealthy"),
        )
        for each in budgets
        if selects(read_map(each, "spec", "selector"), pod_labels)
    ]
    return sorted(found, key=lambda headroom: (headroom.allowed, headroom.budget))


def is_tight(headroom: Headroom, *, going: int) -> bool:
    """Whether more pods leave at a time than the budget wants to let go."""
    return going > headroom.allowed


def describe_headroom(headroom: Headroom, *, going: int) -> Words:
    """What a change that does not ask the budget means for it; `going` is how many pods leave at a time."""
    place = f"PodDisruptionBudget {headroom.budget}: {headroom.healthy} healthy, {headroom.needed} needed"
    place_zh = f"PodDisruptionBudget {headroom.budget}：健康 {headroom.healthy}，至少需要 {headroom.needed}"
    if not is_tight(headroom, going=going):
        return Words(
            en=f"{place}; {headroom.allowed} may go, this takes {going} at a time.",
            zh=f"{place_zh}；可减少 {headroom.allowed} 个，这次每次减少 {going} 个。",
        )
    return Words(
        en=f"{place}; only {headroom.allowed} may go, and this takes {going} at a time: a budget holds back evictions, "
        "not this change.",
        zh=f"{place_zh}；只允许减少 {headroom.allowed} 个，而这次每次减少 {going} 个：预算只约束驱逐，挡不住这次变更。",
    )


def describe_eviction_headroom(headroom: Headroom) -> Words:
    """What a budget means for evictions, which ask it."""
    if headroom.allowed:
        return Words(
            en=f"PodDisruptionBudget {headroom.budget} lets {headroom.allowed} go at a time.",
            zh=f"PodDisruptionBudget {headroom.budget} 每次允许减少 {headroom.allowed} 个。",
        )
    return Words(
        en=f"PodDisruptionBudget {headroom.budget} lets none go at the moment ({headroom.healthy} healthy, "
        f"{headroom.needed} needed): the drain stops at its pods.",
        zh=f"PodDisruptionBudget {headroom.budget} 目前不允许减少（健康 {headroom.healthy}，"
        f"至少需要 {headroom.needed}）：排空会停在它的 Pod 上。",
    )
