"""Sets of field paths, and the FieldsV1 form in which metadata.managedFields keeps them."""

import json
from collections.abc import Iterator
from typing import Any

from simulator.api.schema import associative_keys, field_type, is_list, item_type
from simulator.api.schema.list_keys import APPLY_KEY_DEFAULTS
from simulator.store import JsonObject

Path = tuple[str, ...]
"""Steps as FieldsV1 writes them: `f:spec`, `k:{"name":"web"}`, `v:"value"`; `.` marks an item or object itself."""

_NOT_OWNED = (("f:apiVersion",), ("f:kind",))
_METADATA_NOT_OWNED = frozenset(
    {
        "creationTimestamp",
        "deletionGracePeriodSeconds",
        "deletionTimestamp",
        "generation",
        "managedFields",
        "name",
        "namespace",
        "resourceVersion",
        "selfLink",
        "uid",
    }
)


def paths_of(kind: str, item: JsonObject) -> set[Path]:
    """Every field an object sets, down to its leaves."""
    found = set(_walk_object(kind, item, ()))
    hidden = {("f:metadata", f"f:{name}") for name in _METADATA_NOT_OWNED}
    return {path for path in found if path not in _NOT_OWNED and path[:2] not in hidden and path != ("f:metadata", ".")}


def _walk_object(type_name: str, value: JsonObject, prefix: Path) -> Iterator[Path]:
    for field, entry in value.items():
        yield from _walk_value(type_name, field, entry, (*prefix, f"f:{field}"))


def _walk_value(type_name: str, field: str, value: Any, path: Path) -> Iterator[Path]:  # any JSON value
    inner = field_type(type_name, field)
    keys = associative_keys(type_name, field)
    if isinstance(value, dict) and value:
        if len(path) > 1:
            yield (*path, ".")
        yield from _walk_object(inner, value, path)
    elif isinstance(value, list) and keys and is_list(inner):
        yield (*path, ".")
        for entry in value:
            step = (*path, item_step(entry, keys))
            yield (*step, ".")
            yield from _walk_object(item_type(inner), entry, step)
    else:
        yield path


def item_step(entry: JsonObject, keys: tuple[str, ...]) -> str:
    values = {key: entry.get(key, APPLY_KEY_DEFAULTS.get(key)) for key in keys}
    return "k:" + json.dumps(values, separators=(",", ":"), sort_keys=True)


def to_fields(paths: set[Path]) -> JsonObject:
    """FieldsV1: nested objects whose keys are the steps."""
    root: JsonObject = {}
    for path in sorted(paths):
        node = root
        for step in path:
            node = node.setdefault(step, {})
    return root


def from_fields(fields: JsonObject) -> set[Path]:
    return set(_leaves(fields, ()))


def _leaves(node: JsonObject, prefix: Path) -> Iterator[Path]:
    for step, inner in node.items():
        if inner:
            yield from _leaves(inner, (*prefix, step))
        else:
            yield (*prefix, step)


def describe(path: Path) -> str:
    """A path for people: `.spec.template.spec.containers[name="web"].image`."""
    text = ""
    for step in path:
        if step.startswith("f:"):
            text += f".{step[2:]}"
        elif step.startswith("k:"):
            keys = json.loads(step[2:])
            text += "[" + ",".join(f"{key}={json.dumps(value)}" for key, value in keys.items()) + "]"
        elif step.startswith("v:"):
            text += f"[={step[2:]}]"
    return text


def read_path(kind: str, item: JsonObject, path: Path) -> tuple[bool, Any]:
    """Whether a path exists in an object, and its value (None for a `.` step)."""
    del kind
    value: Any = item  # walks open JSON
    for step in path:
        if step == ".":
            return True, None
        if step.startswith("f:"):
            if not isinstance(value, dict) or step[2:] not in value:
                return False, None
            value = value[step[2:]]
        else:
            value = _find_item(value, json.loads(step[2:]))
            if value is None:
                return False, None
    return True, value


def _find_item(items: Any, keys: JsonObject) -> Any:  # any JSON value
    for entry in items if isinstance(items, list) else ():
        found = {key: entry.get(key, APPLY_KEY_DEFAULTS.get(key)) for key in keys}
        if found == keys:
            return entry
    return None


def remove_path(item: JsonObject, path: Path) -> None:
    """Take a field or list item out of an object, if it is there."""
    steps = [step for step in path if step != "."]
    parent: Any = item  # walks open JSON
    for step in steps[:-1]:
        if step.startswith("f:"):
            parent = parent.get(step[2:]) if isinstance(parent, dict) else None
        else:
            parent = _find_item(parent, json.loads(step[2:]))
        if parent is None:
            return
    last = steps[-1]
    if last.startswith("f:") and isinstance(parent, dict):
        parent.pop(last[2:], None)
    elif last.startswith("k:") and isinstance(parent, list):
        found = _find_item(parent, json.loads(last[2:]))
        if found is not None:
            parent.remove(found)
