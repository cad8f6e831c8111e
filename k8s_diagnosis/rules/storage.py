"""Claims that stay unbound, and volumes that cannot be mounted."""

from __future__ import annotations

import re
from collections.abc import Iterator

from k8s_diagnosis.cases import PodCase
from k8s_diagnosis.index import ClusterIndex
from k8s_diagnosis.objects.access import (
    JsonObject,
    name_of,
    namespace_of,
    object_path,
    read_map,
    read_maps,
    read_text,
    read_texts,
)
from k8s_diagnosis.objects.events import EventFacts
from k8s_diagnosis.objects.placement import has_node_choice, show_node_choice
from k8s_diagnosis.problem import Problem, Severity, Words
from k8s_diagnosis.rules.scheduling import read_scheduling
from k8s_diagnosis.text.names import find_nearest
from k8s_diagnosis.text.quantities import parse_quantity
from k8s_diagnosis.text.times import parse_time, seconds_between
from mcp_kit.sanitising import sanitise_line

_CLAIM_MISSING = re.compile(r'(?i)persistentvolumeclaim "([^"]+)" not found')
_UNBOUND = re.compile(
    r"(?i)unbound (?:immediate )?PersistentVolumeClaims|didn't find available persistent volumes|"
    r"bound to non-existent persistentvolume|binding volumes: timed out"
)
_VOLUME_AFFINITY = re.compile(r"(?i)volume node affinity|no available volume zone|PersistentVolume's node affinity")
_VOLUME_COUNT = re.compile(r"(?i)exceed max volume count")
_MULTI_ATTACH = re.compile(r"(?i)multi-attach error")
_VOLUME_IN_MULTI_ATTACH = re.compile(r'volume "([^"]+)"')
_TRANSIENT_MOUNT = re.compile(r"(?i)failed to sync (?:configmap|secret) cache|not registered|object .* not registered")
_CLASS_NOT_FOUND = re.compile(r'storageclass(?:\.storage\.k8s\.io)? "(?P<name>[^"]+)" not found')
_DEFAULT_CLASS = ("storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class")
_STARTING = {"ContainerCreating", "PodInitializing", ""}
_PROVISIONING_PATIENCE_SECONDS = 60
_PROVISIONER_PATIENCE_SECONDS = 180
_MOUNT_PATIENCE_SECONDS = 30
_RECENT_SECONDS = 900
_MAX_MESSAGE = 400


def space_of_claim(namespace: str, claim: str) -> str:
    """Stands for the room left in a claim's volume, in the chains of problems."""
    return f"PersistentVolumeClaim/{namespace}/{claim}#space"


def find_unbound_volume(case: PodCase) -> Problem | None:
    """The pod waits for a claim that is missing or not bound."""
    facts = read_scheduling(case)
    if facts is None:
        return None
    missing = _CLAIM_MISSING.search(facts.message)
    if missing:
        return _claim_missing(case, missing.group(1), facts.message)
    if not any(_UNBOUND.search(reason.text) for reason in facts.main):
        return None
    claims = [path for path in _claim_paths(case) if _is_unbound(case.index, path)] or _claim_paths(case)
    return Problem(
        condition="pending-unbound-volume",
        object=claims[0] if claims else case.workload,
        subject=case.workload,
        severity=Severity.CRITICAL,
        cause=Words(
            f"The pods of {case.workload} wait for the volume claim {_names(claims)}, which is not bound.",
            f"{case.workload} 的 Pod 在等待未绑定的存储卷声明 {_names(claims)}。",
        ),
        evidence=(f"PodScheduled=False: {facts.message}",),
        next_step=Words(
            "Look at the events of the claim: a storage class, a provisioner or a fitting PersistentVolume is missing.",
            "查看该声明的事件：缺少存储类、供给器或匹配的 PersistentVolume。",
        ),
        confidence=0.85,
        because=tuple(claims),
    )


