"""Writes the audit, proves that it is whole, and hands it out."""

from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from audit_chain.chain import (
    Fault,
    FaultKind,
    Head,
    Record,
    find_first_fault,
    make_entry,
)
from backend.agent.domain import Json
from backend.features.audit.interfaces import AuditStore
from backend.vocabulary.clock import Clock

_BATCH = 1000


@dataclass(frozen=True, slots=True)
class Verdict:
    """How far the chain is whole; `fault` is None when it is whole to its end."""

    head: Head
    fault: Fault | None


class AuditService:
    """Implements the agent's AuditTrail."""

    def __init__(self, *, store: AuditStore, clock: Clock, redact: Callable[[str], str]) -> None:
        self._store = store
        self._clock = clock
        self._redact = redact

    async def record(self, action: str, *, actor: str, subject: str, details: Json) -> None:
        entry = make_entry(
            at=self._clock.now(), actor=actor, action=action, subject=subject, details=details, redact=self._redact
        )
        await self._store.append(entry)

    async def verify(self, *, expected: Head | None = None) -> Verdict:
        """Find the first record that does not fit. `expected` is a head that an earlier verification reported."""
        head = Head()
        while True:
            batch = await self._store.read(after=head.seq, limit=_BATCH)
            head, fault = find_first_fault(batch, after=head)
            if fault is not None:
                return Verdict(head=head, fault=fault)
            if not batch:
                return Verdict(head=head, fault=await self._find_lost_head(expected))

    async def read_newest(self, *, before: int | None, limit: int, action: str | None) -> Sequence[Record]:
        return await self._store.read_newest(before=before, limit=limit, action=action)

    async def export(self, *, since: datetime | None) -> AsyncGenerator[Record]:
        """Every record from a moment on, oldest first, read batch by batch."""
        after = 0
        while batch := await self._store.read(after=after, limit=_BATCH, since=since):
            for record in batch:
                yield record
            after = batch[-1].seq

    async def _find_lost_head(self, expected: Head | None) -> Fault | None:
        """A chain that was cut off at its end, or written anew as a whole, is whole in itself."""
        if expected is None or expected.seq == 0:
            return None
        record = await self._store.find(expected.seq)
        if record is None:
            return Fault(seq=expected.seq, kind=FaultKind.MISSING)
        return None if record.hash == expected.hash else Fault(seq=expected.seq, kind=FaultKind.ALTERED)
