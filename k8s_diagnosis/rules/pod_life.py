"""Pods that do not get on, or do not go."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

from k8s_diagnosis.cases import ContainerCase, PodCase
from k8s_diagnosis.index import ClusterIndex
from k8s_diagnosis.logs.dependencies import Trouble, UnreachedDependency, find_awaited, find_unreached
from k8s_diagnosis.logs.lines import find_telling_line
from k8s_diagnosis.objects.access import (
    JsonObject,
    name_of,
    namespace_of,
    object_path,
    read_int,
    read_maps,
    read_text,
    read_texts,
)
from k8s_diagnosis.objects.events import EventFacts
from k8s_diagnosis.objects.pods import condition_of, is_condition_true
from k8s_diagnosis.problem import Fix, Problem, Severity, Words
from k8s_diagnosis.rules.dependencies import examine_dependency, name_peer
from k8s_diagnosis.text.times import parse_time, seconds_between, shorten_duration
from mcp_kit.sanitising import sanitise_line

_ADDRESSES = re.compile(
    r"(?i)no (?:free |available )?IP|no IP addresses available|failed to (?:allocate|assign an IP)|"
    r"InsufficientFreeAddresses|"
    r"not enough free IP|address pool .*exhausted"
)
_NETWORK = re.compile(
    r"(?i)\bcni\b|network plugin|failed to set ?up (?:sandbox|network)|subnet\.env|/opt/cni|calico|flannel|cilium"
)
_PLUGIN_NAMES = re.compile(
    r"^(?:calico|canal|cilium|kube-flannel|flannel|weave-net|kindnet|aws-node|azure-cni|antrea|kube-ovn|kube-router|"
    r"multus|terway|ovnkube|tigera)"
)
_RUNTIME_CLASS = re.compile(r"(?i)no runtime for|runtime handler|RuntimeHandler")
_INIT_KILLED = re.compile(r"(?i)init was OOM-killed|memory limit too low")
_RECENT_SECONDS = 900
_SANDBOX_PATIENCE_SECONDS = 45
_GATE_PATIENCE_SECONDS = 120
_INIT_PATIENCE_SECONDS = 90
# Without a sign of what it waits for, an init container may simply have much to do.
_LONG_INIT_SECONDS = 900
_TERMINATING_PATIENCE_SECONDS = 60
_MAX_MESSAGE = 400
_FINALIZED_KINDS = (
    "Namespace",
    "PersistentVolumeClaim",
    "PersistentVolume",
    "Service",
    "Deployment",
    "StatefulSet",
    "Job",
)


def find_sandbox_failed(case: PodCase) -> Problem | None:
    """The runtime cannot make the network or sandbox of the pod."""
    events = case.events_of("FailedCreatePodSandBox", within_seconds=_RECENT_SECONDS)
    is_starting = any(each.facts.waiting_reason == "ContainerCreating" for each in case.containers)
    if not events or not is_starting or (case.age_seconds or 0) < _SANDBOX_PATIENCE_SECONDS:
        return None
    message = sanitise_line(events[-1].message, max_characters=_MAX_MESSAGE)
    what = _sandbox_reason(message)
    is_about_pod = bool(_RUNTIME_CLASS.search(message) or _INIT_KILLED.search(message))
    return Problem(
        condition="sandbox-failed",
        object=case.workload if is_about_pod else f"Node//{case.node}",
        subject=case.workload,
        severity=Severity.CRITICAL,
        cause=Words(
            f"The pods of {case.workload} on node {case.node} get no sandbox: {what.en}: {message}",
            f"节点 {case.node} 上 {case.workload} 的 Pod 无法创建沙箱：{what.zh}：{message}",
        ),
        evidence=(events[-1].quote(),),
        next_step=_sandbox_step(case, message, is_about_pod=is_about_pod),
        confidence=0.9,
        because=() if is_about_pod else _unready_plugins(case),
    )


def _unready_plugins(case: PodCase) -> tuple[str, ...]:
    """The network plugin of the node, when its own pod there is not ready."""
    pods = [
        pod
        for pod in case.index.pods_on(case.node)
        if _PLUGIN_NAMES.search(name_of(pod)) and not is_condition_true(pod, "Ready")
    ]
    return tuple(dict.fromkeys(case.index.workload_of(pod) for pod in pods))


def _sandbox_step(case: PodCase, message: str, *, is_about_pod: bool) -> Words:
    if _INIT_KILLED.search(message):
        return Words(f"Raise the memory limits of {case.workload}.", f"提高 {case.workload} 的内存上限。")
    if is_about_pod:
        return Words(
            f"Correct runtimeClassName of {case.workload}, or configure that runtime on the nodes.",
            f"改正 {case.workload} 的 runtimeClassName，或在节点上配置该运行时。",
        )
    return Words(
        f"Look at the network plugin's pods and configuration on node {case.node}, and at its free addresses.",
        f"检查节点 {case.node} 上网络插件的 Pod 和配置，以及可用的 IP 地址。",
    )


def _sandbox_reason(message: str) -> Words:
    if _ADDRESSES.search(message):
        return Words("no IP address is left", "没有可用的 IP 地址")
    if _INIT_KILLED.search(message):
        return Words("its memory limit is too low even to start", "内存上限过低，连启动都不够")
    if _RUNTIME_CLASS.search(message):
        return Words("the runtime class is not configured on the node", "节点未配置该运行时")
    if _NETWORK.search(message):
        return Words("the network plugin fails", "网络插件失败")
    return Words("the container runtime fails", "容器运行时失败")


def find_gate_pending(case: PodCase) -> Problem | None:
    """All containers are ready, and somebody else has not yet said that the pod is."""
    gates = [read_text(each, "conditionType") for each in read_maps(case.pod, "spec", "readinessGates")]
    closed = [gate for gate in gates if not is_condition_true(case.pod, gate)]
    ready = condition_of(case.pod, "ContainersReady")
    since = seconds_between(parse_time(read_text(ready, "lastTransitionTime")), case.now)
    if not closed or read_text(ready, "status") != "True" or (since or 0) < _GATE_PATIENCE_SECONDS:
        return None
    shown = ", ".join(closed)
    return Problem(
        condition="readiness-gate-pending",
        object=case.workload,
        severity=Severity.CRITICAL,
        cause=Words(
            f"The pods of {case.workload} run well but are not Ready: the readiness gate {shown} is not fulfilled.",
            f"{case.workload} 的 Pod 运行正常但未就绪：就绪门控 {shown} 未满足。",
        ),
        evidence=("ContainersReady=True", f"condition {shown} is not True"),
        next_step=Words(
            f"Look at the controller that sets {shown} (such as a load balancer controller and its target group).",
            f"检查负责设置 {shown} 的控制器（例如负载均衡控制器及其目标组）。",
        ),
        confidence=0.92,
    )


def find_init_hanging(case: ContainerCase) -> Problem | None:
    """An init container runs on and on, so the pod never starts."""
    running = case.running_seconds
    if not case.is_init or not case.facts.is_running or running is None or running < _INIT_PATIENCE_SECONDS:
        return None
    awaited = find_unreached(case.current_log) or _awaited_by_command(case) or _awaited_by_log(case)
    if awaited is None and running < _LONG_INIT_SECONDS:
        return None
    facts = examine_dependency(case, awaited) if awaited is not None else None
    since = shorten_duration(running)
    last = find_telling_line(case.current_log[-1:])
    peer = name_peer(awaited) if awaited is not None else None
    waits_en = f": it waits for {peer.en}, and {facts.why.en}" if peer and facts else ""
    waits_zh = f"：它在等待 {peer.zh}，而{facts.why.zh}" if peer and facts else ""
    return Problem(
        condition="init-hanging",
        object=(facts.missing_service if facts else "") or case.workload,
        subject=case.workload,
        detail=case.name,
        severity=Severity.CRITICAL,
        cause=Words(
            f"{case.title.en} of {case.workload} has been running for {since} and does not end{waits_en}.",
            f"{case.workload} 的{case.title.zh} 已运行 {since} 仍未结束{waits_zh}。",
        ),
        evidence=(
            f"{case.name}: state.running since {since}",
            *((f"log: {last}",) if last else ()),
            *(facts.evidence if facts else ()),
        ),
        next_step=facts.next_step
        if facts
        else Words(f"Read {case.log_request}: what does it wait for?", f"查看 {case.log_request}：它在等待什么？"),
        confidence=0.92 if facts and facts.missing_service else 0.82 if facts else 0.6,
        because=facts.because if facts else (),
    )


def _awaited_by_log(case: ContainerCase) -> UnreachedDependency | None:
    """ "Waiting for X" counts when X looks like a peer: people also wait for locks and files."""
    awaited = find_awaited(case.current_log)
    if awaited is None or awaited.port or "." in awaited.host:
        return awaited
    return awaited if case.index.find("Service", case.pod.namespace, awaited.host) is not None else None


def _awaited_by_command(case: ContainerCase) -> UnreachedDependency | None:
    """The usual loops of init containers name in their command what they wait for."""
    words = " ".join([*read_texts(case.facts.spec, "command"), *read_texts(case.facts.spec, "args")])
    found = re.search(
        r"(?:nslookup|getent hosts|pg_isready(?: \S+)*? -h|nc (?:-\w+ )*|wait-for(?:-it)?(?:\.sh)?|"
        r"ping (?:-\w+ \S+ )*|dig|"
        r"https?://|tcp://|redis-cli -h|"
        r"mysqladmin(?: \S+)*? -h) ?(?P<host>[a-z0-9][\w.-]*[a-z0-9])(?:[: ](?P<port>\d{2,5}))?",
        words,
    )
    if found is None:
        return None
    port = int(found["port"]) if found["port"] else None
    return UnreachedDependency(found["host"], port, Trouble.NO_ANSWER, found.group(0))


def find_stuck_terminating(index: ClusterIndex) -> Iterator[Problem]:
    """Objects that were deleted long ago and are still there."""
    for pod in index.all("Pod"):
        if read_text(pod, "metadata", "deletionTimestamp") and _is_overdue(index, pod):
            yield _stuck_pod(index, pod)
    for kind in _FINALIZED_KINDS:
        for each in index.all(kind):
            if read_text(each, "metadata", "deletionTimestamp") and _is_overdue(index, each):
                yield _stuck_object(index, kind, each)


def _is_overdue(index: ClusterIndex, source: JsonObject) -> bool:
    """The time stamp of a pod already counts in its grace period."""
    deleted = parse_time(read_text(source, "metadata", "deletionTimestamp"))
    return (seconds_between(deleted, index.now) or 0) > _TERMINATING_PATIENCE_SECONDS


def _stuck_pod(index: ClusterIndex, pod: JsonObject) -> Problem:
    path, finalizers = object_path("Pod", pod), read_texts(pod, "metadata", "finalizers")
    node = read_text(pod, "spec", "nodeName")
    since = shorten_duration(seconds_between(parse_time(read_text(pod, "metadata", "deletionTimestamp")), index.now))
    return Problem(
        condition="stuck-terminating",
        object=path,
        subject=path,
        severity=Severity.WARNING,
        cause=_stuck_cause(index, pod, finalizers, since=since),
        evidence=(
            f"metadata.deletionTimestamp={read_text(pod, 'metadata', 'deletionTimestamp')}",
            *((f"metadata.finalizers: {', '.join(finalizers)}",) if finalizers else ()),
            *(event.quote() for event in _kill_events(index, pod)[-1:]),
        ),
        next_step=_stuck_step(path, finalizers, node=node),
        confidence=0.95 if finalizers else 0.8,
        because=(f"Node//{node}",) if node and not finalizers else (),
        fix=_remove_finalizers("pod", pod) if finalizers else None,
    )


def _stuck_cause(index: ClusterIndex, pod: JsonObject, finalizers: list[str], *, since: str) -> Words:
    name, node = name_of(pod), read_text(pod, "spec", "nodeName")
    if finalizers:
        shown = ", ".join(finalizers)
        return Words(
            f"The pod {name} was deleted {since} ago but keeps the finalizer {shown}, which no controller removes, so "
            "it "
            "stays Terminating.",
            f"Pod {name} 已在 {since} 前被删除，但保留着 finalizer {shown}，没有控制器移除它，因此一直处于 "
            "Terminating。",
        )
    found = index.find("Node", "", node)
    if found is not None and not is_condition_true(found, "Ready"):
        return Words(
            f"The pod {name} was deleted {since} ago, and its node {node} does not answer to confirm that it has "
            "ended.",
            f"Pod {name} 已在 {since} 前被删除，但节点 {node} 无应答，无法确认其已结束。",
        )
    grace = read_int(pod, "metadata", "deletionGracePeriodSeconds")
    return Words(
        f"The pod {name} was deleted {since} ago (grace period {grace} s over) and its containers or volumes are still "
        "not "
        "released.",
        f"Pod {name} 已在 {since} 前被删除（宽限期 {grace} 秒已过），其容器或存储卷仍未释放。",
    )


def _stuck_step(path: str, finalizers: list[str], *, node: str) -> Words:
    if finalizers:
        return Words(
            f"Bring back the controller that owns the finalizer, or remove the finalizer from {path} when its work is "
            "done.",
            f"恢复负责该 finalizer 的控制器；若其工作已完成，则从 {path} 移除 finalizer。",
        )
    return Words(
        f"Look at the kubelet of node {node}; delete the pod with grace period 0 only when the node is surely down.",
        f"检查节点 {node} 的 kubelet；只有确认节点已停机时才以宽限期 0 强制删除。",
    )


def _kill_events(index: ClusterIndex, pod: JsonObject) -> list[EventFacts]:
    about = index.events_about("Pod", namespace_of(pod), name_of(pod))
    return [event for event in about if event.reason in {"FailedKillPod", "FailedPreStopHook"}]


def _stuck_object(index: ClusterIndex, kind: str, source: JsonObject) -> Problem:
    path = object_path(kind, source)
    finalizers = read_texts(source, "metadata", "finalizers") or read_texts(source, "spec", "finalizers")
    users = _users_of_claim(index, source) if kind == "PersistentVolumeClaim" else []
    remaining = [
        sanitise_line(read_text(each, "message"), max_characters=_MAX_MESSAGE)
        for each in read_maps(source, "status", "conditions")
        if kind == "Namespace" and read_text(each, "status") == "True"
    ]
    why = (
        f"still used by {', '.join(users[:3])}"
        if users
        else "; ".join(remaining[:2]) or f"finalizers {', '.join(finalizers)}"
    )
    return Problem(
        condition="stuck-terminating",
        object=path,
        severity=Severity.WARNING,
        cause=Words(
            f"{kind} {name_of(source)} was deleted and does not go: {why}.",
            f"{kind} {name_of(source)} 已被删除却一直存在：{why}。",
        ),
        evidence=(
            f"metadata.deletionTimestamp={read_text(source, 'metadata', 'deletionTimestamp')}",
            *((f"finalizers: {', '.join(finalizers)}",) if finalizers else ()),
        ),
        next_step=Words(
            "Remove what it waits for (pods that use it, objects left in it), or bring back the controller of its "
            "finalizer.",
            "清理它所等待的内容（使用它的 Pod、其中残留的对象），或恢复负责其 finalizer 的控制器。",
        ),
        confidence=0.88,
    )


def _users_of_claim(index: ClusterIndex, claim: JsonObject) -> list[str]:
    return [
        object_path("Pod", pod)
        for pod in index.in_namespace("Pod", namespace_of(claim))
        for volume in read_maps(pod, "spec", "volumes")
        if read_text(volume, "persistentVolumeClaim", "claimName") == name_of(claim)
    ]


def _remove_finalizers(kind: str, source: JsonObject) -> Fix:
    patch = '{"metadata":{"finalizers":null}}'
    namespace = namespace_of(source)
    scope = ["-n", namespace] if namespace else []
    return Fix(
        command=shlex.join(["kubectl", *scope, "patch", kind, name_of(source), "--type=merge", "-p", patch]),
        tool="k8s-patch-resource",
        arguments={
            "kind": "Pod",
            "name": name_of(source),
            "namespace": namespace,
            "patch": {"metadata": {"finalizers": None}},
        },
    )
