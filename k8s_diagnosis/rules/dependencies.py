"""Programs that cannot reach what they need, and why they cannot."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from k8s_diagnosis.cases import ContainerCase
from k8s_diagnosis.logs.dependencies import Trouble, UnreachedDependency
from k8s_diagnosis.logs.lines import MAX_SHOWN
from k8s_diagnosis.objects.access import JsonObject, name_of, namespace_of, object_path
from k8s_diagnosis.objects.services import (
    count_endpoints,
    is_headless,
    resolve_host,
    selector_of,
    service_ports,
    workload_paths_behind,
)
from k8s_diagnosis.problem import Problem, Severity, Words
from k8s_diagnosis.sources import Source, find_source
from k8s_diagnosis.text.names import find_nearest
from mcp_kit.sanitising import sanitise_line

CLUSTER_DNS = "DNS//cluster"
"""Stands for the name service of the cluster in the chains of problems."""

_NO_SUCH_NAME = re.compile(r"(?i)nxdomain|no such host|enotfound|name or service not known|bad address|can't resolve")
_LOOPBACK = ("localhost", "127.", "0.0.0.0", "::1")
_SURE = 0.85


@dataclass(frozen=True, slots=True)
class DependencyFacts:
    """What the cluster says about a peer that a program cannot reach."""

    why: Words
    """Follows "it cannot reach NAME: "."""
    next_step: Words
    confidence: float
    because: tuple[str, ...] = ()
    missing_service: str = ""
    """Service/namespace/name when no such Service exists."""
    evidence: tuple[str, ...] = ()
    source: Source | None = None
    """Where the program has a wrong address from."""


def find_dependency_unreachable(case: ContainerCase) -> Problem | None:
    """The program ends because something it needs does not answer, or has no address."""
    verdict = case.verdict
    if verdict is None or verdict.unreached is None:
        return None
    unreached = verdict.unreached
    facts, peer = examine_dependency(case, unreached), name_peer(unreached)
    return Problem(
        condition="crash-dependency-unreachable",
        object=facts.source.object if facts.source is not None else case.workload,
        subject=case.workload,
        detail=case.name,
        severity=Severity.CRITICAL,
        cause=Words(
            f"{case.title.en} keeps ending with exit code {case.exit_code}: it cannot reach {peer.en}: {facts.why.en}.",
            f"{case.title.zh} 反复以退出码 {case.exit_code} 退出：无法连接 {peer.zh}，{facts.why.zh}。",
        ),
        evidence=(case.ending_evidence(), f"log (failed run): {_quote(unreached)}", *facts.evidence),
        next_step=facts.next_step,
        confidence=facts.confidence,
        because=facts.because,
    )


def examine_dependency(case: ContainerCase, unreached: UnreachedDependency) -> DependencyFacts:
    """Look up the peer among the Services of the cluster, and its address among the settings of the container."""
    facts = _examine(case, unreached)
    source = find_source(case, unreached.host) if unreached.host else None
    if source is None:
        return facts
    # A wrong address is the fault of whoever holds it; when the peer has its own problem the address may be right.
    is_wrong = facts.confidence >= _SURE and not facts.because
    return replace(facts, evidence=(*facts.evidence, source.shown), source=source if is_wrong else None)


def name_peer(unreached: UnreachedDependency) -> Words:
    if not unreached.host:
        return Words("a service it needs", "它依赖的服务")
    shown = f"{unreached.host}:{unreached.port}" if unreached.port else unreached.host
    return Words(shown, shown)


def _examine(case: ContainerCase, unreached: UnreachedDependency) -> DependencyFacts:
    host = unreached.host
    if not host:
        return _unknown_peer(case)
    if host.startswith(_LOOPBACK):
        return _loopback(case, unreached)
    service = case.index.service_at(host)
    if service is not None:
        return _examine_service(case, unreached, service)
    place = resolve_host(case.index, host, namespace=case.pod.namespace)
    if place is None or host.replace(".", "").isdigit():
        return _outside(unreached)
    service = case.index.find("Service", *place)
    if service is None:
        return _no_service(case, unreached, namespace=place[0], name=place[1])
    return _examine_service(case, unreached, service)


def _no_service(case: ContainerCase, unreached: UnreachedDependency, *, namespace: str, name: str) -> DependencyFacts:
    is_known = case.index.is_complete("Service", namespace)
    if not is_known and not _denies_name_of_cluster(unreached):
        return _outside(unreached)
    existing = case.index.names("Service", namespace)
    near = find_nearest(name, among=existing, limit=3)
    hint_en = f" (nearest: {', '.join(near)})" if near else ""
    hint_zh = f"（相近的有：{', '.join(near)}）" if near else ""
    return DependencyFacts(
        why=Words(
            f"no Service {name} exists in namespace {namespace}{hint_en}",
            f"命名空间 {namespace} 中没有 Service {name}{hint_zh}",
        ),
        next_step=Words(
            f"Create the Service {name} in namespace {namespace} with its workload, or correct the name that "
            f"{case.workload} uses{hint_en}.",
            f"在命名空间 {namespace} 中创建 Service {name} 及其工作负载，或改正 {case.workload} 使用的名称{hint_zh}。",
        ),
        confidence=0.92 if is_known else 0.85,
        missing_service=f"Service/{namespace}/{name}",
        evidence=(f"Services in namespace {namespace}: {_list(existing)}",) if is_known else (),
    )


def _denies_name_of_cluster(unreached: UnreachedDependency) -> bool:
    """Whether the name service itself says that there is no such Service, which needs no list of them."""
    is_of_cluster = "." not in unreached.host or ".svc" in unreached.host or ".svc." in unreached.line
    return is_of_cluster and _NO_SUCH_NAME.search(unreached.line) is not None


def _examine_service(case: ContainerCase, unreached: UnreachedDependency, service: JsonObject) -> DependencyFacts:
    path, name, ports = object_path("Service", service), name_of(service), service_ports(service)
    if unreached.port and ports and unreached.port not in ports and not is_headless(service):
        return _wrong_port(case, service, port=unreached.port)
    endpoints, behind = count_endpoints(case.index, service), tuple(workload_paths_behind(case.index, service))
    if not endpoints.ready and selector_of(service):
        return DependencyFacts(
            why=Words(f"the Service {name} has no ready endpoints", f"Service {name} 没有就绪的端点"),
            next_step=Words(
                f"Get what stands behind {path} to run first: {_list(behind)}.",
                f"先让 {path} 的后端恢复：{_list(behind)}。",
            ),
            confidence=0.85,
            because=(path, *behind),
            evidence=(f"{path}: endpoints {endpoints}",),
        )
    shown = f"{path}: endpoints {endpoints}"
    if unreached.trouble is Trouble.UNRESOLVED:
        return _name_service_fails(case, name, shown)
    return _answers_not(unreached, service, because=(path, *behind), shown=shown)


def _wrong_port(case: ContainerCase, service: JsonObject, *, port: int) -> DependencyFacts:
    path, name, ports = object_path("Service", service), name_of(service), service_ports(service)
    offered = ", ".join(str(each) for each in ports)
    return DependencyFacts(
        why=Words(
            f"the Service {name} has port {offered}, not {port}", f"Service {name} 的端口是 {offered}，而不是 {port}"
        ),
        next_step=Words(
            f"Use port {ports[0]} in {case.workload}, or add port {port} to {path}.",
            f"在 {case.workload} 中使用端口 {ports[0]}，或为 {path} 增加端口 {port}。",
        ),
        confidence=0.93,
        evidence=(f"{path}: spec.ports {offered}",),
    )


def _name_service_fails(case: ContainerCase, name: str, shown: str) -> DependencyFacts:
    return DependencyFacts(
        why=Words(
            f"the Service {name} exists, but its name is not resolved in the pod",
            f"Service {name} 存在，但 Pod 中无法解析它的名称",
        ),
        next_step=Words(
            "Check the cluster DNS (CoreDNS), the dnsPolicy of the pod, and whether a NetworkPolicy lets it ask port "
            "53.",
            "检查集群 DNS（CoreDNS）、Pod 的 dnsPolicy，以及 NetworkPolicy 是否允许访问 53 端口。",
        ),
        confidence=0.75,
        because=(CLUSTER_DNS, case.workload),
        evidence=(shown,),
    )


def _answers_not(
    unreached: UnreachedDependency, service: JsonObject, *, because: tuple[str, ...], shown: str
) -> DependencyFacts:
    """The Service is there with ready endpoints, and still it is not reached."""
    path, name = because[0], name_of(service)
    is_refused = unreached.trouble is Trouble.REFUSED
    return DependencyFacts(
        why=Words(
            f"the Service {name} has ready endpoints, but "
            f"{'nothing listens there' if is_refused else 'no answer comes'}",
            f"Service {name} 有就绪端点，但{'端口上没有程序监听' if is_refused else '没有应答'}",
        ),
        next_step=Words(
            f"Compare the targetPort of {path} with the port its pods listen on, and look for NetworkPolicies in "
            f"namespace {namespace_of(service)}.",
            f"核对 {path} 的 targetPort 与其 Pod 监听的端口，并检查命名空间 {namespace_of(service)} 的 NetworkPolicy。",
        ),
        confidence=0.75,
        because=because,
        evidence=(shown,),
    )


def _loopback(case: ContainerCase, unreached: UnreachedDependency) -> DependencyFacts:
    peer = name_peer(unreached).en
    return DependencyFacts(
        why=Words(
            "that address is the pod itself, and nothing listens on that port in it",
            "该地址就是 Pod 自身，而 Pod 内没有程序监听该端口",
        ),
        next_step=Words(
            f"Give {case.workload} the address of the Service it needs instead of {peer}, or start the sidecar that "
            "should listen there.",
            f"为 {case.workload} 配置所需 Service 的地址来代替 {peer}，或启动应在此监听的 sidecar。",
        ),
        confidence=0.85,
    )


def _outside(unreached: UnreachedDependency) -> DependencyFacts:
    what = {
        Trouble.UNRESOLVED: Words("its name has no address", "名称无法解析"),
        Trouble.REFUSED: Words("nothing listens there", "端口上没有程序监听"),
        Trouble.NO_ANSWER: Words("it does not answer in time", "没有及时应答"),
    }[unreached.trouble]
    peer = name_peer(unreached)
    return DependencyFacts(
        why=what,
        next_step=Words(
            f"Check that {peer.en} is the right address and is up; it is not among the Services that were read.",
            f"确认 {peer.zh} 地址正确且可用；已读取的 Service 中没有它。",
        ),
        confidence=0.75,
        because=(CLUSTER_DNS,) if unreached.trouble is Trouble.UNRESOLVED else (),
    )


def _unknown_peer(case: ContainerCase) -> DependencyFacts:
    return DependencyFacts(
        why=Words("its log does not say which one", "日志没有说明是哪一个"),
        next_step=Words(f"Read {case.log_request} for the address.", f"查看 {case.log_request} 以确定地址。"),
        confidence=0.7,
    )


def _quote(unreached: UnreachedDependency) -> str:
    return sanitise_line(unreached.line, max_characters=MAX_SHOWN)


def _list(names: tuple[str, ...] | list[str]) -> str:
    shown = ", ".join(names[:8])
    return f"{shown}, …" if len(names) > 8 else shown or "(none)"
