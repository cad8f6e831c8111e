"""Work that the durable engine does in steps: it goes on after a crash, and after a stop at the next start."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from dbos import DBOS, SetWorkflowID

Advance = Callable[[str, asyncio.Event], Awaitable[bool]]
"""From an id and the event that says stop to whether the work is over."""

ENDED = frozenset({"SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"})


class AdvancingWork:
    """One kind of work. A workflow calls `advance` until it says that the work is over.

    Every advance is a step: at least once, and harmless to repeat, since the work's own record decides what is still
    to do.
    """

    def __init__(self, name: str, advance: Advance) -> None:
        """`name` is stored with the work: a changed one strands what waits."""
        self.name = name
        self._advance = advance
        self._cancels: dict[str, asyncio.Event] = {}
        self._is_stopping = asyncio.Event()
        self._at_work: set[asyncio.Task[bool]] = set()
        self._workflow: Callable[[str], Coroutine[Any, Any, None]] | None = None  # Any: what a coroutine sends, yields

    @property
    def workflow(self) -> Callable[[str], Coroutine[Any, Any, None]]:  # Any: see above
        assert self._workflow is not None  # noqa: S101  # registered before the engine is launched
        return self._workflow

    def register(self) -> None:
        """Make it known to the engine, before the engine is launched: it may have work of this kind to resume."""

        @DBOS.workflow(name=self.name)
        async def execute(work_id: str) -> None:
            await self._execute(work_id)

        self._workflow = execute

    async def start(self, work_id: str) -> None:
        """Have it done from now on, without a queue; naming it twice is harmless."""
        workflow_id = f"{self.name}-{work_id}"
        status = await DBOS.get_workflow_status_async(workflow_id)
        if status is not None and status.status in ENDED:
            # Its workflow ended without ending the work (its database was gone, say), or the work is long over.
            workflow_id = f"{workflow_id}-again-{uuid.uuid4().hex[:8]}"
        with SetWorkflowID(workflow_id):
            await DBOS.start_workflow_async(self.workflow, work_id)

    def cancel(self, work_id: str) -> None:
        event = self._cancels.get(work_id)
        if event is not None:
            event.set()

    async def stop(self) -> None:
        """Leave unfinished work where it is: it goes on from its record at the next start."""
        self._is_stopping.set()
        for task in self._at_work:
            task.cancel()
        await asyncio.gather(*self._at_work, return_exceptions=True)

    async def _execute(self, work_id: str) -> None:
        cancelled = self._cancels.setdefault(work_id, asyncio.Event())
        try:
            while not await DBOS.run_step_async({"name": "advance"}, self._advance_once, work_id, cancelled):
                pass
        finally:
            self._cancels.pop(work_id, None)

    async def _advance_once(self, work_id: str, cancelled: asyncio.Event) -> bool:
        if not self._is_stopping.is_set():
            task = asyncio.ensure_future(self._advance(work_id, cancelled))
            self._at_work.add(task)
            try:
                return await task
            except asyncio.CancelledError:
                if not self._is_stopping.is_set():
                    raise
            finally:
                self._at_work.discard(task)
        # The process is going down: an unfinished step is what makes the engine resume the work at the next start.
        await asyncio.Event().wait()
        raise AssertionError("unreachable")
