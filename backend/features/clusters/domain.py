"""What is known of a cluster at one moment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from backend.features.hosts.domain import Target


@dataclass(frozen=True, slots=True)
class Tally:
    """All objects of one kind, counted by state."""

    total: int
    by_state: Mapping[str, int]
    abnormal: int


@dataclass(frozen=True, slots=True)
class Node:
    """One node. A figure that is None is not known, which is not zero."""

    name: str
    state: str
    condition: str = ""
    """What is wrong with it by rule; empty when nothing is."""
    cpu_ratio: float | None = None
    """Used share of its processors, 0 to 1."""
    memory_ratio: float | None = None


@dataclass(frozen=True, slots=True)
class ClusterOverview:
    """One look at a cluster. A part that could not be read is None and named in `unknown`."""

    cluster: Target
    read_at: datetime
    """Of the oldest part."""
    nodes: Tally | None = None
    pods: Tally | None = None
    shown_nodes: tuple[Node, ...] = ()
    """The abnormal ones first; of a large cluster not all."""
    unknown: Mapping[str, str] = field(default_factory=dict)
    """Part → why it could not be read."""
