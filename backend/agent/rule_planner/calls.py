"""The tool calls the planner makes, and what its next step is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from backend.agent.rule_planner.intents import Kind, ReadLogs, Scope

PODS = "k8s-get-pods"
SERVICES = "k8s-get-services"
DEPLOYMENTS = "k8s-get-deployments"
NODES = "k8s-get-nodes"
EVENTS = "k8s-get-events"
LOGS = "k8s-get-logs"
DESCRIBE = "k8s-describe-pod"
DESCRIBE_OBJECT = "k8s-describe-resource"
SCALE = "k8s-scale-deployment"
RESOURCES = "k8s-get-resources"
TOP = "k8s-top"
RELATIONS = "k8s-get-relations"
HISTORY = "k8s-rollout-history"
CLUSTERS = "k8s-list-clusters"
CORDON = "k8s-cordon-node"
DELETE = "k8s-delete-resource"
DIAGNOSE = "k8s-diagnose"

MANY = 200
"""Rows asked for where names are looked up: enough for most namespaces, and one page of text."""
DEFAULT_TAIL = 50

_LIST_TOOLS = {Kind.PODS: PODS, Kind.SERVICES: SERVICES, Kind.DEPLOYMENTS: DEPLOYMENTS, Kind.NODES: NODES}


@dataclass(frozen=True, slots=True)
class PlannedCall:
    """One tool call."""

    tool: str
    arguments: Mapping[str, Any]  # Any: JSON


@dataclass(frozen=True, slots=True)
class CallTools:
    """Make these calls side by side, then plan again."""

    calls: tuple[PlannedCall, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """Say this; the turn is over."""

    text: str


Plan: TypeAlias = CallTools | Answer

_ENGLISH_ERRORS = "error fatal panic exception traceback critical severe failed failure refused denied timeout"
_ERROR_LINES = rf"(?i)\b({_ENGLISH_ERRORS.replace(' ', '|')})\b|错误|异常|失败"


def list_objects(kind: Kind, *, scope: Scope, limit: int = MANY, only_abnormal: bool = False) -> PlannedCall:
    arguments: dict[str, Any] = {} if kind is Kind.NODES else dict(scope.as_arguments())  # Any: JSON
    if only_abnormal and kind is Kind.PODS:
        arguments["only_abnormal"] = True
    return PlannedCall(_LIST_TOOLS[kind], arguments | {"limit": limit})


def list_kind(plural: str, *, scope: Scope, limit: int = MANY) -> PlannedCall:
    """Objects of any kind."""
    return PlannedCall(RESOURCES, {"kind": plural, **scope.as_arguments(), "limit": limit})


def diagnose(*, scope: Scope) -> PlannedCall:
    return PlannedCall(DIAGNOSE, {**scope.as_arguments(), "limit": 30})


def describe_pod(*, name: str, namespace: str) -> PlannedCall:
    return PlannedCall(DESCRIBE, {"name": name, "namespace": namespace})


def read_logs(*, pod: str, namespace: str, previous: bool, tail: int = DEFAULT_TAIL) -> PlannedCall:
    return PlannedCall(LOGS, {"pod": pod, "namespace": namespace, "previous": previous, "tail": tail})


def read_asked_logs(intent: ReadLogs, *, pod: str, namespace: str, previous: bool) -> PlannedCall:
    """The log call with everything the question asked for."""
    call = read_logs(pod=pod, namespace=namespace, previous=previous, tail=intent.tail or DEFAULT_TAIL)
    wanted = {
        "container": intent.container,
        "since_seconds": intent.since_seconds,
        "contains": _ERROR_LINES if intent.only_errors else intent.contains,
        "regex": intent.only_errors,
    }
    return PlannedCall(call.tool, {**call.arguments, **{key: value for key, value in wanted.items() if value}})


def list_events(*, scope: Scope, only_warnings: bool, limit: int) -> PlannedCall:
    arguments: dict[str, Any] = {**scope.as_arguments(), "limit": limit}  # Any: JSON
    return PlannedCall(EVENTS, arguments | ({"only_warnings": True} if only_warnings else {}))


def scale(*, name: str, namespace: str, replicas: int) -> PlannedCall:
    return PlannedCall(SCALE, {"name": name, "namespace": namespace, "replicas": replicas})
