"""ConfigMaps and Secrets a pod needs and does not find."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from k8s_diagnosis.cases import PodCase
from k8s_diagnosis.objects.access import read_flag, read_map, read_maps, read_text
from k8s_diagnosis.problem import Problem, Severity, Words
from k8s_diagnosis.text.names import find_nearest
from mcp_kit.sanitising import sanitise_line

_NOT_FOUND = re.compile(r'(?i)\b(configmap|secret)s? "?([^"\s]+?)"? not found')
_KEY_MISSING = re.compile(r"(?i)couldn't find key (\S+) in (ConfigMap|Secret) [^/\s]+/(\S+)")
# Volumes with chosen keys: configmap references non-existent config key: app.yaml
_VOLUME_KEY = re.compile(r"(?i)(?:configmap|secret) references non-existent (?:config|secret) key: (\S+)")
_VOLUME_NAME = re.compile(r'for volume "([^"]+)"')
_KINDS = {"configmap": "ConfigMap", "secret": "Secret"}
_WAITING = {"ContainerCreating", "PodInitializing", "CreateContainerConfigError"}
_MAX_MESSAGE = 400
_PATIENCE_SECONDS = 60


@dataclass(frozen=True, slots=True)
class MissingReference:
    """A ConfigMap or Secret, or a key of one, that is not there."""

    kind: str
    name: str
    key: str
    quote: str

    @property
    def condition(self) -> str:
        return f"{self.kind.lower()}-{'key-' if self.key else ''}missing"


def find_configuration_missing(case: PodCase) -> Problem | None:
    """A container or volume names a ConfigMap, a Secret or a key of one that does not exist."""
    missing = next(find_references(case), None)
    if missing is None:
        return None
    return _key_missing(case, missing) if missing.key else _object_missing(case, missing)


def _object_missing(case: PodCase, missing: MissingReference) -> Problem:
    existing = [name for name in case.index.names(missing.kind, case.namespace) if name != missing.name]
    near = find_nearest(missing.name, among=existing, limit=3)
    hint_en, hint_zh = (f" ({near[0]} exists)", f"（存在 {near[0]}）") if near else ("", "")
    other_en, other_zh = (f" (for example {near[0]})", f"（例如 {near[0]}）") if near else ("", "")
    similar = (f"existing {missing.kind}s with a similar name: {', '.join(near)}",) if near else ()
    return Problem(
        condition=missing.condition,
        object=f"{missing.kind}/{case.namespace}/{missing.name}",
        subject=case.workload,
        severity=Severity.CRITICAL,
        cause=Words(
            f"The pods of {case.workload} need {missing.kind} {missing.name}, which does not exist in namespace "
            f"{case.namespace}{hint_en}.",
            f"{case.workload} 的 Pod 需要的 {missing.kind} {missing.name} 在命名空间 {case.namespace} "
            f"中不存在{hint_zh}。",
        ),
        evidence=(missing.quote, *similar),
        next_step=Words(
            f"Create {missing.kind} {missing.name} in namespace {case.namespace}, or correct the name in "
            f"{case.workload}{other_en}; the pod starts by itself then.",
            f"在命名空间 {case.namespace} 中创建 {missing.kind} {missing.name}，"
            f"或在 {case.workload} 中改正名称{other_zh}；之后 Pod 会自动启动。",
        ),
        confidence=0.97,
    )


def _key_missing(case: PodCase, missing: MissingReference) -> Problem:
    holder = case.index.find(missing.kind, case.namespace, missing.name)
    keys = sorted({*read_map(holder, "data"), *read_map(holder, "binaryData")})
    near = find_nearest(missing.key, among=keys, limit=3)
    hint_en, hint_zh = (f"; it has {', '.join(near)}", f"，但有 {', '.join(near)}") if near else ("", "")
    return Problem(
        condition=missing.condition,
        object=f"{missing.kind}/{case.namespace}/{missing.name}",
        subject=case.workload,
        detail=missing.key,
        severity=Severity.CRITICAL,
        cause=Words(
            f"The pods of {case.workload} read key {missing.key} from {missing.kind} {missing.name} in namespace "
            f"{case.namespace}, which has no such key{hint_en}.",
            f"{case.workload} 的 Pod 要读取命名空间 {case.namespace} 中 {missing.kind} {missing.name} 的键 "
            f"{missing.key}，"
            f"但其中没有这个键{hint_zh}。",
        ),
        evidence=(
            missing.quote,
            *((f"keys of {missing.kind} {missing.name}: {', '.join(keys[:10])}",) if keys else ()),
        ),
        next_step=Words(
            f"Add the key {missing.key} to {missing.kind} {missing.name}, or correct the key in {case.workload}"
            f"{f' ({near[0]})' if near else ''}.",
            f"在 {missing.kind} {missing.name} 中添加键 {missing.key}，或在 {case.workload} 中改正键名"
            f"{f'（{near[0]}）' if near else ''}。",
        ),
        confidence=0.97,
    )


def find_references(case: PodCase) -> Iterator[MissingReference]:
    """Missing objects as the kubelet reports them: in the container's state, or in events while it waits."""
    is_waiting = False
    for container in case.containers:
        reason, message = container.facts.waiting_reason, read_text(container.facts.waiting, "message")
        is_waiting = is_waiting or reason in _WAITING
        if reason == "CreateContainerConfigError":
            yield from _parse(case, message, f"{container.name}: state.waiting reason={reason}")
    if not is_waiting:
        return
    for event in reversed(case.events_of("FailedMount", "Failed")):
        yield from _parse(case, event.message, f"event {event.reason} x{event.count}")
    if not case.events and (case.age_seconds or 0) >= _PATIENCE_SECONDS:
        yield from _list_absent(case)


