"""Endpoints and EndpointSlice contents for the members of a Service. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from simulator.store import JsonObject
from simulator.world.shapes import find_condition, is_ready, is_terminating

OVER = frozenset({"Succeeded", "Failed"})


@dataclass(frozen=True, slots=True)
class Member:
    """A pod that has an address and is not over."""

    pod: JsonObject
    address: str
    is_ready: bool
    is_terminating: bool

    @classmethod
    def of(cls, pod: JsonObject) -> "Member | None":
        status = pod.get("status") or {}
        if not status.get("podIP") or status.get("phase") in OVER:
            return None
        return cls(pod, status["podIP"], is_ready(pod) and not is_terminating(pod), is_terminating(pod))

    @property
    def changed_at(self) -> str:
        condition = find_condition(self.pod, "Ready")
        return str(condition["lastTransitionTime"]) if condition else str(self.pod["metadata"]["creationTimestamp"])

    @property
    def target(self) -> JsonObject:
        metadata = self.pod["metadata"]
        return {
            "kind": "Pod",
            "namespace": metadata["namespace"],
            "name": metadata["name"],
            "uid": metadata["uid"],
        }


def ports_of(service: JsonObject, member: Member) -> list[JsonObject]:
    """The Service's ports as numbers on this pod; a named target port the pod does not have is left out."""
    found = []
    for port in service["spec"].get("ports") or []:
        number = target_number(port, pod=member.pod)
        if number is None:
            continue
        shown: JsonObject = {"name": port["name"]} if port.get("name") else {}
        found.append({**shown, "port": number, "protocol": port.get("protocol", "TCP")})
    return found


def subsets(service: JsonObject, members: Sequence[Member]) -> list[JsonObject]:
    """Endpoints form: one subset per distinct set of ports; terminating pods are left out."""
    grouped: dict[str, tuple[list[JsonObject], list[Member]]] = {}
    for member in members:
        ports = ports_of(service, member)
        if not member.is_terminating and (ports or not service["spec"].get("ports")):
            grouped.setdefault(repr(ports), (ports, []))[1].append(member)
    found = []
    for ports, group in grouped.values():
        subset: JsonObject = {}
        for field, wanted in (("addresses", True), ("notReadyAddresses", False)):
            addresses = [_address(member) for member in group if _is_published(service, member) is wanted]
            if addresses:
                subset[field] = sorted(addresses, key=lambda item: [int(part) for part in item["ip"].split(".")])
        if ports:
            subset["ports"] = ports
        found.append(subset)
    return found


def slice_endpoints(
    service: JsonObject, members: Sequence[Member], *, size: int, node_zone: Callable[[str], str]
) -> list[tuple[list[JsonObject] | None, list[JsonObject] | None]]:
    """EndpointSlice form: endpoints and ports of each slice; at least one slice, which may be empty."""
    ports = next((found for member in members if (found := ports_of(service, member))), [])
    shown: list[JsonObject] | None = [
        {"name": port.get("name", ""), "protocol": port["protocol"], "port": port["port"]} for port in ports
    ] or None
    endpoints = [_endpoint(service, member, node_zone=node_zone) for member in members]
    if not endpoints:
        return [(None, None)]
    return [(endpoints[start : start + size], shown) for start in range(0, len(endpoints), size)]


def _endpoint(service: JsonObject, member: Member, *, node_zone: Callable[[str], str]) -> JsonObject:
    node = member.pod["spec"]["nodeName"]
    serving = is_ready(member.pod)
    ready = _is_published(service, member)
    shown: JsonObject = {
        "addresses": [member.address],
        "conditions": {"ready": ready, "serving": serving, "terminating": member.is_terminating},
        "targetRef": member.target,
        "nodeName": node,
    }
    if member.pod["spec"].get("subdomain") == service["metadata"]["name"] and member.pod["spec"].get("hostname"):
        shown["hostname"] = member.pod["spec"]["hostname"]
    zone = node_zone(node)
    return {**shown, "zone": zone} if zone else shown


def _is_published(service: JsonObject, member: Member) -> bool:
    return member.is_ready or bool(service["spec"].get("publishNotReadyAddresses"))


def _address(member: Member) -> JsonObject:
    return {"ip": member.address, "nodeName": member.pod["spec"]["nodeName"], "targetRef": member.target}


def target_number(port: JsonObject, *, pod: JsonObject) -> int | None:
    target: int | str = port.get("targetPort") or port["port"]
    if isinstance(target, int):
        return target
    for container in pod["spec"]["containers"]:
        for declared in container.get("ports") or []:
            if declared.get("name") == target:
                return int(declared["containerPort"])
    return int(target) if target.isdigit() else None
