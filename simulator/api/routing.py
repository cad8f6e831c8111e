"""From a call to its handler."""

from collections.abc import Callable

from starlette.responses import Response

from simulator.api import deletes, reads, scaling, writes
from simulator.api.context import ApiContext, Call
from simulator.api.events_view import answer_newer_events
from simulator.api.kubelet_statistics import ask_kubelet
from simulator.api.metrics import read_metrics
from simulator.api.namespaces import finalize_namespace
from simulator.api.pod_logs import read_pod_log
from simulator.api.reviews import review_oneself
from simulator.api.status_errors import method_not_allowed, unknown_resource
from simulator.api_resources import (
    EVENTS_V1,
    METRICS_NODES,
    METRICS_PODS,
    SELFSUBJECTACCESSREVIEWS,
    SELFSUBJECTREVIEWS,
    SELFSUBJECTRULESREVIEWS,
    ResourceType,
)

Handler = Callable[[ApiContext, Call], Response]

_COMPUTED: dict[ResourceType, Handler] = {
    EVENTS_V1: answer_newer_events,
    METRICS_NODES: read_metrics,
    METRICS_PODS: read_metrics,
    SELFSUBJECTACCESSREVIEWS: review_oneself,
    SELFSUBJECTREVIEWS: review_oneself,
    SELFSUBJECTRULESREVIEWS: review_oneself,
}
_VERBS: dict[str, Handler] = {
    "get": reads.get_object,
    "list": reads.list_objects,
    "watch": reads.watch_objects,
    "create": writes.create_object,
    "update": writes.update_object,
    "patch": writes.patch_object,
    "delete": deletes.delete_object,
    "deletecollection": deletes.delete_collection,
}
_SUBRESOURCES: dict[tuple[str, str], Handler] = {
    ("log", "get"): read_pod_log,
    ("proxy", "get"): ask_kubelet,
    ("finalize", "update"): finalize_namespace,
    ("eviction", "create"): deletes.evict_pod,
    ("scale", "get"): scaling.get_scale,
    ("scale", "update"): scaling.put_scale,
    ("scale", "patch"): scaling.patch_scale,
    ("status", "get"): reads.get_object,
    ("status", "update"): writes.update_object,
    ("status", "patch"): writes.patch_object,
}


def answer_call(context: ApiContext, call: Call) -> Response:
    """Answer a call; raise ApiError."""
    if call.info.subresource:
        return _answer_subresource(context, call)
    handler = _COMPUTED.get(call.resource) or _VERBS.get(call.info.verb)
    if handler is None or not _fits_path(call):
        raise method_not_allowed()
    return handler(context, call)


def _answer_subresource(context: ApiContext, call: Call) -> Response:
    if call.resource.subresource(call.info.subresource) is None:
        raise unknown_resource()
    handler = _SUBRESOURCES.get((call.info.subresource, call.info.verb))
    if handler is None:
        raise method_not_allowed()
    return handler(context, call)


def _fits_path(call: Call) -> bool:
    """Objects are created on a collection, and changed or deleted by name."""
    if call.info.verb in {"update", "patch"}:
        return bool(call.info.name)
    if call.info.verb == "create":
        return not call.info.name and (bool(call.info.namespace) or not call.resource.namespaced)
    return call.info.verb in call.resource.verbs
