"""Strategic merge patches: like merge patches, but lists of the core types are merged item by item."""

import copy
from typing import Any

from simulator.api.schema import field_type, is_list, is_primitive_set, item_type, patch_merge_key
from simulator.api.status_errors import bad_request
from simulator.store import JsonObject

_DIRECTIVE = "$patch"
_RETAIN_KEYS = "$retainKeys"
_ORDER = "$setElementOrder/"
_DELETE_VALUES = "$deleteFromPrimitiveList/"


def apply_strategic_patch(kind: str, item: JsonObject, patch: Any) -> JsonObject:  # any JSON the client sends
    """Apply a patch to a copy of an object of a kind; raise 400 for a malformed patch."""
    if not isinstance(patch, dict):
        raise bad_request(
            "error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}"
        )
    return _merge_objects(kind, copy.deepcopy(item), patch)


def _merge_objects(type_name: str, target: JsonObject, patch: JsonObject) -> JsonObject:
    directive = patch.get(_DIRECTIVE)
    if directive == "replace":
        return {field: value for field, value in patch.items() if field != _DIRECTIVE}
    if directive == "delete":
        return {}
    if directive not in {None, "merge"}:
        raise bad_request(f"unrecognized {_DIRECTIVE} directive: {directive}")
    _retain_keys(target, patch)
    _delete_values(target, patch)
    for field, value in patch.items():
        if not field.startswith("$"):
            _merge_field(type_name, target, field, value)
    _set_orders(type_name, target, patch)
    return target


def _merge_field(type_name: str, target: JsonObject, field: str, value: Any) -> None:  # any JSON value
    if value is None:
        target.pop(field, None)
        return
    inner = field_type(type_name, field)
    current = target.get(field)
    if isinstance(value, dict):
        base = current if isinstance(current, dict) else {}
        merged = _merge_objects(inner, base, value)
        if value.get(_DIRECTIVE) == "delete":
            target.pop(field, None)
        else:
            target[field] = merged
    elif isinstance(value, list) and is_list(inner):
        target[field] = _merge_lists(type_name, field, current or [], value)
    else:
        target[field] = value


def _merge_lists(type_name: str, field: str, current: list[Any], patch: list[Any]) -> list[Any]:  # any JSON items
    if is_primitive_set(type_name, field):
        return [*current, *(value for value in patch if value not in current)]
    key = patch_merge_key(type_name, field)
    if key is None:
        return [entry for entry in patch if not _is_directive(entry)]
    if any(_is_directive(entry) and entry[_DIRECTIVE] == "replace" and key not in entry for entry in patch):
        return [entry for entry in patch if not _is_directive(entry)]
    return _merge_items(item_type(field_type(type_name, field)), current, patch, key=key)


def _merge_items(type_name: str, current: list[Any], patch: list[Any], *, key: str) -> list[Any]:  # any JSON items
    merged = list(current)
    for entry in patch:
        if not isinstance(entry, dict) or key not in entry:
            raise bad_request(f"map: {entry} does not contain declared merge key: {key}")
        at = next((i for i, known in enumerate(merged) if known.get(key) == entry[key]), None)
        if entry.get(_DIRECTIVE) == "delete":
            merged = [known for known in merged if known.get(key) != entry[key]]
        elif at is None:
            merged.append(_merge_objects(type_name, {}, entry))
        else:
            merged[at] = _merge_objects(type_name, merged[at], entry)
    return merged


def _retain_keys(target: JsonObject, patch: JsonObject) -> None:
    kept = patch.get(_RETAIN_KEYS)
    if isinstance(kept, list):
        for field in [field for field in target if field not in kept]:
            del target[field]


def _delete_values(target: JsonObject, patch: JsonObject) -> None:
    for name, values in patch.items():
        if name.startswith(_DELETE_VALUES) and isinstance(values, list):
            field = name.removeprefix(_DELETE_VALUES)
            left = [value for value in target.get(field) or () if value not in values]
            target[field] = left
            if not left:
                del target[field]


def _set_orders(type_name: str, target: JsonObject, patch: JsonObject) -> None:
    for name, order in patch.items():
        if name.startswith(_ORDER) and isinstance(order, list):
            field = name.removeprefix(_ORDER)
            items = target.get(field)
            if isinstance(items, list):
                target[field] = _in_order(items, order, key=patch_merge_key(type_name, field))


def _in_order(items: list[Any], order: list[Any], *, key: str | None) -> list[Any]:  # any JSON items
    """Items the client ordered come in its order; those only the server knows keep their place relative to these."""
    wanted = [entry.get(key) if isinstance(entry, dict) else entry for entry in order]

    def identity(item: Any) -> Any:  # any JSON value
        return item.get(key) if isinstance(item, dict) else item

    ranks = {value: rank for rank, value in enumerate(wanted)}
    ordered = iter(sorted((i for i in items if identity(i) in ranks), key=lambda item: ranks[identity(item)]))
    return [next(ordered) if identity(item) in ranks else item for item in items]


def _is_directive(entry: Any) -> bool:  # any JSON value
    return isinstance(entry, dict) and _DIRECTIVE in entry
