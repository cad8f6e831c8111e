"""A copy of one list that a watch keeps up to date."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import orjson

from k8s_diagnosis.objects.access import JsonObject, name_of, namespace_of, read_int, read_text
from k8s_mcp.errors import AccessDenied, ClusterError

_FIRST_WAIT_SECONDS = 0.5
_MAX_WAIT_SECONDS = 30.0
_SILENT_SECONDS = 150.0
"""API servers send a bookmark every minute; one that is silent for longer is not believed any more."""

_GONE = 410


class VersionGone(Exception):
    """The API server no longer knows the version that was asked for; the list has to be read again."""


@dataclass(frozen=True, slots=True)
class ListPage:
    """Some objects of a list, as the copy keeps them, and roughly what they take in memory."""

    objects: Sequence[JsonObject]
    size: int
    version: str


class ListSource(Protocol):
    """Where the copy comes from."""

    def read_pages(self, *, is_whole: bool) -> AsyncIterator[ListPage]:
        """The list, in pages or as a whole; raises ClusterError, or VersionGone when its pages expired."""

    def watch(self, version: str) -> AsyncIterator[bytes]:
        """Lines of changes since the version, until the server ends them; raises ClusterError or VersionGone."""

    def keep(self, source: JsonObject) -> JsonObject | None:
        """The object as the copy keeps it; None for one that must not be shown."""


class WatchedList:
    """Reads the list once, then follows its changes. A copy whose watch broke is not offered until it is back."""

    def __init__(self, source: ListSource, *, clock: Callable[[], float]) -> None:
        self._source = source
        self._clock = clock
        self._objects: dict[tuple[str, str], JsonObject] = {}
        self._ordered: list[JsonObject] | None = None
        self._version = ""
        self._confirmed_at = 0.0
        self._is_followed = False
        self._first: asyncio.Future[None] | None = None
        self._task: asyncio.Task[None] | None = None
        self.size = 0
        """Roughly the bytes it takes."""
        self.read_at = clock()
        self.is_refused = False
        """Whether the account may list but not watch; reading each time is all that can be done then."""

    @property
    def age_seconds(self) -> float:
        """Since when the API server last said something."""
        return self._clock() - self._confirmed_at

    @property
    def is_usable(self) -> bool:
        return self._is_followed and self.age_seconds < _SILENT_SECONDS

    async def objects(self) -> list[JsonObject]:
        """All objects by namespace and name; the first call reads them. Raises ClusterError when that fails."""
        self.read_at = self._clock()
        if self._first is None:
            self._first = asyncio.get_running_loop().create_future()
            self._task = asyncio.create_task(self._run(self._first))
        # A caller that leaves must not take the reading away from the others.
        await asyncio.shield(self._first)
        if self._ordered is None:
            self._ordered = [self._objects[key] for key in sorted(self._objects)]
        return self._ordered

    async def close(self) -> None:
        task, self._task = self._task, None
        self._is_followed = False
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        self._forget()

    async def _run(self, first: asyncio.Future[None]) -> None:
        try:
            await self._read_all()
        except asyncio.CancelledError:
            first.cancel()
            raise
        except Exception as error:  # noqa: BLE001 - told to whoever asked for the list
            first.set_exception(error)
            # Nobody may be waiting any more.
            first.exception()
            return
        self._is_followed = True
        first.set_result(None)
        await self._follow()

    async def _read_all(self) -> None:
        try:
            await self._read(is_whole=False)
        except VersionGone:
            await self._read(is_whole=True)

    async def _read(self, *, is_whole: bool) -> None:
        objects: dict[tuple[str, str], JsonObject] = {}
        size, version = 0, ""
        async for page in self._source.read_pages(is_whole=is_whole):
            size, version = size + page.size, page.version
            objects.update({_key_of(each): each for each in page.objects})
        self._objects, self._ordered, self.size, self._version = objects, None, size, version
        self._confirmed_at = self._clock()

    async def _follow(self) -> None:
        """Follow the changes for ever; after each failure wait longer, after too long a gap read the list anew."""
        failures = 0
        while not self.is_refused:
            try:
                async for line in self._source.watch(self._version):
                    failures = 0
                    self._apply(line)
            except VersionGone:
                self._is_followed = False
                failures = await self._read_again(failures)
            except AccessDenied:
                self._is_followed = False
                self.is_refused = True
            except (ClusterError, orjson.JSONDecodeError):
                self._is_followed = False
                failures = await _wait(failures)

    async def _read_again(self, failures: int) -> int:
        try:
            await self._read_all()
        except ClusterError:
            return await _wait(failures)
        self._is_followed = True
        return 0

    def _apply(self, line: bytes) -> None:
        """One line of the watch; raises VersionGone or ClusterError for an error the server reports in it."""
        if not line.strip():
            return
        event: JsonObject = orjson.loads(line)
        kind, source = event.get("type"), event.get("object")
        if not isinstance(source, dict) or kind == "ERROR":
            if read_int(source, "code") == _GONE:
                raise VersionGone
            raise ClusterError(read_text(source, "message") or "the watch reported an error")
        self._confirmed_at = self._clock()
        self._version = read_text(source, "metadata", "resourceVersion") or self._version
        self._is_followed = True
        if kind != "BOOKMARK":
            self._change(source, is_gone=kind == "DELETED")

    def _change(self, source: JsonObject, *, is_gone: bool) -> None:
        self._ordered = None
        kept: Any = None if is_gone else self._source.keep(source)  # Any: JSON
        if kept is None:
            self._objects.pop(_key_of(source), None)
        else:
            self._objects[_key_of(source)] = kept

    def _forget(self) -> None:
        self._objects, self._ordered, self.size = {}, None, 0


def _key_of(source: JsonObject) -> tuple[str, str]:
    return namespace_of(source), name_of(source)


async def _wait(failures: int) -> int:
    """Sleep longer after each failure; with jitter, since all copies of a server lose their watches at once."""
    seconds = min(_MAX_WAIT_SECONDS, _FIRST_WAIT_SECONDS * 2**failures)
    await asyncio.sleep(seconds * random.uniform(0.5, 1.0))  # noqa: S311 - jitter
    return min(failures + 1, 10)
