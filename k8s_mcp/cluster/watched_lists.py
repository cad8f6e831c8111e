"""Which lists are kept as watched copies: those read again and again, within a bounded memory, for a bounded time."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from k8s_diagnosis.objects.access import JsonObject, labels_of, namespace_of
from k8s_mcp.cluster.interfaces import (
    DEPLOYMENTS,
    ENDPOINT_SLICES,
    EVENTS,
    NODES,
    PODS,
    SERVICES,
    KnownList,
    Resource,
    Selection,
)
from k8s_mcp.cluster.watched_list import ListSource, WatchedList
from k8s_mcp.selecting.fields import parse_field_selector
from k8s_mcp.selecting.labels import SelectorNotUnderstood, parse_label_selector

OpenSource = Callable[[Resource, Selection], ListSource]

WARNINGS = "type=Warning"

_AT_ONCE = frozenset({PODS, NODES, DEPLOYMENTS, SERVICES, ENDPOINT_SLICES, EVENTS})
"""Kinds that nearly every question reads; others are copied when they are read again within a minute."""

_AGAIN_SECONDS = 60.0
_IDLE_SECONDS = 180.0
_SWEEP_SECONDS = 30.0
_MAX_LISTS = 24
_REFUSED_SECONDS = 600.0
"""How long a list that cannot be watched, or is too large to be kept, is only read."""


@dataclass(frozen=True, slots=True)
class ListKey:
    """One list at the API server; labels are selected from the copy."""

    resource: Resource
    namespace: str | None
    fields: str | None


class WatchedLists:
    def __init__(self, open_source: OpenSource, *, max_bytes: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._open_source = open_source
        self._max_bytes = max_bytes
        self._clock = clock
        self._lists: dict[ListKey, WatchedList] = {}
        self._asked_at: dict[ListKey, float] = {}
        self._refused_at: dict[ListKey, float] = {}
        self._sweeper: asyncio.Task[None] | None = None

    async def find(self, resource: Resource, selection: Selection) -> KnownList | None:
        """The selected objects from a copy, made now where it is worth it; None when there is none to be had.

        Raises ClusterError when a copy is made and the list cannot be read.
        """
        wanted = ListKey(resource, selection.namespace, selection.field_selector)
        key = self._find_key(wanted) or (wanted if self._is_worth_it(wanted) else None)
        choose = None if key is None else _make_choice(selection, key)
        if key is None or choose is None:
            return None
        watched = self._lists.get(key)
        if watched is None:
            watched = await self._open(key)
        was_known = watched.is_usable
        try:
            objects = await watched.objects()
        except Exception:
            await self._drop(key, watched)
            raise
        known = KnownList(choose(objects), watched.age_seconds if was_known else None)
        is_too_large = watched.size > self._max_bytes
        if watched.is_refused or is_too_large:
            self._refused_at[key] = self._clock()
            await self._drop(key, watched)
            return known if is_too_large else None
        await self._make_room(keep=key)
        return known if watched.is_usable else None

    async def close(self) -> None:
        if self._sweeper is not None:
            self._sweeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._sweeper
        lists, self._lists = self._lists, {}
        await asyncio.gather(*(watched.close() for watched in lists.values()))

    def _find_key(self, wanted: ListKey) -> ListKey | None:
        """A copy that holds at least what is wanted."""
        for namespace in (None, wanted.namespace):
            for fields in (None, wanted.fields):
                key = ListKey(wanted.resource, namespace, fields)
                if key in self._lists:
                    return key
        return None

    def _is_worth_it(self, wanted: ListKey) -> bool:
        now = self._clock()
        last, self._asked_at[wanted] = self._asked_at.get(wanted), now
        if self._max_bytes <= 0 or wanted.fields not in {None, WARNINGS}:
            return False
        if now - self._refused_at.get(wanted, -_REFUSED_SECONDS) < _REFUSED_SECONDS:
            return False
        return wanted.resource in _AT_ONCE or (last is not None and now - last < _AGAIN_SECONDS)

    async def _open(self, key: ListKey) -> WatchedList:
        selection = Selection(key.namespace, field_selector=key.fields)
        watched = WatchedList(self._open_source(key.resource, selection), clock=self._clock)
        self._lists[key] = watched
        if self._sweeper is None or self._sweeper.done():
            self._sweeper = asyncio.create_task(self._sweep())
        while len(self._lists) > _MAX_LISTS:
            await self._drop_oldest(keep=key)
        return watched

    async def _make_room(self, *, keep: ListKey) -> None:
        while sum(each.size for each in self._lists.values()) > self._max_bytes and len(self._lists) > 1:
            await self._drop_oldest(keep=keep)

    async def _drop_oldest(self, *, keep: ListKey) -> None:
        others = [key for key in self._lists if key != keep]
        oldest = min(others, key=lambda key: self._lists[key].read_at)
        await self._drop(oldest, self._lists[oldest])

    async def _drop(self, key: ListKey, watched: WatchedList) -> None:
        # Another call may have dropped it, or even opened a new one, in the meantime.
        if self._lists.get(key) is watched:
            del self._lists[key]
        await watched.close()

    async def _sweep(self) -> None:
        """Close what nobody reads any more: each copy is an open connection and memory."""
        while self._lists:
            await asyncio.sleep(_SWEEP_SECONDS)
            now = self._clock()
            for key, watched in [*self._lists.items()]:
                if now - watched.read_at > _IDLE_SECONDS:
                    await self._drop(key, watched)
            self._asked_at = {key: at for key, at in self._asked_at.items() if now - at < _AGAIN_SECONDS}
            self._refused_at = {key: at for key, at in self._refused_at.items() if now - at < _REFUSED_SECONDS}


def _make_choice(selection: Selection, key: ListKey) -> Callable[[Sequence[JsonObject]], Sequence[JsonObject]] | None:
    """What takes the selected objects out of the copy; None for a selector that only the API server understands."""
    tests: list[Callable[[JsonObject], bool]] = []
    if selection.label_selector:
        try:
            test_labels = parse_label_selector(selection.label_selector)
        except SelectorNotUnderstood:
            return None
        tests.append(lambda each: test_labels(labels_of(each)))
    if selection.field_selector and key.fields != selection.field_selector:
        test_fields = parse_field_selector(selection.field_selector)
        if test_fields is None:
            return None
        tests.append(test_fields)
    if selection.namespace != key.namespace:
        tests.append(lambda each: namespace_of(each) == selection.namespace)
    if not tests:
        return lambda objects: objects
    return lambda objects: [each for each in objects if all(test(each) for test in tests)]
