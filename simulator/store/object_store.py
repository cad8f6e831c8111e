"""The objects of the simulated cluster, as etcd and the storage layer of an API server keep them.

Rules for every caller:

- An object handed out is shared, never a copy: do not change it. Write through `update` (a function that gets a
  private copy), `replace` or `replace_status`.
- The store sets uid, resourceVersion, creationTimestamp, generation, apiVersion and kind; callers need not.
- Everything is synchronous and single-threaded. Listeners run inside the outermost write, after it took effect, and
  may write themselves; those changes are delivered in turn before the outermost write returns.
"""

import copy
import uuid
from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from simulator.api_resources import CUSTOMRESOURCEDEFINITIONS, PODS, ResourceType
from simulator.clock import SimulatedClock, format_time
from simulator.resource_table import ResourceTable
from simulator.store.custom_kinds import custom_resources
from simulator.store.errors import (
    AlreadyExists,
    Conflict,
    NotFound,
    PreconditionFailed,
    VersionTooLarge,
)
from simulator.store.history import Change, ChangeKind, History, ObjectKey
from simulator.store.json_types import JsonObject

Listener = Callable[[ChangeKind, ResourceType, JsonObject | None, JsonObject], None]
"""Called with the kind of change, the resource, the old state (None when added) and the new (for DELETED: last)."""

DEFAULT_GRACE_SECONDS = 30
HISTORY_SIZE = 20_000
"""Changes kept per resource. A rollout of thousands of pods fits; a watcher further behind must list again."""


@dataclass(frozen=True, slots=True)
class DeletionTerms:
    """What a client may ask of a deletion beyond its grace period."""

    uid: str | None = None
    resource_version: str | None = None
    """Delete only the object, or the version of it, that the client has seen."""
    is_dry_run: bool = False


