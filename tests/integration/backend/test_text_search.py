"""Search finds exactly the sessions that contain the words, whatever their length and script."""

import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, delete, insert, select, text, update

import backend.storage
from backend.storage.database import Database
from backend.storage.session_store import SqlSessionStore
from backend.storage.tables import sessions, texts, turns
from backend.vocabulary.clock import SystemClock

SAID = [
    "支付网关超时,请检查 payments 命名空间",
    "The Pod web-1 is OOMKilled; see 支付",
    'a_b 100% "quoted" it\'s \\ back',
    "x",
    "凤",
    "Ünïcode ÀÉ and 𠮷野家",
    "payments\nover two lines\nend支",
]
AT = SystemClock().now()


async def add_session(database: Database, name: str, *, said: str) -> None:
    async with database.write() as connection:
        await connection.execute(
            insert(sessions).values(id=name, title=f"T{name}", created_at=AT, updated_at=AT, message_count=1)
        )
        await connection.execute(
            insert(turns).values(id=name, session_id=name, position=1, message="", language="en", created_at=AT)
        )
        await connection.execute(insert(texts).values(turn_id=name, session_id=name, role="user", text=said))


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = Database(f"sqlite:///{tmp_path / 'search.db'}")
    await opened.migrate()
    for number, said in enumerate(SAID):
        await add_session(opened, f"s{number}", said=said)
    yield opened
    await opened.close()


async def search(database: Database, query: str) -> set[str]:
    store = SqlSessionStore(database, clock=SystemClock(), new_id=str)
    page = await store.list_page(query=query, cursor=None, limit=50)
    return {session.id for session in page.items}


def read_migrations(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(backend.storage.__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config


def fold_ascii(value: str) -> str:
    return "".join(character.lower() if character.isascii() else character for character in value)


async def test_every_part_of_every_text_finds_it_and_nothing_else(database: Database) -> None:
    chance = random.Random(1)
    parts = {said[start : start + length] for said in SAID for start in range(len(said)) for length in (1, 2, 3, 5, 9)}
    for part in sorted(chance.sample(sorted(parts), 120)):
        expected = {f"s{number}" for number, said in enumerate(SAID) if fold_ascii(part) in fold_ascii(said)}
        in_titles = {f"s{number}" for number in range(len(SAID)) if fold_ascii(part) in f"ts{number}"}

        assert await search(database, part) == expected | in_titles, part


@pytest.mark.parametrize("query", ["OOMKILLED", "oomk", "PO", 'AND "', "a_b", "100%", "*", "支付*", "NEAR("])
async def test_signs_of_query_languages_are_only_signs(database: Database, query: str) -> None:
    expected = {f"s{number}" for number, said in enumerate(SAID) if query.lower() in said.lower()}

    assert await search(database, query) == expected


async def test_changed_texts_are_found_as_they_are_now(database: Database) -> None:
    async with database.write() as connection:
        await connection.execute(update(texts).where(texts.c.turn_id == "s0").values(text="全新的内容"))

    assert await search(database, "支付网关") == set()
    assert await search(database, "全新") == {"s0"}


async def test_deleted_sessions_leave_nothing_in_the_index(database: Database) -> None:
    async with database.write() as connection:
        await connection.execute(delete(sessions).where(sessions.c.id.in_(["s0", "s6"])))
        left = (await connection.execute(text("SELECT term FROM texts_terms WHERE term LIKE '网关%'"))).all()

    assert left == []
    assert await search(database, "payments") == set()


async def test_frequent_words_are_found_by_walking_the_sessions(database: Database) -> None:
    rows = [{"turn_id": "s3", "session_id": "s3", "role": f"r{n}", "text": f"网关超时 {n}"} for n in range(2100)]
    async with database.write() as connection:
        await connection.execute(insert(texts), rows)

    assert await search(database, "网关") == {"s0", "s3"}
    assert await search(database, "网关超时") == {"s0", "s3"}


async def test_texts_from_before_the_index_are_found_after_the_migration(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'old.db'}")

    async with database.write() as connection:
        await connection.run_sync(lambda inner: command.upgrade(read_migrations(inner), "0004"))
        await connection.execute(text("INSERT INTO sessions VALUES ('s', 't', :at, :at, 1)"), {"at": str(AT)})
        await connection.execute(
            text(
                "INSERT INTO turns (id, session_id, position, message, language, created_at)"
                " VALUES ('t', 's', 1, 'm', 'en', :at)"
            ),
            {"at": str(AT)},
        )
        await connection.execute(
            text("INSERT INTO texts (turn_id, role, session_id, text) VALUES ('t', 'user', 's', '旧的支付网关')")
        )
    await database.migrate()

    found = await search(database, "支付网关")
    async with database.write() as connection:
        await connection.run_sync(lambda inner: command.downgrade(read_migrations(inner), "0004"))
        kept = (await connection.execute(select(texts.c.turn_id, texts.c.text))).all()
    await database.close()

    assert found == {"s"}
    assert [tuple(row) for row in kept] == [("t", "旧的支付网关")]
