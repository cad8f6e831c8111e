"""Finds the sessions that contain a text, without reading every text.

A trigram index answers; on PostgreSQL only queries of three characters and more. What is found often is looked for
again session by session, newest first, which ends as soon as a page is full; what is found rarely is looked up.
"""

from typing import Final

from sqlalchemy import ColumnElement, bindparam, exists, or_, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.storage.tables import sessions, texts

_OFTEN: Final = 2000
"""Above this many texts a page fills after a small part of the sessions; below, direct lookups take milliseconds."""
_TRIGRAM: Final = 3
_MOST_TERMS: Final = 400
"""Trigrams that may begin with a shorter query before reading the texts is cheaper."""


async def find_sessions(connection: AsyncConnection, query: str) -> ColumnElement[bool]:
    """A condition on `sessions`: title or any text contains the query; ASCII letters match in either case."""
    in_title, in_text = (contains(connection, column, query) for column in (sessions.c.title, texts.c.text))
    walk = exists().where(texts.c.session_id == sessions.c.id, in_text)
    if connection.dialect.name != "sqlite":
        rows = await connection.scalars(select(texts.c.session_id).where(in_text).limit(_OFTEN + 1))
        found_in = rows.all()
        return or_(in_title, walk if len(found_in) > _OFTEN else sessions.c.id.in_(set(found_in)))
    match = await _write_match(connection, query)
    if match is None or await _is_found_often(connection, match):
        return or_(in_title, walk)
    if not match:
        return in_title
    found = text("SELECT rowid FROM texts_index WHERE texts_index MATCH :match").bindparams(
        bindparam("match", match, unique=True)
    )
    return or_(in_title, sessions.c.id.in_(select(texts.c.session_id).where(texts.c.id.in_(found))))


def contains(connection: AsyncConnection, column: ColumnElement[str], query: str) -> ColumnElement[bool]:
    """In the quickest form that folds letters: SQLite's LIKE does, PostgreSQL's ILIKE costs ten times its LIKE."""
    escaped = query.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    has_cases = query.lower() != query.upper()
    compare = column.ilike if has_cases and connection.dialect.name != "sqlite" else column.like
    return compare(f"%{escaped}%", escape="\\")


async def _write_match(connection: AsyncConnection, query: str) -> str | None:
    """The query in the index's language; "" when nothing can match, None when the index is of no use."""
    if len(query) >= _TRIGRAM:
        return _quote(query)
    folded = query.lower()
    terms = await connection.execute(
        text("SELECT term FROM texts_terms WHERE term >= :first AND term < :end LIMIT :most"),
        {"first": folded, "end": f"{folded}\U0010ffff", "most": _MOST_TERMS + 1},
    )
    found = [term for (term,) in terms]
    return None if len(found) > _MOST_TERMS else " OR ".join(map(_quote, found))


async def _is_found_often(connection: AsyncConnection, match: str) -> bool:
    if not match:
        return False
    statement = text("SELECT rowid FROM texts_index WHERE texts_index MATCH :match LIMIT :most")
    rows = await connection.execute(statement, {"match": match, "most": _OFTEN + 1})
    return len(rows.all()) > _OFTEN


def _quote(phrase: str) -> str:
    return '"' + phrase.replace('"', '""') + '"'
