"""Custom objects against the schema of their CustomResourceDefinition: defaults, unknown fields, validation."""

import copy
from collections.abc import Mapping
from typing import Any

from jsonschema import Draft202012Validator

from simulator.api.status_errors import ApiError, Cause, invalid
from simulator.api_resources import ResourceType
from simulator.store import JsonObject

_PRESERVE = "x-kubernetes-preserve-unknown-fields"
_ALWAYS_KNOWN = frozenset({"apiVersion", "kind", "metadata"})


def prune(resource: ResourceType, item: JsonObject) -> tuple[JsonObject, list[str]]:
    """The object without fields that its schema does not know, and the paths of these."""
    schema = resource.custom.openapi if resource.custom else {}
    if not schema:
        return item, []
    dropped: list[str] = []
    pruned = _prune(schema, item, path="", dropped=dropped, is_root=True)
    return pruned, dropped


def _prune(
    schema: Mapping[str, Any], value: Any, *, path: str, dropped: list[str], is_root: bool = False
) -> Any:  # any JSON value
    if isinstance(value, list):
        items = schema.get("items") or {}
        return [_prune(items, entry, path=f"{path}[{i}]", dropped=dropped) for i, entry in enumerate(value)]
    properties = schema.get("properties")
    if not isinstance(value, dict) or schema.get(_PRESERVE) or properties is None:
        inner = schema.get("additionalProperties")
        if isinstance(value, dict) and isinstance(inner, dict):
            return {key: _prune(inner, entry, path=f"{path}.{key}", dropped=dropped) for key, entry in value.items()}
        return value
    kept = {}
    for field, entry in value.items():
        here = f"{path}.{field}" if path else field
        if field in properties:
            kept[field] = _prune(properties[field], entry, path=here, dropped=dropped)
        elif is_root and field in _ALWAYS_KNOWN:
            kept[field] = entry
        else:
            dropped.append(here)
    return kept


def fill_defaults(resource: ResourceType, item: JsonObject) -> None:
    """Put in the defaults of the schema, in place."""
    if resource.custom is not None:
        _fill(resource.custom.openapi, item)


def _fill(schema: Mapping[str, Any], value: Any) -> None:  # any JSON value
    if isinstance(value, list):
        for entry in value:
            _fill(schema.get("items") or {}, entry)
    if not isinstance(value, dict):
        return
    for field, inner in (schema.get("properties") or {}).items():
        if field not in value and "default" in inner:
            value[field] = copy.deepcopy(inner["default"])
        if field in value:
            _fill(inner, value[field])


def validate_custom(resource: ResourceType, item: JsonObject) -> None:
    """Raise 422 with everything that does not fit the schema."""
    if resource.custom is None or not resource.custom.openapi:
        return
    found = sorted(Draft202012Validator(dict(resource.custom.openapi)).iter_errors(item), key=lambda e: list(e.path))
    if found:
        causes = [_cause(error) for error in found]
        raise _invalid(resource, item, causes)


def _invalid(resource: ResourceType, item: JsonObject, causes: list[Cause]) -> ApiError:
    return invalid(kind=resource.kind, group=resource.group, name=item["metadata"].get("name", ""), causes=causes)


def _cause(error: Any) -> Cause:  # jsonschema's error carries open JSON
    field = ".".join(str(step) for step in error.path)
    if error.validator == "required":
        missing = next((name for name in error.validator_value if name not in error.instance), "")
        return Cause("FieldValueRequired", "Required value", f"{field}.{missing}" if field else missing)
    if error.validator == "enum":
        choices = ", ".join(f'"{choice}"' for choice in error.validator_value)
        message = f'Unsupported value: "{error.instance}": supported values: {choices}'
        return Cause("FieldValueNotSupported", message, field)
    if error.validator == "type":
        found = _type_name(error.instance)
        message = f'Invalid value: "{found}": {field} in body must be of type {error.validator_value}: "{found}"'
        return Cause("FieldValueTypeInvalid", message, field)
    return Cause("FieldValueInvalid", f"Invalid value: {error.instance}: {field} in body {error.message}", field)


def _type_name(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    names = {int: "integer", float: "number", str: "string", list: "array", dict: "object"}
    return names.get(type(value), "unknown")
