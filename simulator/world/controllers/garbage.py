"""What goes when something else went: the objects that a deleted owner leaves behind."""

from functools import partial

from simulator.api_resources import PODS, ResourceType
from simulator.store import ChangeKind, JsonObject
from simulator.world.engine import Engine
from simulator.world.shapes import is_terminating, key_of

FOREGROUND, ORPHAN = "foregroundDeletion", "orphan"


class GarbageCollector:
    """Deletes what a deleted owner leaves behind; honours foreground and orphan deletion."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        engine.state.watch_all(self._changed)

    def _changed(self, resource: ResourceType, kind: ChangeKind, _old: JsonObject | None, item: JsonObject) -> None:
        uid = item["metadata"]["uid"]
        if kind == "DELETED":
            self._engine.agenda.after(0.1, lambda: self._delete_dependents(uid))
            for reference in item["metadata"].get("ownerReferences") or ():
                self._engine.agenda.after(0.1, partial(self._finish_by_reference, item, reference))
        elif is_terminating(item) and set(item["metadata"].get("finalizers") or ()) & {FOREGROUND, ORPHAN}:
            self._engine.agenda.after(0.1, lambda: self._finish(resource, key_of(item)))

    def _delete_dependents(self, uid: str) -> None:
        for resource, item in self._engine.state.dependents_of(uid):
            owners = item["metadata"].get("ownerReferences") or []
            if len(owners) == 1:
                self._engine.state.delete(resource, key_of(item))
            else:
                self._drop_owner(resource, item, uid=uid)

    def _finish(self, resource: ResourceType, key: str) -> None:
        item = self._engine.state.find(resource, key)
        if item is None or not is_terminating(item):
            return
        uid = item["metadata"]["uid"]
        finalizers = item["metadata"].get("finalizers") or []
        dependents = self._engine.state.dependents_of(uid)
        if ORPHAN in finalizers:
            for kind, dependent in dependents:
                self._drop_owner(kind, dependent, uid=uid)
            self._take_off(resource, key, ORPHAN)
            return
        is_blocked = any(_blocks(dependent, uid=uid) for _, dependent in dependents)
        for kind, dependent in dependents:
            if not is_terminating(dependent):
                self._delete_like(kind, dependent)
        if not is_blocked:
            self._take_off(resource, key, FOREGROUND)

    def _delete_like(self, resource: ResourceType, item: JsonObject) -> None:
        """Foreground deletion goes down the whole tree, pods aside, which have nothing below them."""
        metadata = item["metadata"]
        finalizer = None if resource is PODS else FOREGROUND
        namespace = metadata.get("namespace", "")
        self._engine.state.store.delete(resource, namespace=namespace, name=metadata["name"], finalizer=finalizer)

    def _finish_by_reference(self, item: JsonObject, reference: JsonObject) -> None:
        """A dependent is gone: perhaps its owner waited for that."""
        resource = self._engine.state.store.resources.find_kind(
            api_version=reference["apiVersion"], kind=reference["kind"]
        )
        if resource is not None:
            self._finish(resource, f"{item['metadata'].get('namespace', '')}/{reference['name']}")

    def _drop_owner(self, resource: ResourceType, item: JsonObject, *, uid: str) -> None:
        def change(draft: JsonObject) -> None:
            left = [entry for entry in draft["metadata"]["ownerReferences"] if entry["uid"] != uid]
            if left:
                draft["metadata"]["ownerReferences"] = left
            else:
                del draft["metadata"]["ownerReferences"]

        self._engine.state.change(resource, key_of(item), change)

    def _take_off(self, resource: ResourceType, key: str, finalizer: str) -> None:
        item = self._engine.state.find(resource, key)
        if item is None or finalizer not in (item["metadata"].get("finalizers") or []):
            return
        left = [name for name in item["metadata"]["finalizers"] if name != finalizer]
        metadata = {key: value for key, value in item["metadata"].items() if key != "finalizers"}
        if left:
            metadata["finalizers"] = left
        self._engine.state.store.replace(resource, {**item, "metadata": metadata})


def _blocks(dependent: JsonObject, *, uid: str) -> bool:
    """Whether the owner has to stay until this object is gone."""
    references = dependent["metadata"].get("ownerReferences") or []
    return any(entry["uid"] == uid and entry.get("blockOwnerDeletion") for entry in references)
