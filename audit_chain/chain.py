"""Audit records and the chain that binds them; plain functions over plain data."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TypeAlias

Json: TypeAlias = Mapping[str, Any]  # Any: details have no fixed shape

GENESIS_HASH = "0" * 64
"""What the first record names as its predecessor."""
MAX_DETAILS_BYTES = 8 * 1024
_MAX_NAME_LENGTH = 200
_MAX_TEXT_LENGTH = 1000
_MAX_ITEMS = 100


class FaultKind(StrEnum):
    """How a record breaks the chain."""

    ALTERED = "altered"
    MISSING = "missing"
    FORKED = "forked"


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened; `details` is canonical JSON."""

    at: datetime
    actor: str
    action: str
    subject: str
    details: str


@dataclass(frozen=True, slots=True)
class Record:
    """An entry with its place in the chain."""

    seq: int
    entry: Entry
    previous_hash: str
    hash: str


@dataclass(frozen=True, slots=True)
class Head:
    """The newest record. Kept elsewhere, it shows later that the end was not cut off."""

    seq: int = 0
    hash: str = GENESIS_HASH


@dataclass(frozen=True, slots=True)
class Fault:
    """The first record that does not fit."""

    seq: int
    kind: FaultKind


def write_canonical(value: Json) -> str:
    """One text per value: sorted keys, no spaces, ASCII only, so that no encoding can change it on its way."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def make_entry(
    *, at: datetime, actor: str, action: str, subject: str, details: Json, redact: Callable[[str], str]
) -> Entry:
    """Redact, bound and normalise what is to be recorded."""
    text = write_canonical(_clean(details, redact=redact))
    if len(text) > MAX_DETAILS_BYTES:
        text = write_canonical({"sha256": hashlib.sha256(text.encode()).hexdigest(), "too_large": len(text)})
    return Entry(
        at=at.astimezone(UTC),
        actor=_clean_line(actor, redact=redact),
        action=action,
        subject=_clean_line(subject, redact=redact),
        details=text,
    )


def link(entry: Entry, *, after: Head) -> Record:
    """Give an entry its place behind the newest record."""
    seq = after.seq + 1
    return Record(
        seq=seq, entry=entry, previous_hash=after.hash, hash=hash_entry(entry, seq=seq, previous_hash=after.hash)
    )


def hash_entry(entry: Entry, *, seq: int, previous_hash: str) -> str:
    content = {
        "action": entry.action,
        "actor": entry.actor,
        "at": write_moment(entry.at),
        "details": entry.details,
        "previous_hash": previous_hash,
        "seq": seq,
        "subject": entry.subject,
    }
    return hashlib.sha256(write_canonical(content).encode()).hexdigest()


def check_link(record: Record, *, after: Head) -> Fault | None:
    """Why a record cannot follow the one before it, or None when it does."""
    if record.seq != after.seq + 1:
        return Fault(seq=after.seq + 1, kind=FaultKind.MISSING)
    if record.hash != hash_entry(record.entry, seq=record.seq, previous_hash=record.previous_hash):
        return Fault(seq=record.seq, kind=FaultKind.ALTERED)
    if record.previous_hash != after.hash:
        return Fault(seq=record.seq, kind=FaultKind.FORKED)
    return None


def find_first_fault(records: Iterable[Record], *, after: Head) -> tuple[Head, Fault | None]:
    """Walk the chain; returns the last good record and what is wrong with the one behind it."""
    for record in records:
        fault = check_link(record, after=after)
        if fault is not None:
            return after, fault
        after = Head(seq=record.seq, hash=record.hash)
    return after, None


def write_moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def to_wire(record: Record) -> dict[str, Any]:  # Any: JSON
    """The form of exports and of the HTTP answer; with `details` as text its hash can be computed again."""
    return {
        "seq": record.seq,
        "at": write_moment(record.entry.at),
        "actor": record.entry.actor,
        "action": record.entry.action,
        "subject": record.entry.subject,
        "details": record.entry.details,
        "previous_hash": record.previous_hash,
        "hash": record.hash,
    }


def from_wire(content: Json) -> Record:
    """Read that form back; raise ValueError for anything else."""
    try:
        entry = Entry(
            at=datetime.fromisoformat(content["at"]),
            actor=content["actor"],
            action=content["action"],
            subject=content["subject"],
            details=content["details"],
        )
        return Record(seq=content["seq"], entry=entry, previous_hash=content["previous_hash"], hash=content["hash"])
    except (KeyError, TypeError) as error:
        raise ValueError(f"no audit record: {error}") from error


def _clean(value: Any, *, redact: Callable[[str], str]) -> Any:  # Any: JSON
    if isinstance(value, str):
        return redact(value)[:_MAX_TEXT_LENGTH]
    if isinstance(value, Mapping):
        items = list(value.items())[:_MAX_ITEMS]
        return {redact(str(key))[:_MAX_NAME_LENGTH]: _clean(inner, redact=redact) for key, inner in items}
    if isinstance(value, list | tuple):
        return [_clean(inner, redact=redact) for inner in value[:_MAX_ITEMS]]
    if isinstance(value, float) and not -1e308 < value < 1e308:
        return str(value)
    return value


def _clean_line(text: str, *, redact: Callable[[str], str]) -> str:
    """One printable line: names come from outside, and a log line must not be able to look like two."""
    return "".join(character if character.isprintable() else "�" for character in redact(text))[:_MAX_NAME_LENGTH]
