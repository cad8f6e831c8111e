"""Traffic and names that are cut off."""

from __future__ import annotations

from collections.abc import Iterator

from k8s_diagnosis.index import ClusterIndex
from k8s_diagnosis.logs.dependencies import Trouble
from k8s_diagnosis.objects.access import (
    JsonObject,
    name_of,
    object_path,
    read_flag,
    read_int,
    read_maps,
    read_text,
)
from k8s_diagnosis.objects.pods import is_condition_true
from k8s_diagnosis.objects.policies import Flow, lets_ask_names, lets_in, lets_nobody_in, lets_out, policies_for
from k8s_diagnosis.objects.probes import declared_ports
from k8s_diagnosis.objects.services import count_endpoints, resolve_host, selected_pods
from k8s_diagnosis.problem import Problem, Severity, Words
from k8s_diagnosis.rules.complaints import Complaint, find_failing_callers, list_complaints
from k8s_diagnosis.rules.dependencies import CLUSTER_DNS

_DNS_NAMESPACE = "kube-system"
_DNS_LABELS = ({"k8s-app": "kube-dns"}, {"k8s-app": "coredns"}, {"app.kubernetes.io/name": "coredns"})
_MANY = 3


def find_network(index: ClusterIndex) -> Iterator[Problem]:
    """Policies, the name service and DNS settings that explain what pods complain of."""
    complaints = list(list_complaints(index))
    yield from _blocking_policies(index, complaints)
    yield from _isolated_services(index)
    yield from _dns_policies(index, complaints)
    yield from find_failing_callers(complaints)
    broken = _dns_broken(index, complaints)
    if broken is not None:
        yield broken


def _blocking_policies(index: ClusterIndex, complaints: list[Complaint]) -> Iterator[Problem]:
    """A policy that lets no such traffic through explains a time-out."""
    for complaint in complaints:
        if complaint.unreached.trouble is Trouble.UNRESOLVED:
            yield from _names_not_asked(index, complaint)
        elif complaint.unreached.trouble is Trouble.NO_ANSWER and complaint.unreached.host:
            yield from _traffic_not_let_through(index, complaint)


def _traffic_not_let_through(index: ClusterIndex, complaint: Complaint) -> Iterator[Problem]:
    service = _service_meant(index, complaint)
    targets = selected_pods(index, service) if service is not None else []
    if service is None or not targets:
        return
    flow = Flow(complaint.pod.pod, targets[0], _target_port(service, targets[0], complaint.unreached.port))
    incoming = policies_for(index, targets[0], direction="Ingress")
    if incoming and not any(lets_in(index, policy, flow) for policy in incoming):
        yield _blocked(complaint, incoming[0], service, side=Words("ingress to", "入站"))
    outgoing = policies_for(index, complaint.pod.pod, direction="Egress")
    if outgoing and not any(lets_out(index, policy, flow) for policy in outgoing):
        yield _blocked(complaint, outgoing[0], service, side=Words("egress to", "出站"))


def _service_meant(index: ClusterIndex, complaint: Complaint) -> JsonObject | None:
    """The Service that the complaint names, or whose address it names."""
    host = complaint.unreached.host
    place = resolve_host(index, host, namespace=complaint.pod.namespace)
    return index.service_at(host) or (index.find("Service", *place) if place else None)


def _blocked(complaint: Complaint, policy: JsonObject, service: JsonObject, *, side: Words) -> Problem:
    path, caller = object_path("NetworkPolicy", policy), complaint.pod.workload
    return Problem(
        condition="network-policy-blocks",
        object=path,
        subject=caller,
        detail=name_of(service),
        severity=Severity.CRITICAL,
        cause=Words(
            f"The NetworkPolicy {name_of(policy)} does not allow {side.en} the Service {name_of(service)} from "
            f"{caller}: its "
            "requests get no answer.",
            f"NetworkPolicy {name_of(policy)} 不允许 {caller} 访问 Service {name_of(service)} 的{side.zh}流量："
            "请求得不到应答。",
        ),
        evidence=(complaint.quote, f"{path}: no rule allows it"),
        next_step=Words(
            f"Add a rule to {path} that lets {caller} and the port through, if the traffic is wanted.",
            f"若需要该流量，在 {path} 中添加允许 {caller} 及该端口的规则。",
        ),
        confidence=0.9,
        touches=(object_path("Service", service), f"{caller}→{name_of(service)}"),
    )


