"""metrics.k8s.io: usage of nodes and pods, as the metrics server tells it."""

from starlette.responses import Response

from simulator.api.answers import json_answer, text_answer
from simulator.api.context import ApiContext, Call
from simulator.api.listing import read_selection
from simulator.api.status_errors import method_not_allowed, not_found
from simulator.api_resources import METRICS_NODES, NODES, PODS, ResourceType
from simulator.clock import format_time
from simulator.interfaces import Usage, UsageSample
from simulator.store import JsonObject


def read_metrics(context: ApiContext, call: Call) -> Response:
    if not context.usage.is_available:
        # The aggregator answers for an API that nobody serves, in plain text.
        return text_answer("service unavailable\n", code=503)
    if call.info.verb not in {"get", "list"}:
        raise method_not_allowed()
    measured = NODES if call.resource is METRICS_NODES else PODS
    namespace = call.info.namespace if measured.namespaced else ""
    if call.info.verb == "get":
        item = context.store.find(measured, namespace=namespace, name=call.info.name)
        entry = _describe(context, measured, item) if item else None
        if entry is None:
            raise not_found(measured, name=call.info.name)
        return json_answer({"kind": call.resource.kind, "apiVersion": call.resource.api_version, **entry})
    selection = read_selection(measured, namespace=namespace, query=call.query)
    items = context.store.list_objects(measured, namespace=selection.namespace)
    described = (_describe(context, measured, item) for item in items if selection.accepts(item))
    entries = [entry for entry in described if entry is not None]
    head = {"kind": call.resource.list_kind, "apiVersion": call.resource.api_version}
    return json_answer({**head, "metadata": {}, "items": entries})


def _describe(context: ApiContext, measured: ResourceType, item: JsonObject) -> JsonObject | None:
    metadata = item["metadata"]
    if measured is NODES:
        sample = context.usage.node_usage(name=metadata["name"])
    else:
        sample = context.usage.pod_usage(namespace=metadata["namespace"], name=metadata["name"])
    if sample is None:
        return None
    shown = {field: metadata[field] for field in ("name", "namespace") if field in metadata}
    shown["creationTimestamp"] = format_time(context.clock.now())
    if metadata.get("labels"):
        shown["labels"] = metadata["labels"]
    head = {"metadata": shown, "timestamp": format_time(sample.time), "window": _window(sample)}
    if measured is NODES:
        return {**head, "usage": _quantities(sample.total)}
    containers = [{"name": name, "usage": _quantities(usage)} for name, usage in sample.containers.items()]
    return {**head, "containers": containers}


def _window(sample: UsageSample) -> str:
    return f"{sample.window_seconds:.3f}".rstrip("0").rstrip(".") + "s"


def _quantities(usage: Usage) -> JsonObject:
    cpu = f"{usage.cpu_nanocores}n" if usage.cpu_nanocores else "0"
    return {"cpu": cpu, "memory": f"{usage.memory_kibibytes}Ki"}
