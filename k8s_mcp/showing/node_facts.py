"""What is promised on a node: sums over its pods, which no field of the node holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal

from k8s_diagnosis.objects.access import JsonObject, name_of, namespace_of, read_map, read_maps, read_text
from k8s_diagnosis.objects.nodes import Requests, node_roles, node_status, requests_of
from k8s_diagnosis.objects.pods import is_finished
from k8s_diagnosis.text.quantities import parse_quantity, show_cpu, show_memory

_LARGEST_PODS = 10


def node_facts(node: JsonObject, pods: Sequence[JsonObject] | None) -> dict[str, str]:
    """Without the right to list pods, what they promise stays unknown instead of zero."""
    facts = {"status": node_status(node), "roles": node_roles(node)}
    if pods is None:
        return {**facts, "requests": "unknown: the pods could not be read"}
    running = [pod for pod in pods if not is_finished(pod)]
    allocatable = read_map(node, "status", "allocatable") or read_map(node, "status", "capacity")
    cpu, memory = parse_quantity(allocatable.get("cpu")), parse_quantity(allocatable.get("memory"))
    requested, limited = _sum(map(requests_of, running)), _sum(map(_limits_of, running))
    return {
        **facts,
        "pods": f"{len(running)} of {read_text(allocatable, 'pods') or '?'}",
        "cpu": f"requests {_share(requested.cpu, cpu, show_cpu)}, limits {_share(limited.cpu, cpu, show_cpu)}",
        "memory": f"requests {_share(requested.memory, memory, show_memory)}, "
        f"limits {_share(limited.memory, memory, show_memory)}",
        "largest pods": _show_largest(running),
    }


def _limits_of(pod: JsonObject) -> Requests:
    limits = [read_map(each, "resources", "limits") for each in read_maps(pod, "spec", "containers")]
    return _sum(Requests(parse_quantity(each.get("cpu")), parse_quantity(each.get("memory"))) for each in limits)


def _sum(amounts: Iterable[Requests]) -> Requests:
    return sum(amounts, Requests())


def _share(part: Decimal, whole: Decimal, show: Callable[[Decimal], str]) -> str:
    return f"{show(part)}/{show(whole)} ({int(part * 100 / whole)}%)" if whole else f"{show(part)}/?"


def _show_largest(pods: Sequence[JsonObject]) -> str:
    ranked = sorted(pods, key=lambda pod: requests_of(pod).memory, reverse=True)[:_LARGEST_PODS]
    shown = [f"{namespace_of(pod)}/{name_of(pod)} {show_memory(requests_of(pod).memory)}" for pod in ranked]
    more = len(pods) - len(ranked)
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "") if shown else "none"
