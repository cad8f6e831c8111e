"""Label selectors of Services, and which labels come nearest to one that matches nothing."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from k8s_diagnosis.objects.access import JsonObject, labels_of, read_map, read_maps, read_text


def matches(selector: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    """Whether every pair of the selector is among the labels; an empty selector matches nothing here."""
    return bool(selector) and all(labels.get(key) == value for key, value in selector.items())


def template_labels(workload: JsonObject) -> dict[str, str]:
    """Labels of the pods that a workload makes."""
    return labels_of(read_map(workload, "spec", "template"))


def selects(selector: JsonObject, labels: Mapping[str, str]) -> bool:
    """Whether a selector with matchLabels and matchExpressions fits; an empty one fits everything."""
    wanted = read_map(selector, "matchLabels")
    if any(labels.get(key) != str(value) for key, value in wanted.items()):
        return False
    return all(fits_expression(each, labels) for each in read_maps(selector, "matchExpressions"))


def fits_expression(expression: JsonObject, labels: Mapping[str, str]) -> bool:
    """One requirement of a label selector or node selector term; an unknown operator does not fit."""
    value = labels.get(read_text(expression, "key"))
    wanted = [str(each) for each in expression.get("values") or ()]
    match read_text(expression, "operator"):
        case "In":
            return value in wanted
        case "NotIn":
            return value not in wanted
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
        case "Gt" | "Lt" as operator:
            return _compare_numbers(value, wanted, is_greater=operator == "Gt")
    return False


def _compare_numbers(value: str | None, wanted: list[str], *, is_greater: bool) -> bool:
    if value is None or not wanted or not value.lstrip("-").isdigit() or not wanted[0].lstrip("-").isdigit():
        return False
    return int(value) > int(wanted[0]) if is_greater else int(value) < int(wanted[0])


def show_labels(labels: Mapping[str, str]) -> str:
    return ",".join(f"{key}={value}" for key, value in sorted(labels.items()))


@dataclass(frozen=True, slots=True)
class LabelCandidate:
    """A set of labels and who carries it."""

    owner: str
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class NearestLabels:
    owner: str
    differing: Mapping[str, str]
    """The selector's keys with the values this candidate has instead; empty text for a key it lacks."""
    likeness: float


def find_nearest_labels(selector: Mapping[str, str], candidates: Iterable[LabelCandidate]) -> NearestLabels | None:
    """The candidate whose labels resemble the selector most, or None when none resembles it."""
    measured = [_measure(selector, candidate) for candidate in candidates]
    similar = [nearest for nearest in measured if nearest.likeness >= 0.5]
    return max(similar, key=lambda nearest: (nearest.likeness, nearest.owner), default=None)


def _measure(selector: Mapping[str, str], candidate: LabelCandidate) -> NearestLabels:
    likeness = [_compare(value, candidate.labels.get(key)) for key, value in selector.items()]
    differing = {
        key: candidate.labels.get(key, "") for key, value in selector.items() if candidate.labels.get(key) != value
    }
    return NearestLabels(candidate.owner, differing, sum(likeness) / len(likeness) if likeness else 0.0)


def _compare(wanted: str, found: str | None) -> float:
    if found is None:
        return 0.0
    return difflib.SequenceMatcher(None, wanted, found).ratio()
