"""A process that executes counting runs durably, so that a test can kill it: `python -m tests.fakes.durable_host`.

Arguments: database URL, effects file, seconds per advance, then `session/run` pairs to enqueue. Each advance
appends `start RUN N` and `end RUN N` to the effects file; a run has three advances.
"""

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path

from backend.features.chat.domain import Run, RunState
from backend.integrations.durable_execution.executor import DurableRunExecutor
from backend.integrations.durable_execution.settings import DurableExecutionSettings

ADVANCES = 3


async def main() -> None:
    url, effects_path, seconds, *names = sys.argv[1:]
    effects = Path(effects_path)

    def write(line: str) -> None:
        with effects.open("a") as file:
            file.write(f"{line}\n")

    async def advance(run_id: str, _cancelled: asyncio.Event) -> bool:
        done = sum(1 for line in effects.read_text().splitlines() if line.startswith(f"end {run_id} "))
        write(f"start {run_id} {done + 1}")
        await asyncio.sleep(float(seconds))
        write(f"end {run_id} {done + 1}")
        return done + 1 >= ADVANCES

    effects.touch()
    executor = DurableRunExecutor(
        url, advance=advance, settings=DurableExecutionSettings(poll_seconds=0.05), max_parallel_runs=8
    )
    await executor.start()
    for name in names:
        session_id, run_id = name.split("/")
        await executor.enqueue(_queued_run(run_id, session_id=session_id))
    print("ready", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await executor.stop()


def _queued_run(run_id: str, *, session_id: str) -> Run:
    return Run(
        id=run_id,
        session_id=session_id,
        turn_id="turn",
        state=RunState.QUEUED,
        outcome=None,
        last_seq=0,
        mode=None,
        model=None,
        created_at=datetime.now(UTC),
        finished_at=None,
    )


if __name__ == "__main__":
    asyncio.run(main())
