"""The finalize subresource of namespaces."""

from starlette.responses import Response

from simulator.api.answers import object_answer
from simulator.api.bodies import read_json_body
from simulator.api.context import ApiContext, Call
from simulator.api.reads import find_object
from simulator.api_resources import NAMESPACES
from simulator.store import JsonObject


def finalize_namespace(context: ApiContext, call: Call) -> Response:
    """Take finalizers off a namespace; without any, one that is being deleted is gone."""
    wanted = read_json_body(call.body, kind="Namespace", content_type=call.headers.get("content-type"))
    old = find_object(context, call)
    spec: JsonObject = {**(old.get("spec") or {}), "finalizers": (wanted.get("spec") or {}).get("finalizers") or []}
    stored = context.store.replace(NAMESPACES, {**old, "spec": spec})
    if not spec["finalizers"] and "deletionTimestamp" in stored["metadata"]:
        context.store.remove(NAMESPACES, name=call.info.name)
    return object_answer(context, call, stored)
