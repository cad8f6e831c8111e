"""Nodes and pods of clusters by state, as the Kubernetes tools count them."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from backend.agent.domain import Json, ToolStatus
from backend.agent.interfaces import ToolSource
from backend.features.clusters.domain import ClusterOverview, Node, Tally
from backend.features.hosts.domain import Listing, Target
from backend.integrations.mcp_servers.cluster_findings import McpClusterFindings, name_cluster
from backend.integrations.mcp_servers.host_facts import call_reading
from backend.vocabulary.clock import Clock

PODS_TOOL = "k8s-get-pods"
NODES_TOOL = "k8s-get-nodes"
TOP_TOOL = "k8s-top"
_MOST_NODES = 100
_MAX_REASON = 300


class _Table(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    columns: list[str]
    rows: list[list[Any]]  # Any: cells
    total: int | None = None
    counts: dict[str, int] = {}
    abnormal: int = 0
    age_seconds: float | None = None

    @property
    def records(self) -> list[dict[str, Any]]:  # Any: cells
        return [dict(zip(self.columns, row, strict=False)) for row in self.rows]


class McpClusterOverviews:
    """Implements ClusterOverviewSource on the tool source. It calls only tools that are declared as reading."""

    def __init__(self, tools: ToolSource, *, clusters: McpClusterFindings, clock: Clock) -> None:
        """`clusters` says which clusters are watched."""
        self._tools = tools
        self._clusters = clusters
        self._clock = clock

    async def list_clusters(self) -> Listing:
        return await self._clusters.list_clusters()

    async def read(self, cluster: Target) -> ClusterOverview:
        now = self._clock.now()
        # Only the counts of the pods are wanted, and they are over all pages.
        pods, nodes, usage = await asyncio.gather(
            self._read_table(PODS_TOOL, cluster, all_namespaces=True, limit=1),
            self._read_table(NODES_TOOL, cluster, limit=_MOST_NODES),
            self._read_table(TOP_TOOL, cluster, of="nodes", limit=_MOST_NODES),
        )
        parts = {"pods": pods, "nodes": nodes, "usage": usage}
        tables = {name: part for name, part in parts.items() if isinstance(part, _Table)}
        age = max((table.age_seconds or 0.0 for table in tables.values()), default=0.0)
        return ClusterOverview(
            cluster=cluster,
            read_at=now - timedelta(seconds=age),
            nodes=_tally(tables.get("nodes")),
            pods=_tally(tables.get("pods")),
            shown_nodes=_read_nodes(tables.get("nodes"), usage=tables.get("usage")),
            unknown={name: part for name, part in parts.items() if isinstance(part, str)},
        )

    async def _read_table(self, tool: str, cluster: Target, **arguments: object) -> _Table | str:
        """The table, or why there is none."""
        asked: Json = {**arguments, **name_cluster(self._tools, tool, cluster=cluster)}
        outcome = await call_reading(self._tools, tool, arguments=asked)
        if outcome.status is not ToolStatus.OK:
            return outcome.text[:_MAX_REASON]
        try:
            return _Table.model_validate(outcome.structured)
        except ValidationError:
            return f"{tool} answered in an unknown form"


def _tally(table: _Table | None) -> Tally | None:
    """None also for a list whose end the server did not see."""
    if table is None or table.total is None:
        return None
    return Tally(total=table.total, by_state=table.counts, abnormal=table.abnormal)


def _read_nodes(nodes: _Table | None, *, usage: _Table | None) -> tuple[Node, ...]:
    if nodes is None:
        return ()
    used = {str(record.get("name")): record for record in (usage.records if usage else ())}
    return tuple(
        Node(
            name=name,
            state=str(record.get("status", "")),
            condition=str(record.get("problem", "")),
            cpu_ratio=_read_percent(used.get(name, {}), "cpu_used"),
            memory_ratio=_read_percent(used.get(name, {}), "memory_used"),
        )
        for record in nodes.records
        for name in [str(record.get("name", ""))]
    )


def _read_percent(record: Mapping[str, Any], column: str) -> float | None:  # Any: cells
    """`6%` as 0.06."""
    number = str(record.get(column, "")).strip().removesuffix("%")
    return int(number) / 100 if number.isascii() and number.isdigit() else None