class ObjectStore:
    """All objects of the cluster with one global version counter."""

    def __init__(self, clock: SimulatedClock, *, seed: int = 0, history_size: int = HISTORY_SIZE) -> None:
        self._clock = clock
        # uids only have to look random and repeat with the seed; nothing is protected by them.
        self._random = Random(seed)  # noqa: S311
        self._version = 0
        self.resources = ResourceTable()
        self._objects: defaultdict[ResourceType, dict[ObjectKey, JsonObject]] = defaultdict(dict)
        self._by_namespace: defaultdict[ResourceType, dict[str, dict[str, JsonObject]]] = defaultdict(
            lambda: defaultdict(dict)
        )
        self._histories: defaultdict[ResourceType, History] = defaultdict(lambda: History(size=history_size, floor=0))
        self._custom: dict[str, list[ResourceType]] = {}
        self._listeners: list[Listener] = []
        self._undelivered: deque[tuple[ResourceType, Change]] = deque()
        self._is_delivering = False

    @property
    def version(self) -> int:
        """The resourceVersion of the latest write."""
        return self._version

    @property
    def now(self) -> datetime:
        """The moment that a write would be stamped with."""
        return self._clock.now()

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call the listener on every later change; the function returned ends the subscription."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def find(self, resource: ResourceType, *, name: str, namespace: str = "") -> JsonObject | None:
        return self._objects[resource].get((namespace, name))

    def get(self, resource: ResourceType, *, name: str, namespace: str = "") -> JsonObject:
        """The object; raise NotFound."""
        found = self.find(resource, name=name, namespace=namespace)
        if found is None:
            raise NotFound(resource, name=name)
        return found

    def list_objects(self, resource: ResourceType, *, namespace: str | None = None) -> list[JsonObject]:
        """Objects of one namespace, or of all, ordered by namespace and name."""
        return [item for _, item in self.entries(resource, namespace=namespace)]

    def entries(self, resource: ResourceType, *, namespace: str | None = None) -> list[tuple[ObjectKey, JsonObject]]:
        if namespace is None:
            return sorted(self._objects[resource].items(), key=_key_of)
        names = self._by_namespace[resource].get(namespace, {})
        return [((namespace, name), names[name]) for name in sorted(names)]

    def count(self, resource: ResourceType) -> int:
        return len(self._objects[resource])

    def create(self, resource: ResourceType, item: JsonObject) -> JsonObject:
        """Store a new object and answer it as stored; raise AlreadyExists. `generateName` gets a suffix."""
        created = self._prepare_new(resource, item)
        key = _object_key(resource, created)
        if key in self._objects[resource]:
            raise AlreadyExists(resource, name=key[1])
        return self._write("ADDED", resource, key, created)

    def preview_create(self, resource: ResourceType, item: JsonObject) -> JsonObject:
        """What `create` would store, without a version and without storing it (dry run)."""
        created = self._prepare_new(resource, item)
        key = _object_key(resource, created)
        if key in self._objects[resource]:
            raise AlreadyExists(resource, name=key[1])
        return created

    def replace(self, resource: ResourceType, item: JsonObject) -> JsonObject:
        """Store a whole new state; raise NotFound, or Conflict when its resourceVersion is stale.

        Without a resourceVersion the write is unconditional. An equal object is not written again. A change of
        anything but metadata and status raises `generation` where the resource has one. When the last finalizer of
        an object that is being deleted goes away, the object goes too.
        """
        key = _object_key(resource, item)
        old = self.get(resource, namespace=key[0], name=key[1])
        new = self.prepare_replacement(resource, item, old=old)
        if new == old:
            return old
        if _is_ready_to_vanish(resource, new):
            return self._write("DELETED", resource, key, new)
        return self._write("MODIFIED", resource, key, new)

    def prepare_replacement(self, resource: ResourceType, item: JsonObject, *, old: JsonObject) -> JsonObject:
        """What `replace` would store (dry run); raise Conflict."""
        wanted = (item.get("metadata") or {}).get("resourceVersion")
        if wanted and wanted != old["metadata"]["resourceVersion"]:
            raise Conflict(resource, name=old["metadata"]["name"])
        new = {"kind": resource.kind, "apiVersion": resource.api_version, **item}
        kept = ("name", "namespace", "uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds")
        carried = {field: old["metadata"][field] for field in kept if field in old["metadata"]}
        metadata = {**_without_identity(item["metadata"]), **carried}
        metadata["resourceVersion"] = old["metadata"]["resourceVersion"]
        if "generation" in old["metadata"]:
            bumped = _is_generation_changed(resource, old=old, new=new)
            metadata["generation"] = old["metadata"]["generation"] + (1 if bumped else 0)
        new["metadata"] = metadata
        return new

    def replace_status(
        self, resource: ResourceType, *, name: str, status: JsonObject, namespace: str = ""
    ) -> JsonObject:
        """Store a new status and nothing else; raise NotFound."""
        old = self.get(resource, namespace=namespace, name=name)
        return self.replace(resource, {**old, "status": status})

    def update(
        self, resource: ResourceType, *, name: str, change: Callable[[JsonObject], None], namespace: str = ""
    ) -> JsonObject:
        """Let a function alter a private copy and store it; raise NotFound."""
        draft = copy.deepcopy(self.get(resource, namespace=namespace, name=name))
        change(draft)
        return self.replace(resource, draft)

    def delete(
        self,
        resource: ResourceType,
        *,
        name: str,
        namespace: str = "",
        grace_seconds: int | None = None,
        finalizer: str | None = None,
        terms: DeletionTerms | None = None,
    ) -> JsonObject:
        """Begin the deletion of an object; raise NotFound or PreconditionFailed. Answer its last known state.

        Without finalizers the object is gone at once, except a pod that runs on a node: it gets deletionTimestamp
        (now plus its grace period) and stays until its kubelet calls `remove`. An object with finalizers is only
        marked and goes when the last of them is taken off. A Namespace is only marked too: its phase becomes
        Terminating until the namespace controller has emptied it and calls `remove`. `finalizer` is added first
        (`foregroundDeletion` or `orphan`, for the garbage collector).
        """
        agreed = terms or DeletionTerms()
        old = self.get(resource, namespace=namespace, name=name)
        _check_preconditions(resource, old, agreed)
        marked = self._mark_deleted(resource, old, grace_seconds=grace_seconds, finalizer=finalizer)
        key = (namespace, name)
        if agreed.is_dry_run:
            return old if _is_ready_to_vanish(resource, marked) else marked
        if _is_ready_to_vanish(resource, marked):
            # What is gone at once was never marked: its last state has no deletionTimestamp.
            return self._write("DELETED", resource, key, old)
        return old if marked == old else self._write("MODIFIED", resource, key, marked)

    def remove(self, resource: ResourceType, *, name: str, namespace: str = "") -> JsonObject | None:
        """End the life of an object: what kubelet and controllers call when nothing is left to wait for.

        Finalizers still hold it: then it is only marked. An object that is not there is no error.
        """
        old = self.find(resource, namespace=namespace, name=name)
        if old is None:
            return None
        if old["metadata"].get("finalizers"):
            return self.delete(resource, namespace=namespace, name=name, grace_seconds=0)
        return self._write("DELETED", resource, (namespace, name), old)

    def changes_since(self, resource: ResourceType, *, version: int) -> list[Change]:
        """Changes of one resource after a version; raise Expired."""
        return self._histories[resource].since(version)

    def history_floor(self, resource: ResourceType) -> int:
        return self._histories[resource].floor

    def forget_history(self) -> None:
        """Drop the past of every resource, so that a version before now answers 410."""
        for resource in self:
            self._histories[resource].forget(up_to=self._version)

    def snapshot(
        self, resource: ResourceType, *, version: int, namespace: str | None = None
    ) -> list[tuple[ObjectKey, JsonObject]]:
        """The objects as they were at a version, ordered by key; raise Expired or VersionTooLarge."""
        if version > self._version:
            raise VersionTooLarge(wanted=version, current=self._version)
        later = self.changes_since(resource, version=version)
        if not later:
            return self.entries(resource, namespace=namespace)
        past = dict(self.entries(resource, namespace=namespace))
        for change in reversed(later):
            if namespace is not None and change.key[0] != namespace:
                continue
            if change.old is None:
                past.pop(change.key, None)
            else:
                past[change.key] = change.old
        return sorted(past.items(), key=_key_of)

    def __iter__(self) -> Iterator[ResourceType]:
        return (resource for resource in self.resources if resource.stored)

    def _prepare_new(self, resource: ResourceType, item: JsonObject) -> JsonObject:
        new = {"kind": resource.kind, "apiVersion": resource.api_version, **copy.deepcopy(item)}
        given = new.get("metadata") or {}
        name = given.get("name") or f"{given.get('generateName', '')}{self._suffix()}"
        metadata: JsonObject = {"name": name}
        if given.get("generateName"):
            metadata["generateName"] = given["generateName"]
        if resource.namespaced:
            metadata["namespace"] = given.get("namespace") or "default"
        metadata["uid"] = str(uuid.UUID(int=self._random.getrandbits(128), version=4))
        if resource.has_generation:
            metadata["generation"] = 1
        metadata["creationTimestamp"] = format_time(self._clock.now())
        ignored = {*metadata, "resourceVersion", "selfLink", "deletionTimestamp", "deletionGracePeriodSeconds"}
        metadata.update({field: value for field, value in given.items() if field not in ignored})
        new["metadata"] = metadata
        return new

    def _suffix(self) -> str:
        return "".join(self._random.choice("bcdfghjklmnpqrstvwxz2456789") for _ in range(5))

    def _mark_deleted(
        self, resource: ResourceType, old: JsonObject, *, grace_seconds: int | None, finalizer: str | None
    ) -> JsonObject:
        grace = _grace_period(resource, old, wanted=grace_seconds)
        metadata = {**old["metadata"]}
        finalizers = list(metadata.get("finalizers") or ())
        if finalizer and finalizer not in finalizers:
            metadata["finalizers"] = [*finalizers, finalizer]
        known = metadata.get("deletionGracePeriodSeconds")
        if known is None or grace < known:
            metadata["deletionTimestamp"] = format_time(self._clock.now() + timedelta(seconds=grace))
            metadata["deletionGracePeriodSeconds"] = grace
            if "generation" in metadata:
                metadata["generation"] += 1
        marked = {**old, "metadata": metadata}
        if resource.kind == "Namespace":
            marked["status"] = {**(old.get("status") or {}), "phase": "Terminating"}
        return marked

    def _write(self, kind: ChangeKind, resource: ResourceType, key: ObjectKey, item: JsonObject) -> JsonObject:
        self._version += 1
        old = self._objects[resource].get(key)
        new = {**item, "metadata": _with_version(item["metadata"], version=self._version)}
        if kind == "DELETED":
            self._objects[resource].pop(key)
            self._by_namespace[resource][key[0]].pop(key[1])
        else:
            self._objects[resource][key] = new
            self._by_namespace[resource][key[0]][key[1]] = new
        if resource is CUSTOMRESOURCEDEFINITIONS:
            self._serve_custom(kind, old=old, new=new)
        change = Change(kind, self._version, key, old, new)
        self._histories[resource].record(change)
        self._undelivered.append((resource, change))
        self._deliver()
        return new

    def _serve_custom(self, kind: ChangeKind, *, old: JsonObject | None, new: JsonObject) -> None:
        """Serve what a CustomResourceDefinition describes; its objects go with it."""
        if old is not None and old["spec"] == new["spec"] and kind != "DELETED":
            return
        before = {entry.version: entry for entry in self._custom.pop(new["metadata"]["name"], [])}
        if kind == "DELETED":
            for entry in before.values():
                for key in tuple(self._objects[entry]):
                    self.remove(entry, namespace=key[0], name=key[1])
                self.resources.remove(entry)
            return
        after = custom_resources(new)
        for entry in after:
            self.resources.add(entry)
        self._custom[new["metadata"]["name"]] = after
        for entry in after:
            known = before.get(entry.version)
            if known is not None and known.stored and entry.stored:
                self._objects[entry] = self._objects.pop(known)
                self._by_namespace[entry] = self._by_namespace.pop(known)
                self._histories[entry] = self._histories.pop(known)

    def _deliver(self) -> None:
        # A listener's own write is delivered after the current change, so that everybody sees one order.
        if self._is_delivering:
            return
        self._is_delivering = True
        try:
            while self._undelivered:
                resource, change = self._undelivered.popleft()
                for listener in tuple(self._listeners):
                    listener(change.kind, resource, change.old, change.new)
        finally:
            self._is_delivering = False


