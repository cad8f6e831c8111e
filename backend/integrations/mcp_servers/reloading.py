"""Tells what the configuration file says, whenever that is something else, however it was written."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Generic, TypeVar

from watchfiles import awatch

_log = logging.getLogger(__name__)
_Content = TypeVar("_Content")

_GATHER_MS = 400
_QUIET_MS = 100
_LOOK_SECONDS = 5.0
"""How often the file is looked at without any notice: some file systems send none."""


async def watch_file(
    path: Path, *, read: Callable[[], Awaitable[_Content]], on_change: Callable[[_Content], Awaitable[None]]
) -> None:
    """Call `on_change` with what `read` found whenever it is something else, one call at a time, until cancelled.

    The directory is watched and not the file: editors write a new file and rename it, and Kubernetes swaps a
    symbolic link beside it.
    """
    logging.getLogger("watchfiles").setLevel(logging.WARNING)
    watch = _Watch(read, on_change=on_change)
    while True:
        # The first look comes before the first notice: the file may have changed since it was read.
        await watch.look()
        try:
            async for _ in awatch(
                path.parent,
                watch_filter=None,
                debounce=_GATHER_MS,
                step=_QUIET_MS,
                rust_timeout=round(_LOOK_SECONDS * 1000),
                yield_on_timeout=True,
                recursive=False,
            ):
                await watch.look()
        except (OSError, RuntimeError) as error:
            _log.debug("%s cannot be watched (%s); looking at it instead", path.parent, error)
        await asyncio.sleep(_LOOK_SECONDS)


class _Watch(Generic[_Content]):
    """Reads once per look: a file that was read again for the call could be another one by then, for good."""

    def __init__(
        self, read: Callable[[], Awaitable[_Content]], *, on_change: Callable[[_Content], Awaitable[None]]
    ) -> None:
        self._read = read
        self._on_change = on_change
        self._last: _Content | None = None

    async def look(self) -> None:
        found = await self._read()
        if found != self._last:
            self._last = found
            await self._on_change(found)
