"""Large tool results in the database."""

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from backend.agent.artifacts.store import Artifact
from backend.storage.database import Database
from backend.storage.tables import artifacts
from backend.vocabulary.clock import Clock


class SqlArtifactStore:
    """Implements the agent's ArtifactStore."""

    def __init__(self, database: Database, *, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def keep(self, artifact: Artifact) -> None:
        insert = sqlite.insert if self._database.is_sqlite else postgresql.insert
        statement = insert(artifacts).values(
            id=artifact.id,
            session_id=artifact.session_id,
            run_id=artifact.run_id,
            tool=artifact.tool,
            text=artifact.text,
            created_at=self._clock.now(),
        )
        try:
            async with self._database.write() as connection:
                await connection.execute(statement.on_conflict_do_nothing(index_elements=["id"]))
        except IntegrityError:
            # The session was deleted while its run went on; the run ends as soon as it looks.
            return

    async def find(self, artifact_id: str, *, session_id: str) -> Artifact | None:
        statement = select(artifacts).where(artifacts.c.id == artifact_id, artifacts.c.session_id == session_id)
        async with self._database.read() as connection:
            row = (await connection.execute(statement)).one_or_none()
        if row is None:
            return None
        return Artifact(id=row.id, session_id=row.session_id, run_id=row.run_id, tool=row.tool, text=row.text)
