"""Namespaces: what each of them is given, and how it is emptied when it is deleted."""

from collections import Counter
from functools import partial

from simulator.api_resources import CONFIGMAPS, NAMESPACES, SERVICEACCOUNTS, ResourceType
from simulator.store import ChangeKind, JsonObject
from simulator.world.engine import Engine
from simulator.world.shapes import is_terminating, timestamp

ROOT_CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIC...\n-----END CERTIFICATE-----\n"
FIRST_SWEEP_SECONDS = 0.5
LONGEST_SWEEP_SECONDS = 60.0
PATIENT_SWEEPS = 8
"""Pods take their time; after so many looks the namespace waits longer for each."""


class NamespaceController:
    """Gives every namespace its service account and root certificate, and empties it when it is deleted."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._sweeping: set[str] = set()
        engine.state.watch(NAMESPACES, self._changed)

    def _changed(self, kind: ChangeKind, _old: JsonObject | None, item: JsonObject) -> None:
        name = item["metadata"]["name"]
        if kind == "ADDED":
            self._furnish(name)
        elif kind == "MODIFIED" and is_terminating(item) and name not in self._sweeping:
            self._sweeping.add(name)
            self._engine.agenda.after(0.2, partial(self._sweep, name, 0))

    def _furnish(self, name: str) -> None:
        store = self._engine.state.store
        if store.find(SERVICEACCOUNTS, namespace=name, name="default") is None:
            store.create(SERVICEACCOUNTS, {"metadata": {"name": "default", "namespace": name}})
        if store.find(CONFIGMAPS, namespace=name, name="kube-root-ca.crt") is None:
            about = "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints."
            annotations = {"kubernetes.io/description": about}
            metadata = {"name": "kube-root-ca.crt", "namespace": name, "annotations": annotations}
            store.create(CONFIGMAPS, {"metadata": metadata, "data": {"ca.crt": ROOT_CERTIFICATE}})

    def _sweep(self, name: str, count: int) -> None:
        """Delete what is inside, again and again until nothing is left."""
        store = self._engine.state.store
        namespace = store.find(NAMESPACES, name=name)
        if namespace is None:
            self._sweeping.discard(name)
            return
        left = self._delete_content(name)
        if not left:
            self._sweeping.discard(name)
            store.remove(NAMESPACES, name=name)
            return
        status = {**(namespace.get("status") or {}), "conditions": self._conditions(namespace, left)}
        self._engine.state.set_status(NAMESPACES, f"/{name}", status)
        wait = min(FIRST_SWEEP_SECONDS * 2 ** max(0, count - PATIENT_SWEEPS), LONGEST_SWEEP_SECONDS)
        self._engine.agenda.after(wait, partial(self._sweep, name, count + 1))

    def _delete_content(self, name: str) -> list[tuple[ResourceType, JsonObject]]:
        """What is still there after everything has been asked to go."""
        store = self._engine.state.store
        left: list[tuple[ResourceType, JsonObject]] = []
        for resource in store:
            if not resource.namespaced:
                continue
            for item in store.list_objects(resource, namespace=name):
                if not is_terminating(item):
                    store.delete(resource, namespace=name, name=item["metadata"]["name"])
            left += [(resource, item) for item in store.list_objects(resource, namespace=name)]
        return left

    def _conditions(self, namespace: JsonObject, left: list[tuple[ResourceType, JsonObject]]) -> list[JsonObject]:
        kinds = Counter(_shown_name(resource) for resource, _ in left)
        finalizers = Counter(name for _, item in left for name in item["metadata"].get("finalizers") or ())
        remaining = ", ".join(f"{kind} has {count} resource instances" for kind, count in sorted(kinds.items()))
        waiting = ", ".join(f"{name} in {count} resource instances" for name, count in sorted(finalizers.items()))
        found = [
            *_FINE,
            ("NamespaceContentRemaining", "True", "SomeResourcesRemain", f"Some resources are remaining: {remaining}"),
            (
                "NamespaceFinalizersRemaining",
                "True" if waiting else "False",
                "SomeFinalizersRemain" if waiting else "ContentHasNoFinalizers",
                f"Some content in the namespace has finalizers remaining: {waiting}"
                if waiting
                else "All content-preserving finalizers finished",
            ),
        ]
        before = {item["type"]: item for item in (namespace.get("status") or {}).get("conditions") or []}
        now = timestamp(self._engine.now)
        return [
            {
                "type": kind,
                "status": status,
                "lastTransitionTime": before[kind]["lastTransitionTime"]
                if before.get(kind, {}).get("status") == status
                else now,
                "reason": reason,
                "message": message,
            }
            for kind, status, reason, message in found
        ]


def _shown_name(resource: ResourceType) -> str:
    return f"{resource.plural}.{resource.group}"


_FINE = (
    (
        "NamespaceDeletionDiscoveryFailure",
        "False",
        "ResourcesDiscovered",
        "All resources successfully discovered",
    ),
    (
        "NamespaceDeletionGroupVersionParsingFailure",
        "False",
        "ParsedGroupVersions",
        "All legacy kube types successfully parsed",
    ),
    (
        "NamespaceDeletionContentFailure",
        "False",
        "ContentDeleted",
        "All content successfully deleted, may be waiting on finalization",
    ),
)
