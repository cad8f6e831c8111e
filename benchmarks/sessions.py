"""List, open and search sessions with many stored messages: `python -m benchmarks.sessions`."""

import argparse
import asyncio
import random
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
from sqlalchemy import insert

from backend.agent import events as ev
from backend.agent.domain import TokenUsage
from backend.storage.database import Database
from backend.storage.session_store import SqlSessionStore
from backend.storage.tables import events, runs, sessions, texts, turns
from backend.vocabulary.clock import SystemClock
from benchmarks.figures import describe_machine, describe_ms

_WORDS_ZH = (
    *("命名空间", "不正常", "重启", "内存", "上限", "容器", "镜像", "服务", "不通", "探针", "超时", "节点", "磁盘"),
    *("副本", "扩容", "日志", "报错", "连接", "拒绝", "配置"),
)
_WORDS_EN = (
    *("pod", "deployment", "restart", "memory", "limit", "container", "image", "service", "probe", "timeout"),
    *("node", "replica", "scale", "log", "refused"),
)
_RARE = "quokkazephyr"
QUERIES = {
    "zh, 2 characters, common": "内存",
    "zh, 2 characters, rare": "凤凰",
    "zh, 4 characters": "命名空间",
    "zh, 4 characters, rare": "凤凰涅槃",
    "en, common word": "timeout",
    "en, rare word": _RARE,
    "found nowhere": "xylophonist",
    "2 letters": "po",
}
_FIRST = datetime(2026, 1, 1, tzinfo=UTC)


async def measure(*, session_count: int, turns_per_session: int, rounds: int, url: str | None) -> None:
    with tempfile.TemporaryDirectory() as folder:
        database = Database(url or f"sqlite:///{Path(folder) / 'bench.db'}")
        await database.migrate()
        started = time.perf_counter()
        await fill(database, session_count=session_count, turns_per_session=turns_per_session)
        took = time.perf_counter() - started
        size = sum(path.stat().st_size for path in Path(folder).iterdir())
        messages = session_count * turns_per_session * 2
        print(f"{session_count} sessions, {messages} messages, {size / 1e6:.0f} MB, filled in {took:.0f} s")
        print(describe_machine())
        await _read(SqlSessionStore(database, clock=SystemClock(), new_id=str), rounds=rounds)
        await database.close()


async def fill(database: Database, *, session_count: int, turns_per_session: int) -> None:
    chance = random.Random(7)  # noqa: S311  # the same texts every time
    for start in range(0, session_count, 100):
        numbers = range(start, min(start + 100, session_count))
        rows = [_make_session(number, turn_count=turns_per_session, chance=chance) for number in numbers]
        async with database.write() as connection:
            for position, table in enumerate((sessions, turns, runs, events, texts)):
                await connection.execute(insert(table), [row for made in rows for row in made[position]])


def _make_session(number: int, *, turn_count: int, chance: random.Random) -> tuple[list[dict[str, object]], ...]:
    session_id, at = f"session-{number:06d}", _FIRST + timedelta(minutes=number)
    made: tuple[list[dict[str, object]], ...] = ([], [], [], [], [])
    made[0].append(
        {
            "id": session_id,
            "title": _write(chance, words=4)[:48],
            "created_at": at,
            "updated_at": at,
            "message_count": turn_count * 2,
        }
    )
    for position in range(1, turn_count + 1):
        turn_id, run_id = f"{session_id}-t{position}", f"{session_id}-r{position}"
        question, answer = _write(chance, words=12), _write(chance, words=90)
        log = _write_log(session_id, run_id=run_id, turn_id=turn_id, answer=answer)
        made[1].append(
            {
                "id": turn_id,
                "session_id": session_id,
                "position": position,
                "message": question,
                "language": "zh-CN",
                "created_at": at,
            }
        )
        made[2].append(
            {
                "id": run_id,
                "session_id": session_id,
                "turn_id": turn_id,
                "position": 1,
                "state": "finished",
                "outcome": "answered",
                "is_cancel_requested": False,
                "last_seq": len(log),
                "created_at": at,
                "finished_at": at,
            }
        )
        made[3].extend(
            {"run_id": run_id, "seq": seq, "data": orjson.dumps(event).decode()}
            for seq, event in enumerate(log, start=1)
        )
        said = (("user", question), ("assistant", answer))
        made[4].extend(
            {"turn_id": turn_id, "session_id": session_id, "role": role, "text": text} for role, text in said
        )
    return made


def _write(chance: random.Random, *, words: int) -> str:
    """Chinese and English mixed as operators write, with a few words that are nearly unique."""
    chosen = [chance.choice(_WORDS_ZH if chance.random() < 0.6 else _WORDS_EN) for _ in range(words)]
    chosen.append(f"web-{chance.randrange(10**9):09d}")
    if chance.random() < 0.0002:
        chosen.append(f"{_RARE} 凤凰涅槃")
    return " ".join(chosen) if chance.random() < 0.3 else "".join(chosen)


def _write_log(session_id: str, *, run_id: str, turn_id: str, answer: str) -> list[ev.Event]:
    half = len(answer) // 2
    return [
        ev.run_started(session_id=session_id, run_id=run_id),
        ev.run_info(turn_id=turn_id, mode="model", model="bench"),
        ev.step_started("s"),
        ev.text_start("m"),
        ev.text_delta("m", answer[:half]),
        ev.text_delta("m", answer[half:]),
        ev.text_end("m"),
        ev.step_finished("s", usage=TokenUsage(900, 90), model="bench"),
        ev.run_finished(session_id=session_id, run_id=run_id, outcome={"type": "success"}),
    ]


async def _read(store: SqlSessionStore, *, rounds: int) -> None:
    first = await store.list_page(query="", cursor=None, limit=50)
    second = await store.list_page(query="", cursor=first.next_cursor, limit=50)
    ids = [session.id for session in (*first.items, *second.items)]
    print(await _time("list, first page of 50", rounds, lambda _: store.list_page(query="", cursor=None, limit=50)))
    print(
        await _time(
            "list, a later page", rounds, lambda _: store.list_page(query="", cursor=first.next_cursor, limit=50)
        )
    )
    print(await _time("open a session", rounds, lambda i: store.list_turns(ids[i % len(ids)], before=None, limit=50)))
    for name, query in QUERIES.items():
        page = await store.list_page(query=query, cursor=None, limit=50)
        found = f"{len(page.items)}{'+' if page.next_cursor else ''}"
        label = f"search, {name} ({found} found)"
        print(await _time(label, rounds, lambda _, q=query: store.list_page(query=q, cursor=None, limit=50)))  # type: ignore[misc]  # a default binds the loop's value


async def _time(name: str, rounds: int, action: Callable[[int], Awaitable[object]]) -> str:
    taken = []
    for number in range(rounds):
        started = time.perf_counter()
        await action(number)
        taken.append(time.perf_counter() - started)
    return describe_ms(name, taken)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=5000)
    parser.add_argument("--turns", type=int, default=10, help="turns per session, two messages each")
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--url", help="an empty database; a temporary SQLite file by default")
    given = parser.parse_args()
    asyncio.run(
        measure(session_count=given.sessions, turns_per_session=given.turns, rounds=given.rounds, url=given.url)
    )


if __name__ == "__main__":
    main()
