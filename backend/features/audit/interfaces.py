"""What the audit needs from outside."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from audit_chain.chain import Entry, Head, Record


class AuditStore(Protocol):
    """Append-only records. Every method raises Unavailable when the database does not answer."""

    async def append(self, entry: Entry) -> Record:
        """Link an entry to the newest record and write it, in one transaction that no other writer can enter."""
        ...

    async def read(self, *, after: int, limit: int, since: datetime | None = None) -> Sequence[Record]:
        """Records with a higher number, oldest first."""
        ...

    async def read_newest(self, *, before: int | None, limit: int, action: str | None) -> Sequence[Record]:
        """Records with a lower number, newest first; an action ending in `.` names all that begin with it."""
        ...

    async def find(self, seq: int) -> Record | None: ...

    async def head(self) -> Head: ...
