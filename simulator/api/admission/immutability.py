"""What of an existing object may not change."""

import copy
from collections.abc import Callable, Iterator

from simulator import api_resources as served
from simulator.api.admission.names import go_selector, go_string
from simulator.api.status_errors import Cause, forbidden_value, invalid_value
from simulator.api_resources import ResourceType
from simulator.store import JsonObject

_IMMUTABLE = "field is immutable"
_POD_RULE = (
    "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
    "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
)
_STATEFUL_RULE = (
    "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', "
    "'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"
)
_STATEFUL_FREE = frozenset(
    {
        "replicas",
        "ordinals",
        "template",
        "updateStrategy",
        "revisionHistoryLimit",
        "persistentVolumeClaimRetentionPolicy",
        "minReadySeconds",
    }
)
_CLAIM_RULE = (
    "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims"
)


def check_changes(resource: ResourceType, new: JsonObject, *, old: JsonObject) -> Iterator[Cause]:
    check = _CHECKS.get(resource)
    if check is not None:
        yield from check(new, old)


def _selector(new: JsonObject, old: JsonObject) -> Iterator[Cause]:
    selector = new["spec"].get("selector") or {}
    if selector != old["spec"].get("selector"):
        yield invalid_value("spec.selector", go_selector(selector), _IMMUTABLE)


def _stateful_set(new: JsonObject, old: JsonObject) -> Iterator[Cause]:
    fixed = {*new["spec"], *old["spec"]} - _STATEFUL_FREE
    if any(new["spec"].get(field) != old["spec"].get(field) for field in fixed):
        yield forbidden_value("spec", _STATEFUL_RULE)


def _job(new: JsonObject, old: JsonObject) -> Iterator[Cause]:
    for field in ("completions", "selector", "template", "completionMode"):
        if new["spec"].get(field) != old["spec"].get(field):
            yield invalid_value(f"spec.{field}", go_string(str(new["spec"].get(field))), _IMMUTABLE)


def _pod(new: JsonObject, old: JsonObject) -> Iterator[Cause]:
    before, after = _fixed_part(old["spec"]), _fixed_part(new["spec"])
    if before != after:
        yield forbidden_value("spec", _POD_RULE)


def _fixed_part(spec: JsonObject) -> JsonObject:
    fixed = copy.deepcopy(spec)
    for field in ("activeDeadlineSeconds", "tolerations", "terminationGracePeriodSeconds", "ephemeralContainers"):
        fixed.pop(field, None)
    for field in ("containers", "initContainers"):
        for container in fixed.get(field) or ():
            container.pop("image", None)
    return fixed


def _service(new: JsonObject, old: JsonObject) -> Iterator[Cause]:
    before, after = old["spec"].get("clusterIP"), new["spec"].get("clusterIP")
    if before and before != after and new["spec"].get("type") != "ExternalName":
        shown = f"[]string{{{go_string(after or '')}}}"
        yield invalid_value("spec.clusterIPs[0]", shown, "may not change once set")


def _config_data(new: JsonObject, old: JsonObject) -> Iterator[Cause]:
    if new.get("type") != old.get("type"):
        yield invalid_value("type", go_string(str(new.get("type", ""))), _IMMUTABLE)
    if not old.get("immutable"):
        return
    for field in ("immutable", "data", "binaryData"):
        if new.get(field) != old.get(field):
            yield forbidden_value(field, "field is immutable when `immutable` is set")


def _claim(new: JsonObject, old: JsonObject) -> Iterator[Cause]:
    free = {"resources", "volumeName", "volumeAttributesClassName"}
    fixed = {*new["spec"], *old["spec"]} - free
    if any(new["spec"].get(field) != old["spec"].get(field) for field in fixed):
        yield forbidden_value("spec", _CLAIM_RULE)


def _role_reference(new: JsonObject, old: JsonObject) -> Iterator[Cause]:
    reference = new.get("roleRef") or {}
    if reference != old.get("roleRef"):
        names = (("APIGroup", "apiGroup"), ("Kind", "kind"), ("Name", "name"))
        shown = ", ".join(f"{go}:{go_string(str(reference.get(field, '')))}" for go, field in names)
        yield invalid_value("roleRef", f"rbac.RoleRef{{{shown}}}", "cannot change roleRef")


_CHECKS: dict[ResourceType, Callable[[JsonObject, JsonObject], Iterator[Cause]]] = {
    served.PODS: _pod,
    served.DEPLOYMENTS: _selector,
    served.REPLICASETS: _selector,
    served.DAEMONSETS: _selector,
    served.STATEFULSETS: _stateful_set,
    served.JOBS: _job,
    served.SERVICES: _service,
    served.CONFIGMAPS: _config_data,
    served.SECRETS: _config_data,
    served.PERSISTENTVOLUMECLAIMS: _claim,
    served.ROLEBINDINGS: _role_reference,
    served.CLUSTERROLEBINDINGS: _role_reference,
}
