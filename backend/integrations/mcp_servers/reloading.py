"""Tells when the configuration file has another content, however it was written."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path

from watchfiles import awatch

_log = logging.getLogger(__name__)

_GATHER_MS = 400
_QUIET_MS = 100
_LOOK_SECONDS = 5.0
"""How often the file is looked at without any notice: some file systems send none."""


async def watch_file(path: Path, *, on_change: Callable[[], Awaitable[None]]) -> None:
    """Call `on_change` after every change of content, one call at a time, until cancelled.

    The directory is watched and not the file: editors write a new file and rename it, and Kubernetes swaps a
    symbolic link beside it.
    """
    logging.getLogger("watchfiles").setLevel(logging.WARNING)
    watch = _Watch(path, on_change=on_change)
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


class _Watch:
    def __init__(self, path: Path, *, on_change: Callable[[], Awaitable[None]]) -> None:
        self._path = path
        self._on_change = on_change
        self._last: bytes | None = b""

    async def look(self) -> None:
        content = await asyncio.to_thread(_read, self._path)
        if content != self._last:
            self._last = content
            await self._on_change()


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None