def _claim_missing(case: PodCase, name: str, message: str) -> Problem:
    existing = case.index.names("PersistentVolumeClaim", case.namespace)
    near = find_nearest(name, among=existing, limit=3)
    hint_en, hint_zh = (f" ({near[0]} exists)", f"（存在 {near[0]}）") if near else ("", "")
    return Problem(
        condition="pvc-missing",
        object=f"PersistentVolumeClaim/{case.namespace}/{name}",
        subject=case.workload,
        severity=Severity.CRITICAL,
        cause=Words(
            f"The pods of {case.workload} need PersistentVolumeClaim {name}, which does not exist in namespace "
            f"{case.namespace}{hint_en}.",
            f"{case.workload} 的 Pod 需要的 PersistentVolumeClaim {name} 在命名空间 {case.namespace} "
            f"中不存在{hint_zh}。",
        ),
        evidence=(f"PodScheduled=False: {message}",),
        next_step=Words(
            f"Create the claim {name} in namespace {case.namespace}, or correct claimName in {case.workload}.",
            f"在命名空间 {case.namespace} 中创建声明 {name}，或改正 {case.workload} 中的 claimName。",
        ),
        confidence=0.96,
    )


def find_volume_node_affinity(case: PodCase) -> Problem | None:
    """The volume exists in another place than where the pod may go."""
    facts = read_scheduling(case)
    reasons = facts.reasons if facts is not None else ()
    is_counted_out = any(_VOLUME_COUNT.search(reason.text) for reason in reasons)
    if facts is None or not (is_counted_out or any(_VOLUME_AFFINITY.search(reason.text) for reason in reasons)):
        return None
    claims, choice = _claim_paths(case), show_node_choice(case.pod)
    places = [place for path in claims if (place := _place_of_volume(case.index, path))]
    where = f" ({'; '.join(places)})" if places else ""
    zh_where = f"（{'；'.join(places)}）" if places else ""
    bound = f" while it demands {choice}" if choice else ""
    zh_bound = f"，而它要求 {choice}" if choice else ""
    return Problem(
        condition="pending-volume-node-affinity",
        object=case.workload if has_node_choice(case.pod) or not claims else claims[0],
        subject=case.workload,
        severity=Severity.CRITICAL,
        cause=Words(
            f"The volume of {case.workload} can only be used on certain nodes{where}, and the pod cannot go "
            f"there{bound}.",
            f"{case.workload} 的存储卷只能在特定节点使用{zh_where}，而 Pod 无法调度到那里{zh_bound}。",
        ),
        evidence=(f"PodScheduled=False: {facts.message}", *(f"claim {path}" for path in claims[:3]), *places[:3]),
        next_step=Words(
            f"Let {case.workload} go to the node or zone of its volume (nodeSelector, room, cordons), or move the data "
            "to a "
            "new volume.",
            f"让 {case.workload} 可以调度到卷所在的节点或可用区（nodeSelector、资源、cordon），或把数据迁移到新的卷。",
        ),
        confidence=0.9,
    )


def find_mount_failing(case: PodCase) -> Problem | None:
    """A volume cannot be attached or mounted; first mounts that are merely slow pass by themselves."""
    if not any(each.facts.waiting_reason in _STARTING and not each.facts.is_running for each in case.containers):
        return None
    if (case.age_seconds or 0) < _MOUNT_PATIENCE_SECONDS:
        return None
    events = [
        event
        for event in case.events_of(
            "FailedAttachVolume", "FailedMount", "FailedMapVolume", within_seconds=_RECENT_SECONDS
        )
        if not _TRANSIENT_MOUNT.search(event.message)
    ]
    # It is told once per pod; afterwards the kubelet only says that it waits.
    multi = [event for event in case.events_of("FailedAttachVolume") if _MULTI_ATTACH.search(event.message)]
    if multi and not case.events_of("SuccessfulAttachVolume"):
        return _multi_attach(case, multi[-1])
    return _mount_failed(case, events) if events else None


