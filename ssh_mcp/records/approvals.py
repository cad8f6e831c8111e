"""Makes every approval good for one run: a sealed answer that is sent a second time finds its number used."""

from __future__ import annotations

import fcntl
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ssh_mcp.records.files import replace_file

KEEP_SECONDS = 2 * 3600
"""Longer than a sealed answer is accepted (an hour)."""


class ApprovalUsed(Exception):
    """Somebody ran this under the same approval before."""


class ApprovalLedger:
    """How often each exact call was approved and run lately, in a file that outlives the process."""

    def __init__(self, path: Path, *, now: Callable[[], float] = time.time) -> None:
        self._path = path
        self._now = now

    def count(self, digest: str) -> int:
        """The number that a question about this call carries."""
        with self._locked():
            return len(self._read().get(digest, []))

    def claim(self, digest: str, *, number: int) -> None:
        """Use the approval of this number; raise ApprovalUsed when it is not the next one any more."""
        with self._locked():
            used = self._read()
            if len(used.get(digest, [])) != number:
                raise ApprovalUsed
            used.setdefault(digest, []).append(self._now())
            replace_file(self._path, json.dumps(used))

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        # A file of its own, since the other one is replaced.
        with self._path.with_suffix(".lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _read(self) -> dict[str, list[float]]:
        used: dict[str, list[float]] = json.loads(self._path.read_text()) if self._path.exists() else {}
        oldest = self._now() - KEEP_SECONDS
        recent = {digest: [moment for moment in moments if moment > oldest] for digest, moments in used.items()}
        return {digest: moments for digest, moments in recent.items() if moments}
