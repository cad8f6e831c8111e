"""The four kinds of patches, as plain functions over plain objects."""

from simulator.api.patching.plain import apply_json_patch, apply_merge_patch
from simulator.api.patching.server_side import AppliedObject, ApplyConflict, apply_configuration, record_update
from simulator.api.patching.strategic import apply_strategic_patch

__all__ = [
    "AppliedObject",
    "ApplyConflict",
    "apply_configuration",
    "apply_json_patch",
    "apply_merge_patch",
    "apply_strategic_patch",
    "record_update",
]
