"""Patches as people and models give them: read, checked, and tied to one version of the object."""

from __future__ import annotations

import json
from typing import Any

from k8s_diagnosis.objects.access import JsonObject, read_map
from k8s_mcp.cluster.changes import PatchForm
from k8s_mcp.cluster.interfaces import Resource

MAX_CHARACTERS = 100_000
_OPERATIONS = {"add", "remove", "replace", "move", "copy", "test"}
Patch = JsonObject | list[Any]  # Any: operations, checked one by one


class BadPatch(ValueError):
    """The patch cannot be used; the text says what is wrong with it."""


def read_patch(given: Patch | str, *, wanted: str | None, resource: Resource) -> tuple[PatchForm, Patch]:
    """The patch and its form: the one that was named, or the one its shape and the kind mean.

    Raises BadPatch.
    """
    patch = _parse(given) if isinstance(given, str) else given
    if len(json.dumps(patch)) > MAX_CHARACTERS:
        raise BadPatch(f"the patch is longer than {MAX_CHARACTERS} characters")
    if not patch:
        raise BadPatch("the patch is empty")
    if isinstance(patch, list):
        if wanted not in {None, "json"}:
            raise BadPatch(f"a {wanted} patch is an object; a list of operations is a json patch")
        _check_operations(patch)
        return PatchForm.JSON, patch
    if wanted == "json":
        raise BadPatch(
            'a json patch is a list of operations such as {"op":"replace","path":"/spec/replicas","value":3}'
        )
    # Custom kinds have no merge rules for lists, so the API server refuses strategic patches of them.
    is_merge = wanted == "merge" or (wanted is None and not is_built_in(resource))
    return (PatchForm.MERGE if is_merge else PatchForm.STRATEGIC), patch


def is_built_in(resource: Resource) -> bool:
    """Whether Kubernetes itself defines the kind."""
    return "." not in resource.group or resource.group.endswith(".k8s.io")


def bind_patch(form: PatchForm, patch: Patch, *, version: str) -> Patch:
    """The same patch, which the API server takes only for that resourceVersion."""
    if isinstance(patch, list):
        # Replaced, not tested: a version that does not fit is answered as a conflict then, and not as a bad patch.
        return [*patch, {"op": "replace", "path": "/metadata/resourceVersion", "value": version}]
    return {**patch, "metadata": {**read_map(patch, "metadata"), "resourceVersion": version}}


def _parse(text: str) -> Patch:
    try:
        patch: Any = json.loads(text)  # Any: JSON
    except json.JSONDecodeError as error:
        raise BadPatch(f"the patch is no JSON ({error.msg} at character {error.pos})") from error
    if not isinstance(patch, dict | list):
        raise BadPatch("the patch is neither an object nor a list of operations")
    return patch


def _check_operations(patch: list[Any]) -> None:
    for number, operation in enumerate(patch, start=1):
        if not isinstance(operation, dict) or operation.get("op") not in _OPERATIONS:
            raise BadPatch(f"operation {number} needs an op of {', '.join(sorted(_OPERATIONS))}")
        path = operation.get("path")
        if not isinstance(path, str) or not path.startswith("/"):
            raise BadPatch(f"operation {number} needs a path that starts with /")
