"""Bodies of clusters as they stand now."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from backend.features.clusters import domain
from backend.features.hosts.domain import Target, WatchedTarget
from backend.web.schemas.patrol import Words, name_check


class Tally(BaseModel):
    """The objects of one kind, counted by state."""

    model_config = ConfigDict(from_attributes=True)

    total: int
    by_state: dict[str, int]
    abnormal: int


class Node(BaseModel):
    """One node; a figure that is null is not known. Shares are 0 to 1."""

    name: str
    state: str
    condition: str
    """Id of what is wrong with it; empty when nothing is."""
    condition_title: Words | None
    cpu: float | None
    memory: float | None


class Diagnosis(BaseModel):
    """How patrol last looked at the cluster; `reason` also names what it could not read."""

    state: Literal["read", "unreachable", "unknown"]
    reason: str
    looked_at: datetime


class ClusterOverview(BaseModel):
    """A cluster now. A part that is null is named in `unknown`, or still awaited when `read_at` is null too."""

    id: str
    name: str
    read_at: datetime | None
    nodes: Tally | None
    pods: Tally | None
    shown_nodes: list[Node]
    """The abnormal ones first, at most 100."""
    unknown: dict[str, str]
    """Part (`nodes`, `pods`, `usage`) → why it could not be read."""
    diagnosis: Diagnosis | None
    """Null until the first patrol."""
    critical: int
    warnings: int
    """Open findings."""


class ClusterOverviewList(BaseModel):
    """`now` is the server's time, by which ages are told."""

    items: list[ClusterOverview]
    now: datetime


def read_overview(
    cluster: Target,
    seen: domain.ClusterOverview | None,
    *,
    watched: WatchedTarget | None,
    critical: int,
    warnings: int,
) -> ClusterOverview:
    nodes = None if seen is None else seen.nodes
    pods = None if seen is None else seen.pods
    return ClusterOverview(
        id=cluster.id,
        name=str(cluster),
        read_at=None if seen is None else seen.read_at,
        nodes=None if nodes is None else Tally.model_validate(nodes),
        pods=None if pods is None else Tally.model_validate(pods),
        shown_nodes=[] if seen is None else [_read_node(node) for node in seen.shown_nodes],
        unknown={} if seen is None else dict(seen.unknown),
        diagnosis=None if watched is None else _read_diagnosis(watched),
        critical=critical,
        warnings=warnings,
    )


def _read_node(node: domain.Node) -> Node:
    return Node(
        name=node.name,
        state=node.state,
        condition=node.condition,
        condition_title=name_check(node.condition),
        cpu=node.cpu_ratio,
        memory=node.memory_ratio,
    )


def _read_diagnosis(watched: WatchedTarget) -> Diagnosis:
    return Diagnosis(state=watched.state.value, reason=watched.reason, looked_at=watched.looked_at)
