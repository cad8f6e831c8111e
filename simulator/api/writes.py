"""create, update and patch: decode, complete, validate, store."""

import copy
from collections.abc import Callable
from dataclasses import replace
from random import Random

from starlette.responses import Response

from simulator.api import views
from simulator.api.access import authorize
from simulator.api.admission import apply_defaults, validate_create, validate_update
from simulator.api.admission.policies import check_new, complete_new
from simulator.api.answers import object_answer
from simulator.api.bodies import read_patch_body, read_yaml_patch
from simulator.api.context import ApiContext, Call
from simulator.api.decoding import Decoded, check_decoded, decode_object
from simulator.api.patching import (
    apply_configuration,
    apply_json_patch,
    apply_merge_patch,
    apply_strategic_patch,
    record_update,
)
from simulator.api.patching.server_side import ApplyConflict
from simulator.api.reads import find_object
from simulator.api.schema import without_nulls
from simulator.api.status_errors import (
    ApiError,
    Cause,
    already_exists,
    bad_request,
    conflict,
    invalid,
    not_found,
    unsupported_media_type,
)
from simulator.api_resources import NAMESPACES, NODES, ResourceType
from simulator.clock import format_time
from simulator.store import AlreadyExists, Conflict, JsonObject

# Chooses addresses and suffixes; nothing is protected by them.
_random = Random()  # noqa: S311
_APPLY_TYPES = frozenset({"application/apply-patch+yaml", "application/apply-patch+json"})
_PATCHES: dict[str, Callable[[str, JsonObject, object], JsonObject]] = {
    "application/json-patch+json": lambda _, item, patch: apply_json_patch(item, patch),
    "application/merge-patch+json": lambda _, item, patch: apply_merge_patch(item, patch),
    "application/strategic-merge-patch+json": apply_strategic_patch,
}


def create_object(context: ApiContext, call: Call) -> Response:
    decoded = decode_object(context, call)
    created = store_new(context, call, decoded.item)
    return object_answer(context, call, created, code=201, headers=decoded.headers)


def store_new(context: ApiContext, call: Call, item: JsonObject) -> JsonObject:
    """Complete, validate and store a new object; raise 4xx."""
    resource = call.resource
    _place_in_namespace(context, call, item)
    metadata = item["metadata"]
    if not metadata.get("name") and metadata.get("generateName"):
        metadata["name"] = metadata["generateName"] + "".join(_random.choices("bcdfghjklmnpqrstvwxz2456789", k=5))
    # A kubelet registers its node with a status; of everything else the status is the controllers' to write.
    if resource is not NODES and resource.subresource("status"):
        item.pop("status", None)
    _admit_new(context, resource, item)
    now = format_time(context.clock.now())
    record_update(resource.schema, None, item, manager=call.field_manager, time=now)
    try:
        if call.is_dry_run:
            return context.store.preview_create(resource, item)
        return context.store.create(resource, item)
    except AlreadyExists as error:
        raise already_exists(resource, name=error.name) from error


def _admit_new(context: ApiContext, resource: ResourceType, item: JsonObject) -> None:
    """Complete a new object and judge it: by its own fields, then by what the cluster says; raise 403, 422 or 500."""
    apply_defaults(resource, item, is_new=True, random=_random)
    complete_new(context.store, resource, item)
    validate_create(resource, item)
    check_new(context.store, resource, item)


def _place_in_namespace(context: ApiContext, call: Call, item: JsonObject) -> None:
    metadata = item["metadata"] = dict(item.get("metadata") or {})
    # Who owns which field is for the server to know.
    metadata.pop("managedFields", None)
    if not call.resource.namespaced:
        metadata.pop("namespace", None)
        return
    wanted = call.info.namespace
    if metadata.get("namespace", wanted) != wanted:
        raise bad_request("the namespace of the provided object does not match the namespace sent on the request")
    metadata["namespace"] = wanted
    namespace = context.store.find(NAMESPACES, name=wanted)
    if namespace is None:
        raise not_found(NAMESPACES, name=wanted)
    if namespace["metadata"].get("deletionTimestamp"):
        raise _namespace_ends(call.resource, name=metadata.get("name", ""), namespace=wanted)


