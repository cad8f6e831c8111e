"""Service accounts and priority classes that pods refer to."""

from simulator.api.admission.policies.refusals import forbidden
from simulator.api_resources import PODS, PRIORITYCLASSES, SERVICEACCOUNTS
from simulator.store import JsonObject, ObjectStore


def complete_account(store: ObjectStore, pod: JsonObject) -> None:
    """The pod's account has to be there; it lends its pull secrets. Raise 403."""
    namespace, spec = pod["metadata"]["namespace"], pod["spec"]
    name = spec.get("serviceAccountName") or "default"
    account = store.find(SERVICEACCOUNTS, namespace=namespace, name=name)
    if account is None:
        missing = f'serviceaccount "{name}" not found'
        raise forbidden(PODS, pod, f"error looking up service account {namespace}/{name}: {missing}")
    if account.get("imagePullSecrets") and not spec.get("imagePullSecrets"):
        spec["imagePullSecrets"] = [dict(entry) for entry in account["imagePullSecrets"]]


def complete_priority(store: ObjectStore, pod: JsonObject) -> None:
    """The value of the pod's priority class, or of the default one. Raise 403."""
    spec = pod["spec"]
    name = spec.get("priorityClassName")
    classes = store.list_objects(PRIORITYCLASSES)
    found = next((entry for entry in classes if _is_chosen(entry, name)), None)
    if name and found is None:
        raise forbidden(PODS, pod, f"no PriorityClass with name {name} was found")
    if found is not None:
        spec["priorityClassName"] = found["metadata"]["name"]
        spec["priority"] = found.get("value", 0)
        spec["preemptionPolicy"] = found.get("preemptionPolicy", "PreemptLowerPriority")


def _is_chosen(entry: JsonObject, name: str | None) -> bool:
    return bool(entry["metadata"]["name"] == name if name else entry.get("globalDefault"))