def _multi_attach(case: PodCase, event: EventFacts) -> Problem:
    volume = _VOLUME_IN_MULTI_ATTACH.search(event.message)
    claim = _claim_of_volume(case, volume.group(1) if volume else "")
    users = [
        pod
        for pod in case.index.in_namespace("Pod", case.namespace)
        if name_of(pod) != case.name and claim and claim.rpartition("/")[2] in _claim_names(pod)
    ]
    others = ", ".join(f"{name_of(pod)} on {read_text(pod, 'spec', 'nodeName')}" for pod in users[:3])
    return Problem(
        condition="volume-multi-attach",
        object=case.workload,
        severity=Severity.CRITICAL,
        cause=Words(
            f"The volume of {case.workload} can be attached to one node at a time and is still attached elsewhere"
            + (f" (used by {others})." if others else "."),
            f"{case.workload} 的存储卷同一时间只能挂载到一个节点，目前仍挂载在别处"
            + (f"（被 {others} 使用）。" if others else "。"),
        ),
        evidence=(event.quote(), *((f"claim {claim}",) if claim else ())),
        next_step=Words(
            f"Use strategy Recreate (or a StatefulSet, or a ReadWriteMany volume) for {case.workload}, and see that "
            "the old "
            "pod is gone.",
            f"为 {case.workload} 使用 Recreate 策略（或 StatefulSet、ReadWriteMany 卷），并确认旧 Pod 已消失。",
        ),
        confidence=0.93,
    )


def _mount_failed(case: PodCase, events: list[EventFacts]) -> Problem | None:
    # The summary "Unable to attach or mount volumes: timed out" says less than the error of the mount itself.
    told = [event for event in events if "timed out waiting for the condition" not in event.message] or events
    event = told[-1]
    if sum(each.count for each in events) < 2 and (case.age_seconds or 0) < _RECENT_SECONDS / 3:
        return None
    claims = _claim_paths(case)
    message = sanitise_line(event.message, max_characters=_MAX_MESSAGE)
    return Problem(
        condition="volume-mount-failed",
        object=case.workload,
        severity=Severity.CRITICAL,
        cause=Words(
            f"A volume of {case.workload} cannot be mounted: {message}", f"{case.workload} 的存储卷无法挂载：{message}"
        ),
        evidence=tuple(each.quote() for each in told[-2:]),
        next_step=Words(
            f"Correct the volume in {case.workload} as the message says"
            + (f", and look at {_names(claims)}." if claims else "."),
            f"按消息改正 {case.workload} 的卷配置" + (f"，并检查 {_names(claims)}。" if claims else "。"),
        ),
        confidence=0.85,
        because=(*claims, f"Node//{case.node}"),
    )


def find_claims(index: ClusterIndex) -> Iterator[Problem]:
    """Claims that are not bound, or have lost their volume."""
    for claim in (*index.all("PersistentVolumeClaim"), *_claims_known_by_events(index)):
        phase = read_text(claim, "status", "phase")
        if phase == "Lost":
            yield _lost(claim)
        elif phase in {"Pending", ""} and _is_past_patience(index, claim):
            problem = _judge_pending(index, claim)
            if problem is not None:
                yield problem


def _claims_known_by_events(index: ClusterIndex) -> Iterator[JsonObject]:
    """Stand-ins for claims that a dump leaves out although it holds the events about them."""
    seen: set[tuple[str, str]] = set()
    for event in index.events_of_reason("ProvisioningFailed"):
        place, named = (event.namespace, event.name), _CLASS_NOT_FOUND.search(event.message)
        if place in seen or not named or index.is_complete("PersistentVolumeClaim", event.namespace):
            continue
        seen.add(place)
        if index.find("PersistentVolumeClaim", *place) is None:
            metadata = {"namespace": event.namespace, "name": event.name}
            yield {"metadata": metadata, "spec": {"storageClassName": named["name"]}}


