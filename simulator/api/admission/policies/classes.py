"""Classes that are taken when an object names none."""

from simulator.api_resources import INGRESSCLASSES, STORAGECLASSES, ResourceType
from simulator.store import JsonObject, ObjectStore

STORAGE_DEFAULT = "storageclass.kubernetes.io/is-default-class"
INGRESS_DEFAULT = "ingressclass.kubernetes.io/is-default-class"
_OLD_INGRESS_CLASS = "kubernetes.io/ingress.class"


def complete_storage_class(store: ObjectStore, claim: JsonObject) -> None:
    """A claim that says nothing gets the default class; one that says "" wants none."""
    if "storageClassName" not in claim["spec"] and (name := default_class(store, STORAGECLASSES, STORAGE_DEFAULT)):
        claim["spec"]["storageClassName"] = name


def complete_ingress_class(store: ObjectStore, ingress: JsonObject) -> None:
    annotations = ingress["metadata"].get("annotations") or {}
    if "ingressClassName" in ingress["spec"] or _OLD_INGRESS_CLASS in annotations:
        return
    if name := default_class(store, INGRESSCLASSES, INGRESS_DEFAULT):
        ingress["spec"]["ingressClassName"] = name


def default_class(store: ObjectStore, resource: ResourceType, annotation: str) -> str | None:
    """The newest class that is marked as the default."""
    marked = [
        entry
        for entry in store.list_objects(resource)
        if (entry["metadata"].get("annotations") or {}).get(annotation) == "true"
    ]
    newest = max(marked, key=lambda entry: str(entry["metadata"]["creationTimestamp"]), default=None)
    return str(newest["metadata"]["name"]) if newest is not None else None
