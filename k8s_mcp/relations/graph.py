"""Objects as points, relations as edges, and the part of them around one object."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

Point = tuple[str, str]
"""Kind and name; everything is of one namespace, or has none."""

SHARED_KINDS = frozenset(
    {"Node", "ServiceAccount", "StorageClass", "NetworkPolicy", "PersistentVolume", "IngressClass"}
)
"""Kinds that many unrelated objects meet in: they are shown and not walked through."""

USED_KINDS = frozenset({"ConfigMap", "Secret"})
"""Used by several workloads at times: who else uses them is only told when the question starts there."""

_MAX_STEPS = 6


@dataclass(frozen=True, slots=True)
class Edge:
    source: Point
    relation: str
    target: Point


@dataclass(frozen=True, slots=True)
class Graph:
    edges: Sequence[Edge]
    states: dict[Point, str] = field(default_factory=dict)
    """What is known of a point in a word or two: `2/3 ready`, `CrashLoopBackOff`."""
    known_kinds: frozenset[str] = frozenset()
    """Kinds that were read: a point of such a kind without a state does not exist."""

    def is_missing(self, point: Point) -> bool:
        return point[0] in self.known_kinds and point not in self.states


def around(graph: Graph, start: Point) -> list[Edge]:
    """Edges that lead to and from the start, nearest first, each once."""
    by_point: dict[Point, list[Edge]] = {}
    for edge in graph.edges:
        by_point.setdefault(edge.source, []).append(edge)
        by_point.setdefault(edge.target, []).append(edge)
    steps, waiting, found = {start: 0}, deque([start]), dict.fromkeys(by_point.get(start, ()))
    while waiting:
        point = waiting.popleft()
        if point != start and point[0] in SHARED_KINDS | USED_KINDS:
            continue
        for edge in by_point.get(point, ()):
            found.setdefault(edge)
            other = edge.target if edge.source == point else edge.source
            if other not in steps and steps[point] < _MAX_STEPS:
                steps[other] = steps[point] + 1
                waiting.append(other)
    return list(found)


def join_alike(edges: Iterable[Edge], *, keep: Point, limit: int) -> tuple[list[Edge], dict[Point, int]]:
    """Leave only the first pods of each owner, and say how many more there are: a hundred replicas tell nothing more.

    The point of the question is always kept.
    """
    shown_pods: dict[Point, set[Point]] = {}
    owners = {edge.target: edge.source for edge in edges if edge.target[0] == "Pod" and edge.relation == "owns"}
    for pod, owner in owners.items():
        shown_pods.setdefault(owner, set()).add(pod)
    hidden: set[Point] = set()
    more: dict[Point, int] = {}
    for owner, pods in shown_pods.items():
        ranked = sorted(pods, key=lambda pod: (pod != keep, pod))
        hidden.update(ranked[limit:])
        if len(ranked) > limit:
            more[owner] = len(ranked) - limit
    return [edge for edge in edges if edge.source not in hidden and edge.target not in hidden], more
