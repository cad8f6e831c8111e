"""The scale subresource: replicas of a workload as an autoscaling/v1 Scale."""

import copy

from starlette.responses import Response

from simulator.api.answers import json_answer
from simulator.api.bodies import read_json_body, read_patch_body
from simulator.api.context import ApiContext, Call
from simulator.api.patching import apply_json_patch, apply_merge_patch, record_update
from simulator.api.reads import find_object
from simulator.api.schema import check_object
from simulator.api.status_errors import bad_request, conflict, invalid, invalid_value, unsupported_media_type
from simulator.api.tables.columns import format_selector
from simulator.clock import format_time
from simulator.store import Conflict, JsonObject

_MERGE_TYPES = frozenset({"application/merge-patch+json", "application/strategic-merge-patch+json"})


def get_scale(context: ApiContext, call: Call) -> Response:
    return json_answer(_scale_of(find_object(context, call)))


def put_scale(context: ApiContext, call: Call) -> Response:
    scale = read_json_body(call.body, kind="Scale", content_type=call.headers.get("content-type"))
    return _store_scale(context, call, scale)


def patch_scale(context: ApiContext, call: Call) -> Response:
    media_type = call.headers.get("content-type", "").partition(";")[0].strip().lower()
    current = _scale_of(find_object(context, call))
    patch = read_patch_body(call.body)
    if media_type in _MERGE_TYPES:
        return _store_scale(context, call, apply_merge_patch(current, patch))
    if media_type == "application/json-patch+json":
        return _store_scale(context, call, apply_json_patch(current, patch))
    raise unsupported_media_type()


def _scale_of(item: JsonObject) -> JsonObject:
    metadata, spec = item["metadata"], item["spec"]
    shown = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    status: JsonObject = {"replicas": item.get("status", {}).get("replicas", 0)}
    selector = format_selector(_as_label_selector(spec.get("selector")))
    if selector != "<none>":
        status["selector"] = selector
    replicas = {"replicas": spec["replicas"]} if spec.get("replicas") else {}
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {field: metadata[field] for field in shown if field in metadata},
        "spec": replicas,
        "status": status,
    }


def _as_label_selector(selector: JsonObject | None) -> JsonObject | None:
    """A ReplicationController selects by plain labels, everything else by a LabelSelector."""
    if not selector or "matchLabels" in selector or "matchExpressions" in selector:
        return selector
    return {"matchLabels": selector}


def _store_scale(context: ApiContext, call: Call, scale: JsonObject) -> Response:
    findings = check_object("Scale", scale)
    if findings.type_error:
        raise bad_request(f'Scale in version "v1" cannot be handled as a Scale: {findings.type_error}')
    old = find_object(context, call)
    replicas = (scale.get("spec") or {}).get("replicas") or 0
    if replicas < 0:
        cause = invalid_value("spec.replicas", str(replicas), "must be greater than or equal to 0")
        raise invalid(kind="Scale", group="autoscaling", name=call.info.name, causes=[cause])
    new = copy.deepcopy(old)
    new["spec"]["replicas"] = replicas
    version = (scale.get("metadata") or {}).get("resourceVersion")
    if version:
        new["metadata"]["resourceVersion"] = version
    now = format_time(context.clock.now())
    record_update(call.resource.schema, old, new, manager=call.field_manager, time=now, subresource="scale")
    try:
        prepared = context.store.prepare_replacement(call.resource, new, old=old)
        stored = prepared if call.is_dry_run else context.store.replace(call.resource, new)
    except Conflict as error:
        group = call.resource.group
        raise conflict(str(error), name=error.name, kind=call.resource.plural, group=group) from error
    return json_answer(_scale_of(stored))
