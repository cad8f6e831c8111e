"""Opens the engine's own database and starts it on the running event loop."""

import sqlite3
from pathlib import Path

from dbos import DBOS, DBOSConfig

from backend.integrations.durable_execution.settings import DurableExecutionSettings

APPLICATION_NAME = "ding-robot"
APPLICATION_VERSION = "1"
"""Bumped only when stored workflows can no longer be resumed: by default every release would strand waiting runs."""
RUN_QUEUE = "runs"
_SQLITE_PREFIX = "sqlite:///"


def is_file(url: str) -> bool:
    """Whether the engine's tables are in an SQLite file, which one process has to itself."""
    return url.startswith(_SQLITE_PREFIX)


def prepare_database(url: str) -> None:
    """Make an SQLite file in WAL mode; the engine itself never sets it and is five times slower without."""
    if not is_file(url):
        return
    path = Path(url.removeprefix(_SQLITE_PREFIX))
    path.parent.mkdir(parents=True, exist_ok=True)
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA journal_mode=WAL")


def configure(url: str, *, settings: DurableExecutionSettings) -> DBOS:
    """Create the process's engine; it takes work only after `launch`."""
    config = DBOSConfig(
        name=APPLICATION_NAME,
        system_database_url=url,
        application_version=APPLICATION_VERSION,
        executor_id=settings.executor_id,
        log_level="WARNING",
    )
    return DBOS(config=config)
