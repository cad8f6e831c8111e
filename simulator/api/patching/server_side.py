"""Server-side apply: field managers, conflicts and what an applied configuration does to an object."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from simulator.api.patching.field_paths import Path, describe, from_fields, paths_of, read_path, remove_path, to_fields
from simulator.api.schema import associative_keys, field_type, is_list, item_type
from simulator.api.schema.list_keys import APPLY_KEY_DEFAULTS
from simulator.store import JsonObject


@dataclass(frozen=True, slots=True)
class ApplyConflict:
    manager: str
    api_version: str
    field: str
    operation: str = "Update"


@dataclass(frozen=True, slots=True)
class AppliedObject:
    """The object after an apply, or the conflicts that stand in its way."""

    item: JsonObject
    conflicts: tuple[ApplyConflict, ...] = ()


def apply_configuration(
    kind: str, live: JsonObject, wanted: JsonObject, *, manager: str, force: bool, time: str
) -> AppliedObject:
    """Merge a configuration into the live object as a field manager.

    Fields this manager applied before and no longer names are removed, unless somebody else owns them too.
    """
    entries = _managed(live)
    applied = paths_of(kind, wanted)
    changed = {path for path in applied if _differs(kind, live, wanted, path)}
    mine = next((e for e in entries if _is_mine(e, manager, "Apply")), None)
    others = [entry for entry in entries if entry is not mine]
    conflicts = _find_conflicts(others, changed)
    if conflicts and not force:
        return AppliedObject(live, tuple(conflicts))
    merged = _merge(kind, copy.deepcopy(live), wanted)
    taken = changed if force else set()
    kept = [_without(entry, taken) for entry in others]
    owned_by_others = set().union(*(from_fields(entry.get("fieldsV1") or {}) for entry in kept))
    if mine is not None:
        _remove_dropped(merged, from_fields(mine.get("fieldsV1") or {}) - applied - owned_by_others)
    entry = _entry(manager, "Apply", str(wanted.get("apiVersion", "")), time, applied)
    _set_managed(merged, [*(e for e in kept if e.get("fieldsV1")), entry])
    return AppliedObject(merged)


def record_update(
    kind: str, old: JsonObject | None, new: JsonObject, *, manager: str, time: str, subresource: str = ""
) -> None:
    """Note in `new` that a manager set the fields that changed; everybody else loses these fields."""
    before: JsonObject = old or {}
    changed = {path for path in paths_of(kind, new) if _differs(kind, before, new, path)}
    if not subresource:
        changed = {path for path in changed if path[0] != "f:status"}
    entries = _managed(old or new)
    if not changed:
        _set_managed(new, entries)
        return
    gone = {
        path for entry in entries for path in from_fields(entry.get("fieldsV1") or {}) if not _exists(kind, new, path)
    }
    mine = next((e for e in entries if _is_mine(e, manager, "Update", subresource)), None)
    kept = [_without(entry, changed | gone) for entry in entries if entry is not mine]
    own = from_fields(mine.get("fieldsV1") or {}) - gone if mine else set()
    entry = _entry(manager, "Update", new["apiVersion"], time, own | changed, subresource)
    _set_managed(new, [*(e for e in kept if e.get("fieldsV1")), entry])


def _managed(item: JsonObject) -> list[JsonObject]:
    return list(item.get("metadata", {}).get("managedFields") or ())


def _set_managed(item: JsonObject, entries: Sequence[JsonObject]) -> None:
    if entries:
        item["metadata"]["managedFields"] = list(entries)
    else:
        item["metadata"].pop("managedFields", None)


def _is_mine(entry: JsonObject, manager: str, operation: str, subresource: str = "") -> bool:
    found = (entry.get("manager"), entry.get("operation"), entry.get("subresource", ""))
    return found == (manager, operation, subresource)


def _entry(
    manager: str, operation: str, api_version: str, time: str, paths: set[Path], subresource: str = ""
) -> JsonObject:
    entry: JsonObject = {
        "manager": manager,
        "operation": operation,
        "apiVersion": api_version,
        "time": time,
        "fieldsType": "FieldsV1",
        "fieldsV1": to_fields(paths),
    }
    return {**entry, "subresource": subresource} if subresource else entry


def _without(entry: JsonObject, paths: set[Path]) -> JsonObject:
    owned = from_fields(entry.get("fieldsV1") or {})
    return entry if not owned & paths else {**entry, "fieldsV1": to_fields(owned - paths)}


def _differs(kind: str, live: JsonObject, wanted: JsonObject, path: Path) -> bool:
    return read_path(kind, live, path) != read_path(kind, wanted, path)


def _exists(kind: str, item: JsonObject, path: Path) -> bool:
    return read_path(kind, item, path)[0]


def _find_conflicts(others: Sequence[JsonObject], changed: set[Path]) -> list[ApplyConflict]:
    conflicts = []
    for entry in others:
        owned = from_fields(entry.get("fieldsV1") or {})
        about = (str(entry["manager"]), str(entry["apiVersion"]))
        fields = sorted(describe(path) for path in owned & changed if path[-1] != ".")
        conflicts += [ApplyConflict(*about, field, str(entry["operation"])) for field in fields]
    return conflicts


def _remove_dropped(item: JsonObject, paths: set[Path]) -> None:
    # Deepest first, so that an item is empty of what was owned before it is looked at itself; and the item before its
    # own key, without which it could not be found any more.
    for path in sorted(paths, key=lambda path: (-len(path), path[-1] != ".", path)):
        if path[-1] != "." or path[-2].startswith("k:"):
            remove_path(item, path)


def _merge(type_name: str, live: JsonObject, wanted: JsonObject) -> JsonObject:
    for field, value in wanted.items():
        live[field] = _merge_value(type_name, field, live.get(field), value)
    return live


def _merge_value(type_name: str, field: str, live: Any, wanted: Any) -> Any:  # any JSON value
    inner = field_type(type_name, field)
    keys = associative_keys(type_name, field)
    if isinstance(wanted, dict) and isinstance(live, dict):
        return _merge(inner, live, wanted)
    if isinstance(wanted, list) and isinstance(live, list) and keys and is_list(inner):
        return _merge_items(item_type(inner), live, wanted, keys=keys)
    return wanted


def _merge_items(
    type_name: str, live: list[JsonObject], wanted: list[JsonObject], *, keys: tuple[str, ...]
) -> list[JsonObject]:
    def identity(entry: JsonObject) -> tuple[Any, ...]:  # key values may be text or numbers
        return tuple(entry.get(key, APPLY_KEY_DEFAULTS.get(key)) for key in keys)

    merged = {identity(entry): entry for entry in live}
    for entry in wanted:
        known = merged.get(identity(entry))
        merged[identity(entry)] = _merge(type_name, known, entry) if known is not None else entry
    return list(merged.values())
