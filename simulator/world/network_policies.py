"""Whether network policies let one pod talk to another, or to the world outside. Pure."""

import ipaddress
from collections.abc import Callable, Iterable

from simulator.store import JsonObject, matches_label_selector
from simulator.world.shapes import labels_of

NamespaceLabels = Callable[[str], dict[str, str]]


def is_allowed(
    policies: Iterable[JsonObject],
    *,
    caller: JsonObject,
    target: JsonObject | None,
    port: int | None,
    namespace_labels: NamespaceLabels,
) -> bool:
    """Both ends have to agree: what leaves the caller, and what enters the target (None: outside the cluster)."""
    policies = list(policies)
    leaves = _rules(policies, caller, direction="Egress")
    if leaves is not None and not any(
        _permits(rule, "to", target, port=port, namespace_labels=namespace_labels) for rule in leaves
    ):
        return False
    if target is None:
        return True
    enters = _rules(policies, target, direction="Ingress")
    return enters is None or any(
        _permits(rule, "from", caller, port=port, namespace_labels=namespace_labels) for rule in enters
    )


def _rules(policies: list[JsonObject], pod: JsonObject, *, direction: str) -> list[JsonObject] | None:
    """What policies allow for a pod in one direction; None when none of them is about it."""
    mine = [
        policy
        for policy in policies
        if policy["metadata"]["namespace"] == pod["metadata"]["namespace"]
        and matches_label_selector(policy["spec"].get("podSelector") or {}, labels_of(pod))
        and direction in (policy["spec"].get("policyTypes") or ["Ingress"])
    ]
    if not mine:
        return None
    return [
        {**rule, "namespace": policy["metadata"]["namespace"]}
        for policy in mine
        for rule in policy["spec"].get(direction.lower()) or []
    ]


def _permits(
    rule: JsonObject, field: str, peer: JsonObject | None, *, port: int | None, namespace_labels: NamespaceLabels
) -> bool:
    ports = rule.get("ports")
    if ports and port is not None and not any(_is_port(entry, port) for entry in ports):
        return False
    peers = rule.get(field)
    if not peers:
        return True
    return any(_is_peer(entry, peer, namespace=rule["namespace"], namespace_labels=namespace_labels) for entry in peers)


def _is_port(entry: JsonObject, port: int) -> bool:
    wanted = entry.get("port")
    if wanted is None or not isinstance(wanted, int):
        return True
    return wanted <= port <= int(entry.get("endPort", wanted))


def _is_peer(entry: JsonObject, peer: JsonObject | None, *, namespace: str, namespace_labels: NamespaceLabels) -> bool:
    if "ipBlock" in entry:
        return _is_in_block(entry["ipBlock"], peer)
    if peer is None:
        return False
    where = peer["metadata"]["namespace"]
    if "namespaceSelector" in entry:
        if not matches_label_selector(entry["namespaceSelector"] or {}, namespace_labels(where)):
            return False
    elif where != namespace:
        return False
    if "podSelector" not in entry:
        return True
    return matches_label_selector(entry["podSelector"] or {}, peer["metadata"].get("labels") or {})


def _is_in_block(block: JsonObject, peer: JsonObject | None) -> bool:
    """A host outside the cluster counts as some public address."""
    network = ipaddress.ip_network(block["cidr"], strict=False)
    if peer is None:
        return network.prefixlen == 0 or network.is_global
    address = (peer.get("status") or {}).get("podIP")
    if not address:
        return False
    found = ipaddress.ip_address(address)
    excepted = any(found in ipaddress.ip_network(item, strict=False) for item in block.get("except") or ())
    return found in network and not excepted
