"""Deployments, StatefulSets and DaemonSets that do not get where they should."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from k8s_diagnosis.index import ClusterIndex
from k8s_diagnosis.objects.access import (
    JsonObject,
    labels_of,
    name_of,
    namespace_of,
    object_path,
    read_flag,
    read_int,
    read_map,
    read_text,
)
from k8s_diagnosis.objects.placement import (
    CONTROL_PLANE_TAINTS,
    fits_selector,
    is_cordoned,
    show_taint,
    untolerated_taints,
)
from k8s_diagnosis.objects.pods import condition_of, is_condition_true, is_terminating
from k8s_diagnosis.objects.revisions import compare_revisions, diff_templates, revision_of
from k8s_diagnosis.problem import Fix, Problem, Severity, Words
from k8s_diagnosis.rules.placement import rollout_of
from k8s_diagnosis.text.names import find_nearest
from k8s_diagnosis.text.times import parse_time, seconds_between
from mcp_kit.sanitising import sanitise_line

_UNAVAILABLE_PATIENCE_SECONDS = 600
_PAUSED_PATIENCE_SECONDS = 60
_DAEMON_PATIENCE_SECONDS = 120
_STATEFUL_PATIENCE_SECONDS = 180
_MAX_MESSAGE = 300
_TEMPLATE_HASH = "pod-template-hash"


def find_deployments(index: ClusterIndex) -> Iterator[Problem]:
    for deployment in index.all("Deployment"):
        problem = _paused(index, deployment) or _contradiction(index, deployment) or _stuck(index, deployment)
        if problem is not None:
            yield problem


def _paused(index: ClusterIndex, deployment: JsonObject) -> Problem | None:
    """Paused with a change in its template that no pod has yet."""
    if not read_flag(deployment, "spec", "paused"):
        return None
    since = parse_time(read_text(condition_of(deployment, "Progressing"), "lastTransitionTime"))
    paused_for = seconds_between(since, index.now)
    if paused_for is not None and paused_for < _PAUSED_PATIENCE_SECONDS:
        return None
    path, name, namespace = object_path("Deployment", deployment), name_of(deployment), namespace_of(deployment)
    pending = _pending_changes(index, deployment)
    if not pending:
        return None
    changes = "; ".join(pending[:4])
    return Problem(
        condition="rollout-paused",
        object=path,
        severity=Severity.WARNING,
        cause=Words(
            f"The Deployment {name} is paused (spec.paused true), so its new template is not rolled out: {changes}.",
            f"Deployment {name} 处于暂停状态（spec.paused 为 true），新的模板没有发布：{changes}。",
        ),
        evidence=(f"{path}: spec.paused=true", *pending[:4]),
        next_step=Words(
            f"Resume the rollout when it is meant to go on: kubectl -n {namespace} rollout resume deployment/{name}.",
            f"如需继续发布：kubectl -n {namespace} rollout resume deployment/{name}。",
        ),
        confidence=0.95,
        fix=Fix(
            command=shlex.join(["kubectl", "-n", namespace, "rollout", "resume", f"deployment/{name}"]),
            tool="k8s-patch-resource",
            arguments={
                "kind": "Deployment",
                "name": name,
                "namespace": namespace,
                "patch": {"spec": {"paused": False}},
            },
        ),
    )


def _pending_changes(index: ClusterIndex, deployment: JsonObject) -> list[str]:
    """What the template has that the newest ReplicaSet has not."""
    sets = sorted(index.children_of("ReplicaSet", owner=object_path("Deployment", deployment)), key=revision_of)
    if not sets:
        wanted, updated = read_int(deployment, "spec", "replicas"), read_int(deployment, "status", "updatedReplicas")
        return [f"{updated} of {wanted} replicas have the newest template"] if updated < wanted else []
    return list(diff_templates(read_map(sets[-1], "spec", "template"), read_map(deployment, "spec", "template")))


def _contradiction(index: ClusterIndex, deployment: JsonObject) -> Problem | None:
    """The new pod waits for the place of an old one, which may only go when the new one is ready."""
    path = object_path("Deployment", deployment)
    pods = index.pods_of(path)
    if len({labels_of(pod).get(_TEMPLATE_HASH) for pod in pods}) < 2:
        return None
    waiting = [
        pod
        for pod in pods
        if not read_text(pod, "spec", "nodeName") and read_text(condition_of(pod, "PodScheduled"), "status") == "False"
    ]
    if not waiting or not _keeps_all_old(deployment) or not read_int(deployment, "status", "readyReplicas"):
        return None
    message = sanitise_line(read_text(condition_of(waiting[0], "PodScheduled"), "message"), max_characters=_MAX_MESSAGE)
    if not any(words in message for words in ("anti-affinity", "free ports", "topology spread")):
        return None
    strategy = read_map(deployment, "spec", "strategy", "rollingUpdate")
    return Problem(
        condition="rollout-contradiction",
        object=path,
        severity=Severity.CRITICAL,
        cause=Words(
            f"The rollout of {name_of(deployment)} blocks itself: maxUnavailable is {strategy.get('maxUnavailable')}, "
            "so old "
            "pods may only go after a new one is ready, and a new one finds no node as long as the old ones are there.",
            f"{name_of(deployment)} 的发布自相矛盾：maxUnavailable 为 {strategy.get('maxUnavailable')}，旧 Pod 要等新 "
            "Pod 就绪才能"
            "退出，而旧 Pod 存在时新 Pod 又没有节点可用。",
        ),
        evidence=(
            f"{path}: strategy maxUnavailable={strategy.get('maxUnavailable')} maxSurge={strategy.get('maxSurge')}",
            f"PodScheduled=False: {message}",
        ),
        next_step=Words(
            "Set maxUnavailable to 1 (and maxSurge to 0), or add a node.",
            "把 maxUnavailable 设为 1（maxSurge 设为 0），或增加节点。",
        ),
        confidence=0.9,
        touches=(rollout_of(path),),
    )


def _keeps_all_old(deployment: JsonObject) -> bool:
    """Whether maxUnavailable comes to zero pods."""
    allowed = read_map(deployment, "spec", "strategy", "rollingUpdate").get("maxUnavailable", "25%")
    replicas = read_int(deployment, "spec", "replicas") or 1
    if isinstance(allowed, int):
        return allowed == 0
    percent = str(allowed).rstrip("%")
    return percent.isdigit() and replicas * int(percent) // 100 == 0


def _stuck(index: ClusterIndex, deployment: JsonObject) -> Problem | None:
    """The controller gave up waiting, or replicas have been lacking for long."""
    progressing = condition_of(deployment, "Progressing")
    is_over = read_text(progressing, "reason") == "ProgressDeadlineExceeded"
    if not is_over and not _lacks_replicas(index, deployment):
        return None
    path, name = object_path("Deployment", deployment), name_of(deployment)
    available, wanted = read_int(deployment, "status", "availableReplicas"), read_int(deployment, "spec", "replicas")
    revisions = compare_revisions(index, deployment=path) if is_over else None
    since = f" since revision {revisions.newest}" if revisions else ""
    zh_since = f"自版本 {revisions.newest} 起" if revisions else ""
    message = sanitise_line(read_text(progressing, "message"), max_characters=_MAX_MESSAGE)
    return Problem(
        condition="rollout-stuck",
        object=path,
        severity=Severity.WARNING if available else Severity.CRITICAL,
        cause=Words(
            f"The rollout of {name} does not come up{since}: {available} of {wanted} replicas are available"
            + (f" ({message})." if is_over else "."),
            f"{name} 的发布{zh_since}无法完成：{wanted} 个副本中有 {available} 个可用"
            + (f"（{message}）。" if is_over else "。"),
        ),
        evidence=(
            f"{path}: Progressing={read_text(progressing, 'status')} {read_text(progressing, 'reason')}",
            *(revisions.changes[:4] if revisions else ()),
        ),
        next_step=Words(
            f"Find out why the new pods of {name} do not get ready, or roll back.",
            f"查明 {name} 的新 Pod 为何不就绪，或回滚。",
        ),
        confidence=0.85 if is_over else 0.7,
        because=(path,),
        fix=revisions.rollback if revisions is not None and revisions.is_older_fine else None,
    )


def _lacks_replicas(index: ClusterIndex, deployment: JsonObject) -> bool:
    available = condition_of(deployment, "Available")
    since = parse_time(read_text(available, "lastTransitionTime"))
    return (
        read_text(available, "status") == "False"
        and read_int(deployment, "spec", "replicas") > read_int(deployment, "status", "availableReplicas")
        and (seconds_between(since, index.now) or 0) > _UNAVAILABLE_PATIENCE_SECONDS
    )


def find_statefulsets(index: ClusterIndex) -> Iterator[Problem]:
    for each in index.all("StatefulSet"):
        missing = _service_missing(index, each)
        if missing is not None:
            yield missing
        blocked = _blocked(index, each)
        if blocked is not None:
            yield blocked


def _service_missing(index: ClusterIndex, source: JsonObject) -> Problem | None:
    namespace, wanted = namespace_of(source), read_text(source, "spec", "serviceName")
    if not wanted or not index.is_missing("Service", namespace, wanted):
        return None
    path, near = (
        object_path("StatefulSet", source),
        find_nearest(wanted, among=index.names("Service", namespace), limit=1),
    )
    hint_en, hint_zh = (f" ({near[0]} exists)", f"（存在 {near[0]}）") if near else ("", "")
    return Problem(
        condition="statefulset-service-missing",
        object=path if near else f"Service/{namespace}/{wanted}",
        subject=path,
        severity=Severity.WARNING,
        cause=Words(
            f"The StatefulSet {name_of(source)} names the headless Service {wanted}, which does not exist{hint_en}: "
            "its pods "
            "have no names of their own in DNS.",
            f"StatefulSet {name_of(source)} 引用的 headless Service {wanted} 不存在{hint_zh}：其 Pod 没有各自的 DNS "
            "名称。",
        ),
        evidence=(
            f"{path}: spec.serviceName={wanted}",
            f"Services in {namespace}: {_list(index.names('Service', namespace))}",
        ),
        next_step=Words(
            f"Create the headless Service {wanted} (clusterIP None) that selects its pods; serviceName itself cannot "
            "be "
            "changed without creating the StatefulSet anew.",
            f"创建选中其 Pod 的 headless Service {wanted}（clusterIP 为 None）；serviceName 不可修改，除非重建 "
            "StatefulSet。",
        ),
        confidence=0.9,
    )


def _blocked(index: ClusterIndex, source: JsonObject) -> Problem | None:
    """One pod that is not ready keeps the pods after it from being made or updated."""
    path, wanted = object_path("StatefulSet", source), read_int(source, "spec", "replicas")
    ready = read_int(source, "status", "readyReplicas")
    is_ordered = read_text(source, "spec", "podManagementPolicy") in {"", "OrderedReady"}
    pods = sorted(index.pods_of(path), key=_ordinal)
    unready = [pod for pod in pods if not is_condition_true(pod, "Ready") and not is_terminating(pod)]
    if not is_ordered or not unready or ready >= wanted:
        return None
    first = unready[0]
    since = parse_time(read_text(first, "metadata", "creationTimestamp"))
    held = wanted - len(pods)
    revision, update = read_text(source, "status", "currentRevision"), read_text(source, "status", "updateRevision")
    is_updating = bool(update) and revision != update
    if (seconds_between(since, index.now) or 0) < _STATEFUL_PATIENCE_SECONDS or (held <= 0 and not is_updating):
        return None
    return Problem(
        condition="statefulset-blocked",
        object=path,
        severity=Severity.CRITICAL,
        cause=Words(
            f"The StatefulSet {name_of(source)} stands still: pod {name_of(first)} is not ready, and the pods after it "
            "are "
            f"only {'updated' if held <= 0 else 'created'} once it is ({ready} of {wanted} ready).",
            f"StatefulSet {name_of(source)} 停滞：Pod {name_of(first)} 未就绪，其后的 Pod 要等它就绪才会"
            f"{'更新' if held <= 0 else '创建'}（{wanted} 个中 {ready} 个就绪）。",
        ),
        evidence=(f"{path}: readyReplicas={ready} of {wanted}", f"{name_of(first)}: Ready is not True"),
        next_step=Words(
            f"Get pod {name_of(first)} ready: k8s-describe-pod name={name_of(first)} namespace={namespace_of(source)}.",
            f"先让 Pod {name_of(first)} 就绪：k8s-describe-pod name={name_of(first)} namespace={namespace_of(source)}"
            "。",
        ),
        confidence=0.8,
        because=(path,),
    )


def _ordinal(pod: JsonObject) -> int:
    tail = name_of(pod).rpartition("-")[2]
    return int(tail) if tail.isdigit() else 0


def find_daemonsets(index: ClusterIndex) -> Iterator[Problem]:
    """DaemonSets that are short of pods, or kept from nodes by taints that look like an oversight."""
    for each in index.all("DaemonSet"):
        problem = _short(index, each) or _kept_away(index, each)
        if problem is not None:
            yield problem


def _short(index: ClusterIndex, source: JsonObject) -> Problem | None:
    path, status = object_path("DaemonSet", source), read_map(source, "status")
    wanted, ready = read_int(status, "desiredNumberScheduled"), read_int(status, "numberReady")
    age = seconds_between(parse_time(read_text(source, "metadata", "creationTimestamp")), index.now)
    if ready >= wanted or (age or 0) < _DAEMON_PATIENCE_SECONDS:
        return None
    unready = [pod for pod in index.pods_of(path) if not is_condition_true(pod, "Ready")]
    if unready and all(_is_young(index, pod) for pod in unready):
        return None
    nodes = sorted({read_text(pod, "spec", "nodeName") for pod in unready} - {""})
    return Problem(
        condition="daemonset-short",
        object=path,
        severity=Severity.WARNING if ready else Severity.CRITICAL,
        cause=Words(
            f"The DaemonSet {name_of(source)} has {ready} of {wanted} pods ready"
            + (f"; not on {', '.join(nodes[:4])}." if nodes else "."),
            f"DaemonSet {name_of(source)} 的 {wanted} 个 Pod 中有 {ready} 个就绪"
            + (f"；{', '.join(nodes[:4])} 上没有。" if nodes else "。"),
        ),
        evidence=(f"{path}: numberReady={ready} desiredNumberScheduled={wanted}",),
        next_step=Words("Look at its pods that are not ready.", "检查其未就绪的 Pod。"),
        confidence=0.75,
        because=(path, *(f"Node//{node}" for node in nodes)),
    )


def _kept_away(index: ClusterIndex, source: JsonObject) -> Problem | None:
    """Nodes that a DaemonSet without any choice of nodes does not reach; control planes are meant to be left out."""
    template, path = read_map(source, "spec", "template"), object_path("DaemonSet", source)
    if read_map(template, "spec", "nodeSelector") or read_map(template, "spec", "affinity", "nodeAffinity"):
        return None
    kept = {
        name_of(node): taints
        for node in index.all("Node")
        if (taints := _odd_taints(template, node)) and fits_selector(template, node) and not is_cordoned(node)
    }
    # Where most nodes are left out, the DaemonSet is for the few others.
    if not kept or len(kept) > len(index.all("Node")) / 2:
        return None
    shown = "; ".join(
        f"{name} {', '.join(show_taint(taint) for taint in taints)}" for name, taints in sorted(kept.items())
    )
    first = next(iter(sorted(kept.items())))[1][0]
    return Problem(
        condition="daemonset-short",
        object=path,
        severity=Severity.WARNING,
        cause=Words(
            f"The DaemonSet {name_of(source)} has no pod on {', '.join(sorted(kept))}: it does not tolerate the taint "
            "there "
            f"({shown}).",
            f"DaemonSet {name_of(source)} 在 {', '.join(sorted(kept))} 上没有 Pod：它不容忍那里的污点（{shown}）。",
        ),
        evidence=(
            *(f"node {name}: taint {show_taint(taint)}" for name, taints in sorted(kept.items()) for taint in taints),
            f"{path}: desiredNumberScheduled={read_text(source, 'status', 'desiredNumberScheduled')}",
        ),
        next_step=Words(
            f"If it belongs on every node, add a toleration for {show_taint(first)} to the DaemonSet.",
            f"若它应运行在所有节点，为该 DaemonSet 添加对 {show_taint(first)} 的容忍。",
        ),
        confidence=0.7,
    )


def _odd_taints(template: JsonObject, node: JsonObject) -> list[JsonObject]:
    """Taints somebody put on a node; those of control planes, of states of a node and of special hardware are usual."""
    return [
        taint
        for taint in untolerated_taints(template, node)
        if read_text(taint, "key") not in CONTROL_PLANE_TAINTS
        and not read_text(taint, "key").startswith(("node.kubernetes.io/", "node.cloudprovider.kubernetes.io/"))
        and not any(word in read_text(taint, "key") for word in ("gpu", "virtual-kubelet", "windows"))
    ]


def _is_young(index: ClusterIndex, pod: JsonObject) -> bool:
    created = parse_time(read_text(pod, "metadata", "creationTimestamp"))
    return (seconds_between(created, index.now) or 0) < _DAEMON_PATIENCE_SECONDS


def _list(names: list[str]) -> str:
    return ", ".join(names[:8]) or "(none)"
