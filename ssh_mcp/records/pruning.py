"""Deletes old files, so that what is kept does not fill the disk that the robot watches."""

from __future__ import annotations

import asyncio
import stat
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

MAX_KEPT_BYTES = 1024 * 1024 * 1024
"""Per folder; the oldest files go first."""

_EVERY_SECONDS = 3600.0
_DAY_SECONDS = 86_400


def prune(folder: Path, *, keep_days: int, max_bytes: int = MAX_KEPT_BYTES, now: float | None = None) -> int:
    """Delete what is too old, and the oldest while all together are too large; returns how many files went."""
    if not folder.exists():
        return 0
    moment = time.time() if now is None else now
    found = sorted(_list_files(folder), reverse=True)
    kept_bytes = 0
    removed = 0
    for changed_at, size, path in found:
        kept_bytes += size
        if moment - changed_at > keep_days * _DAY_SECONDS or kept_bytes > max_bytes:
            path.unlink(missing_ok=True)
            removed += 1
    return removed


def _list_files(folder: Path) -> Iterator[tuple[float, int, Path]]:
    """Time, size and path; another server with the same folder may be deleting too."""
    for path in folder.iterdir():
        with suppress(FileNotFoundError):
            status = path.stat()
            if stat.S_ISREG(status.st_mode):
                yield status.st_mtime, status.st_size, path


async def keep_pruning(folders: Sequence[Path], *, keep_days: int) -> None:
    """At once and every hour, until it is cancelled."""
    while True:
        for folder in folders:
            await asyncio.to_thread(prune, folder, keep_days=keep_days)
        await asyncio.sleep(_EVERY_SECONDS)
