"""Reading and writing Kubernetes objects as plain JSON, and the units they use."""

from collections.abc import Mapping
from datetime import UTC, datetime

from simulator.store import JsonObject

KIBI = 1024
MEMORY_UNITS = {
    "Ki": KIBI,
    "Mi": KIBI**2,
    "Gi": KIBI**3,
    "Ti": KIBI**4,
    "k": 10**3,
    "M": 10**6,
    "G": 10**9,
    "T": 10**12,
}


def timestamp(instant: float) -> str:
    """Seconds precision, as in metadata and status."""
    return datetime.fromtimestamp(int(instant), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def micro_timestamp(instant: float) -> str:
    return datetime.fromtimestamp(instant, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def instant_of(text: str) -> float:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def cpu_millis(quantity: str | float | None) -> int:
    """CPU quantity in thousandths of a core; an absent quantity is 0."""
    if quantity is None:
        return 0
    text = str(quantity)
    if text.endswith("m"):
        return int(float(text[:-1]))
    if text.endswith("n"):
        return int(float(text[:-1]) / 1_000_000)
    return int(float(text) * 1000)


def memory_bytes(quantity: str | float | None) -> int:
    """Memory quantity in bytes; an absent quantity is 0."""
    if quantity is None:
        return 0
    text = str(quantity)
    for unit, factor in MEMORY_UNITS.items():
        if text.endswith(unit):
            return int(float(text[: -len(unit)]) * factor)
    if text.endswith("m"):
        return int(float(text[:-1]) / 1000)
    return int(float(text))


def go_duration(seconds: float) -> str:
    """Durations as Go prints them: 10s, 1m20s, 5m0s, 315ms."""
    if seconds < 1:
        return f"{round(seconds * 1000)}ms"
    if seconds != int(seconds):
        return f"{seconds:.3f}".rstrip("0").rstrip(".") + "s"
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}m{rest}s" if minutes else f"{rest}s"


def key_of(item: JsonObject) -> str:
    metadata = item["metadata"]
    return f"{metadata.get('namespace', '')}/{metadata['name']}"


def split_key(key: str) -> tuple[str, str]:
    namespace, _, name = key.partition("/")
    return namespace, name


def labels_of(item: JsonObject) -> dict[str, str]:
    labels: dict[str, str] = item["metadata"].get("labels") or {}
    return labels


def controller_of(item: JsonObject) -> JsonObject | None:
    """The owner reference of the managing controller, if any."""
    for reference in item["metadata"].get("ownerReferences") or []:
        if reference.get("controller"):
            return dict(reference)
    return None


def is_terminating(item: JsonObject) -> bool:
    return bool(item["metadata"].get("deletionTimestamp"))


def find_condition(item: JsonObject, kind: str) -> JsonObject | None:
    for condition in (item.get("status") or {}).get("conditions") or []:
        if condition["type"] == kind:
            found: JsonObject = condition
            return found
    return None


def is_ready(pod: JsonObject) -> bool:
    condition = find_condition(pod, "Ready")
    return condition is not None and condition["status"] == "True"


def matches_expression(labels: Mapping[str, str], *, expression: JsonObject) -> bool:
    """One requirement of a label or node selector; Gt and Lt compare integers."""
    value = labels.get(expression["key"])
    values = expression.get("values") or []
    operator = expression["operator"]
    if operator == "In":
        return value in values
    if operator == "NotIn":
        return value not in values
    if operator == "Exists":
        return value is not None
    if operator == "DoesNotExist":
        return value is None
    if value is None or not value.lstrip("-").isdigit():
        return False
    return int(value) > int(values[0]) if operator == "Gt" else int(value) < int(values[0])


def owner_reference(owner: JsonObject, *, api_version: str, kind: str) -> JsonObject:
    return {
        "apiVersion": api_version,
        "kind": kind,
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }
