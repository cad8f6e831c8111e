"""What a table of one resource consists of."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from simulator.clock import parse_time
from simulator.store import JsonObject

Cell = str | int | bool | None
Cells = Callable[[JsonObject, datetime], Sequence[Cell]]
"""The cells of one object, in column order, as seen at a moment."""


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    description: str
    type: str = "string"
    is_wide: bool = False
    """Shown only by `-o wide`."""

    def definition(self) -> JsonObject:
        return {
            "name": self.name,
            "type": self.type,
            "format": "name" if self.name == "Name" else "",
            "description": self.description,
            "priority": 1 if self.is_wide else 0,
        }


@dataclass(frozen=True, slots=True)
class TablePrinter:
    columns: tuple[Column, ...]
    cells: Cells


NAME = Column("Name", "Name of the object, unique within its namespace.")
AGE = Column("Age", "Time since the object was created.")
CONTAINERS = Column("Containers", "Names of the containers in the pod template.", is_wide=True)
IMAGES = Column("Images", "Images of the containers in the pod template.", is_wide=True)
SELECTOR = Column("Selector", "Labels that select the pods.", is_wide=True)


def age(item: JsonObject, now: datetime) -> str:
    return since(item["metadata"].get("creationTimestamp"), now)


def since(timestamp: str | None, now: datetime) -> str:
    """How long ago, or `<unknown>` for a time that was never set."""
    if not timestamp:
        return "<unknown>"
    return format_duration((now - parse_time(timestamp)).total_seconds())


def format_duration(seconds: float) -> str:
    """A duration with two units at most, rounded as kubectl rounds it."""
    if seconds < 0:
        return "0s" if seconds > -1 else "<invalid>"
    whole = int(seconds)
    minutes, hours, days = whole // 60, whole // 3600, whole // 86400
    # Each row: the duration in seconds below which this form is used, and the form.
    forms = (
        (120, f"{whole}s"),
        (600, _two_units(minutes, "m", whole % 60, "s")),
        (180 * 60, f"{minutes}m"),
        (8 * 3600, _two_units(hours, "h", minutes % 60, "m")),
        (48 * 3600, f"{hours}h"),
        (8 * 86400, _two_units(days, "d", hours % 24, "h")),
        (730 * 86400, f"{days}d"),
        (8 * 365 * 86400, _two_units(days // 365, "y", days % 365, "d")),
    )
    return next((text for limit, text in forms if whole < limit), f"{days // 365}y")


def _two_units(large: int, large_unit: str, small: int, small_unit: str) -> str:
    return f"{large}{large_unit}{small}{small_unit}" if small else f"{large}{large_unit}"


def template_containers(item: JsonObject) -> tuple[str, str]:
    """Names and images of a pod template's containers, joined by commas."""
    containers = item["spec"].get("template", {}).get("spec", {}).get("containers", [])
    names = ",".join(container["name"] for container in containers)
    return names, ",".join(container.get("image", "") for container in containers)


def format_labels(labels: dict[str, str] | None) -> str:
    return ",".join(f"{key}={value}" for key, value in sorted((labels or {}).items())) or "<none>"


def format_selector(selector: JsonObject | None) -> str:
    """A LabelSelector as text, `<none>` when it selects nothing in particular."""
    if not selector:
        return "<none>"
    terms = [f"{key}={value}" for key, value in sorted((selector.get("matchLabels") or {}).items())]
    for entry in selector.get("matchExpressions") or ():
        values = ",".join(sorted(entry.get("values") or ()))
        forms = {"In": f"{entry['key']} in ({values})", "NotIn": f"{entry['key']} notin ({values})"}
        plain = {"Exists": entry["key"], "DoesNotExist": f"!{entry['key']}"}
        terms.append({**forms, **plain}[entry["operator"]])
    return ",".join(terms) or "<none>"