def _key_of(entry: tuple[ObjectKey, JsonObject]) -> ObjectKey:
    return entry[0]


def _object_key(resource: ResourceType, item: JsonObject) -> ObjectKey:
    metadata = item["metadata"]
    return (metadata.get("namespace") or "default" if resource.namespaced else "", metadata["name"])


def _without_identity(metadata: JsonObject) -> JsonObject:
    """Metadata without what only the store may decide; the old values are put back by the caller."""
    dropped = ("deletionTimestamp", "deletionGracePeriodSeconds", "selfLink", "generation")
    return {field: value for field, value in metadata.items() if field not in dropped}


def _with_version(metadata: JsonObject, *, version: int) -> JsonObject:
    """Metadata in the order the real server writes it, with the new resourceVersion."""
    first = ("name", "generateName", "namespace", "uid")
    ordered = {field: metadata[field] for field in first if field in metadata}
    ordered["resourceVersion"] = str(version)
    ordered.update({field: value for field, value in metadata.items() if field not in ordered})
    return ordered


def _is_generation_changed(resource: ResourceType, *, old: JsonObject, new: JsonObject) -> bool:
    outside = {"metadata", "status", "kind", "apiVersion"}
    if any(old.get(field) != new.get(field) for field in {*old, *new} - outside):
        return True
    # A Deployment counts a change of its annotations too, since they are copied to its ReplicaSets; its revision
    # is none of the user's wishes: the controller writes it together with the status.
    return resource.kind == "Deployment" and _wishes_in_annotations(old) != _wishes_in_annotations(new)


