"""NetworkPolicies: which pods they isolate, and whether they let one pod reach another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from k8s_diagnosis.index import ClusterIndex
from k8s_diagnosis.objects.access import (
    JsonObject,
    labels_of,
    namespace_of,
    read_int,
    read_map,
    read_maps,
    read_text,
    read_texts,
)
from k8s_diagnosis.objects.labels import selects
from k8s_diagnosis.objects.probes import declared_ports


@dataclass(frozen=True, slots=True)
class Flow:
    """Traffic from a pod to a port of another."""

    source: JsonObject
    target: JsonObject
    port: int


def policies_for(index: ClusterIndex, pod: JsonObject, *, direction: str) -> list[JsonObject]:
    """Policies that isolate the pod in the direction Ingress or Egress."""
    labels = labels_of(pod)
    return [
        policy
        for policy in index.in_namespace("NetworkPolicy", namespace_of(pod))
        if direction in _directions(policy) and selects(read_map(policy, "spec", "podSelector"), labels)
    ]


def lets_in(index: ClusterIndex, policy: JsonObject, flow: Flow) -> bool:
    return any(
        _allows_peer(index, policy, rule, "from", flow.source) and _allows_port(rule, flow)
        for rule in read_maps(policy, "spec", "ingress")
    )


def lets_out(index: ClusterIndex, policy: JsonObject, flow: Flow) -> bool:
    return any(
        _allows_peer(index, policy, rule, "to", flow.target) and _allows_port(rule, flow)
        for rule in read_maps(policy, "spec", "egress")
    )


def lets_nobody_in(policy: JsonObject) -> bool:
    return not read_maps(policy, "spec", "ingress")


def lets_ask_names(policy: JsonObject) -> bool:
    """Whether the pods of the policy may send to port 53 of anybody."""
    for rule in read_maps(policy, "spec", "egress"):
        ports = read_maps(rule, "ports")
        if not ports or any(
            read_text(port, "port") in {"53", "dns", "dns-tcp"} or "port" not in port for port in ports
        ):
            return True
    return False


def _directions(policy: JsonObject) -> list[str]:
    stated = read_texts(policy, "spec", "policyTypes")
    if stated:
        return stated
    return ["Ingress", "Egress"] if "egress" in read_map(policy, "spec") else ["Ingress"]


def _allows_peer(index: ClusterIndex, policy: JsonObject, rule: JsonObject, side: str, pod: JsonObject) -> bool:
    peers = read_maps(rule, side)
    return not peers or any(_is_peer(index, policy, peer, pod) for peer in peers)


def _is_peer(index: ClusterIndex, policy: JsonObject, peer: JsonObject, pod: JsonObject) -> bool:
    # Address ranges are judged by the network; here they count as allowing, so that nothing is claimed wrongly.
    if "ipBlock" in peer:
        return True
    pod_selector, namespace_selector = peer.get("podSelector"), peer.get("namespaceSelector")
    if isinstance(namespace_selector, dict):
        namespace = index.find("Namespace", "", namespace_of(pod))
        labels = labels_of(namespace) or {"kubernetes.io/metadata.name": namespace_of(pod)}
        if not selects(namespace_selector, labels):
            return False
    elif namespace_of(pod) != namespace_of(policy):
        return False
    return not isinstance(pod_selector, dict) or selects(pod_selector, labels_of(pod))


def _allows_port(rule: JsonObject, flow: Flow) -> bool:
    ports = read_maps(rule, "ports")
    return not ports or any(_is_port(port, flow) for port in ports)


def _is_port(port: JsonObject, flow: Flow) -> bool:
    wanted, end = read_text(port, "port"), read_int(port, "endPort")
    if not wanted:
        return True
    if wanted.isdigit():
        return int(wanted) <= flow.port <= (end or int(wanted))
    return flow.port in {number for number, name in _ports_of(flow.target) if name == wanted}


def _ports_of(pod: JsonObject) -> Iterator[tuple[int, str]]:
    yield from declared_ports(read_maps(pod, "spec", "containers")).items()
