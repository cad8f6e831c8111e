"""ResourceQuotas: what a namespace uses, and whether a new object still fits in."""

from collections.abc import Iterable
from decimal import Decimal

from simulator import api_resources as served
from simulator.api.admission.pod_defaults import quality_of_service
from simulator.api.admission.policies.refusals import forbidden
from simulator.api.admission.quantities import format_quantity, quantity_of
from simulator.api_resources import PERSISTENTVOLUMECLAIMS, PODS, RESOURCEQUOTAS, SERVICES, ResourceType
from simulator.store import JsonObject, ObjectStore

_OVER = frozenset({"Succeeded", "Failed"})
_COUNTED: dict[ResourceType, str] = {
    served.CONFIGMAPS: "configmaps",
    served.PERSISTENTVOLUMECLAIMS: "persistentvolumeclaims",
    served.REPLICATIONCONTROLLERS: "replicationcontrollers",
    served.RESOURCEQUOTAS: "resourcequotas",
    served.SECRETS: "secrets",
    served.SERVICES: "services",
}
_MUST_BE_GIVEN = frozenset(
    {"cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory", "ephemeral-storage"}
)

Usage = dict[str, Decimal]


def measure_usage(store: ObjectStore, quota: JsonObject) -> dict[str, str]:
    """What a namespace uses of everything the quota limits."""
    hard = quota["spec"].get("hard") or {}
    total: Usage = dict.fromkeys(hard, Decimal(0))
    for resource in _measured(store, hard):
        for item in store.list_objects(resource, namespace=quota["metadata"]["namespace"]):
            if _applies(quota, resource, item):
                _add(total, _usage_of(resource, item))
    return {name: format_quantity(amount, of=name) for name, amount in sorted(total.items())}


def check_quotas(store: ObjectStore, resource: ResourceType, item: JsonObject) -> None:
    """Raise 403 for the first quota that a new object would exceed or that it tells too little for."""
    namespace = item["metadata"].get("namespace")
    if not namespace or not resource.namespaced:
        return
    for quota in store.list_objects(RESOURCEQUOTAS, namespace=namespace):
        if not _applies(quota, resource, item):
            continue
        hard = quota["spec"].get("hard") or {}
        name = quota["metadata"]["name"]
        if resource is PODS and (unsaid := _unsaid(item, hard)):
            raise forbidden(resource, item, f"failed quota: {name}: must specify {unsaid}")
        asked = {key: amount for key, amount in _usage_of(resource, item).items() if key in hard and amount}
        if asked:
            _check_room(store, resource, item, quota=quota, asked=asked)


def _check_room(
    store: ObjectStore, resource: ResourceType, item: JsonObject, *, quota: JsonObject, asked: Usage
) -> None:
    hard, used = quota["spec"]["hard"], measure_usage(store, quota)
    over = sorted(key for key, amount in asked.items() if quantity_of(used[key]) + amount > quantity_of(hard[key]))
    if not over:
        return
    requested = ",".join(f"{key}={format_quantity(asked[key], of=key)}" for key in over)
    in_use = ",".join(f"{key}={used[key]}" for key in over)
    limited = ",".join(f"{key}={hard[key]}" for key in over)
    text = f"exceeded quota: {quota['metadata']['name']}, requested: {requested}, used: {in_use}, limited: {limited}"
    raise forbidden(resource, item, text)


def _measured(store: ObjectStore, hard: JsonObject) -> list[ResourceType]:
    """Resources that can use up any of these limits."""
    wanted = {key.removeprefix("count/") for key in hard}
    return [
        resource
        for resource in store
        if (
            resource.namespaced
            and (resource in {PODS, PERSISTENTVOLUMECLAIMS} or {resource.plural, resource.qualified_name} & wanted)
        )
        or (resource is SERVICES and any(key.startswith("services") for key in hard))
    ]