def _wishes_in_annotations(item: JsonObject) -> dict[str, str]:
    annotations = item["metadata"].get("annotations") or {}
    return {name: value for name, value in annotations.items() if name != "deployment.kubernetes.io/revision"}


def _is_ready_to_vanish(resource: ResourceType, item: JsonObject) -> bool:
    metadata = item["metadata"]
    if "deletionTimestamp" not in metadata or metadata.get("finalizers") or resource.kind == "Namespace":
        return False
    return bool(metadata.get("deletionGracePeriodSeconds", 0) == 0)


def _grace_period(resource: ResourceType, item: JsonObject, *, wanted: int | None) -> int:
    if resource is not PODS:
        return 0
    phase = (item.get("status") or {}).get("phase")
    spec = item.get("spec") or {}
    if not spec.get("nodeName") or phase in {"Succeeded", "Failed"}:
        return 0
    if wanted is not None:
        return max(wanted, 0)
    return int(spec.get("terminationGracePeriodSeconds", DEFAULT_GRACE_SECONDS))


def _check_preconditions(resource: ResourceType, item: JsonObject, terms: DeletionTerms) -> None:
    metadata = item["metadata"]
    for what, wanted, found in (
        ("UID", terms.uid, metadata["uid"]),
        ("ResourceVersion", terms.resource_version, metadata["resourceVersion"]),
    ):
        if wanted is not None and wanted != found:
            raise PreconditionFailed(resource, name=metadata["name"], what=what, wanted=wanted, found=found)
