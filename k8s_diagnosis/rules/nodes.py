"""Nodes that cannot do their work, and the metrics that tell about them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from k8s_diagnosis.index import ClusterIndex
from k8s_diagnosis.objects.access import (
    JsonObject,
    name_of,
    namespace_of,
    object_path,
    read_int,
    read_map,
    read_maps,
    read_text,
)
from k8s_diagnosis.objects.nodes import PRESSURES, allocatable_of
from k8s_diagnosis.objects.placement import is_cordoned
from k8s_diagnosis.objects.pods import condition_of, containers_of, is_condition_true, is_finished
from k8s_diagnosis.problem import Problem, Severity, Words
from k8s_diagnosis.rules.autoscaling import METRICS_API
from k8s_diagnosis.rules.scheduling import room_for_pods
from k8s_diagnosis.rules.storage import space_of_claim
from k8s_diagnosis.text.quantities import parse_quantity, show_memory
from k8s_diagnosis.text.times import parse_time, seconds_between, shorten_duration
from mcp_kit.sanitising import sanitise_line

_START_PATIENCE_SECONDS = 120
_CORDON_TAINT = "node.kubernetes.io/unschedulable"
_CORDON_SECONDS = 2 * 86_400
_OVERCOMMITTED = 0.95
_NEARLY_FULL = 0.9
# Kubernetes supports kubelets up to three minor versions behind the API server (version skew policy).
_MOST_VERSIONS_BEHIND = 3
_VERSION = re.compile(r"v?1\.(\d+)")
_MAX_MESSAGE = 300


def find_nodes(index: ClusterIndex) -> Iterator[Problem]:
    for node in index.all("Node"):
        not_ready = _not_ready(index, node)
        if not_ready is not None:
            yield not_ready
            continue
        yield from _pressures(index, node)
        for rule in (_network_unavailable, _too_many_pods, _overcommitted, _forgotten_cordon):
            problem = rule(index, node)
            if problem is not None:
                yield problem
    skew = _version_skew(index)
    if skew is not None:
        yield skew


def _not_ready(index: ClusterIndex, node: JsonObject) -> Problem | None:
    ready = condition_of(node, "Ready")
    age = seconds_between(parse_time(read_text(node, "metadata", "creationTimestamp")), index.now)
    if not ready or read_text(ready, "status") == "True" or _is_starting(age):
        return None
    path, name = object_path("Node", node), name_of(node)
    since = shorten_duration(seconds_between(parse_time(read_text(ready, "lastTransitionTime")), index.now))
    message = sanitise_line(read_text(ready, "message"), max_characters=_MAX_MESSAGE)
    is_silent = read_text(ready, "status") == "Unknown"
    why = (
        Words("its kubelet has stopped reporting", "kubelet 已停止上报状态")
        if is_silent
        else Words(f"its kubelet reports: {message}", f"kubelet 报告：{message}")
    )
    return Problem(
        condition="node-not-ready",
        object=path,
        severity=Severity.CRITICAL,
        cause=Words(
            f"Node {name} has not been Ready for {since}: {why.en}.", f"节点 {name} 已 {since} 未就绪：{why.zh}。"
        ),
        evidence=(
            f"{path}: Ready={read_text(ready, 'status')} {read_text(ready, 'reason')}: {message}",
            *_lease_evidence(index, name),
            f"pods on it: {len(index.pods_on(name))}",
        ),
        next_step=Words(
            f"Check that {name} is up and reachable, then its kubelet and container runtime (journalctl -u kubelet)."
            if is_silent
            else f"Remove what the kubelet of {name} reports, and look at its container runtime and network plugin.",
            f"确认 {name} 已开机且网络可达，然后检查其 kubelet 与容器运行时（journalctl -u kubelet）。"
            if is_silent
            else f"排除 {name} 的 kubelet 报告的问题，并检查容器运行时和网络插件。",
        ),
        confidence=0.96,
        touches=tuple(index.workload_of(pod) for pod in index.pods_on(name) if not is_condition_true(pod, "Ready")),
    )


def _is_starting(seconds: float | None) -> bool:
    return seconds is not None and seconds < _START_PATIENCE_SECONDS


def _lease_evidence(index: ClusterIndex, name: str) -> list[str]:
    lease = index.find("Lease", "kube-node-lease", name)
    renewed = read_text(lease, "spec", "renewTime")
    if not renewed:
        return []
    return [f"lease renewed {shorten_duration(seconds_between(parse_time(renewed), index.now))} ago"]


def _pressures(index: ClusterIndex, node: JsonObject) -> Iterator[Problem]:
    for kind in PRESSURES:
        condition = condition_of(node, kind)
        if read_text(condition, "status") != "True":
            continue
        path, name, what = object_path("Node", node), name_of(node), kind.removesuffix("Pressure")
        zh_what = {"Memory": "内存", "Disk": "磁盘", "PID": "进程数"}[what]
        message = sanitise_line(read_text(condition, "message"), max_characters=_MAX_MESSAGE)
        yield Problem(
            condition="node-pressure",
            object=path,
            detail=kind,
            severity=Severity.CRITICAL,
            cause=Words(
                f"Node {name} is under {kind}: it is short of {what.lower() if what != 'PID' else 'process ids'} and "
                "evicts pods.",
                f"节点 {name} 处于 {kind}：{zh_what}不足，会驱逐 Pod。",
            ),
            evidence=(
                f"{path}: {kind}=True: {message}",
                *_node_events(index, name, "EvictionThresholdMet", "FreeDiskSpaceFailed"),
            ),
            next_step=Words(
                f"Find what uses the {what.lower()} of {name} (large logs, images, pods without limits), free it, or "
                "move pods away.",
                f"找出 {name} 上占用{zh_what}的内容（大日志、镜像、无上限的 Pod）并释放，或迁移 Pod。",
            ),
            confidence=0.95,
        )


def _node_events(index: ClusterIndex, name: str, *reasons: str) -> list[str]:
    return [event.quote() for event in index.events_about("Node", "", name) if event.reason in reasons][-2:]


def _network_unavailable(index: ClusterIndex, node: JsonObject) -> Problem | None:
    condition = condition_of(node, "NetworkUnavailable")
    since = seconds_between(parse_time(read_text(condition, "lastTransitionTime")), index.now)
    if read_text(condition, "status") != "True" or _is_starting(since):
        return None
    path, name = object_path("Node", node), name_of(node)
    message = sanitise_line(read_text(condition, "message"), max_characters=_MAX_MESSAGE)
    return Problem(
        condition="node-network-unavailable",
        object=path,
        severity=Severity.CRITICAL,
        cause=Words(
            f"The network of node {name} is not set up: {message or read_text(condition, 'reason')}",
            f"节点 {name} 的网络尚未就绪：{message or read_text(condition, 'reason')}",
        ),
        evidence=(f"{path}: NetworkUnavailable=True {read_text(condition, 'reason')}: {message}",),
        next_step=Words(
            f"Look at the network plugin's pod on {name} and at the routes of the cloud provider.",
            f"检查 {name} 上网络插件的 Pod 以及云厂商的路由。",
        ),
        confidence=0.93,
    )


def _too_many_pods(index: ClusterIndex, node: JsonObject) -> Problem | None:
    allowed = int(allocatable_of(node, "pods"))
    count = sum(not is_finished(pod) for pod in index.pods_on(name_of(node)))
    if not allowed or count < allowed:
        return None
    path = object_path("Node", node)
    return Problem(
        condition="node-too-many-pods",
        object=path,
        severity=Severity.WARNING,
        cause=Words(
            f"Node {name_of(node)} holds {count} pods, all that its kubelet allows ({allowed}).",
            f"节点 {name_of(node)} 已有 {count} 个 Pod，达到 kubelet 上限（{allowed}）。",
        ),
        because=(room_for_pods(path),),
        evidence=(f"{path}: allocatable pods={allowed}, pods on it={count}",),
        next_step=Words("Add nodes, or raise maxPods of the kubelet.", "增加节点，或提高 kubelet 的 maxPods。"),
        confidence=0.9,
    )


def _overcommitted(index: ClusterIndex, node: JsonObject) -> Problem | None:
    """Memory in use close to all there is; processors may be busy without harm."""
    usage = index.find("NodeMetrics", "", name_of(node))
    used, total = parse_quantity(read_map(usage, "usage").get("memory")), allocatable_of(node, "memory")
    if not total or float(used / total) < _OVERCOMMITTED:
        return None
    path = object_path("Node", node)
    return Problem(
        condition="node-overcommitted",
        object=path,
        severity=Severity.WARNING,
        cause=Words(
            f"Node {name_of(node)} uses {used / total:.0%} of its memory ({show_memory(used)} of "
            f"{show_memory(total)}): pods will "
            "be evicted or killed soon.",
            f"节点 {name_of(node)} 内存已用 {used / total:.0%}（{show_memory(used)} / {show_memory(total)}），Pod "
            "可能被驱逐或终止。",
        ),
        evidence=(f"metrics: memory {show_memory(used)}, allocatable {show_memory(total)}",),
        next_step=Words(
            "Move pods away or add nodes; give pods memory requests that match their use.",
            "迁移 Pod 或增加节点；为 Pod 设置与实际用量相符的内存 request。",
        ),
        confidence=0.85,
    )


def _forgotten_cordon(index: ClusterIndex, node: JsonObject) -> Problem | None:
    """Maintenance takes hours; a node that is cordoned for days was probably forgotten."""
    marks = [each for each in read_maps(node, "spec", "taints") if read_text(each, "key") == _CORDON_TAINT]
    since = seconds_between(parse_time(read_text(marks[0], "timeAdded")) if marks else None, index.now)
    if not is_cordoned(node) or since is None or since < _CORDON_SECONDS:
        return None
    path, name = object_path("Node", node), name_of(node)
    return Problem(
        condition="node-cordoned",
        object=path,
        severity=Severity.WARNING,
        cause=Words(
            f"Node {name} has been cordoned for {shorten_duration(since)}: it takes no new pods.",
            f"节点 {name} 已被 cordon {shorten_duration(since)}，不接收新的 Pod。",
        ),
        evidence=(f"{path}: spec.unschedulable=true",),
        next_step=Words(
            f"Uncordon {name} if its maintenance is over (kubectl uncordon {name}).",
            f"若维护已结束，取消 cordon（kubectl uncordon {name}）。",
        ),
        confidence=0.7,
    )


def _version_skew(index: ClusterIndex) -> Problem | None:
    versions = {
        name_of(node): int(found.group(1))
        for node in index.all("Node")
        if (found := _VERSION.match(read_text(node, "status", "nodeInfo", "kubeletVersion")))
    }
    if not versions:
        return None
    newest, oldest = max(versions.values()), min(versions.values())
    behind = sorted(name for name, minor in versions.items() if minor == oldest)
    if newest - oldest <= _MOST_VERSIONS_BEHIND:
        return None
    return Problem(
        condition="node-version-skew",
        object=f"Node//{behind[0]}",
        severity=Severity.WARNING,
        cause=Words(
            f"The kubelet of {', '.join(behind[:4])} is 1.{oldest}, that of others 1.{newest}: more than "
            f"{_MOST_VERSIONS_BEHIND} "
            "minor versions apart is not supported.",
            f"{', '.join(behind[:4])} 的 kubelet 为 1.{oldest}，其他节点为 1.{newest}：相差超过 "
            f"{_MOST_VERSIONS_BEHIND} 个次版本，"
            "不受支持。",
        ),
        evidence=tuple(f"node {name}: kubelet 1.{minor}" for name, minor in sorted(versions.items())[:8]),
        next_step=Words("Upgrade the old nodes.", "升级旧节点。"),
        confidence=0.9,
    )


def find_metrics(index: ClusterIndex) -> Iterator[Problem]:
    """The metrics pipeline itself, full volumes, and containers at their limit."""
    for service in index.all("APIService"):
        available = condition_of(service, "Available")
        if name_of(service).endswith("metrics.k8s.io") and read_text(available, "status") == "False":
            yield _metrics_unavailable(service, available)
    yield from _full_volumes(index)
    yield from _at_limit(index)


def _metrics_unavailable(service: JsonObject, available: JsonObject) -> Problem:
    path = object_path("APIService", service)
    message = sanitise_line(read_text(available, "message"), max_characters=_MAX_MESSAGE)
    behind = (
        f"Service/{read_text(service, 'spec', 'service', 'namespace')}/{read_text(service, 'spec', 'service', 'name')}"
    )
    return Problem(
        condition="metrics-unavailable",
        object=path,
        severity=Severity.WARNING,
        cause=Words(
            f"The metrics API {name_of(service)} does not answer: {message} Without it nothing is known about use, and "
            "autoscalers stand still.",
            f"指标 API {name_of(service)} 没有应答：{message} 没有它就无法得知资源使用，自动伸缩也会停止。",
        ),
        evidence=(f"{path}: Available=False {read_text(available, 'reason')}: {message}",),
        next_step=Words(
            f"Look at the pods behind {behind} (metrics-server).", f"检查 {behind} 后面的 Pod（metrics-server）。"
        ),
        confidence=0.93,
        because=(behind,),
        touches=(METRICS_API,),
    )


def _full_volumes(index: ClusterIndex) -> Iterator[Problem]:
    """Claims whose file systems the kubelets' statistics show as nearly full."""
    for summary in index.all("NodeSummary"):
        for pod in read_maps(summary, "pods"):
            for volume in read_maps(pod, "volume"):
                claim = read_text(volume, "pvcRef", "name")
                capacity, used = read_int(volume, "capacityBytes"), read_int(volume, "usedBytes")
                if claim and capacity and used / capacity >= _NEARLY_FULL:
                    yield _nearly_full(read_text(volume, "pvcRef", "namespace"), claim, used=used, capacity=capacity)


