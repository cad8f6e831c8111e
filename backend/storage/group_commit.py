"""Commits what several runs write at the same moment in one transaction: a commit waits for the disk, once for all."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from backend.agent.events import Event


@dataclass(slots=True, eq=False)
class PendingAppend:
    """Events that wait for their transaction."""

    run_id: str
    events: Sequence[Event]
    done: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    def succeed(self) -> None:
        if not self.done.done():
            self.done.set_result(None)

    def fail(self, error: BaseException) -> None:
        if not self.done.done():
            self.done.set_exception(error)


Take = Callable[[], list[PendingAppend]]


class GroupCommit:
    """Appends are taken when the transaction begins, so all that came while the last one was committed go together.

    `commit` settles each append that it takes; what it raises fails all of them.
    """

    def __init__(self, commit: Callable[[Take], Awaitable[None]]) -> None:
        self._commit = commit
        self._waiting: list[PendingAppend] = []
        self._taken: list[PendingAppend] = []
        self._worker: asyncio.Task[None] | None = None

    async def append(self, run_id: str, events: Sequence[Event]) -> None:
        """Return when the events are committed. A cancelled append is either withdrawn or committed, never later."""
        pending = PendingAppend(run_id=run_id, events=events)
        self._waiting.append(pending)
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work())
        try:
            await asyncio.shield(pending.done)
        except asyncio.CancelledError:
            if pending in self._waiting:
                self._waiting.remove(pending)
            elif not pending.done.done():
                await asyncio.wait({pending.done})
            raise

    async def _work(self) -> None:
        while self._waiting:
            self._taken = []
            try:
                await self._commit(self._take)
            except BaseException as error:
                for pending in self._taken or self._take():
                    pending.fail(error)
                if not isinstance(error, Exception):
                    raise

    def _take(self) -> list[PendingAppend]:
        self._taken, self._waiting = self._waiting, []
        return self._taken
