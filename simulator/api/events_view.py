"""events.k8s.io/v1: the stored core events in their newer shape."""

from collections.abc import Mapping
from dataclasses import replace

from starlette.responses import Response, StreamingResponse

from simulator.api import deletes, reads
from simulator.api.answers import json_answer, list_answer, object_answer
from simulator.api.bodies import read_json_body, read_patch_body
from simulator.api.context import ApiContext, Call
from simulator.api.encoding import encode
from simulator.api.listing import Page, list_page
from simulator.api.negotiation import choose_shape
from simulator.api.patching import apply_merge_patch
from simulator.api.status_errors import method_not_allowed
from simulator.api.watching import read_watch, stream_watch
from simulator.api.writes import store_changed, store_new
from simulator.api_resources import EVENTS
from simulator.store import JsonObject

# Field of events.k8s.io/v1 -> field of the core form.
_RENAMED = {
    "reportingController": "reportingComponent",
    "regarding": "involvedObject",
    "note": "message",
    "deprecatedSource": "source",
    "deprecatedFirstTimestamp": "firstTimestamp",
    "deprecatedLastTimestamp": "lastTimestamp",
    "deprecatedCount": "count",
}
_SAME = ("eventTime", "series", "reportingInstance", "action", "reason", "related", "type")


def to_newer_form(event: JsonObject) -> JsonObject:
    """A core event as events.k8s.io/v1 shows it."""
    shown: JsonObject = {"kind": "Event", "apiVersion": "events.k8s.io/v1", "metadata": event["metadata"]}
    shown["eventTime"] = event.get("eventTime")
    shown.update({field: event[field] for field in _SAME if field in event})
    for newer, core in _RENAMED.items():
        if event.get(core):
            shown[newer] = event[core]
    shown.setdefault("deprecatedSource", {})
    shown.setdefault("deprecatedFirstTimestamp", None)
    shown.setdefault("deprecatedLastTimestamp", None)
    return shown


def to_core_form(event: JsonObject) -> JsonObject:
    core: JsonObject = {"kind": "Event", "apiVersion": "v1", "metadata": event.get("metadata") or {}}
    core.update({field: event[field] for field in _SAME if field in event})
    core.update({_RENAMED[field]: value for field, value in event.items() if field in _RENAMED})
    core.setdefault("involvedObject", {})
    return core


def answer_newer_events(context: ApiContext, call: Call) -> Response:
    """Any request for events.k8s.io/v1."""
    core_call = replace(call, resource=EVENTS, asked=EVENTS, query=_translate(call.query))
    verb = call.info.verb
    if verb in {"delete", "deletecollection"}:
        handler = deletes.delete_object if verb == "delete" else deletes.delete_collection
        return handler(context, core_call)
    if verb in {"create", "update", "patch"}:
        return _write(context, call, core_call)
    if choose_shape(call.accept).shape != "object":
        shaped = {"get": reads.get_object, "list": reads.list_objects, "watch": reads.watch_objects}
        return shaped[verb](context, core_call)
    return _read(context, call, core_call)


def _read(context: ApiContext, call: Call, core_call: Call) -> Response:
    if call.info.verb == "get":
        return json_answer(to_newer_form(reads.find_object(context, core_call)))
    if call.info.verb == "list":
        page = list_page(context.store, reads.select(core_call), core_call.query)
        return list_answer(context, call, Page([to_newer_form(item) for item in page.items], page.metadata))
    request = read_watch(reads.select(core_call), core_call.query, store=context.store)
    lines = stream_watch(request, store=context.store, hub=context.hub, render=_render)
    return StreamingResponse(lines, headers={"Cache-Control": "no-cache, private", "Content-Type": "application/json"})


def _render(kind: str, item: JsonObject) -> bytes:
    if kind == "BOOKMARK":
        return encode({**item, "apiVersion": "events.k8s.io/v1"})
    return encode(to_newer_form(item))


def _write(context: ApiContext, call: Call, core_call: Call) -> Response:
    content_type = call.headers.get("content-type")
    if call.info.verb == "create":
        given = read_json_body(call.body, kind="Event", content_type=content_type)
        created = store_new(context, core_call, to_core_form(given))
        return object_answer(context, call, to_newer_form(created), code=201)
    old = reads.find_object(context, core_call)
    if call.info.verb == "update":
        changed = read_json_body(call.body, kind="Event", content_type=content_type)
    elif content_type in {"application/merge-patch+json", "application/strategic-merge-patch+json"}:
        changed = apply_merge_patch(to_newer_form(old), read_patch_body(call.body))
    else:
        raise method_not_allowed()
    stored = store_changed(context, core_call, to_core_form(changed), old=old)
    return object_answer(context, call, to_newer_form(stored))


def _translate(query: Mapping[str, str]) -> dict[str, str]:
    """The same query with the core names of fields in its field selector."""
    translated = dict(query.items())
    selector = translated.get("fieldSelector", "")
    selector = selector.replace("regarding.", "involvedObject.").replace("reportingController", "reportingComponent")
    if selector:
        translated["fieldSelector"] = selector
    return translated
