"""k8s-get-pods."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

from mcp.server.mcpserver import Context
from mcp_types import CallToolResult
from pydantic import Field

from k8s_mcp.cluster.interfaces import PODS, Selection
from k8s_mcp.diagnosis.problem import Problem
from k8s_mcp.diagnosis.rules import diagnose_pod
from k8s_mcp.diagnosis.snapshot import PodSnapshot
from k8s_mcp.listing.pods import POD_TABLE, make_pod_row
from k8s_mcp.listing.rows import Row, cut_page, digest_of
from k8s_mcp.listing.table import TableContext, make_table
from k8s_mcp.objects.pods import owner_path
from k8s_mcp.results import TableResult
from k8s_mcp.state import K8sState
from k8s_mcp.tools.arguments import AllNamespaces, Cursor, LabelSelector, Limit, Namespace
from k8s_mcp.tools.reading import (
    diagnose_all,
    list_warnings,
    make_snapshots,
    read_cursor,
    read_failed_logs,
    require_namespace,
    resolve_scope,
)

TOOL = "k8s-get-pods"

# The log decides what a crash is about; one pod per workload is read, and only for rows that are shown.
_LOG_READS = 5
_NEEDS_LOG = {"crash-exit-error", "liveness-too-aggressive", "readiness-failing"}

PodKey = tuple[str, str]


async def get_pods(
    ctx: Context[K8sState],
    namespace: Namespace = None,
    all_namespaces: AllNamespaces = False,
    label_selector: LabelSelector = None,
    only_abnormal: Annotated[bool, Field(description="True leaves healthy pods out.")] = False,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Annotated[CallToolResult, TableResult]:
    """List pods with status, restarts and, for abnormal ones, the named problem and its cause. Abnormal pods come
    first. Use this for questions such as which pods are broken and why."""
    state = ctx.request_context.lifespan_context
    scope = await resolve_scope(state.cluster, namespace=namespace, all_namespaces=all_namespaces)
    digest = digest_of([TOOL, scope, label_selector, only_abnormal])
    after = read_cursor(cursor, digest=digest)
    notes: list[str] = []
    pods, warnings = await asyncio.gather(
        state.cluster.list_objects(PODS, Selection(scope, label_selector)),
        list_warnings(state.cluster, scope, notes=notes),
    )
    if not pods:
        await require_namespace(state.cluster, scope)
    snapshots = make_snapshots(pods, warnings, state=state)
    problems = diagnose_all(snapshots)
    rows = [make_pod_row(snapshot.pod, problems=problems[key], now=snapshot.now) for key, snapshot in snapshots.items()]
    page = cut_page([row for row in rows if row.is_abnormal or not only_abnormal], limit=limit, after=after)
    shown = await _sharpen(page.rows, snapshots, state=state)
    context = TableContext(tool=TOOL, namespace=scope, digest=digest, notes=tuple(notes))
    return make_table(POD_TABLE, replace(page, rows=shown), context)


async def _sharpen(rows: Sequence[Row], snapshots: dict[PodKey, PodSnapshot], *, state: K8sState) -> tuple[Row, ...]:
    """Read logs where they decide between causes, and write the better answer into all rows of the workload."""
    examples: dict[str, PodSnapshot] = {}
    for row in rows:
        snapshot = snapshots[_key_of(row)]
        if any(problem.condition in _NEEDS_LOG for problem in row.problems) and len(examples) < _LOG_READS:
            examples.setdefault(owner_path(snapshot.pod), snapshot)
    tails = await asyncio.gather(*(read_failed_logs(state.cluster, snapshot) for snapshot in examples.values()))
    better = {
        owner: diagnose_pod(replace(snapshot, log_tails=tail))
        for (owner, snapshot), tail in zip(examples.items(), tails, strict=True)
        if tail
    }
    return tuple(_improve(row, snapshots[_key_of(row)], better) for row in rows)


def _improve(row: Row, snapshot: PodSnapshot, better: dict[str, list[Problem]]) -> Row:
    found = better.get(owner_path(snapshot.pod))
    if not found or not any(problem.condition in _NEEDS_LOG for problem in row.problems):
        return row
    return make_pod_row(snapshot.pod, problems=found, now=snapshot.now)


def _key_of(row: Row) -> PodKey:
    return str(row.cells[0]), str(row.cells[1])
