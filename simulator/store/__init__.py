"""The state of the simulated cluster: objects, their versions and their history. No HTTP, no asyncio."""

from simulator.store.errors import (
    AlreadyExists,
    Conflict,
    Expired,
    NotFound,
    PreconditionFailed,
    StoreError,
    VersionTooLarge,
)
from simulator.store.history import Change, ChangeKind
from simulator.store.json_types import JsonObject
from simulator.store.object_store import DeletionTerms, Listener, ObjectStore
from simulator.store.selectors import (
    FieldSelector,
    LabelSelector,
    SelectorError,
    matches_label_selector,
    parse_field_selector,
    parse_label_selector,
)

__all__ = [
    "AlreadyExists",
    "Change",
    "ChangeKind",
    "Conflict",
    "DeletionTerms",
    "Expired",
    "FieldSelector",
    "JsonObject",
    "LabelSelector",
    "Listener",
    "NotFound",
    "ObjectStore",
    "PreconditionFailed",
    "SelectorError",
    "StoreError",
    "VersionTooLarge",
    "matches_label_selector",
    "parse_field_selector",
    "parse_label_selector",
]
