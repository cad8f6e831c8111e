"""The admission plugins in the server's order: first those that complete an object, then those that judge it."""

from simulator.api.admission.policies.accounts import complete_account, complete_priority
from simulator.api.admission.policies.classes import complete_ingress_class, complete_storage_class
from simulator.api.admission.policies.limit_ranges import check_limits, complete_limits
from simulator.api.admission.policies.pod_security import check_pod_security
from simulator.api.admission.policies.quota import check_quotas
from simulator.api.admission.policies.webhooks import call_webhooks
from simulator.api_resources import INGRESSES, PERSISTENTVOLUMECLAIMS, PODS, ResourceType
from simulator.store import JsonObject, ObjectStore


def complete_new(store: ObjectStore, resource: ResourceType, item: JsonObject) -> None:
    """Fill in, in place, what the cluster decides for a new object; raise 403 or 500."""
    if resource is PODS:
        complete_account(store, item)
        complete_priority(store, item)
        complete_limits(store, item)
    elif resource is PERSISTENTVOLUMECLAIMS:
        complete_storage_class(store, item)
    elif resource is INGRESSES:
        complete_ingress_class(store, item)
    call_webhooks(store, resource, item, is_mutating=True)


def check_new(store: ObjectStore, resource: ResourceType, item: JsonObject) -> None:
    """Raise 403 or 500 when the cluster does not let a new object in."""
    if resource in {PODS, PERSISTENTVOLUMECLAIMS}:
        check_limits(store, resource, item)
    if resource is PODS:
        check_pod_security(store, item)
    call_webhooks(store, resource, item, is_mutating=False)
    check_quotas(store, resource, item)