def _judge_pending(index: ClusterIndex, claim: JsonObject) -> Problem | None:
    path = object_path("PersistentVolumeClaim", claim)
    events = index.events_about("PersistentVolumeClaim", namespace_of(claim), name_of(claim))
    failed = [event for event in events if event.reason in {"ProvisioningFailed", "FailedBinding"} and event.is_warning]
    wanted = claim.get("spec", {}).get("storageClassName")
    if isinstance(wanted, str) and wanted:
        gone = index.is_missing("StorageClass", "", wanted) or any(
            "storageclass" in event.message and "not found" in event.message for event in failed
        )
        if gone and not _matching_volume(index, claim, wanted):
            return _class_missing(index, claim, wanted, failed)
    elif _has_no_class(index, wanted) or any("no storage class is set" in event.message for event in events):
        unset = any(event.reason == "FailedBinding" for event in events)
        if (unset or index.is_complete("PersistentVolume")) and not _matching_volume(index, claim, ""):
            return _no_class(index, claim, wanted)
    # The provisioner is asked, and does nothing: it does not run.
    waiting = [event for event in events if event.reason == "ExternalProvisioning" and _lasts(event)]
    return _provisioning_failed(path, claim, (failed or waiting)[-1]) if failed or waiting else None


def _lasts(event: EventFacts) -> bool:
    return (seconds_between(event.first_seen, event.last_seen) or 0) >= _PROVISIONER_PATIENCE_SECONDS


def _has_no_class(index: ClusterIndex, wanted: object) -> bool:
    """An empty name turns provisioning off; no name at all does so only when there is no default class."""
    return wanted == "" or (wanted is None and index.is_complete("StorageClass") and not _default_classes(index))


def _class_missing(index: ClusterIndex, claim: JsonObject, wanted: str, failed: list[EventFacts]) -> Problem:
    existing = index.names("StorageClass", "")
    shown = ", ".join(existing[:6])
    hint_en, hint_zh = (f" (there are: {shown})", f"（现有：{shown}）") if shown else ("", "")
    path = object_path("PersistentVolumeClaim", claim)
    return Problem(
        condition="pvc-class-missing",
        object=path,
        severity=Severity.CRITICAL,
        cause=Words(
            f"The claim {name_of(claim)} names the StorageClass {wanted}, which does not exist{hint_en}.",
            f"声明 {name_of(claim)} 使用的 StorageClass {wanted} 不存在{hint_zh}。",
        ),
        evidence=(f"{path}: spec.storageClassName={wanted}", *(event.quote() for event in failed[-1:])),
        next_step=Words(
            f"Create the claim again with an existing StorageClass, or create the StorageClass {wanted}.",
            f"使用现有的 StorageClass 重建该声明，或创建 StorageClass {wanted}。",
        ),
        confidence=0.97,
    )


def _no_class(index: ClusterIndex, claim: JsonObject, wanted: object) -> Problem:
    path, name = object_path("PersistentVolumeClaim", claim), name_of(claim)
    default = next(iter(_default_classes(index)), "")
    why_en = (
        'sets storageClassName to "", which turns dynamic provisioning off'
        if wanted == ""
        else "names no StorageClass, and there is no default one"
    )
    why_zh = 'storageClassName 为 ""，即关闭了动态供给' if wanted == "" else "没有指定 StorageClass，且集群没有默认的"
    return Problem(
        condition="pvc-no-class",
        object=path,
        severity=Severity.CRITICAL,
        cause=Words(
            f"The claim {name} {why_en}, and no PersistentVolume fits.",
            f"声明 {name} 的 {why_zh}，且没有匹配的 PersistentVolume。",
        ),
        evidence=(
            f"{path}: spec.storageClassName={'(not set)' if wanted is None else repr(wanted)}",
            f"asks for {read_text(claim, 'spec', 'resources', 'requests', 'storage')} "
            f"{','.join(read_texts(claim, 'spec', 'accessModes'))}",
        ),
        next_step=Words(
            f"Create the claim again with a StorageClass{f' ({default})' if default else ''}, or create a "
            "PersistentVolume "
            "that fits.",
            f"使用 StorageClass{f'（{default}）' if default else ''} 重建该声明，或创建匹配的 PersistentVolume。",
        ),
        confidence=0.93,
    )


def _provisioning_failed(path: str, claim: JsonObject, event: EventFacts) -> Problem:
    return Problem(
        condition="pvc-provisioning-failed",
        object=path,
        severity=Severity.CRITICAL,
        cause=Words(
            f"No volume is made for the claim {name_of(claim)}: {event.message}",
            f"无法为声明 {name_of(claim)} 创建存储卷：{event.message}",
        ),
        evidence=(event.quote(),),
        next_step=Words(
            "Correct what the provisioner complains of (parameters, size, zone, quota), or look at its pods.",
            "改正供给器报告的问题（参数、大小、可用区、配额），或检查供给器的 Pod。",
        ),
        confidence=0.88,
    )