def _namespace_ends(resource: ResourceType, *, name: str, namespace: str) -> ApiError:
    reason = f"unable to create new content in namespace {namespace} because it is being terminated"
    cause = {
        "reason": "NamespaceTerminating",
        "message": f"namespace {namespace} is being terminated",
        "field": "metadata.namespace",
    }
    group = {"group": resource.group} if resource.group else {}
    details = {"name": name, **group, "kind": resource.plural, "causes": [cause]}
    return ApiError(403, "Forbidden", f'{resource.qualified_name} "{name}" is forbidden: {reason}', details=details)


def update_object(context: ApiContext, call: Call) -> Response:
    """PUT on an object or on its status."""
    old = find_object(context, call)
    decoded = decode_object(context, call)
    stored = store_changed(context, call, decoded.item, old=old)
    return object_answer(context, call, stored, headers=decoded.headers)


def store_changed(
    context: ApiContext, call: Call, item: JsonObject, *, old: JsonObject, is_apply: bool = False
) -> JsonObject:
    """Complete, validate and store the next state of an object; raise 4xx."""
    resource = call.resource
    _check_identity(call, item, old=old)
    new = _next_state(call, item, old=old)
    new = copy.deepcopy(new)
    apply_defaults(resource, new, is_new=False, random=_random)
    if call.info.subresource != "status":
        validate_update(resource, new, old=old)
    if not is_apply:
        now = format_time(context.clock.now())
        subresource = call.info.subresource
        record_update(resource.schema, old, new, manager=call.field_manager, time=now, subresource=subresource)
    try:
        if call.is_dry_run:
            return context.store.prepare_replacement(resource, new, old=old)
        return context.store.replace(resource, new)
    except Conflict as error:
        raise conflict(str(error), name=error.name, kind=resource.plural, group=resource.group) from error


def _check_identity(call: Call, item: JsonObject, *, old: JsonObject) -> None:
    metadata = item.setdefault("metadata", {})
    name, namespace = metadata.setdefault("name", call.info.name), old["metadata"].get("namespace", "")
    if name != call.info.name:
        raise bad_request(f"the name of the object ({name}) does not match the name on the URL ({call.info.name})")
    if metadata.get("namespace", namespace) != namespace:
        found = metadata["namespace"]
        raise bad_request(
            f"the namespace of the object ({found}) does not match the namespace on the URL ({namespace})"
        )
    if namespace:
        metadata["namespace"] = namespace
    uid = metadata.get("uid")
    if uid and uid != old["metadata"]["uid"]:
        text = f"Precondition failed: UID in precondition: {uid}, UID in object meta: {old['metadata']['uid']}"
        message = f'Operation cannot be fulfilled on {call.resource.qualified_name} "{name}": {text}'
        raise conflict(message, name=name, kind=call.resource.plural, group=call.resource.group)


def _next_state(call: Call, item: JsonObject, *, old: JsonObject) -> JsonObject:
    if call.info.subresource == "status":
        return _only_status(item, old=old)
    if call.resource.custom and call.resource.subresource("status") is None:
        return item
    return _all_but_status(item, old=old)


def _all_but_status(item: JsonObject, *, old: JsonObject) -> JsonObject:
    kept = {field: value for field, value in item.items() if field != "status"}
    return {**kept, "status": old["status"]} if "status" in old else kept


def _only_status(item: JsonObject, *, old: JsonObject) -> JsonObject:
    version = (item.get("metadata") or {}).get("resourceVersion")
    metadata = dict(old["metadata"])
    if version:
        metadata["resourceVersion"] = version
    return {**old, "metadata": metadata, "status": item.get("status") or {}}


