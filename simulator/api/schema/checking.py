"""Compares an object with the fields of its kind: wrong types end the request, unknown fields are told."""

import re
from dataclasses import dataclass, field
from typing import Any

from simulator.api.bodies import json_kind
from simulator.api.schema.definitions import SCALARS, definition_of, field_type, is_list, is_map, item_type
from simulator.clock import parse_time
from simulator.store import JsonObject

# Go knows the width of a number; the field table does not.
_INT64_FIELDS = frozenset(
    {
        "activeDeadlineSeconds",
        "deletionGracePeriodSeconds",
        "expirationSeconds",
        "fsGroup",
        "generation",
        "observedGeneration",
        "runAsGroup",
        "runAsUser",
        "terminationGracePeriodSeconds",
        "tolerationSeconds",
    }
)
# Maps whose values are quantities may hold bare numbers, as `cpu: 1` in YAML.
_QUANTITY_MAPS = frozenset({"allocatable", "allocatedResources", "capacity", "hard", "limits", "requests", "used"})
_QUANTITY_MAPS_MORE = frozenset({"default", "defaultRequest", "max", "maxLimitRequestRatio", "min", "overhead"})
_QUANTITY_FIELDS = frozenset({"averageValue", "divisor", "sizeLimit"})
_QUANTITY = re.compile(r"^[+-]?(\d+|\d+\.\d*|\.\d+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?\d+)?$")
QUANTITY_PATTERN_TEXT = "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
_INT_OR_STRING_FIELDS = frozenset({"maxSurge", "maxUnavailable", "minAvailable", "port", "targetPort"})
_SHOWN_TYPES = {"integer": "int32", "boolean": "bool", "number": "float64", "time": "time.Time"}


@dataclass(slots=True)
class Findings:
    """What a walk over an object found."""

    type_error: str = ""
    unknown_fields: list[str] = field(default_factory=list)


def check_object(kind: str, item: JsonObject) -> Findings:
    """Walk an object along the fields of its kind. The first wrong type ends the walk, as in Go's decoder."""
    findings = Findings()
    _check_struct(kind, item, path="", go_path="", findings=findings)
    return findings


def _check_struct(type_name: str, value: JsonObject, *, path: str, go_path: str, findings: Findings) -> None:
    known = definition_of(type_name)
    if known is None:
        return
    for name, entry in value.items():
        if findings.type_error:
            return
        here = f"{path}.{name}" if path else name
        if name not in known:
            findings.unknown_fields.append(here)
            continue
        place = _Place(type_name, name, here, f"{go_path}.{name}" if go_path else name)
        _check_value(field_type(type_name, name), entry, place=place, findings=findings)


@dataclass(frozen=True, slots=True)
class _Place:
    struct: str
    field: str
    path: str
    go_path: str
    """The path as Go's decoder prints it: without indices and map keys."""


def _check_value(type_name: str, value: Any, *, place: _Place, findings: Findings) -> None:  # any JSON value
    if value is None or findings.type_error:
        return
    if type_name == "any":
        if place.field in _INT_OR_STRING_FIELDS and (isinstance(value, bool) or not isinstance(value, int | str)):
            findings.type_error = _mismatch(value, place, wanted="intstr.IntOrString")
        return
    if is_list(type_name):
        _check_list(type_name, value, place=place, findings=findings)
    elif is_map(type_name):
        _check_map(type_name, value, place=place, findings=findings)
    elif type_name in SCALARS:
        _check_scalar(type_name, value, place=place, findings=findings)
    elif isinstance(value, dict):
        _check_struct(type_name, value, path=place.path, go_path=place.go_path, findings=findings)
    else:
        findings.type_error = _mismatch(value, place, wanted=f"v1.{type_name}")


def _check_list(type_name: str, value: Any, *, place: _Place, findings: Findings) -> None:  # any JSON value
    if not isinstance(value, list):
        findings.type_error = _mismatch(value, place, wanted=f"[]{_go_type(item_type(type_name), place)}")
        return
    for index, entry in enumerate(value):
        inner = _Place(place.struct, place.field, f"{place.path}[{index}]", place.go_path)
        _check_value(item_type(type_name), entry, place=inner, findings=findings)


def _check_map(type_name: str, value: Any, *, place: _Place, findings: Findings) -> None:  # any JSON value
    if not isinstance(value, dict):
        findings.type_error = _mismatch(value, place, wanted=f"map[string]{_go_type(item_type(type_name), place)}")
        return
    if place.field in _QUANTITY_MAPS or place.field in _QUANTITY_MAPS_MORE:
        _check_quantities(value, findings=findings)
        return
    for key, entry in value.items():
        inner = _Place(place.struct, place.field, f"{place.path}.{key}", place.go_path)
        _check_value(item_type(type_name), entry, place=inner, findings=findings)


def _check_quantities(value: JsonObject, *, findings: Findings) -> None:
    for entry in value.values():
        if not _QUANTITY.match(str(entry)):
            findings.type_error = f"quantities must match the regular expression {QUANTITY_PATTERN_TEXT}"
            return


def _check_scalar(type_name: str, value: Any, *, place: _Place, findings: Findings) -> None:  # any JSON value
    fits = {
        "string": isinstance(value, str) or (place.field in _QUANTITY_FIELDS and isinstance(value, int | float)),
        "time": isinstance(value, str),
        "bytes": isinstance(value, str),
        "boolean": isinstance(value, bool),
        "integer": isinstance(value, int) and not isinstance(value, bool),
        "number": isinstance(value, int | float) and not isinstance(value, bool),
    }
    go_type = _go_type(type_name, place)
    if not fits[type_name]:
        findings.type_error = _mismatch(value, place, wanted=go_type)
    elif type_name == "integer" and abs(value) >= (2**31 if go_type == "int32" else 2**63):
        place_text = f"{place.struct}.{place.go_path}"
        findings.type_error = (
            f"json: cannot unmarshal number {value} into Go struct field {place_text} of type {go_type}"
        )
    elif type_name == "time" and not _is_time(value):
        findings.type_error = f'parsing time "{value}" as "2006-01-02T15:04:05Z07:00": cannot parse "{value}" as "2006"'


def _is_time(text: str) -> bool:
    try:
        parse_time(text)
    except ValueError:
        return False
    return True


def _go_type(type_name: str, place: _Place) -> str:
    if type_name == "integer" and place.field in _INT64_FIELDS:
        return "int64"
    if type_name in SCALARS:
        return _SHOWN_TYPES.get(type_name, "string" if type_name != "bytes" else "[]uint8")
    return f"v1.{type_name}"


def _mismatch(value: Any, place: _Place, *, wanted: str) -> str:  # any JSON value
    found = json_kind(value)
    if found == "number" and isinstance(value, float):
        found = f"number {value}"
    return f"json: cannot unmarshal {found} into Go struct field {place.struct}.{place.go_path} of type {wanted}"