def _names_not_asked(index: ClusterIndex, complaint: Complaint) -> Iterator[Problem]:
    policies = policies_for(index, complaint.pod.pod, direction="Egress")
    if not policies or any(lets_ask_names(policy) for policy in policies):
        return
    path, caller = object_path("NetworkPolicy", policies[0]), complaint.pod.workload
    yield Problem(
        condition="network-policy-blocks",
        object=path,
        subject=caller,
        detail="dns",
        severity=Severity.CRITICAL,
        cause=Words(
            f"The NetworkPolicy {name_of(policies[0])} does not allow {caller} to ask the name service (port 53), so "
            "no name is "
            "resolved.",
            f"NetworkPolicy {name_of(policies[0])} 不允许 {caller} 访问域名服务（53 端口），因此无法解析任何名称。",
        ),
        evidence=(complaint.quote, f"{path}: no egress rule allows port 53"),
        next_step=Words(
            f"Allow egress to port 53 (UDP and TCP) in {path}.",
            f"在 {path} 中允许访问 53 端口（UDP 和 TCP）的出站流量。",
        ),
        confidence=0.92,
        touches=(caller,),
    )


def _isolated_services(index: ClusterIndex) -> Iterator[Problem]:
    """A Service whose pods nobody at all may reach, although they are there to be reached."""
    for service in index.all("Service"):
        pods = [pod for pod in selected_pods(index, service) if is_condition_true(pod, "Ready")]
        policies = policies_for(index, pods[0], direction="Ingress") if pods else []
        if not policies or not all(lets_nobody_in(policy) for policy in policies):
            continue
        path = object_path("NetworkPolicy", policies[0])
        yield Problem(
            condition="network-policy-blocks",
            object=path,
            subject=object_path("Service", service),
            detail=name_of(service),
            severity=Severity.WARNING,
            cause=Words(
                f"The NetworkPolicy {name_of(policies[0])} isolates the pods behind the Service {name_of(service)}, "
                "and no policy "
                "lets anybody in: where policies are enforced nothing reaches it.",
                f"NetworkPolicy {name_of(policies[0])} 隔离了 Service {name_of(service)} 后面的 Pod，"
                "且没有策略放行任何来源："
                "在启用策略的网络中无法访问它。",
            ),
            evidence=(f"{path}: policyTypes Ingress without a rule",),
            next_step=Words(
                f"Add a NetworkPolicy that lets the callers of {name_of(service)} in.",
                f"添加允许 {name_of(service)} 调用方入站的 NetworkPolicy。",
            ),
            confidence=0.7,
            touches=(object_path("Service", service),),
        )


def _dns_policies(index: ClusterIndex, complaints: list[Complaint]) -> Iterator[Problem]:
    """Pods that ask another name service than the cluster's for names of the cluster."""
    for complaint in complaints:
        pod, host = complaint.pod.pod, complaint.unreached.host
        policy = read_text(pod, "spec", "dnsPolicy") or "ClusterFirst"
        on_host = read_flag(pod, "spec", "hostNetwork")
        is_elsewhere = policy in {"Default", "None"} or (on_host and policy == "ClusterFirst")
        place = resolve_host(index, host, namespace=complaint.pod.namespace) if host else None
        if complaint.unreached.trouble is not Trouble.UNRESOLVED or not is_elsewhere or place is None:
            continue
        if index.find("Service", *place) is None:
            continue
        yield _dns_policy_wrong(complaint, policy, host=host, on_host=on_host)


