"""JSON patch (RFC 6902) and JSON merge patch (RFC 7386)."""

import copy
from typing import Any

import jsonpatch
import jsonpointer

from simulator.api.status_errors import bad_request, unprocessable
from simulator.store import JsonObject


def apply_json_patch(item: JsonObject, operations: Any) -> JsonObject:  # any JSON: the client may send anything
    """Apply operations to a copy; raise 400 for what is no patch, 422 when it does not fit the object."""
    if not isinstance(operations, list):
        raise bad_request("error decoding patch: json: cannot unmarshal object into Go value of type jsonpatch.Patch")
    try:
        patched = jsonpatch.apply_patch(item, operations)
    except jsonpatch.InvalidJsonPatch as error:
        raise bad_request(f"error decoding patch: {error}") from error
    except (jsonpatch.JsonPatchException, jsonpointer.JsonPointerException) as error:
        raise unprocessable() from error
    if not isinstance(patched, dict):
        raise unprocessable()
    return patched


def apply_merge_patch(item: JsonObject, patch: Any) -> JsonObject:  # any JSON: the client may send anything
    """Apply a merge patch to a copy: null removes, objects merge, everything else replaces."""
    if not isinstance(patch, dict):
        raise bad_request(
            "error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}"
        )
    merged: JsonObject = _merge(copy.deepcopy(item), patch)
    return merged


def _merge(target: Any, patch: Any) -> Any:  # any JSON value
    if not isinstance(patch, dict):
        return patch
    result = target if isinstance(target, dict) else {}
    for field, value in patch.items():
        if value is None:
            result.pop(field, None)
        else:
            result[field] = _merge(result.get(field), value)
    return result
