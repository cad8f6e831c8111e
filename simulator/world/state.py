"""The store as controllers see it: indexed by owner, node and label, with one subscription per resource."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import TypeVar

from simulator.api_resources import PODS, ResourceType
from simulator.store import ChangeKind, JsonObject, ObjectStore
from simulator.world.shapes import key_of, labels_of, split_key

Watcher = Callable[[ChangeKind, JsonObject | None, JsonObject], None]
BroadWatcher = Callable[[ResourceType, ChangeKind, JsonObject | None, JsonObject], None]
Dependent = tuple[ResourceType, str]
Place = TypeVar("Place")
Entry = TypeVar("Entry")


class ClusterState:
    """Answers "which objects belong to this one" without walking the store.

    Indexes are kept in insertion order (dicts used as ordered sets), so that a run is repeatable.
    """

    def __init__(self, store: ObjectStore) -> None:
        self.store = store
        self._watchers: dict[ResourceType, list[Watcher]] = defaultdict(list)
        self._watchers_of_all: list[BroadWatcher] = []
        self._dependents: dict[str, dict[Dependent, None]] = defaultdict(dict)
        self._pods: dict[tuple[str, ...], dict[str, None]] = defaultdict(dict)
        store.subscribe(self._notice)

    def watch(self, resource: ResourceType, watcher: Watcher) -> None:
        """Call the watcher inside every write of that resource, after the indexes are up to date."""
        self._watchers[resource].append(watcher)

    def watch_all(self, watcher: BroadWatcher) -> None:
        """The same for every resource, those of later CustomResourceDefinitions included."""
        self._watchers_of_all.append(watcher)

    def find(self, resource: ResourceType, key: str) -> JsonObject | None:
        namespace, name = split_key(key)
        return self.store.find(resource, namespace=namespace, name=name)

    def dependents_of(self, uid: str, *, resource: ResourceType | None = None) -> list[tuple[ResourceType, JsonObject]]:
        """Objects with an owner reference to that uid, oldest first."""
        found = []
        for kind, key in tuple(self._dependents.get(uid, ())):
            item = self.find(kind, key) if resource in {None, kind} else None
            if item is not None:
                found.append((kind, item))
        return found

    def owned(self, uid: str, resource: ResourceType) -> list[JsonObject]:
        return [item for _, item in self.dependents_of(uid, resource=resource)]

    def pods_on(self, node: str) -> list[JsonObject]:
        return self._existing_pods(self._pods.get(("node", node), ()))

    def pods_labelled(self, namespace: str, labels: dict[str, str]) -> list[JsonObject]:
        """Pods of a namespace that carry all these labels; no labels selects none."""
        sets = [self._pods.get(("label", namespace, name, value), {}) for name, value in labels.items()]
        if not sets:
            return []
        smallest = min(sets, key=len)
        return self._existing_pods(key for key in smallest if all(key in other for other in sets))

    def set_status(self, resource: ResourceType, key: str, status: JsonObject) -> JsonObject | None:
        """Write a status; None when the object has gone meanwhile."""
        namespace, name = split_key(key)
        if self.store.find(resource, namespace=namespace, name=name) is None:
            return None
        return self.store.replace_status(resource, namespace=namespace, name=name, status=status)

    def change(self, resource: ResourceType, key: str, change: Callable[[JsonObject], None]) -> JsonObject | None:
        """Alter an object; None when it has gone meanwhile."""
        namespace, name = split_key(key)
        if self.store.find(resource, namespace=namespace, name=name) is None:
            return None
        return self.store.update(resource, namespace=namespace, name=name, change=change)

    def delete(self, resource: ResourceType, key: str) -> None:
        """Begin a deletion; an object that has gone meanwhile is no error."""
        namespace, name = split_key(key)
        if self.store.find(resource, namespace=namespace, name=name) is not None:
            self.store.delete(resource, namespace=namespace, name=name)

    def _existing_pods(self, keys: Iterable[str]) -> list[JsonObject]:
        found = (self.find(PODS, key) for key in tuple(keys))
        return [pod for pod in found if pod is not None]

    def _notice(self, kind: ChangeKind, resource: ResourceType, old: JsonObject | None, new: JsonObject) -> None:
        self._reindex(kind, resource, old, new)
        for watcher in tuple(self._watchers.get(resource, ())):
            watcher(kind, old, new)
        for broad in self._watchers_of_all:
            broad(resource, kind, old, new)

    def _reindex(self, kind: ChangeKind, resource: ResourceType, old: JsonObject | None, new: JsonObject) -> None:
        before = _owner_uids(old) if old else set()
        after = set() if kind == "DELETED" else _owner_uids(new)
        if before or after:
            entry = (resource, key_of(new))
            _move(self._dependents, before=before, after=after, entry=entry)
        if resource is PODS:
            places_before = _pod_places(old) if old else set()
            places_after = set() if kind == "DELETED" else _pod_places(new)
            _move(self._pods, before=places_before, after=places_after, entry=key_of(new))


def _move(index: dict[Place, dict[Entry, None]], *, before: set[Place], after: set[Place], entry: Entry) -> None:
    for place in before - after:
        index[place].pop(entry, None)
        if not index[place]:
            del index[place]
    for place in after - before:
        index[place][entry] = None


def _owner_uids(item: JsonObject) -> set[str]:
    return {reference["uid"] for reference in item["metadata"].get("ownerReferences") or ()}


def _pod_places(pod: JsonObject) -> set[tuple[str, ...]]:
    namespace = pod["metadata"]["namespace"]
    places: set[tuple[str, ...]] = {("label", namespace, name, value) for name, value in labels_of(pod).items()}
    if node := pod["spec"].get("nodeName"):
        places.add(("node", node))
    return places
