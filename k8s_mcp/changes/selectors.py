"""Whether a LabelSelector fits labels."""

from __future__ import annotations

from collections.abc import Mapping

from k8s_diagnosis.objects.access import JsonObject, read_map, read_maps, read_text


def selects(selector: JsonObject, labels: Mapping[str, str]) -> bool:
    """By matchLabels and matchExpressions; an empty selector fits everything, as the API means it."""
    wanted = read_map(selector, "matchLabels")
    return all(labels.get(key) == value for key, value in wanted.items()) and all(
        _fits(expression, labels) for expression in read_maps(selector, "matchExpressions")
    )


def _fits(expression: JsonObject, labels: Mapping[str, str]) -> bool:
    value, values = labels.get(read_text(expression, "key")), expression.get("values") or ()
    match read_text(expression, "operator"):
        case "In":
            return value in values
        case "NotIn":
            return value not in values
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
    return False
