"""Rows of k8s-top: what is used, against what was asked for and what is allowed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from k8s_diagnosis.objects.access import JsonObject, name_of, namespace_of, read_map, read_maps
from k8s_diagnosis.objects.nodes import Requests, requests_of
from k8s_diagnosis.text.quantities import parse_quantity, show_cpu, show_memory
from k8s_mcp.listing.rows import Row
from k8s_mcp.listing.table import TableShape

SortBy = Literal["cpu", "memory"]

POD_USAGE_TABLE = TableShape(
    kind="PodUsage",
    noun="pods with metrics",
    columns=(
        "namespace",
        "name",
        "cpu",
        "cpu_request",
        "cpu_limit",
        "memory",
        "memory_request",
        "memory_limit",
        "warning",
    ),
)
NODE_USAGE_TABLE = TableShape(
    kind="NodeUsage",
    noun="nodes with metrics",
    columns=("name", "cpu", "cpu_used", "memory", "memory_used", "warning"),
)

_NEAR_LIMIT = Decimal("0.9")
_NODE_FULL = Decimal("0.9")


@dataclass(frozen=True, slots=True)
class Usage:
    """CPU in cores and memory in bytes."""

    cpu: Decimal
    memory: Decimal


def read_pod_usage(metrics: JsonObject) -> Usage:
    used = [_read_usage(each) for each in read_maps(metrics, "containers")]
    return Usage(sum((each.cpu for each in used), Decimal(0)), sum((each.memory for each in used), Decimal(0)))


def _read_usage(source: JsonObject) -> Usage:
    usage = read_map(source, "usage")
    return Usage(parse_quantity(usage.get("cpu")), parse_quantity(usage.get("memory")))


def make_pod_usage_row(metrics: JsonObject, pod: JsonObject | None, *, sort_by: SortBy) -> Row:
    """The pod itself may be unknown: it came or went between the two requests, or may not be read."""
    used = read_pod_usage(metrics)
    asked = requests_of(pod) if pod else Requests()
    allowed = _whole_limits(pod) if pod else Requests()
    warning = _warn(used, allowed)
    key = (namespace_of(metrics), name_of(metrics))
    cells = (
        *key,
        show_cpu(used.cpu),
        show_cpu(asked.cpu) if asked.cpu else "",
        show_cpu(allowed.cpu) if allowed.cpu else "",
        show_memory(used.memory),
        show_memory(asked.memory) if asked.memory else "",
        show_memory(allowed.memory) if allowed.memory else "",
        warning,
    )
    return Row((_rank(used, sort_by), *key), cells, "near limit" if warning else "ok", is_abnormal=bool(warning))


def _whole_limits(pod: JsonObject) -> Requests:
    """The sum of the limits; a container without one makes the whole pod unlimited."""
    limits = [read_map(each, "resources", "limits") for each in read_maps(pod, "spec", "containers")]
    cpu = [parse_quantity(each.get("cpu")) for each in limits]
    memory = [parse_quantity(each.get("memory")) for each in limits]
    return Requests(
        sum(cpu, Decimal(0)) if all(cpu) else Decimal(0), sum(memory, Decimal(0)) if all(memory) else Decimal(0)
    )


def _warn(used: Usage, allowed: Requests) -> str:
    found = []
    if allowed.memory and used.memory >= allowed.memory * _NEAR_LIMIT:
        found.append(f"memory at {int(used.memory * 100 / allowed.memory)}% of its limit: OOM kill is near")
    if allowed.cpu and used.cpu >= allowed.cpu * _NEAR_LIMIT:
        found.append(f"cpu at {int(used.cpu * 100 / allowed.cpu)}% of its limit: throttled")
    return "; ".join(found)


def make_node_usage_row(metrics: JsonObject, nodes: Mapping[str, JsonObject], *, sort_by: SortBy) -> Row:
    used, name = _read_usage(metrics), name_of(metrics)
    status = read_map(nodes.get(name), "status")
    whole = read_map(status, "allocatable") or read_map(status, "capacity")
    cpu, memory = parse_quantity(whole.get("cpu")), parse_quantity(whole.get("memory"))
    full = [
        f"{what} almost used up"
        for what, part, total in (("cpu", used.cpu, cpu), ("memory", used.memory, memory))
        if total and part >= total * _NODE_FULL
    ]
    cells = (
        name,
        f"{show_cpu(used.cpu)}/{show_cpu(cpu)}" if cpu else show_cpu(used.cpu),
        _percent(used.cpu, cpu),
        f"{show_memory(used.memory)}/{show_memory(memory)}" if memory else show_memory(used.memory),
        _percent(used.memory, memory),
        "; ".join(full),
    )
    return Row((_rank(used, sort_by), name), cells, "full" if full else "ok", is_abnormal=bool(full))


def _percent(part: Decimal, whole: Decimal) -> str:
    return f"{int(part * 100 / whole)}%" if whole else "?"


def _rank(used: Usage, sort_by: SortBy) -> float:
    """The largest first."""
    return -float(used.cpu if sort_by == "cpu" else used.memory)