def _dns_policy_wrong(complaint: Complaint, policy: str, *, host: str, on_host: bool) -> Problem:
    workload = complaint.pod.workload
    better = "ClusterFirstWithHostNet" if on_host else "ClusterFirst"
    return Problem(
        condition="dns-policy-wrong",
        object=workload,
        severity=Severity.CRITICAL,
        cause=Words(
            f"The pods of {workload} do not ask the cluster's name service (dnsPolicy {policy}"
            f"{', hostNetwork' if on_host else ''}), so the Service name {host} is not resolved.",
            f"{workload} 的 Pod 不使用集群域名服务（dnsPolicy 为 {policy}{'，hostNetwork' if on_host else ''}），"
            f"因此无法解析 Service 名称 {host}。",
        ),
        evidence=(
            f"{complaint.pod.path}: dnsPolicy={policy} hostNetwork={str(on_host).lower()}",
            complaint.quote,
        ),
        next_step=Words(f"Set dnsPolicy {better} in {workload}.", f"在 {workload} 中把 dnsPolicy 设为 {better}。"),
        confidence=0.93,
        touches=(workload,),
    )


def _dns_broken(index: ClusterIndex, complaints: list[Complaint]) -> Problem | None:
    """The name service has no pod that answers, or names of existing Services are not resolved in several workloads."""
    pods = [pod for labels in _DNS_LABELS for pod in index.pods_with(labels, namespace=_DNS_NAMESPACE)]
    service = index.find("Service", _DNS_NAMESPACE, "kube-dns")
    is_down = bool(pods) and not any(is_condition_true(pod, "Ready") for pod in pods)
    has_none = (
        service is not None and index.is_complete("Pod", _DNS_NAMESPACE) and not count_endpoints(index, service).ready
    )
    unresolved = [each for each in complaints if _is_existing_name(index, each)]
    workloads = sorted({each.pod.workload for each in unresolved})
    if not is_down and not has_none and len(workloads) < _MANY:
        return None
    target = index.workload_of(pods[0]) if pods else f"Deployment/{_DNS_NAMESPACE}/coredns"
    return Problem(
        condition="dns-broken",
        object=target,
        severity=Severity.CRITICAL,
        cause=Words(
            "The name service of the cluster (CoreDNS) does not answer: "
            + (
                "none of its pods is Ready."
                if is_down or has_none
                else f"{len(workloads)} workloads cannot resolve existing names."
            ),
            "集群域名服务（CoreDNS）没有应答："
            + ("它没有就绪的 Pod。" if is_down or has_none else f"{len(workloads)} 个工作负载无法解析已存在的名称。"),
        ),
        evidence=(
            *(f"{name_of(pod)}: Ready is not True" for pod in pods[:3] if is_down),
            *(each.quote for each in unresolved[:3]),
        ),
        next_step=Words(
            f"Look at the pods of {target} and at the Corefile in the ConfigMap coredns of {_DNS_NAMESPACE}.",
            f"检查 {target} 的 Pod 以及 {_DNS_NAMESPACE} 中 ConfigMap coredns 的 Corefile。",
        ),
        confidence=0.92 if is_down or has_none else 0.8,
        because=(target,) if pods else (),
        touches=(CLUSTER_DNS,),
    )


def _is_existing_name(index: ClusterIndex, complaint: Complaint) -> bool:
    if complaint.unreached.trouble is not Trouble.UNRESOLVED or not complaint.unreached.host:
        return False
    service = _service_meant(index, complaint)
    return service is not None and bool(count_endpoints(index, service).ready)


def _target_port(service: JsonObject, pod: JsonObject, port: int | None) -> int:
    """The port of the pod behind a port of the Service."""
    for each in read_maps(service, "spec", "ports"):
        if port is None or read_int(each, "port") == port:
            target = read_text(each, "targetPort") or read_text(each, "port")
            if target.isdigit():
                return int(target)
            named = {name: number for number, name in declared_ports(read_maps(pod, "spec", "containers")).items()}
            return named.get(target, 0)
    return port or 0
