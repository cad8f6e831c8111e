"""Reads wishes for changes, and questions about usage, relations, revisions, clusters and other kinds."""

from dataclasses import replace
from typing import TypeAlias

from backend.agent.rule_planner import words
from backend.agent.rule_planner.intents import (
    ChangeWorkload,
    CordonNode,
    DeletePod,
    Kind,
    ListClusters,
    ListKind,
    Scope,
    ShowHistory,
    ShowRelations,
    ShowUsage,
    Target,
    WorkloadChange,
)

Change: TypeAlias = ChangeWorkload | CordonNode | DeletePod
FurtherLook: TypeAlias = ListKind | ListClusters | ShowUsage | ShowRelations | ShowHistory


def read_change(text: str, *, target: Target, scope: Scope) -> Change | None:
    """A change that a tool exists for. Whether it happens is decided by a person, on the exact call."""
    if words.UNCORDON.search(text):
        return CordonNode(target=target, is_cordoned=False)
    if words.CORDON.search(text):
        return CordonNode(target=target, is_cordoned=True)
    if words.DELETE_POD.search(text):
        return DeletePod(target=target, scope=scope)
    if words.ROLL_BACK.search(text):
        found = words.REVISION.search(text)
        revision = int(found[1] or found[2]) if found else None
        return ChangeWorkload(WorkloadChange.ROLL_BACK, target=_names_only(target), scope=scope, revision=revision)
    if words.RESTART.search(text):
        return ChangeWorkload(WorkloadChange.RESTART, target=target, scope=scope)
    return None


def read_further_look(text: str, *, target: Target, scope: Scope) -> FurtherLook | None:
    if words.CLUSTERS.search(text):
        return ListClusters()
    if words.RELATIONS.search(text) or words.HISTORY.search(text):
        return _read_about_one(text, target=target, scope=scope)
    kind = words.find_kind(text)
    if words.USAGE.search(text) and kind in {Kind.PODS, Kind.NODES, None}:
        return ShowUsage(
            subject="nodes" if kind is Kind.NODES else "pods", scope=scope, by="cpu" if "cpu" in text else "memory"
        )
    other = words.find_other_kind(text)
    # "all namespaces" says where to look, as soon as something else is said to be looked for.
    if other == "namespaces" and kind is not None:
        return None
    if other is not None and not words.ABNORMAL.search(text):
        return ListKind(kind=other, scope=scope)
    return None


def _read_about_one(text: str, *, target: Target, scope: Scope) -> FurtherLook | None:
    """In "what changed in web?" the place is the thing itself."""
    if not target.names and scope.namespace is not None:
        target, scope = Target(names=(scope.namespace,)), Scope()
    if not target.names:
        return None
    kind = ShowRelations if words.RELATIONS.search(text) else ShowHistory
    return kind(target=target, scope=scope)


def _names_only(target: Target) -> Target:
    return replace(target, names=tuple(name for name in target.names if not name.isdigit()))
