"""Tables of custom objects: the columns that their CustomResourceDefinition asks for."""

import re
from datetime import datetime
from functools import partial
from typing import Any

from simulator.api.tables.columns import AGE, NAME, Cell, Column, TablePrinter, age, since
from simulator.api_resources import CustomShape, PrinterColumn
from simulator.store import JsonObject

_STEP = re.compile(r"\.?([^.\[\]]+)|\[([^\]]+)\]")


def custom_printer(shape: CustomShape) -> TablePrinter:
    """Name, the asked columns, and the age where none are asked for."""
    if not shape.columns:
        return TablePrinter((NAME, AGE), lambda item, now: [item["metadata"]["name"], age(item, now)])
    columns = [Column(entry.name, "", type=entry.type, is_wide=entry.is_wide) for entry in shape.columns]
    return TablePrinter((NAME, *columns), partial(_cells, shape))


def _cells(shape: CustomShape, item: JsonObject, now: datetime) -> list[Cell]:
    return [item["metadata"]["name"], *(_cell(entry, item, now=now) for entry in shape.columns)]


def _cell(column: PrinterColumn, item: JsonObject, *, now: datetime) -> Cell:
    value = _read(item, column.path)
    if column.type == "date":
        return since(value if isinstance(value, str) else None, now)
    return value if value is None or isinstance(value, str | int | bool) else str(value)


def _read(item: JsonObject, path: str) -> Any:  # walks open JSON
    """A plain JSONPath: fields, quoted fields, indexes and `[?(@.type=="Ready")]`."""
    value: Any = item
    for field, bracket in _STEP.findall(path.replace("\\.", "\x00")):
        value = _step(value, (field or bracket).replace("\x00", "."), is_bracket=bool(bracket))
        if value is None:
            return None
    return value


def _step(value: Any, step: str, *, is_bracket: bool) -> Any:  # walks open JSON
    if is_bracket and isinstance(value, list):
        wanted = re.match(r"\?\(@\.(\w+)==[\"'](.*)[\"']\)", step)
        if wanted:
            return next((entry for entry in value if entry.get(wanted[1]) == wanted[2]), None)
        return value[int(step)] if step.isdigit() and int(step) < len(value) else None
    return value.get(step.strip("'\"")) if isinstance(value, dict) else None
