"""What is wrong with an object: on its own, and as the next state of an existing one."""

import re
from collections.abc import Callable, Iterator

from simulator import api_resources as served
from simulator.api.admission.immutability import check_changes
from simulator.api.admission.names import check_labels, check_metadata, go_map, go_selector, go_string
from simulator.api.admission.pod_validation import check_pod_spec, check_protocol
from simulator.api.status_errors import (
    Cause,
    duplicate_value,
    invalid,
    invalid_value,
    required_value,
    unsupported_value,
)
from simulator.api_resources import ResourceType
from simulator.store import JsonObject, matches_label_selector

_NOT_NEGATIVE = "must be greater than or equal to 0"
_PORT_RANGE = "must be between 1 and 65535, inclusive"
_ANY_RESTART = ("Always", "OnFailure", "Never")
_SERVICE_TYPES = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
_DATA_KEY = re.compile(r"^[-._a-zA-Z0-9]+$")
_DATA_KEY_HINT = (
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or "
    "'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
)


def validate_create(resource: ResourceType, item: JsonObject) -> None:
    """Raise 422 with everything that is wrong."""
    _raise_if_any(resource, item, list(_check(resource, item)))


def validate_update(resource: ResourceType, item: JsonObject, *, old: JsonObject) -> None:
    """Raise 422 with everything that is wrong, changes of what must not change included."""
    _raise_if_any(resource, item, [*_check(resource, item), *check_changes(resource, item, old=old)])


def _raise_if_any(resource: ResourceType, item: JsonObject, causes: list[Cause]) -> None:
    if causes:
        name = (item.get("metadata") or {}).get("name", "")
        raise invalid(kind=resource.kind, group=resource.group, name=name, causes=causes)


def _check(resource: ResourceType, item: JsonObject) -> Iterator[Cause]:
    yield from check_metadata(resource, item)
    checks = _CHECKS.get(resource)
    if checks is not None:
        yield from checks(item)


def _pod(item: JsonObject) -> Iterator[Cause]:
    yield from check_pod_spec(item.get("spec") or {}, field="spec", allowed_restarts=_ANY_RESTART)


def _scaled_workload(item: JsonObject) -> Iterator[Cause]:
    replicas = (item.get("spec") or {}).get("replicas") or 0
    if replicas < 0:
        yield invalid_value("spec.replicas", str(replicas), _NOT_NEGATIVE)
    yield from _workload(item)


def _stateful_set(item: JsonObject) -> Iterator[Cause]:
    """Each pod gets the volumes of the claim templates too, so its containers may mount them."""
    spec = item.get("spec") or {}
    template = spec.get("template") or {}
    pod = template.get("spec") or {}
    claims = [
        {"name": name, "persistentVolumeClaim": {"claimName": name}}
        for claim in spec.get("volumeClaimTemplates") or ()
        if (name := (claim.get("metadata") or {}).get("name"))
    ]
    given = {**pod, "volumes": [*(pod.get("volumes") or ()), *claims]}
    yield from _scaled_workload({**item, "spec": {**spec, "template": {**template, "spec": given}}})


def _workload(item: JsonObject) -> Iterator[Cause]:
    spec = item.get("spec") or {}
    selector, template = spec.get("selector"), spec.get("template") or {}
    labels = (template.get("metadata") or {}).get("labels")
    if selector is None:
        yield required_value("spec.selector")
    elif not selector.get("matchLabels") and not selector.get("matchExpressions"):
        kind = str(item.get("kind", "")).lower()
        yield invalid_value("spec.selector", go_selector(selector), f"empty selector is invalid for {kind}")
    if selector and not matches_label_selector(selector, labels):
        field = "spec.template.metadata.labels"
        yield invalid_value(field, go_map(labels), "`selector` does not match template `labels`")
    claimed = frozenset(claim["metadata"]["name"] for claim in spec.get("volumeClaimTemplates") or ())
    yield from _template(template, restarts=("Always",), claimed_volumes=claimed)
    yield from _strategy(spec)


def _template(
    template: JsonObject,
    *,
    restarts: tuple[str, ...],
    field: str = "spec.template",
    claimed_volumes: frozenset[str] = frozenset(),
) -> Iterator[Cause]:
    yield from check_labels((template.get("metadata") or {}).get("labels"), field=f"{field}.labels")
    spec, where = template.get("spec") or {}, f"{field}.spec"
    yield from check_pod_spec(spec, field=where, allowed_restarts=restarts, claimed_volumes=claimed_volumes)


def _strategy(spec: JsonObject) -> Iterator[Cause]:
    strategy = spec.get("strategy") or {}
    kind = strategy.get("type")
    if strategy and kind not in {"RollingUpdate", "Recreate"}:
        yield unsupported_value("spec.strategy.type", go_string(kind or ""), ("Recreate", "RollingUpdate"))
    if kind == "Recreate" and strategy.get("rollingUpdate"):
        message = "Forbidden: may not be specified when strategy `type` is 'Recreate'"
        yield Cause("FieldValueForbidden", message, "spec.strategy.rollingUpdate")
    rolling = strategy.get("rollingUpdate") or {}
    zero = {0, "0", "0%"}
    if kind == "RollingUpdate" and rolling.get("maxUnavailable") in zero and rolling.get("maxSurge") in zero:
        message = "may not be 0 when `maxSurge` is 0"
        shown = f"intstr.IntOrString{{Type:0, IntVal:0, StrVal:{go_string('')}}}"
        yield invalid_value("spec.strategy.rollingUpdate.maxUnavailable", shown, message)


def _job(item: JsonObject) -> Iterator[Cause]:
    spec = item.get("spec") or {}
    yield from _job_spec(spec, field="spec")


