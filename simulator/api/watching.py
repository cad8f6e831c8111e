"""Watches: changes of a selection as they happen, one JSON object per line.

A watcher keeps only the version it has told about and reads on from the store's history, so a slow client costs no
memory; one that falls behind the history gets the 410 that a real server sends.
"""

import asyncio
import base64
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass

import orjson

from simulator.api.encoding import encode
from simulator.api.listing import Selection, read_count, read_version
from simulator.api.status_errors import ApiError, expired, too_large_version
from simulator.api_resources import ResourceType
from simulator.store import Change, ChangeKind, Expired, JsonObject, ObjectStore

DEFAULT_TIMEOUT_SECONDS = 1800
BOOKMARK_SECONDS = 10.0
"""Often enough that a reconnecting client rarely has to list again, rare enough to cost nothing."""

Render = Callable[[str, JsonObject], bytes]
"""Turns a kind of event and an object (or bookmark) into the JSON of the event's object."""


class WatchHub:
    """Wakes the watchers of a resource when it changes, and all of them when the server ends."""

    def __init__(self, store: ObjectStore) -> None:
        self._waiting: dict[ResourceType, set[asyncio.Event]] = {}
        self.is_closed = False
        store.subscribe(self._wake)

    def join(self, resource: ResourceType) -> asyncio.Event:
        bell = asyncio.Event()
        self._waiting.setdefault(resource, set()).add(bell)
        return bell

    def leave(self, resource: ResourceType, bell: asyncio.Event) -> None:
        self._waiting[resource].discard(bell)

    def close(self) -> None:
        """End every watch at once."""
        self.is_closed = True
        for bells in self._waiting.values():
            for bell in bells:
                bell.set()

    def _wake(self, _: ChangeKind, resource: ResourceType, __: JsonObject | None, ___: JsonObject) -> None:
        for bell in self._waiting.get(resource, ()):
            bell.set()


@dataclass(frozen=True, slots=True)
class WatchRequest:
    selection: Selection
    start_version: int
    sends_current: bool
    """Begin with an ADDED event for everything that is there."""
    marks_end_of_current: bool
    sends_bookmarks: bool
    timeout_seconds: float


def read_watch(selection: Selection, query: Mapping[str, str], *, store: ObjectStore) -> WatchRequest:
    """Understand a watch; raise 4xx or 504 where the real server does not even begin."""
    version = read_version(query)
    if version > store.version:
        raise too_large_version(f"Too large resource version: {version}, current: {store.version}")
    initial = query.get("sendInitialEvents")
    bookmarks = query.get("allowWatchBookmarks") in {"1", "true", "True"}
    _check_initial_events(query, initial=initial)
    wants_initial = initial in {"1", "true", "True"}
    return WatchRequest(
        selection=selection,
        start_version=version or store.version,
        sends_current=wants_initial or (version == 0 and initial is None),
        marks_end_of_current=wants_initial and bookmarks,
        sends_bookmarks=bookmarks,
        timeout_seconds=read_count(query, "timeoutSeconds") or DEFAULT_TIMEOUT_SECONDS,
    )


def _check_initial_events(query: Mapping[str, str], *, initial: str | None) -> None:
    match = query.get("resourceVersionMatch")
    field = "sendInitialEvents" if initial is not None else "resourceVersionMatch"
    message = ""
    if initial is not None and match != "NotOlderThan":
        field = "resourceVersionMatch"
        message = "Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"
    elif initial is None and match:
        message = "Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"
    if message:
        cause = {"reason": "FieldValueForbidden", "message": message, "field": field}
        text = f'ListOptions.meta.k8s.io "" is invalid: {field}: {message}'
        raise ApiError(422, "Invalid", text, details={"group": "meta.k8s.io", "kind": "ListOptions", "causes": [cause]})


async def stream_watch(
    request: WatchRequest, *, store: ObjectStore, hub: WatchHub, render: Render
) -> AsyncIterator[bytes]:
    """Lines of the watch until its time is over, its history is lost, or the server ends."""
    resource = request.selection.resource
    bell = hub.join(resource)
    try:
        version = request.start_version
        if request.sends_current:
            version = store.version
            yield b"".join(_current_events(request, store=store, render=render))
        loop = asyncio.get_running_loop()
        deadline = loop.time() + request.timeout_seconds
        while not hub.is_closed:
            bell.clear()
            lines, version = _next_lines(request, store=store, version=version, render=render)
            if lines:
                yield b"".join(lines)
            if version < 0 or loop.time() >= deadline:
                return
            rang = await _wait(bell, seconds=min(BOOKMARK_SECONDS, deadline - loop.time()))
            if not rang and request.sends_bookmarks:
                version = store.version
                yield _event("BOOKMARK", render("BOOKMARK", bookmark(resource, version=version)))
    finally:
        hub.leave(resource, bell)


async def _wait(bell: asyncio.Event, *, seconds: float) -> bool:
    try:
        async with asyncio.timeout(max(seconds, 0)):
            await bell.wait()
    except TimeoutError:
        return False
    return True


def _current_events(request: WatchRequest, *, store: ObjectStore, render: Render) -> list[bytes]:
    selection = request.selection
    items = store.list_objects(selection.resource, namespace=selection.namespace)
    lines = [_event("ADDED", render("ADDED", item)) for item in items if selection.accepts(item)]
    if request.marks_end_of_current:
        mark = bookmark(selection.resource, version=store.version)
        blueprint: JsonObject = {
            "kind": selection.resource.list_kind,
            "apiVersion": selection.resource.api_version,
            "metadata": {},
            "items": None,
        }
        mark["metadata"]["annotations"] = {
            "k8s.io/initial-events-end": "true",
            "kubernetes.io/initial-events-list-blueprint": base64.b64encode(orjson.dumps(blueprint) + b"\n").decode(),
        }
        lines.append(_event("BOOKMARK", render("BOOKMARK", mark)))
    return lines


def _next_lines(request: WatchRequest, *, store: ObjectStore, version: int, render: Render) -> tuple[list[bytes], int]:
    """Events after a version and the version reached; -1 when the history is lost."""
    try:
        changes = store.changes_since(request.selection.resource, version=version)
    except Expired as error:
        return [_event("ERROR", encode(expired(str(error)).status))], -1
    lines = []
    for change in changes:
        told = _as_seen_by(request.selection, change)
        if told is not None:
            lines.append(_event(told[0], render(*told)))
    return lines, max(version, store.version)


def _as_seen_by(selection: Selection, change: Change) -> tuple[ChangeKind, JsonObject] | None:
    """The event a watcher of a selection gets: entering it is ADDED, leaving it is DELETED."""
    if selection.namespace is not None and change.key[0] != selection.namespace:
        return None
    if selection.is_everything:
        return change.kind, change.new
    was_in = change.old is not None and selection.accepts(change.old)
    is_in = change.kind != "DELETED" and selection.accepts(change.new)
    if was_in and is_in:
        return "MODIFIED", change.new
    if is_in:
        return "ADDED", change.new
    if not was_in or change.old is None:
        return None
    last = change.old if change.kind != "DELETED" else change.new
    metadata = {**last["metadata"], "resourceVersion": str(change.version)}
    return "DELETED", {**last, "metadata": metadata}


def bookmark(resource: ResourceType, *, version: int) -> JsonObject:
    metadata = {"resourceVersion": str(version), "creationTimestamp": None}
    return {"kind": resource.kind, "apiVersion": resource.api_version, "metadata": metadata}


def _event(kind: str, encoded_object: bytes) -> bytes:
    return b'{"type":"%b","object":%b}\n' % (kind.encode(), encoded_object)
