"""Reads the generated field table. Types: a scalar, a definition's name, `[item]` for lists, `{value}` for maps."""

import json
from functools import cache
from importlib.resources import files

SCALARS = frozenset({"string", "integer", "number", "boolean", "any", "bytes", "time"})
Definition = dict[str, str]


@cache
def all_definitions() -> dict[str, Definition]:
    text = files("simulator.api.schema").joinpath("definitions.json").read_text(encoding="utf-8")
    parsed: dict[str, Definition] = json.loads(text)
    return parsed


def definition_of(name: str) -> Definition | None:
    """The fields of a type, or None for a scalar or an unknown type."""
    return all_definitions().get(name)


def field_type(type_name: str, field: str) -> str:
    """The type of a field; `any` where nothing is known."""
    if is_map(type_name):
        return type_name[1:-1]
    return (definition_of(type_name) or {}).get(field, "any")


def is_list(type_name: str) -> bool:
    return type_name.startswith("[")


def is_map(type_name: str) -> bool:
    return type_name.startswith("{")


def item_type(type_name: str) -> str:
    return type_name[1:-1]
