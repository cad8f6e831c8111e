"""An index that finds any part of a word, in any script: trigrams by FTS5, or by pg_trgm where it is installed.

SQLite's index is kept by triggers, so that cascading deletes reach it too. It keeps no copy of the texts; each gets two
newlines at its end there, so that its last characters begin a trigram as well.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_TO_SQLITE = (
    # The index speaks of rows by number, and only a declared number survives VACUUM.
    """CREATE TABLE numbered_texts (
        id INTEGER NOT NULL PRIMARY KEY,
        turn_id VARCHAR(36) NOT NULL,
        role VARCHAR(16) NOT NULL,
        session_id VARCHAR(36) NOT NULL,
        text TEXT NOT NULL,
        FOREIGN KEY(turn_id) REFERENCES turns (id) ON DELETE CASCADE,
        FOREIGN KEY(session_id) REFERENCES sessions (id) ON DELETE CASCADE
    )""",
    "INSERT INTO numbered_texts (turn_id, role, session_id, text) SELECT turn_id, role, session_id, text FROM texts",
    "DROP TABLE texts",
    "ALTER TABLE numbered_texts RENAME TO texts",
    "CREATE UNIQUE INDEX texts_by_turn ON texts (turn_id, role)",
    "CREATE INDEX texts_by_session ON texts (session_id)",
    "CREATE VIRTUAL TABLE texts_index USING fts5(text, content='', tokenize='trigram')",
    "CREATE VIRTUAL TABLE texts_terms USING fts5vocab('texts_index', 'row')",
    "INSERT INTO texts_index (rowid, text) SELECT id, text || char(10, 10) FROM texts",
    """CREATE TRIGGER texts_added AFTER INSERT ON texts BEGIN
        INSERT INTO texts_index (rowid, text) VALUES (new.id, new.text || char(10, 10));
    END""",
    """CREATE TRIGGER texts_removed AFTER DELETE ON texts BEGIN
        INSERT INTO texts_index (texts_index, rowid, text) VALUES ('delete', old.id, old.text || char(10, 10));
    END""",
    """CREATE TRIGGER texts_changed AFTER UPDATE OF text ON texts BEGIN
        INSERT INTO texts_index (texts_index, rowid, text) VALUES ('delete', old.id, old.text || char(10, 10));
        INSERT INTO texts_index (rowid, text) VALUES (new.id, new.text || char(10, 10));
    END""",
)
_FROM_SQLITE = (
    "DROP TRIGGER texts_added",
    "DROP TRIGGER texts_removed",
    "DROP TRIGGER texts_changed",
    "DROP TABLE texts_terms",
    "DROP TABLE texts_index",
    """CREATE TABLE unnumbered_texts (
        turn_id VARCHAR(36) NOT NULL,
        role VARCHAR(16) NOT NULL,
        session_id VARCHAR(36) NOT NULL,
        text TEXT NOT NULL,
        PRIMARY KEY (turn_id, role),
        FOREIGN KEY(turn_id) REFERENCES turns (id) ON DELETE CASCADE,
        FOREIGN KEY(session_id) REFERENCES sessions (id) ON DELETE CASCADE
    )""",
    "INSERT INTO unnumbered_texts SELECT turn_id, role, session_id, text FROM texts",
    "DROP TABLE texts",
    "ALTER TABLE unnumbered_texts RENAME TO texts",
    "CREATE INDEX texts_by_session ON texts (session_id)",
)
_TO_POSTGRESQL = (
    "ALTER TABLE texts DROP CONSTRAINT texts_pkey",
    "ALTER TABLE texts ADD COLUMN id SERIAL PRIMARY KEY",
    "CREATE UNIQUE INDEX texts_by_turn ON texts (turn_id, role)",
)
_FROM_POSTGRESQL = (
    "DROP INDEX IF EXISTS texts_by_trigram",
    "DROP INDEX texts_by_turn",
    "ALTER TABLE texts DROP COLUMN id",
    "ALTER TABLE texts ADD CONSTRAINT texts_pkey PRIMARY KEY (turn_id, role)",
)


def upgrade() -> None:
    connection = op.get_bind()
    is_sqlite = connection.dialect.name == "sqlite"
    for statement in _TO_SQLITE if is_sqlite else _TO_POSTGRESQL:
        op.execute(statement)
    if not is_sqlite:
        _index_trigrams(connection)


def downgrade() -> None:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in _FROM_SQLITE if is_sqlite else _FROM_POSTGRESQL:
        op.execute(statement)


def _index_trigrams(connection: sa.Connection) -> None:
    """Without the extension, or without the right to add it, search reads every text."""
    try:
        with connection.begin_nested():
            connection.execute(sa.text("CREATE EXTENSION IF NOT EXISTS pg_trgm"))
            connection.execute(sa.text("CREATE INDEX texts_by_trigram ON texts USING gin (text gin_trgm_ops)"))
    except sa.exc.DBAPIError:
        return