def _applies(quota: JsonObject, resource: ResourceType, item: JsonObject) -> bool:
    scopes = list(quota["spec"].get("scopes") or ())
    expressions = (quota["spec"].get("scopeSelector") or {}).get("matchExpressions") or []
    if not scopes and not expressions:
        return True
    if resource is not PODS:
        return False
    return all(_is_in_scope(scope, item["spec"]) for scope in scopes) and all(
        _matches_scope(expression, item["spec"]) for expression in expressions
    )


def _is_in_scope(scope: str, spec: JsonObject) -> bool:
    is_terminating = spec.get("activeDeadlineSeconds") is not None
    is_best_effort = quality_of_service(spec) == "BestEffort"
    return {
        "BestEffort": is_best_effort,
        "NotBestEffort": not is_best_effort,
        "Terminating": is_terminating,
        "NotTerminating": not is_terminating,
    }.get(scope, True)


def _matches_scope(expression: JsonObject, spec: JsonObject) -> bool:
    operator, values = expression["operator"], expression.get("values") or []
    if expression["scopeName"] != "PriorityClass":
        return _is_in_scope(expression["scopeName"], spec)
    name = spec.get("priorityClassName")
    return {
        "In": name in values,
        "NotIn": name not in values,
        "Exists": bool(name),
        "DoesNotExist": not name,
    }[operator]


def _usage_of(resource: ResourceType, item: JsonObject) -> Usage:
    """What one object counts for, under every name that a quota may use."""
    usage: Usage = {f"count/{resource.qualified_name}": Decimal(1)}
    if resource in _COUNTED:
        usage[_COUNTED[resource]] = Decimal(1)
    if resource is PODS:
        return {} if (item.get("status") or {}).get("phase") in _OVER else {**usage, **_pod_usage(item["spec"])}
    if resource is SERVICES:
        kind = item["spec"].get("type")
        usage["services.loadbalancers"] = Decimal(int(kind == "LoadBalancer"))
        usage["services.nodeports"] = Decimal(sum(1 for p in item["spec"].get("ports") or () if p.get("nodePort")))
    elif resource is PERSISTENTVOLUMECLAIMS:
        size = quantity_of(((item["spec"].get("resources") or {}).get("requests") or {}).get("storage"))
        prefix = f"{item['spec'].get('storageClassName') or ''}.storageclass.storage.k8s.io"
        usage |= {
            "requests.storage": size,
            f"{prefix}/requests.storage": size,
            f"{prefix}/persistentvolumeclaims": Decimal(1),
        }
    return usage


def _pod_usage(spec: JsonObject) -> Usage:
    usage: Usage = {"pods": Decimal(1)}
    for field in ("requests", "limits"):
        running = _total(spec["containers"], field)
        for container in spec.get("initContainers") or ():
            for name, amount in _total([container], field).items():
                running[name] = max(running.get(name, Decimal(0)), amount)
        usage |= {f"{field}.{name}": amount for name, amount in running.items()}
        if field == "requests":
            usage |= running
    return usage


def _total(containers: Iterable[JsonObject], field: str) -> Usage:
    total: Usage = {}
    for container in containers:
        given = (container.get("resources") or {}).get(field) or {}
        _add(total, {name: quantity_of(value) for name, value in given.items()}, is_open=True)
    return total


def _add(total: Usage, more: Usage, *, is_open: bool = False) -> None:
    for name, amount in more.items():
        if is_open or name in total:
            total[name] = total.get(name, Decimal(0)) + amount


def _unsaid(pod: JsonObject, hard: JsonObject) -> str:
    """Which containers do not say what the quota needs to know; empty when all do."""
    texts = []
    for key in sorted(set(hard) & _MUST_BE_GIVEN):
        field, _, name = key.rpartition(".")
        silent = [
            container["name"]
            for container in pod["spec"]["containers"]
            if name not in ((container.get("resources") or {}).get(field or "requests") or {})
        ]
        if silent:
            texts.append(f"{key} for: {','.join(silent)}")
    return "; ".join(texts)
