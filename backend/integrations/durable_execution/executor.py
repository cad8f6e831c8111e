"""Executes runs as durable workflows whose steps are the advances of the agent loop."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from dbos import DBOS, SetEnqueueOptions, SetWorkflowID

from backend.features.chat.domain import Run
from backend.integrations.durable_execution.engine import RUN_QUEUE, configure, is_file, prepare_database
from backend.integrations.durable_execution.poll_rate import PollRate
from backend.integrations.durable_execution.settings import DurableExecutionSettings

_log = logging.getLogger(__name__)

_ENDED = frozenset({"SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"})


class DurableRunExecutor:
    """Implements the chat's RunExecutor.

    A workflow calls `advance` until it says the run is over. Every advance is a step: at least once, and
    harmless to repeat, since the run's own log decides what is still to do.
    """

    def __init__(
        self,
        url: str,
        *,
        advance: Callable[[str, asyncio.Event], Awaitable[bool]],
        settings: DurableExecutionSettings,
        max_parallel_runs: int,
    ) -> None:
        self._url = url
        self._advance = advance
        self._settings = settings
        self._max_parallel_runs = max_parallel_runs
        self._cancels: dict[str, asyncio.Event] = {}
        self._is_stopping = asyncio.Event()
        self._at_work: set[asyncio.Task[bool]] = set()
        self._rate: PollRate | None = None

    async def start(self) -> None:
        """Launch inside the running loop, so that started and recovered runs all live on it."""
        prepare_database(self._url)
        configure(self._url, settings=self._settings)
        self._workflow = self._register_workflow()
        DBOS.launch()
        queue = await DBOS.register_queue_async(
            RUN_QUEUE,
            worker_concurrency=self._max_parallel_runs,
            partition_concurrency=1,
            polling_interval_sec=self._settings.poll_seconds,
            on_conflict="always_update",
        )
        if is_file(self._url):
            # Replicas share the queue and its rate: there nobody knows whether the others are idle.
            self._rate = PollRate(
                queue,
                busy_seconds=self._settings.poll_seconds,
                idle_seconds=max(self._settings.idle_poll_seconds, self._settings.poll_seconds),
                idle_after_seconds=self._settings.idle_after_seconds,
            )
            self._rate.start()

    async def stop(self) -> None:
        """Leave running work where it is: it goes on from its log at the next start."""
        self._is_stopping.set()
        if self._rate is not None:
            await self._rate.stop()
        # The engine warns about every unfinished step, which is just what is intended here.
        logging.getLogger("dbos").setLevel(logging.ERROR)
        for task in self._at_work:
            task.cancel()
        await asyncio.gather(*self._at_work, return_exceptions=True)
        await asyncio.to_thread(DBOS.destroy, destroy_registry=True)

    def expect_work(self) -> None:
        if self._rate is not None:
            self._rate.want()

    async def enqueue(self, run: Run) -> None:
        self.expect_work()
        workflow_id = run.id
        status = await DBOS.get_workflow_status_async(workflow_id)
        if status is not None and status.status in _ENDED and run.is_active:
            # The workflow ended without closing its run (its database was gone, say): the run gets a new one.
            workflow_id = f"{run.id}-again-{run.last_seq}"
        with SetWorkflowID(workflow_id), SetEnqueueOptions(queue_partition_key=run.session_id):
            await DBOS.enqueue_workflow_async(RUN_QUEUE, self._workflow, run.id)

    def cancel(self, run_id: str) -> None:
        event = self._cancels.get(run_id)
        if event is not None:
            event.set()

    def _register_workflow(
        self,
    ) -> Callable[[str], Coroutine[Any, Any, None]]:  # Any: the send and yield types of a coroutine
        @DBOS.workflow(name="run")
        async def execute(run_id: str) -> None:
            await self._execute(run_id)

        return execute

    async def _execute(self, run_id: str) -> None:
        cancelled = self._cancels.setdefault(run_id, asyncio.Event())
        try:
            while not await DBOS.run_step_async({"name": "advance"}, self._advance_once, run_id, cancelled):
                pass
        finally:
            self._cancels.pop(run_id, None)

    async def _advance_once(self, run_id: str, cancelled: asyncio.Event) -> bool:
        if not self._is_stopping.is_set():
            task = asyncio.ensure_future(self._advance(run_id, cancelled))
            self._at_work.add(task)
            try:
                return await task
            except asyncio.CancelledError:
                if not self._is_stopping.is_set():
                    raise
            finally:
                self._at_work.discard(task)
        # The process is going down: an unfinished step is what makes the engine resume the run at the next start.
        await asyncio.Event().wait()
        raise AssertionError("unreachable")
