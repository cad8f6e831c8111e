"""ConfigMaps and Secrets a pod needs and does not find."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from k8s_diagnosis.objects.access import read_text
from k8s_diagnosis.problem import Problem, Severity, Words
from k8s_diagnosis.snapshot import PodSnapshot
from k8s_diagnosis.text.names import find_nearest
from mcp_kit.sanitising import sanitise_line

_NOT_FOUND = re.compile(r'(?i)\b(configmap|secret)s? "([^"]+)" not found')
_KEY_MISSING = re.compile(r"(?i)couldn't find key (\S+) in (ConfigMap|Secret) [^/\s]+/(\S+)")
_KINDS = {"configmap": "ConfigMap", "secret": "Secret"}
_MAX_MESSAGE = 400


@dataclass(frozen=True, slots=True)
class _Missing:
    kind: str
    name: str
    key: str
    quote: str


def find_configmap_missing(snapshot: PodSnapshot) -> Problem | None:
    """A container or volume names a ConfigMap (or a key of it) that does not exist."""
    return _find_missing(snapshot, "ConfigMap", condition="configmap-missing")


def find_secret_missing(snapshot: PodSnapshot) -> Problem | None:
    """A container or volume names a Secret (or a key of it) that does not exist."""
    return _find_missing(snapshot, "Secret", condition="secret-missing")


def _find_missing(snapshot: PodSnapshot, kind: str, *, condition: str) -> Problem | None:
    missing = next((found for found in find_references(snapshot) if found.kind == kind), None)
    if missing is None:
        return None
    near = find_nearest(missing.name, among=snapshot.config_names.get(kind, ()), limit=3) if not missing.key else []
    return Problem(
        condition=condition,
        object=snapshot.workload,
        severity=Severity.CRITICAL,
        cause=_cause(snapshot, missing, near),
        evidence=tuple(
            [missing.quote] + ([f"existing {kind}s with a similar name: {', '.join(near)}"] if near else [])
        ),
        next_step=_next_step(snapshot, missing, near),
        confidence=0.97,
    )


def find_references(snapshot: PodSnapshot) -> Iterator[_Missing]:
    """Missing objects as the kubelet reports them: in the container's state, or in events while it waits."""
    is_waiting = False
    for case in snapshot.cases():
        reason, message = case.facts.waiting_reason, read_text(case.facts.waiting, "message")
        is_waiting = is_waiting or reason in {"ContainerCreating", "PodInitializing", "CreateContainerConfigError"}
        if reason == "CreateContainerConfigError":
            yield from _parse(message, f"{case.name}: state.waiting reason={reason}")
    if not is_waiting:
        return
    for event in snapshot.events:
        if event.reason in {"FailedMount", "Failed"}:
            yield from _parse(event.message, f"event {event.reason} x{event.count}")


def _parse(message: str, source: str) -> Iterator[_Missing]:
    quote = f"{source}: {sanitise_line(message, max_characters=_MAX_MESSAGE)}"
    for key, kind, name in _KEY_MISSING.findall(message):
        yield _Missing(_KINDS[kind.lower()], name, key, quote)
    for kind, name in _NOT_FOUND.findall(message):
        yield _Missing(_KINDS[kind.lower()], name, "", quote)


def _cause(snapshot: PodSnapshot, missing: _Missing, near: list[str]) -> Words:
    place = snapshot.namespace
    if missing.key:
        return Words(
            f"The pod reads key {missing.key} from {missing.kind} {missing.name} in namespace {place}, "
            "which has no such key.",
            f"Pod 要读取命名空间 {place} 中 {missing.kind} {missing.name} 的键 {missing.key}，但其中没有这个键。",
        )
    hint_en = f" ({near[0]} exists)" if near else ""
    hint_zh = f"（存在 {near[0]}）" if near else ""
    return Words(
        f"The pod needs {missing.kind} {missing.name}, which does not exist in namespace {place}{hint_en}.",
        f"Pod 需要的 {missing.kind} {missing.name} 在命名空间 {place} 中不存在{hint_zh}。",
    )


def _next_step(snapshot: PodSnapshot, missing: _Missing, near: list[str]) -> Words:
    if missing.key:
        return Words(
            f"Add the key {missing.key} to {missing.kind} {missing.name}, or correct the key in {snapshot.workload}.",
            f"在 {missing.kind} {missing.name} 中添加键 {missing.key}，或在 {snapshot.workload} 中改正键名。",
        )
    other_en = f" (for example {near[0]})" if near else ""
    other_zh = f"（例如 {near[0]}）" if near else ""
    return Words(
        f"Create {missing.kind} {missing.name} in namespace {snapshot.namespace}, or correct the name in "
        f"{snapshot.workload}{other_en}; the pod starts by itself then.",
        f"在命名空间 {snapshot.namespace} 中创建 {missing.kind} {missing.name}，"
        f"或在 {snapshot.workload} 中改正名称{other_zh}；之后 Pod 会自动启动。",
    )
