"""`systemctl list-units --failed` (plain or JSON), the properties of those units by `systemctl show`, their logs
by `systemctl status`."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

from pydantic import BaseModel, TypeAdapter, ValidationError

from host_facts.command_lines import tidy_command
from host_facts.domain import FailedUnitFacts

_UNIT = r"[\w@:.\\-]{1,255}\.(?:service|socket|device|mount|automount|swap|target|path|timer|slice|scope|snapshot)"
_LINE = re.compile(rf"(?:[●*×•]\s+)?(?P<name>{_UNIT})\s+(?P<load>[\w-]+)\s+failed\s+(?P<sub>[\w-]+)\s*(?P<text>.*)")
_HEAD = re.compile(rf"\S (?P<name>{_UNIT})(?: - .*)?")
_LOG_LINE = re.compile(r"\w{3} [ \d]\d \d\d:\d\d:\d\d \S+ (?P<said>[^\s:].*)")
_MOST_LINES = 4
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


def parse_unit_logs(text: str) -> dict[str, tuple[str, ...]]:
    """From `systemctl status`: the last lines of each unit's log, without time and host."""
    logs: dict[str, list[str]] = {}
    name = ""
    for line in text.splitlines():
        if head := _HEAD.fullmatch(line.rstrip()):
            name = head["name"]
        elif name and (found := _LOG_LINE.fullmatch(line)):
            logs.setdefault(name, []).append(tidy_command(found["said"]))
    return {name: _choose_lines(lines) for name, lines in logs.items()}


def _choose_lines(lines: list[str]) -> tuple[str, ...]:
    """The service's own last words; how systemd tried again and gave up only where there are none."""
    own = [line for line in lines if not line.startswith("systemd[1]:")]
    return tuple((own or lines)[-_MOST_LINES:])


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
