"""Rows of k8s-get-nodes."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from k8s_diagnosis.objects.access import JsonObject, name_of, read_text
from k8s_diagnosis.objects.nodes import NodeCapacity, node_roles, node_status
from k8s_diagnosis.text.quantities import show_cpu, show_memory
from k8s_mcp.listing.pods import age_of
from k8s_mcp.listing.rows import Row
from k8s_mcp.listing.table import TableShape

NODE_TABLE = TableShape(
    kind="NodeList",
    noun="nodes",
    columns=(
        "name",
        "status",
        "roles",
        "age",
        "version",
        "cpu_requests",
        "memory_requests",
        "pods",
        "problem",
    ),
)

_UNKNOWN = "unknown"


def make_node_row(node: JsonObject, *, capacity: NodeCapacity, are_pods_known: bool, now: datetime) -> Row:
    """Without the right to list all pods, what they request stays unknown instead of zero."""
    status = node_status(node)
    allocatable, requested = capacity.allocatable, capacity.requested
    cpu = f"{show_cpu(requested.cpu)}/{show_cpu(allocatable.cpu)} ({_share(requested.cpu, allocatable.cpu)})"
    memory = (
        f"{show_memory(requested.memory)}/{show_memory(allocatable.memory)} "
        f"({_share(requested.memory, allocatable.memory)})"
    )
    pods = f"{capacity.pod_count}/{read_text(node, 'status', 'allocatable', 'pods') or '?'}"
    cells = (
        name_of(node),
        status,
        node_roles(node),
        age_of(node, now),
        read_text(node, "status", "nodeInfo", "kubeletVersion"),
        cpu if are_pods_known else _UNKNOWN,
        memory if are_pods_known else _UNKNOWN,
        pods if are_pods_known else _UNKNOWN,
        "",
    )
    return Row(key=(name_of(node),), cells=cells, status=status, is_abnormal=status != "Ready")


def _share(part: Decimal, whole: Decimal) -> str:
    return f"{int(part * 100 / whole)}%" if whole else "?"
