"""`systemctl list-units --failed` (plain or JSON) and the properties of those units by `systemctl show`."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

from pydantic import BaseModel, TypeAdapter, ValidationError

from host_facts.domain import FailedUnitFacts

_UNIT = r"[\w@:.\\-]{1,255}\.(?:service|socket|device|mount|automount|swap|target|path|timer|slice|scope|snapshot)"
_LINE = re.compile(rf"(?:[●*×•]\s+)?(?P<name>{_UNIT})\s+(?P<load>[\w-]+)\s+failed\s+(?P<sub>[\w-]+)\s*(?P<text>.*)")
_STAMP = re.compile(r"(?:\w{3} )?(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) (UTC|GMT)")


class _JsonUnit(BaseModel):
    unit: str
    active: str = "failed"
    description: str = ""


_JSON = TypeAdapter(list[_JsonUnit])


def parse_failed_units(text: str) -> list[FailedUnitFacts]:
    """Units in state failed, ordered by name."""
    units = _parse_json(text) if text.lstrip().startswith("[") else None
    if units is None:
        found = (_LINE.fullmatch(line.strip()) for line in text.splitlines())
        units = [(line["name"], line["text"].strip()) for line in found if line]
    return [FailedUnitFacts(name=name, description=description[:200]) for name, description in sorted(set(units))]


def parse_unit_times(text: str) -> dict[str, datetime]:
    """From blocks of `Id=` and `StateChangeTimestamp=`: since when each unit is in its state."""
    times: dict[str, datetime] = {}
    for block in re.split(r"\n\s*\n", text):
        properties = dict(line.partition("=")[::2] for line in block.splitlines())
        found = _STAMP.match(properties.get("StateChangeTimestamp", ""))
        if found and properties.get("Id"):
            moment = _read_time(found[1])
            if moment is not None:
                times[properties["Id"]] = moment
    return times


def _parse_json(text: str) -> list[tuple[str, str]] | None:
    try:
        units = _JSON.validate_python(json.loads(text))
    except (ValueError, ValidationError, RecursionError):
        return None
    return [(unit.unit, unit.description) for unit in units if unit.active == "failed"]


def _read_time(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    except ValueError:
        return None
