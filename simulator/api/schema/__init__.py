"""The fields of every kind: what is known, of which type, and how lists of it merge."""

from simulator.api.schema.checking import Findings, check_object
from simulator.api.schema.definitions import definition_of, field_type, is_list, is_map, item_type
from simulator.api.schema.list_keys import associative_keys, is_primitive_set, patch_merge_key
from simulator.api.schema.nulls import without_nulls

__all__ = [
    "Findings",
    "associative_keys",
    "check_object",
    "definition_of",
    "field_type",
    "is_list",
    "is_map",
    "is_primitive_set",
    "item_type",
    "patch_merge_key",
    "without_nulls",
]
