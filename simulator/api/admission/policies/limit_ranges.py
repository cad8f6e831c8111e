"""LimitRanges: defaults for containers, and what is too much or too little."""

from collections.abc import Iterator
from decimal import Decimal

from simulator.api.admission.pod_defaults import quality_of_service
from simulator.api.admission.policies.refusals import forbidden
from simulator.api.admission.quantities import format_quantity, quantity_of
from simulator.api_resources import LIMITRANGES, PODS, ResourceType
from simulator.store import JsonObject, ObjectStore

_ANNOTATION = "kubernetes.io/limit-ranger"


def complete_limits(store: ObjectStore, pod: JsonObject) -> None:
    """Containers without requests or limits get those of the namespace, noted in an annotation."""
    notes: list[str] = []
    for limit in _limits(store, pod, kind="Container"):
        for section in ("initContainers", "containers"):
            for container in pod["spec"].get(section) or ():
                notes += _complete_container(container, limit, is_init=section == "initContainers")
    if notes:
        annotations = pod["metadata"].setdefault("annotations", {})
        annotations[_ANNOTATION] = f"LimitRanger plugin set: {'; '.join(notes)}"
        pod["status"]["qosClass"] = quality_of_service(pod["spec"])


def _complete_container(container: JsonObject, limit: JsonObject, *, is_init: bool) -> Iterator[str]:
    shown = f"{'init container' if is_init else 'container'} {container['name']}"
    resources = container.setdefault("resources", {})
    for field, word, defaults in (("requests", "request", "defaultRequest"), ("limits", "limit", "default")):
        given = resources.get(field) or {}
        missing = {name: str(value) for name, value in (limit.get(defaults) or {}).items() if name not in given}
        if missing:
            resources[field] = {**given, **missing}
            yield f"{', '.join(sorted(missing))} {word} for {shown}"


def check_limits(store: ObjectStore, resource: ResourceType, item: JsonObject) -> None:
    """Raise 403 with everything that breaks a LimitRange."""
    found: list[str] = []
    if resource is PODS:
        for limit in _limits(store, item, kind="Container"):
            for container in item["spec"]["containers"]:
                resources = container.get("resources") or {}
                found += _violations(
                    limit, requests=resources.get("requests") or {}, limits=resources.get("limits") or {}
                )
        for limit in _limits(store, item, kind="Pod"):
            found += _violations(limit, requests=_sum(item, "requests"), limits=_sum(item, "limits"))
    else:
        requests = (item["spec"].get("resources") or {}).get("requests") or {}
        for limit in _limits(store, item, kind="PersistentVolumeClaim"):
            found += _storage_violations(limit, wanted=quantity_of(requests.get("storage")))
    if found:
        text = found[0] if len(found) == 1 else f"[{', '.join(found)}]"
        raise forbidden(resource, item, text)


def _violations(limit: JsonObject, *, requests: JsonObject, limits: JsonObject) -> Iterator[str]:
    kind = limit["type"]
    for name, least in (limit.get("min") or {}).items():
        if name not in requests:
            yield f"minimum {name} usage per {kind} is {least}. No request is specified"
        elif quantity_of(requests[name]) < quantity_of(least):
            yield f"minimum {name} usage per {kind} is {least}, but request is {requests[name]}"
    for name, most in (limit.get("max") or {}).items():
        if name not in limits:
            yield f"maximum {name} usage per {kind} is {most}. No limit is specified"
        elif quantity_of(limits[name]) > quantity_of(most):
            yield f"maximum {name} usage per {kind} is {most}, but limit is {limits[name]}"
    for name, ratio in (limit.get("maxLimitRequestRatio") or {}).items():
        asked, allowed = quantity_of(requests.get(name)), quantity_of(limits.get(name))
        if asked and allowed / asked > quantity_of(ratio):
            text = f"{name} max limit to request ratio per {kind} is {ratio}"
            yield f"{text}, but provided ratio is {float(allowed / asked):.6f}"


def _storage_violations(limit: JsonObject, *, wanted: Decimal) -> Iterator[str]:
    shown = format_quantity(wanted, of="storage")
    least, most = (limit.get("min") or {}).get("storage"), (limit.get("max") or {}).get("storage")
    if least is not None and wanted < quantity_of(least):
        yield f"minimum storage usage per {limit['type']} is {least}, but request is {shown}"
    if most is not None and wanted > quantity_of(most):
        yield f"maximum storage usage per {limit['type']} is {most}, but request is {shown}"


def _sum(pod: JsonObject, field: str) -> JsonObject:
    totals: dict[str, Decimal] = {}
    for container in pod["spec"]["containers"]:
        for name, value in ((container.get("resources") or {}).get(field) or {}).items():
            totals[name] = totals.get(name, Decimal(0)) + quantity_of(value)
    return {name: format_quantity(total, of=name) for name, total in totals.items()}


def _limits(store: ObjectStore, item: JsonObject, *, kind: str) -> list[JsonObject]:
    ranges = store.list_objects(LIMITRANGES, namespace=item["metadata"]["namespace"])
    return [limit for entry in ranges for limit in entry["spec"].get("limits") or () if limit.get("type") == kind]
