"""Executes runs as durable workflows whose steps are the advances of the agent loop."""

import asyncio
import logging
from collections.abc import Sequence

from dbos import DBOS, SetEnqueueOptions, SetWorkflowID

from backend.features.chat.domain import Run
from backend.integrations.durable_execution.advancing import ENDED, Advance, AdvancingWork
from backend.integrations.durable_execution.engine import RUN_QUEUE, configure, is_file, prepare_database
from backend.integrations.durable_execution.poll_rate import PollRate
from backend.integrations.durable_execution.settings import DurableExecutionSettings


class DurableRunExecutor:
    """Implements the chat's RunExecutor, and opens the engine for everything else that is durable."""

    def __init__(
        self,
        url: str,
        *,
        advance: Advance,
        settings: DurableExecutionSettings,
        max_parallel_runs: int,
        other_work: Sequence[AdvancingWork] = (),
    ) -> None:
        """`other_work` is registered and stopped together with the runs, and started by whoever made it."""
        self._url = url
        self._runs = AdvancingWork("run", advance)
        self._all_work = (self._runs, *other_work)
        self._settings = settings
        self._max_parallel_runs = max_parallel_runs
        self._rate: PollRate | None = None

    async def start(self) -> None:
        """Launch inside the running loop, so that started and recovered work all lives on it."""
        prepare_database(self._url)
        configure(self._url, settings=self._settings)
        for work in self._all_work:
            work.register()
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
        if self._rate is not None:
            await self._rate.stop()
        # The engine warns about every unfinished step, which is just what is intended here.
        logging.getLogger("dbos").setLevel(logging.ERROR)
        await asyncio.gather(*(work.stop() for work in self._all_work))
        await asyncio.to_thread(DBOS.destroy, destroy_registry=True)

    def expect_work(self) -> None:
        if self._rate is not None:
            self._rate.want()

    async def enqueue(self, run: Run) -> None:
        self.expect_work()
        workflow_id = run.id
        status = await DBOS.get_workflow_status_async(workflow_id)
        if status is not None and status.status in ENDED and run.is_active:
            # The workflow ended without closing its run (its database was gone, say): the run gets a new one.
            workflow_id = f"{run.id}-again-{run.last_seq}"
        with SetWorkflowID(workflow_id), SetEnqueueOptions(queue_partition_key=run.session_id):
            await DBOS.enqueue_workflow_async(RUN_QUEUE, self._runs.workflow, run.id)

    def cancel(self, run_id: str) -> None:
        self._runs.cancel(run_id)
