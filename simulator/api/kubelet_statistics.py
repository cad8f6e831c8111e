"""What a kubelet answers through the API server's proxy: its summary of usage. Nothing else is asked of it."""

from starlette.responses import Response

from simulator.api.answers import json_answer, text_answer
from simulator.api.context import ApiContext, Call
from simulator.api.reads import find_object
from simulator.api.status_errors import PageNotFound
from simulator.api_resources import PODS
from simulator.clock import format_time
from simulator.interfaces import Usage, UsageSample, VolumeUsage
from simulator.store import JsonObject

SUMMARY = "stats/summary"
KUBELET_PORT = 10250
BYTES_PER_FILE = 16384


def ask_kubelet(context: ApiContext, call: Call) -> Response:
    """GET nodes/NAME/proxy/stats/summary; 404 for another path, 503 when the kubelet does not answer."""
    node = find_object(context, call)
    if call.info.proxied != SUMMARY:
        raise PageNotFound
    if _is_silent(node):
        address = next(item["address"] for item in node["status"]["addresses"] if item["type"] == "InternalIP")
        problem = f"dial tcp {address}:{KUBELET_PORT}: connect: connection refused"
        return text_answer(f"Error trying to reach service: '{problem}'", code=503)
    return json_answer(_summarise(context, node))


def _is_silent(node: JsonObject) -> bool:
    conditions = (node.get("status") or {}).get("conditions") or []
    return any(item["type"] == "Ready" and item["status"] == "Unknown" for item in conditions)


def _summarise(context: ApiContext, node: JsonObject) -> JsonObject:
    name = node["metadata"]["name"]
    sample = context.usage.node_usage(name=name)
    pods = [pod for pod in context.store.list_objects(PODS) if pod["spec"].get("nodeName") == name]
    described = (_describe_pod(context, pod) for pod in pods)
    head: JsonObject = {"nodeName": name, "startTime": node["metadata"]["creationTimestamp"]}
    if sample is not None:
        head |= _usage(sample, sample.total)
    return {"node": head, "pods": [pod for pod in described if pod is not None]}


def _describe_pod(context: ApiContext, pod: JsonObject) -> JsonObject | None:
    metadata = pod["metadata"]
    place = {"namespace": metadata["namespace"], "name": metadata["name"]}
    sample = context.usage.pod_usage(**place)
    if sample is None:
        return None
    containers = [{"name": name, **_usage(sample, usage)} for name, usage in sample.containers.items()]
    time = format_time(context.clock.now())
    volumes = [_describe_volume(volume, place["namespace"], time) for volume in context.usage.volumes_of(**place)]
    shown: JsonObject = {
        "podRef": {**place, "uid": metadata["uid"]},
        "startTime": (pod.get("status") or {}).get("startTime"),
        "containers": containers,
        **_usage(sample, sample.total),
    }
    return {**shown, "volume": volumes} if volumes else shown


def _describe_volume(usage: VolumeUsage, namespace: str, time: str) -> JsonObject:
    files, used = usage.capacity_bytes // BYTES_PER_FILE, usage.used_bytes // BYTES_PER_FILE
    return {
        "time": time,
        "availableBytes": usage.capacity_bytes - usage.used_bytes,
        "capacityBytes": usage.capacity_bytes,
        "usedBytes": usage.used_bytes,
        "inodesFree": files - used,
        "inodes": files,
        "inodesUsed": used,
        "name": usage.volume,
        "pvcRef": {"name": usage.claim, "namespace": namespace},
    }


def _usage(sample: UsageSample, usage: Usage) -> JsonObject:
    time = format_time(sample.time)
    bytes_used = usage.memory_kibibytes * 1024
    return {
        "cpu": {"time": time, "usageNanoCores": usage.cpu_nanocores},
        "memory": {"time": time, "usageBytes": bytes_used, "workingSetBytes": bytes_used},
    }
