"""Makes an object fit a budget of characters: long texts, long lists and deep parts give way, and it is said where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from k8s_diagnosis.objects.access import JsonObject
from mcp_kit.results import measure_structured

_NOISE = frozenset({"managedFields", "selfLink", "generateName", "uid", "resourceVersion"})
"""Fields of the metadata that nobody asks for."""


@dataclass(frozen=True, slots=True)
class _Measure:
    text: int
    items: int
    depth: int


# From generous to tight; the first that fits is taken.
_MEASURES = (
    _Measure(text=2_000, items=60, depth=12),
    _Measure(text=300, items=20, depth=10),
    _Measure(text=120, items=8, depth=8),
    _Measure(text=80, items=4, depth=6),
    _Measure(text=60, items=3, depth=4),
    _Measure(text=40, items=2, depth=3),
)


# What the API fills in when nobody said anything else.
_DEFAULTS: dict[str, object] = {
    "dnsPolicy": "ClusterFirst",
    "schedulerName": "default-scheduler",
    "securityContext": {},
    "terminationMessagePath": "/dev/termination-log",
    "terminationMessagePolicy": "File",
    "enableServiceLinks": True,
    "preemptionPolicy": "PreemptLowerPriority",
    "priority": 0,
    "defaultMode": 420,
    "sessionAffinity": "None",
    "internalTrafficPolicy": "Cluster",
    "ipFamilyPolicy": "SingleStack",
    "creationTimestamp": None,
    "hugepages-1Gi": "0",
    "hugepages-2Mi": "0",
}


def drop_noise(metadata: JsonObject) -> JsonObject:
    return {key: value for key, value in metadata.items() if key not in _NOISE}


def drop_defaults(value: object) -> object:
    """The value without fields that say what the API would assume anyway."""
    if isinstance(value, Mapping):
        return {
            key: drop_defaults(inner) for key, inner in value.items() if key not in _DEFAULTS or inner != _DEFAULTS[key]
        }
    if isinstance(value, list):
        return [drop_defaults(inner) for inner in value]
    return value


def trim(value: object, *, budget: int) -> tuple[object, bool]:
    """The value within so many characters of JSON, and whether anything was left out."""
    trimmed = value
    for measure in _MEASURES:
        trimmed = _trim(value, measure, depth=measure.depth)
        if measure_structured(trimmed) <= budget:
            break
    return trimmed, trimmed != value


def _trim(value: object, measure: _Measure, *, depth: int) -> object:
    if isinstance(value, str):
        return value if len(value) <= measure.text else f"{value[: measure.text]}… ({len(value)} characters)"
    if isinstance(value, Mapping):
        if depth == 0 and value:
            return f"({len(value)} fields)"
        # Fields keep their place: an object of the API has few of them, a map of labels or data may have many.
        limit = measure.items * 4
        kept: dict[str, object] = {
            str(key): _trim(inner, measure, depth=depth - 1) for key, inner in [*value.items()][:limit]
        }
        if len(value) > limit:
            kept["…"] = f"{len(value) - limit} more"
        return kept
    if isinstance(value, list):
        if depth == 0 and value:
            return f"({len(value)} entries)"
        items = [_trim(inner, measure, depth=depth - 1) for inner in value[: measure.items]]
        return [*items, f"… {len(value) - measure.items} more"] if len(value) > measure.items else items
    return value