def _lost(claim: JsonObject) -> Problem:
    path, volume = object_path("PersistentVolumeClaim", claim), read_text(claim, "spec", "volumeName")
    return Problem(
        condition="pvc-lost",
        object=path,
        severity=Severity.CRITICAL,
        cause=Words(
            f"The claim {name_of(claim)} has lost its PersistentVolume {volume}, which no longer exists.",
            f"声明 {name_of(claim)} 绑定的 PersistentVolume {volume} 已不存在。",
        ),
        evidence=(f"{path}: status.phase=Lost", f"spec.volumeName={volume}"),
        next_step=Words(
            "Restore the PersistentVolume from a backup, or create the claim anew; the data of the old one is not "
            "reachable.",
            "从备份恢复该 PersistentVolume，或重建声明；旧卷的数据无法访问。",
        ),
        confidence=0.96,
    )


def _is_past_patience(index: ClusterIndex, claim: JsonObject) -> bool:
    age = seconds_between(parse_time(read_text(claim, "metadata", "creationTimestamp")), index.now)
    return age is None or age >= _PROVISIONING_PATIENCE_SECONDS


def _default_classes(index: ClusterIndex) -> list[str]:
    return [
        name_of(each)
        for each in index.all("StorageClass")
        if any(read_text(read_map(each, "metadata", "annotations"), key) == "true" for key in _DEFAULT_CLASS)
    ]


def _matching_volume(index: ClusterIndex, claim: JsonObject, wanted: str) -> bool:
    """Whether a free volume fits; binding then only takes its time."""
    size = parse_quantity(read_text(claim, "spec", "resources", "requests", "storage"))
    modes = set(read_texts(claim, "spec", "accessModes"))
    return any(
        read_text(volume, "status", "phase") == "Available"
        and read_text(volume, "spec", "storageClassName") == wanted
        and parse_quantity(read_text(volume, "spec", "capacity", "storage")) >= size
        and modes <= set(read_texts(volume, "spec", "accessModes"))
        for volume in index.all("PersistentVolume")
    )


def _is_unbound(index: ClusterIndex, path: str) -> bool:
    claim = index.find_path(path)
    return claim is not None and read_text(claim, "status", "phase") != "Bound"


def _claim_names(pod: JsonObject) -> list[str]:
    names = []
    for volume in read_maps(pod, "spec", "volumes"):
        if read_map(volume, "persistentVolumeClaim"):
            names.append(read_text(volume, "persistentVolumeClaim", "claimName"))
        elif read_map(volume, "ephemeral"):
            names.append(f"{name_of(pod)}-{read_text(volume, 'name')}")
    return names


def _claim_paths(case: PodCase) -> list[str]:
    return [f"PersistentVolumeClaim/{case.namespace}/{name}" for name in _claim_names(case.pod)]


def _claim_of_volume(case: PodCase, volume: str) -> str:
    for path in _claim_paths(case):
        if read_text(case.index.find_path(path), "spec", "volumeName") == volume:
            return path
    return next(iter(_claim_paths(case)), "")


def _place_of_volume(index: ClusterIndex, claim_path: str) -> str:
    """Where the volume of a claim can be used, as its node affinity says."""
    name = read_text(index.find_path(claim_path), "spec", "volumeName")
    volume = index.find("PersistentVolume", "", name) if name else None
    parts = [
        f"{read_text(each, 'key')} {read_text(each, 'operator')} ({', '.join(read_texts(each, 'values'))})"
        for term in read_maps(volume, "spec", "nodeAffinity", "required", "nodeSelectorTerms")
        for each in read_maps(term, "matchExpressions")
    ]
    return f"PersistentVolume {name}: {', '.join(parts)}" if parts else ""


def _names(paths: list[str]) -> str:
    return ", ".join(path.rpartition("/")[2] for path in paths[:4])
