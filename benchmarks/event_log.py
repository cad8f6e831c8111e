"""Events written to the log and read back, straight through the store: `python -m benchmarks.event_log`."""

import argparse
import asyncio
import itertools
import tempfile
import time
from pathlib import Path

from backend.agent import events as ev
from backend.agent.domain import TokenUsage
from backend.features.chat.domain import Run
from backend.storage.database import Database
from backend.storage.run_signals import RunSignals
from backend.storage.run_store import SqlRunStore
from backend.storage.session_store import SqlSessionStore
from backend.vocabulary.clock import SystemClock
from backend.vocabulary.language import Language
from benchmarks.figures import describe_machine, describe_ms

_DELTA = "some twenty characters "


async def measure(*, events: int, runs: int, url: str | None) -> None:
    with tempfile.TemporaryDirectory() as folder:
        database = Database(url or f"sqlite:///{Path(folder) / 'bench.db'}")
        await database.migrate()
        numbers = itertools.count()
        clock = SystemClock()

        def new_id() -> str:
            return f"benchmark-0000-0000-0000-{next(numbers):011d}"

        def open_store() -> SqlRunStore:
            return SqlRunStore(database, signals=RunSignals(), clock=clock, new_id=new_id, history_turns=20)

        store = open_store()
        sessions = SqlSessionStore(database, clock=clock, new_id=new_id)
        started = [await _start(store, sessions) for _ in range(runs + 1)]
        print(describe_machine())
        await _write_one(store, started[0], events=events)
        await _write_many(store, started[1:], events=max(events // 10, 10))
        await _read(open_store(), started[0], events=events)
        await _weigh(database, store, sessions, folder=Path(folder))
        await database.close()


async def _start(store: SqlRunStore, sessions: SqlSessionStore) -> Run:
    session = await sessions.create(title="")
    return await store.start_turn(session.id, message="benchmark", language=Language.EN, model=None)


async def _write_one(store: SqlRunStore, run: Run, *, events: int) -> None:
    taken = []
    for _ in range(events):
        started = time.perf_counter()
        await store.append(run.id, [ev.text_delta("m", _DELTA)])
        taken.append(time.perf_counter() - started)
    print(describe_ms("one run, one event per write", taken) + f"   {events / sum(taken):.0f} events/s")


async def _write_many(store: SqlRunStore, runs: list[Run], *, events: int) -> None:
    taken = []

    async def write(run: Run) -> None:
        for _ in range(events):
            started = time.perf_counter()
            await store.append(run.id, [ev.text_delta("m", _DELTA)])
            taken.append(time.perf_counter() - started)

    started = time.perf_counter()
    await asyncio.gather(*map(write, runs))
    rate = len(taken) / (time.perf_counter() - started)
    print(describe_ms(f"{len(runs)} runs at once, one event per write", taken) + f"   {rate:.0f} events/s")


async def _read(store: SqlRunStore, run: Run, *, events: int) -> None:
    taken = []
    for _ in range(20):
        started, position = time.perf_counter(), 0
        while position < events:
            position = (await store.read_log(run.id, after=position, limit=500)).events[-1][0]
        taken.append(time.perf_counter() - started)
    print(describe_ms(f"read {events} events back", taken) + f"   {events * len(taken) / sum(taken):.0f} events/s")


async def _weigh(database: Database, store: SqlRunStore, sessions: SqlSessionStore, *, folder: Path) -> None:
    """An ordinary run: a thought, two tool calls with results of 2 kB, an answer of 1.2 kB in 40 deltas."""
    if not database.is_sqlite:
        return
    before = await _size(database)
    count = 50
    for _ in range(count):
        run = await _start(store, sessions)
        log: list[ev.Event] = [ev.run_started(session_id=run.session_id, run_id=run.id)]
        for call in ("one", "two"):
            log += [ev.tool_call_start(call, name="k8s-get-pods", parent_message_id="s"), ev.tool_call_args(call, "{}")]
            log += [{"type": "TOOL_CALL_RESULT", "messageId": call, "toolCallId": call, "content": "x" * 2000}]
        log += [ev.text_start("m"), *(ev.text_delta("m", _DELTA + "1234567") for _ in range(40)), ev.text_end("m")]
        log.append(ev.step_finished("s", usage=TokenUsage(900, 300), model="m"))
        await store.append(run.id, log)
        finish = ev.run_finished(session_id=run.session_id, run_id=run.id, outcome={"type": "success"})
        await store.finish(run.id, [finish], outcome="answered", failure=None)
    size = (await _size(database) - before) / count
    print(f"database bytes per ordinary run (two tool results of 2 kB, 53 events): {size:.0f}")
    print(f"file: {sum(path.stat().st_size for path in folder.iterdir()) / 1e6:.1f} MB")


async def _size(database: Database) -> int:
    async with database.read() as connection:
        pages = (await connection.exec_driver_sql("PRAGMA page_count")).scalar_one()
        return int(pages) * int((await connection.exec_driver_sql("PRAGMA page_size")).scalar_one())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=2000)
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--url", help="an empty database; a temporary SQLite file by default")
    given = parser.parse_args()
    asyncio.run(measure(events=given.events, runs=given.runs, url=given.url))


if __name__ == "__main__":
    main()
