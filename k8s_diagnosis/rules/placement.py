"""Pods that no node can take: the nodes do not qualify, or nobody places the pod at all."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

from k8s_diagnosis.cases import PodCase
from k8s_diagnosis.objects.access import (
    JsonObject,
    labels_of,
    name_of,
    read_map,
    read_maps,
    read_text,
)
from k8s_diagnosis.objects.placement import (
    NODE_STATE_TAINTS,
    fits_selector,
    has_node_choice,
    is_cordoned,
    show_node_choice,
    show_taint,
    untolerated_taints,
)
from k8s_diagnosis.objects.pods import condition_of, is_condition_true
from k8s_diagnosis.problem import Fix, Problem, Severity, Words
from k8s_diagnosis.rules.scheduling import SchedulingFacts, read_scheduling
from k8s_diagnosis.text.names import find_nearest

_SELECTOR = re.compile(r"(?i)node affinity|node selector")
_CORDONED = re.compile(r"(?i)were unschedulable|node\.kubernetes\.io/unschedulable")
_TAINT = re.compile(r"(?i)taint")
_HOST_PORT = re.compile(r"(?i)free ports")
_ANTI_AFFINITY = re.compile(r"(?i)anti-affinity|pod affinity")
_SPREAD = re.compile(r"(?i)topology spread")
# Nothing tries to place a pod for longer than this only when its scheduler does not run.
_SCHEDULER_PATIENCE_SECONDS = 90


def find_node_selector(case: PodCase) -> Problem | None:
    """No node carries what nodeSelector or node affinity ask for."""
    facts = _about(case, _SELECTOR)
    if facts is None or "volume node affinity" in facts.message or not has_node_choice(case.pod):
        return None
    choice, nodes = show_node_choice(case.pod), case.index.all("Node")
    if any(fits_selector(case.pod, node) for node in nodes):
        return None
    return Problem(
        condition="pending-node-selector",
        object=case.workload,
        severity=Severity.CRITICAL,
        cause=Words(
            f"The pods of {case.workload} demand a node with {choice}, and no node has it.",
            f"{case.workload} 的 Pod 要求节点具有 {choice}，没有节点满足。",
        ),
        evidence=(f"PodScheduled=False: {facts.message}", *_label_evidence(case, nodes)),
        next_step=Words(
            f"Label a node so (kubectl label node NODE {choice.split(',', maxsplit=1)[0]}), or change nodeSelector and "
            f"affinity of {case.workload}.",
            f"为节点加上该标签（kubectl label node NODE {choice.split(',', maxsplit=1)[0]}），"
            f"或修改 {case.workload} 的 nodeSelector 和亲和性。",
        ),
        confidence=0.96 if nodes else 0.9,
    )


def _label_evidence(case: PodCase, nodes: Sequence[JsonObject]) -> list[str]:
    """Values that the nodes have for the demanded keys."""
    lines = []
    for key, value in sorted(read_map(case.pod, "spec", "nodeSelector").items()):
        values = sorted({labels_of(node).get(key, "") for node in nodes} - {""})
        near = find_nearest(str(value), among=values, limit=3)
        lines.append(f"node labels {key}: {', '.join(near or values[:5]) or '(on no node)'}")
    return lines


def find_cordoned(case: PodCase) -> Problem | None:
    """The nodes that would fit are cordoned."""
    facts = _about(case, _CORDONED)
    fitting = [node for node in case.index.all("Node") if is_cordoned(node) and fits_selector(case.pod, node)]
    if facts is None:
        return None
    names = sorted(name_of(node) for node in fitting)
    shown = ", ".join(names) or "the fitting nodes"
    choice = show_node_choice(case.pod)
    bound = f", and the pods of {case.workload} are bound to it by {choice}" if choice else ""
    zh_bound = f"，而 {case.workload} 的 Pod 通过 {choice} 绑定到它" if choice else ""
    return Problem(
        condition="pending-node-cordoned",
        object=f"Node//{names[0]}" if names else case.workload,
        subject=case.workload,
        severity=Severity.CRITICAL,
        cause=Words(
            f"Node {shown} is cordoned (unschedulable){bound}: the pods cannot be placed.",
            f"节点 {shown} 被标记为不可调度（cordon）{zh_bound}，Pod 无法调度。",
        ),
        evidence=(f"PodScheduled=False: {facts.message}", *(f"node {name}: spec.unschedulable=true" for name in names)),
        next_step=Words(
            f"Uncordon {shown} when its maintenance is over, or let the pods go elsewhere.",
            f"维护结束后取消 {shown} 的 cordon，或让 Pod 调度到其他节点。",
        ),
        confidence=0.93 if names else 0.75,
        fix=_uncordon(names[0]) if names else None,
    )


def _uncordon(node: str) -> Fix:
    return Fix(
        command=shlex.join(["kubectl", "uncordon", node]),
        tool="k8s-cordon-node",
        arguments={"name": node, "unschedulable": False},
    )


def find_untolerated_taint(case: PodCase) -> Problem | None:
    """The nodes that would fit carry taints that the pod does not tolerate."""
    facts = _about(case, _TAINT)
    if facts is None:
        return None
    fitting = {
        name_of(node): taints
        for node in case.index.all("Node")
        if fits_selector(case.pod, node) and (taints := untolerated_taints(case.pod, node))
    }
    state = {name for name, taints in fitting.items() if all(read_text(t, "key") in NODE_STATE_TAINTS for t in taints)}
    # A node that is down is tainted for it; the node's own problem is the cause then.
    chosen = [name for name in sorted(fitting) if name not in state] or sorted(fitting)
    shown = "; ".join(f"{name} {', '.join(show_taint(each) for each in fitting[name])}" for name in chosen[:4])
    choice = show_node_choice(case.pod)
    bound = f" (it demands {choice})" if choice else ""
    zh_bound = f"（要求 {choice}）" if choice else ""
    return Problem(
        condition="pending-untolerated-taint",
        object=f"Node//{chosen[0]}" if len(chosen) == 1 else case.workload,
        subject=case.workload,
        severity=Severity.CRITICAL,
        cause=Words(
            f"The pods of {case.workload}{bound} do not tolerate the taints of the nodes they could go to: "
            f"{shown or facts.message}.",
            f"{case.workload} 的 Pod{zh_bound} 不容忍可用节点上的污点：{shown or facts.message}。",
        ),
        evidence=(
            f"PodScheduled=False: {facts.message}",
            *(f"node {name}: taint {show_taint(taint)}" for name in chosen[:4] for taint in fitting[name]),
            *((f"pod demands of its node: {choice}",) if choice else ()),
        ),
        next_step=Words(
            f"Add the toleration to {case.workload} if its pods belong there, remove the taint, or let the pods go to "
            "other nodes.",
            f"若 Pod 应运行在这些节点上，为 {case.workload} 添加容忍；否则移除污点，或允许调度到其他节点。",
        ),
        confidence=0.93,
        because=tuple(f"Node//{name}" for name in state),
    )


def find_host_port(case: PodCase) -> Problem | None:
    """The host port that the pod wants is taken on every node."""
    facts = _about(case, _HOST_PORT)
    if facts is None:
        return None
    wanted = sorted(_host_ports(case.pod))
    holders = [
        f"{name_of(pod)} on {read_text(pod, 'spec', 'nodeName')}"
        for pod in case.index.all("Pod")
        if read_text(pod, "spec", "nodeName") and _host_ports(pod) & set(wanted)
    ]
    shown = ", ".join(str(port) for port in wanted)
    return _unplaced(
        case,
        facts,
        "pending-host-port",
        Words(
            f"The pods of {case.workload} want host port {shown}, which is taken on every node that fits"
            + (f" (by {', '.join(holders[:3])})." if holders else "."),
            f"{case.workload} 的 Pod 需要主机端口 {shown}，合适的节点上该端口都已被占用"
            + (f"（{', '.join(holders[:3])}）。" if holders else "。"),
        ),
        Words(
            f"Run at most one such pod per node, or give up hostPort in {case.workload} and use a Service.",
            f"每个节点最多运行一个这样的 Pod，或在 {case.workload} 中去掉 hostPort 改用 Service。",
        ),
    )


def find_anti_affinity(case: PodCase) -> Problem | None:
    """Rules that keep pods apart (or together) leave no node."""
    facts = _about(case, _ANTI_AFFINITY)
    if facts is None:
        return None
    replicas = read_text(case.index.find_path(case.workload), "spec", "replicas")
    nodes = len(case.index.all("Node"))
    count = f" ({replicas} replicas, {nodes} nodes)" if replicas and nodes else ""
    zh_count = f"（{replicas} 个副本，{nodes} 个节点）" if replicas and nodes else ""
    rule = read_map(case.pod, "spec", "affinity", "podAntiAffinity") or read_map(
        case.pod, "spec", "affinity", "podAffinity"
    )
    terms = read_maps(rule, "requiredDuringSchedulingIgnoredDuringExecution")
    topology = ", ".join(sorted({read_text(term, "topologyKey") for term in terms}))
    return _unplaced(
        case,
        facts,
        "pending-anti-affinity",
        Words(
            f"The required pod (anti-)affinity of {case.workload} leaves no node for another pod{count}.",
            f"{case.workload} 的强制 Pod（反）亲和性规则使新的 Pod 没有节点可用{zh_count}。",
        ),
        Words(
            f"Lower the replicas of {case.workload}, add nodes, or make the rule preferred instead of required.",
            f"减少 {case.workload} 的副本数、增加节点，或把强制规则改为优先规则（preferred）。",
        ),
        extra=f"required rule over {topology}" if topology else "",
    )


def find_topology_spread(case: PodCase) -> Problem | None:
    """The demand to spread evenly leaves no node."""
    facts = _about(case, _SPREAD)
    if facts is None:
        return None
    constraints = read_maps(case.pod, "spec", "topologySpreadConstraints")
    shown = "; ".join(
        f"{read_text(each, 'topologyKey')} maxSkew={read_text(each, 'maxSkew')} {read_text(each, 'whenUnsatisfiable')}"
        for each in constraints
    )
    return _unplaced(
        case,
        facts,
        "pending-topology-spread",
        Words(
            f"The topology spread constraints of {case.workload} leave no node for another pod ({shown}).",
            f"{case.workload} 的拓扑分布约束使新的 Pod 没有节点可用（{shown}）。",
        ),
        Words(
            f"Use whenUnsatisfiable ScheduleAnyway or a larger maxSkew in {case.workload}, or add nodes in the lacking "
            "zone.",
            f"在 {case.workload} 中使用 whenUnsatisfiable: ScheduleAnyway 或更大的 maxSkew，或在缺少的区域增加节点。",
        ),
    )


def find_other_reason(case: PodCase) -> Problem | None:
    """The scheduler gives a reason that no other rule knows; it is quoted."""
    facts = read_scheduling(case)
    if facts is None:
        return None
    reasons = "; ".join(reason.text for reason in facts.reasons[:4])
    return _unplaced(
        case,
        facts,
        "pending-unschedulable",
        Words(
            f"No node can take the pods of {case.workload}: {reasons}.",
            f"没有节点可以接收 {case.workload} 的 Pod：{reasons}。",
        ),
        Words(
            "Compare what the message names with the nodes (k8s-get-nodes) and the pod (k8s-describe-pod).",
            "对照消息所指的内容检查节点（k8s-get-nodes）和 Pod（k8s-describe-pod）。",
        ),
        confidence=0.75,
    )


def find_gated(case: PodCase) -> Problem | None:
    """The pod waits for somebody to remove its scheduling gates."""
    if read_text(condition_of(case.pod, "PodScheduled"), "reason") != "SchedulingGated":
        return None
    gates = ", ".join(read_text(each, "name") for each in read_maps(case.pod, "spec", "schedulingGates"))
    if (case.age_seconds or 0) < _SCHEDULER_PATIENCE_SECONDS:
        return None
    return Problem(
        condition="pending-scheduling-gated",
        object=case.workload,
        severity=Severity.CRITICAL,
        cause=Words(
            f"The pods of {case.workload} are held back by the scheduling gate {gates}, which nobody has removed.",
            f"{case.workload} 的 Pod 被调度门控 {gates} 阻止，一直没有被移除。",
        ),
        evidence=(f"spec.schedulingGates: {gates}", "PodScheduled=False reason=SchedulingGated"),
        next_step=Words(
            f"Look at the controller that owns the gate {gates}, or remove the gate from {case.workload}.",
            f"检查负责移除门控 {gates} 的控制器，或从 {case.workload} 中去掉该门控。",
        ),
        confidence=0.92,
    )


def find_no_scheduler(case: PodCase) -> Problem | None:
    """Nobody has even tried to place the pod: the scheduler it names does not run."""
    is_untouched = (
        not case.node and not condition_of(case.pod, "PodScheduled") and not case.events_of("FailedScheduling")
    )
    if read_text(case.pod, "status", "phase") != "Pending" or not is_untouched:
        return None
    if (case.age_seconds or 0) < _SCHEDULER_PATIENCE_SECONDS:
        return None
    scheduler = read_text(case.pod, "spec", "schedulerName") or "default-scheduler"
    is_own = scheduler != "default-scheduler"
    return Problem(
        condition="pending-no-scheduler",
        object=case.workload,
        severity=Severity.CRITICAL,
        cause=Words(
            f"The pods of {case.workload} wait for the scheduler {scheduler}, which does not run in this cluster.",
            f"{case.workload} 的 Pod 在等待调度器 {scheduler}，而集群中没有运行它。",
        ),
        evidence=(f"spec.schedulerName={scheduler}", "no PodScheduled condition, no scheduling events"),
        next_step=Words(
            f"Remove schedulerName from {case.workload} (or write it correctly), or start that scheduler."
            if is_own
            else "Look at the kube-scheduler of the control plane: nothing is placed without it.",
            f"从 {case.workload} 中去掉（或改正）schedulerName，或启动该调度器。"
            if is_own
            else "检查控制平面的 kube-scheduler：没有它不会有任何 Pod 被调度。",
        ),
        confidence=0.93 if is_own else 0.75,
    )


def find_missing_node(case: PodCase) -> Problem | None:
    """The pod is bound to a node that does not exist, or that does not answer."""
    if not case.node or is_condition_true(case.pod, "Ready"):
        return None
    node = case.index.find("Node", "", case.node)
    if node is None:
        # Virtual clusters show no nodes at all; that is no lack of this one.
        is_gone = bool(case.index.all("Node")) and case.index.is_missing("Node", "", case.node)
        return _on_unknown_node(case) if is_gone else None
    if is_condition_true(node, "Ready"):
        return None
    return Problem(
        condition="pod-on-missing-node",
        object=f"Node//{case.node}",
        subject=case.workload,
        severity=Severity.CRITICAL,
        cause=Words(
            f"Pods of {case.workload} are on node {case.node}, which is not Ready: their state is not known.",
            f"{case.workload} 的 Pod 位于未就绪的节点 {case.node} 上，其状态未知。",
        ),
        evidence=(f"{case.path}: nodeName={case.node}", f"node {case.node}: Ready is not True"),
        next_step=Words(f"Get node {case.node} back, or drain it.", f"恢复节点 {case.node}，或将其排空。"),
        confidence=0.9,
        because=(f"Node//{case.node}",),
    )


def _on_unknown_node(case: PodCase) -> Problem:
    template = read_map(case.index.find_path(case.workload), "spec", "template")
    is_written = read_text(template, "spec", "nodeName") == case.node or case.workload == case.path
    return Problem(
        condition="pod-on-missing-node",
        object=case.workload if is_written else f"Node//{case.node}",
        subject=case.workload,
        severity=Severity.CRITICAL,
        cause=Words(
            f"The pods of {case.workload} are bound to node {case.node}, which does not exist.",
            f"{case.workload} 的 Pod 绑定到不存在的节点 {case.node}。",
        ),
        evidence=(
            f"{case.path}: spec.nodeName={case.node}",
            f"nodes: {', '.join(case.index.names('Node', '')[:8])}",
        ),
        next_step=Words(
            f"Remove spec.nodeName from {case.workload} (or name an existing node), or delete the pods of the lost "
            "node.",
            f"从 {case.workload} 中去掉 spec.nodeName（或改为存在的节点），或删除已消失节点上的 Pod。",
        ),
        confidence=0.95,
    )


def _about(case: PodCase, pattern: re.Pattern[str]) -> SchedulingFacts | None:
    """The scheduler's facts when such a reason is the main one."""
    facts = read_scheduling(case)
    if facts is None or not any(pattern.search(reason.text) for reason in facts.main):
        return None
    return facts


def rollout_of(workload: str) -> str:
    """Stands for the way a workload replaces its pods, in the chains of problems."""
    return f"{workload}#rollout"


def _host_ports(pod: JsonObject) -> set[int]:
    return {
        int(port["hostPort"])
        for container in read_maps(pod, "spec", "containers")
        for port in read_maps(container, "ports")
        if isinstance(port.get("hostPort"), int) and port["hostPort"]
    }


def _unplaced(
    case: PodCase,
    facts: SchedulingFacts,
    condition: str,
    cause: Words,
    next_step: Words,
    *,
    extra: str = "",
    confidence: float = 0.92,
) -> Problem:
    return Problem(
        condition=condition,
        object=case.workload,
        severity=Severity.CRITICAL,
        cause=cause,
        evidence=(f"PodScheduled=False: {facts.message}", *((extra,) if extra else ())),
        next_step=next_step,
        confidence=confidence if len(facts.reasons) == 1 else min(confidence, 0.85),
        because=(rollout_of(case.workload),),
    )