def patch_object(context: ApiContext, call: Call) -> Response:
    """PATCH on an object or on its status, in any of the four forms."""
    media_type = call.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type in _APPLY_TYPES:
        return _apply_object(context, call)
    patch_function = _PATCHES.get(media_type)
    if patch_function is None:
        raise unsupported_media_type()
    patch = read_patch_body(call.body)
    if call.resource.custom and media_type == "application/strategic-merge-patch+json":
        raise unsupported_media_type()
    old = find_object(context, call)
    current = copy.deepcopy(views.shown(old, asked=call.asked))
    decoded = check_decoded(context, call, patch_function(call.asked.schema, current, patch))
    stored = store_changed(context, call, decoded.item, old=old)
    return object_answer(context, call, stored, headers=decoded.headers)


def _apply_object(context: ApiContext, call: Call) -> Response:
    decoded = check_decoded(context, call, read_yaml_patch(call.body))
    _check_apply_options(call, decoded.item)
    namespace = call.info.namespace if call.resource.namespaced else ""
    old = context.store.find(call.resource, namespace=namespace, name=call.info.name)
    if old is None:
        return _apply_new(context, call, decoded)
    applied = apply_configuration(
        call.resource.schema,
        old,
        decoded.item,
        manager=call.query["fieldManager"],
        force=call.query.get("force") == "true",
        time=format_time(context.clock.now()),
    )
    if applied.conflicts:
        raise _apply_conflict(applied.conflicts)
    # Fields that are no longer applied may have taken their parent with them.
    merged = without_nulls(call.resource.schema, applied.item)
    stored = store_changed(context, call, merged, old=old, is_apply=True)
    return object_answer(context, call, stored, headers=decoded.headers)


def _apply_new(context: ApiContext, call: Call, decoded: Decoded) -> Response:
    # An apply that makes the object needs the right to create it beside the one to patch.
    authorize(call.user, replace(call.info, verb="create"))
    applied = apply_configuration(
        call.resource.schema,
        {"metadata": {}},
        decoded.item,
        manager=call.query["fieldManager"],
        force=True,
        time=format_time(context.clock.now()),
    )
    item = {**decoded.item, "metadata": {**decoded.item["metadata"], "name": call.info.name}}
    _place_in_namespace(context, call, item)
    _admit_new(context, call.resource, item)
    item["metadata"]["managedFields"] = applied.item["metadata"]["managedFields"]
    store = context.store
    created = store.preview_create(call.resource, item) if call.is_dry_run else store.create(call.resource, item)
    return object_answer(context, call, created, code=201, headers=decoded.headers)


def _check_apply_options(call: Call, item: JsonObject) -> None:
    if not call.query.get("fieldManager"):
        cause = Cause("FieldValueRequired", "Required value: is required for apply patch", "fieldManager")
        raise invalid(kind="PatchOptions", group="meta.k8s.io", name="", causes=[cause])
    name = item.setdefault("metadata", {}).setdefault("name", call.info.name)
    if name != call.info.name:
        raise bad_request(f"the name of the object ({name}) does not match the name on the URL ({call.info.name})")
    if item["metadata"].get("managedFields"):
        raise bad_request("metadata.managedFields must be nil")


def _apply_conflict(conflicts: tuple[ApplyConflict, ...]) -> ApiError:
    by_manager: dict[str, list[str]] = {}
    causes = []
    for entry in conflicts:
        who = f'conflict with "{entry.manager}" using {entry.api_version}'
        by_manager.setdefault(who, []).append(entry.field)
        causes.append({"reason": "FieldManagerConflict", "message": who, "field": entry.field})
    count = f"{len(conflicts)} conflict{'s' if len(conflicts) > 1 else ''}"
    if len(conflicts) == 1:
        text = f"{causes[0]['message']}: {causes[0]['field']}"
    else:
        blocks = ["\n".join([f"{who}:", *(f"- {field}" for field in fields)]) for who, fields in by_manager.items()]
        text = blocks[0].replace("conflict with", "conflicts with", 1) if len(blocks) == 1 else "\n".join(blocks)
    return ApiError(409, "Conflict", f"Apply failed with {count}: {text}", details={"causes": causes})