def _list_absent(case: PodCase) -> Iterator[MissingReference]:
    """What the volumes name and the cluster lacks, for want of events that would say so."""
    for volume in read_maps(case.pod, "spec", "volumes"):
        for source in [volume, *read_maps(volume, "projected", "sources")]:
            for field, kind in (("configMap", "ConfigMap"), ("secret", "Secret")):
                held = read_map(source, field)
                name = read_text(held, "secretName") or read_text(held, "name")
                if name and not read_flag(held, "optional") and case.index.is_missing(kind, case.namespace, name):
                    quote = f"{case.path}: spec.volumes {read_text(volume, 'name')} names {kind} {name}"
                    yield MissingReference(kind, name, "", quote)


def _parse(case: PodCase, message: str, source: str) -> Iterator[MissingReference]:
    quote = f"{source}: {sanitise_line(message, max_characters=_MAX_MESSAGE)}"
    for key, kind, name in _KEY_MISSING.findall(message):
        yield MissingReference(_KINDS[kind.lower()], name, key, quote)
    for key in _VOLUME_KEY.findall(message):
        volume = _VOLUME_NAME.search(message)
        reference = _volume_source(case, volume.group(1)) if volume else None
        if reference is not None:
            yield MissingReference(*reference, key, quote)
    for kind, name in _NOT_FOUND.findall(message):
        # Some versions write namespace/name.
        missing = MissingReference(_KINDS[kind.lower()], name.rpartition("/")[2], "", quote)
        # An event outlives its reason: the object may have been made since.
        if case.index.find(missing.kind, case.namespace, missing.name) is None:
            yield missing


def _volume_source(case: PodCase, volume_name: str) -> tuple[str, str] | None:
    """Kind and name of what a volume holds, also of a projected one with a single source."""
    for volume in read_maps(case.pod, "spec", "volumes"):
        if read_text(volume, "name") != volume_name:
            continue
        for source in [volume, *read_maps(volume, "projected", "sources")]:
            if read_map(source, "configMap"):
                return "ConfigMap", read_text(source, "configMap", "name")
            if read_map(source, "secret"):
                return "Secret", read_text(source, "secret", "secretName") or read_text(source, "secret", "name")
    return None
