"""A simulated world as the diagnosis would know it if it could read everything there is."""

from collections.abc import Iterator

from k8s_diagnosis.snapshot import EVERYWHERE, ClusterSnapshot, ContainerLogs, LogKey
from simulator.interfaces import Usage
from simulator.store import JsonObject
from tests.fakes.simulated_world import LivingWorld

TAIL = 60


def snapshot_of(living: LivingWorld) -> ClusterSnapshot:
    """All objects, the newest lines of all logs, usage, and the volumes of the kubelets' summaries."""
    objects = {resource.kind: list(living.store.list_objects(resource)) for resource in living.store}
    if living.world.usage.is_available:
        objects["PodMetrics"] = [found for pod in objects["Pod"] for found in _pod_metrics(living, pod)]
        objects["NodeMetrics"] = [found for node in objects["Node"] for found in _node_metrics(living, node)]
    objects["NodeSummary"] = [{"pods": [_volumes(living, pod) for pod in objects["Pod"]]}]
    logs = dict(entry for pod in objects["Pod"] for entry in _logs(living, pod))
    return ClusterSnapshot(living.clock.now(), objects, {kind: frozenset({EVERYWHERE}) for kind in objects}, logs)


def _place(item: JsonObject) -> dict[str, str]:
    return {"namespace": item["metadata"]["namespace"], "name": item["metadata"]["name"]}


def _pod_metrics(living: LivingWorld, pod: JsonObject) -> Iterator[JsonObject]:
    sample = living.world.usage.pod_usage(**_place(pod))
    if sample is not None:
        containers = [{"name": name, "usage": _quantities(usage)} for name, usage in sample.containers.items()]
        yield {"metadata": _place(pod), "containers": containers}


def _node_metrics(living: LivingWorld, node: JsonObject) -> Iterator[JsonObject]:
    sample = living.world.usage.node_usage(name=node["metadata"]["name"])
    if sample is not None:
        yield {"metadata": {"name": node["metadata"]["name"]}, "usage": _quantities(sample.total)}


def _quantities(usage: Usage) -> JsonObject:
    return {"cpu": f"{usage.cpu_nanocores}n", "memory": f"{usage.memory_kibibytes}Ki"}


def _volumes(living: LivingWorld, pod: JsonObject) -> JsonObject:
    namespace = pod["metadata"]["namespace"]
    return {
        "volume": [
            {
                "pvcRef": {"name": usage.claim, "namespace": namespace},
                "capacityBytes": usage.capacity_bytes,
                "usedBytes": usage.used_bytes,
            }
            for usage in living.world.usage.volumes_of(**_place(pod))
        ]
    }


def _logs(living: LivingWorld, pod: JsonObject) -> Iterator[tuple[LogKey, ContainerLogs]]:
    place = _place(pod)
    for container in [*(pod["spec"].get("initContainers") or []), *pod["spec"]["containers"]]:
        current, previous = (
            "\n".join(
                line.text
                for line in living.world.logs.read_log(
                    namespace=place["namespace"],
                    pod=place["name"],
                    container=container["name"],
                    previous=is_previous,
                    tail=TAIL,
                )
            )
            for is_previous in (False, True)
        )
        yield (place["namespace"], place["name"], container["name"]), ContainerLogs(current, previous)
