"""get, list and watch."""

from collections.abc import Callable

from starlette.responses import Response, StreamingResponse

from simulator.api import views
from simulator.api.answers import list_answer, object_answer
from simulator.api.context import ApiContext, Call
from simulator.api.encoding import encode, encode_bare, with_kind
from simulator.api.listing import Selection, list_page, read_selection
from simulator.api.negotiation import Accepted, choose_shape
from simulator.api.status_errors import not_found
from simulator.api.tables import table_event
from simulator.api.tables.rendering import partial_object
from simulator.api.watching import read_watch, stream_watch
from simulator.api_resources import ResourceType
from simulator.store import JsonObject

Convert = Callable[[JsonObject], JsonObject]


def get_object(context: ApiContext, call: Call) -> Response:
    return object_answer(context, call, find_object(context, call))


def find_object(context: ApiContext, call: Call) -> JsonObject:
    """The object a call names; raise 404."""
    namespace = call.info.namespace if call.resource.namespaced else ""
    item = context.store.find(call.resource, namespace=namespace, name=call.info.name)
    if item is None:
        raise not_found(call.resource, name=call.info.name)
    return item


def list_objects(context: ApiContext, call: Call) -> Response:
    selection = select(call)
    return list_answer(context, call, list_page(context.store, selection, call.query))


def select(call: Call, *, resource: ResourceType | None = None) -> Selection:
    namespace = call.info.namespace if call.resource.namespaced else ""
    return read_selection(resource or call.resource, namespace=namespace, name=call.info.name, query=call.query)


def watch_objects(context: ApiContext, call: Call) -> Response:
    accepted = choose_shape(call.accept)
    request = read_watch(select(call), call.query, store=context.store)
    render = _renderer(context, call, accepted)
    lines = stream_watch(request, store=context.store, hub=context.hub, render=render)
    headers = {"Cache-Control": "no-cache, private", "Content-Type": "application/json"}
    return StreamingResponse(lines, headers=headers)


def _renderer(context: ApiContext, call: Call, accepted: Accepted) -> Callable[[str, JsonObject], bytes]:
    if accepted.shape == "table":
        return _table_renderer(context, call, accepted)
    if accepted.shape == "metadata":
        return lambda _, item: encode(partial_object(item, accepted=accepted))

    def render_object(kind: str, item: JsonObject) -> bytes:
        if call.asked.is_view:
            return encode(views.shown(item, asked=call.asked))
        # Only what is still stored is worth remembering in encoded form.
        if kind in {"ADDED", "MODIFIED"}:
            return context.encoded.whole(item, resource=call.resource)
        return with_kind(encode_bare(item), resource=call.resource)

    return render_object


def _table_renderer(context: ApiContext, call: Call, accepted: Accepted) -> Callable[[str, JsonObject], bytes]:
    is_first = True

    def render_row(_: str, item: JsonObject) -> bytes:
        nonlocal is_first
        event = table_event(
            call.resource,
            item,
            accepted=accepted,
            include_object=call.query.get("includeObject", "Metadata"),
            now=context.clock.now(),
            is_first=is_first,
        )
        is_first = False
        return event

    return render_row