def _job_spec(spec: JsonObject, *, field: str) -> Iterator[Cause]:
    for name in ("parallelism", "completions", "backoffLimit", "activeDeadlineSeconds", "ttlSecondsAfterFinished"):
        value = spec.get(name) or 0
        if value < 0:
            yield invalid_value(f"{field}.{name}", str(value), _NOT_NEGATIVE)
    yield from _template(spec.get("template") or {}, restarts=("OnFailure", "Never"), field=f"{field}.template")


def _cron_job(item: JsonObject) -> Iterator[Cause]:
    spec = item.get("spec") or {}
    schedule = spec.get("schedule", "")
    if not schedule:
        yield required_value("spec.schedule")
    elif not schedule.startswith("@") and len(schedule.split()) != 5:
        found = len(schedule.split())
        message = f"expected exactly 5 fields, found {found}: {re.sub(r'[,]', ' ', str(schedule.split()))}"
        yield invalid_value("spec.schedule", go_string(schedule), message)
    yield from _job_spec((spec.get("jobTemplate") or {}).get("spec") or {}, field="spec.jobTemplate.spec")


def _service(item: JsonObject) -> Iterator[Cause]:
    spec = item.get("spec") or {}
    ports, kind = spec.get("ports") or [], spec.get("type", "ClusterIP")
    if not ports and spec.get("clusterIP") != "None" and kind != "ExternalName":
        yield required_value("spec.ports")
    if kind == "ExternalName" and not spec.get("externalName"):
        yield required_value("spec.externalName")
    names: set[str] = set()
    for index, port in enumerate(ports):
        yield from _service_port(port, field=f"spec.ports[{index}]", needs_name=len(ports) > 1, names=names)
    yield from check_labels(spec.get("selector"), field="spec.selector")
    if kind not in _SERVICE_TYPES:
        yield unsupported_value("spec.type", go_string(kind), _SERVICE_TYPES)


def _service_port(port: JsonObject, *, field: str, needs_name: bool, names: set[str]) -> Iterator[Cause]:
    name, number = port.get("name", ""), port.get("port", 0)
    if needs_name and not name:
        yield required_value(f"{field}.name")
    elif name and name in names:
        yield duplicate_value(f"{field}.name", go_string(name))
    names.add(name)
    if not 1 <= number <= 65535:
        yield invalid_value(f"{field}.port", str(number), _PORT_RANGE)
    yield from check_protocol(port, field=field)
    target = port.get("targetPort")
    if isinstance(target, int) and not 1 <= target <= 65535:
        yield invalid_value(f"{field}.targetPort", str(target), _PORT_RANGE)


def _data(item: JsonObject) -> Iterator[Cause]:
    for field in ("data", "binaryData"):
        for key in item.get(field) or {}:
            if not _DATA_KEY.match(key):
                yield invalid_value(f"{field}[{key}]", go_string(key), _DATA_KEY_HINT)


def _autoscaler(item: JsonObject) -> Iterator[Cause]:
    spec = item.get("spec") or {}
    least, most = spec.get("minReplicas") or 0, spec.get("maxReplicas") or 0
    if least < 1:
        yield invalid_value("spec.minReplicas", str(least), "must be greater than or equal to 1")
    if most < 1:
        yield invalid_value("spec.maxReplicas", str(most), "must be greater than 0")
    elif most < least:
        yield invalid_value("spec.maxReplicas", str(most), "must be greater than or equal to `minReplicas`")
    target = spec.get("scaleTargetRef") or {}
    for name in ("kind", "name"):
        if not target.get(name):
            yield required_value(f"spec.scaleTargetRef.{name}")


def _claim(item: JsonObject) -> Iterator[Cause]:
    spec = item.get("spec") or {}
    if not spec.get("accessModes"):
        yield required_value("spec.accessModes", "at least 1 access mode is required")
    if not ((spec.get("resources") or {}).get("requests") or {}).get("storage"):
        yield required_value("spec.resources[storage]")


def _budget(item: JsonObject) -> Iterator[Cause]:
    spec = item.get("spec") or {}
    if spec.get("minAvailable") is not None and spec.get("maxUnavailable") is not None:
        message = "minAvailable and maxUnavailable cannot be both set"
        yield invalid_value("spec", "policy.PodDisruptionBudgetSpec{}", message)


def _role_binding(item: JsonObject) -> Iterator[Cause]:
    if not (item.get("roleRef") or {}).get("name"):
        yield required_value("roleRef.name")
    for index, subject in enumerate(item.get("subjects") or ()):
        if not subject.get("name"):
            yield required_value(f"subjects[{index}].name")
        if subject.get("kind") not in {"User", "Group", "ServiceAccount"}:
            supported = ("Group", "ServiceAccount", "User")
            yield unsupported_value(f"subjects[{index}].kind", go_string(str(subject.get("kind", ""))), supported)


_CHECKS: dict[ResourceType, Callable[[JsonObject], Iterator[Cause]]] = {
    served.PODS: _pod,
    served.DEPLOYMENTS: _scaled_workload,
    served.REPLICASETS: _scaled_workload,
    served.STATEFULSETS: _stateful_set,
    served.DAEMONSETS: _workload,
    served.JOBS: _job,
    served.CRONJOBS: _cron_job,
    served.SERVICES: _service,
    served.CONFIGMAPS: _data,
    served.SECRETS: _data,
    served.HORIZONTALPODAUTOSCALERS: _autoscaler,
    served.PERSISTENTVOLUMECLAIMS: _claim,
    served.PODDISRUPTIONBUDGETS: _budget,
    served.ROLEBINDINGS: _role_binding,
    served.CLUSTERROLEBINDINGS: _role_binding,
}