def _nearly_full(namespace: str, claim: str, *, used: int, capacity: int) -> Problem:
    ratio = used / capacity
    return Problem(
        condition="pvc-nearly-full",
        object=f"PersistentVolumeClaim/{namespace}/{claim}",
        severity=Severity.CRITICAL if ratio >= 0.97 else Severity.WARNING,
        cause=Words(
            f"The volume of the claim {claim} is {ratio:.0%} full.", f"声明 {claim} 的存储卷已用 {ratio:.0%}。"
        ),
        evidence=(f"kubelet statistics: {used} of {capacity} bytes used",),
        next_step=Words(
            "Free space, or raise spec.resources.requests.storage if the StorageClass allows expansion.",
            "清理空间；若 StorageClass 允许扩容，则提高 spec.resources.requests.storage。",
        ),
        confidence=0.95,
        because=(space_of_claim(namespace, claim),),
    )


def _at_limit(index: ClusterIndex) -> Iterator[Problem]:
    """Containers that use all the memory they may: the next allocation kills them."""
    for metrics in index.all("PodMetrics"):
        pod = index.find("Pod", namespace_of(metrics), name_of(metrics))
        if pod is None:
            continue
        limits = {
            each.name: parse_quantity(read_text(each.spec, "resources", "limits", "memory"))
            for each in containers_of(pod)
        }
        for each in read_maps(metrics, "containers"):
            used, limit = parse_quantity(read_text(each, "usage", "memory")), limits.get(read_text(each, "name"))
            if limit and float(used / limit) >= _OVERCOMMITTED:
                yield Problem(
                    condition="memory-near-limit",
                    object=index.workload_of(pod),
                    detail=read_text(each, "name"),
                    severity=Severity.WARNING,
                    cause=Words(
                        f"Container {read_text(each, 'name')} uses {used / limit:.0%} of its memory limit "
                        f"{show_memory(limit)}: it "
                        "will be OOMKilled soon.",
                        f"容器 {read_text(each, 'name')} 已使用内存上限 {show_memory(limit)} 的 {used / limit:.0%}，"
                        "即将被 OOMKilled。",
                    ),
                    evidence=(f"metrics: memory {show_memory(used)}, limit {show_memory(limit)}",),
                    next_step=Words(
                        "Raise the memory limit, or find out why the use grows.", "提高内存上限，或查明用量增长的原因。"
                    ),
                    confidence=0.8,
                    because=(index.workload_of(pod),),
                    pods=(object_path("Pod", pod),),
                )
