"""Rows and the pages cut from them."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from k8s_diagnosis.problem import Problem
from k8s_mcp.results import Cell

SortKey = tuple[float | str, ...]


class InvalidCursor(ValueError):
    """The cursor was not made by this tool for these arguments."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table."""

    key: SortKey
    """Position within the abnormal or the normal rows; unique, so that a page can go on after it."""
    cells: tuple[Cell, ...]
    status: str
    is_abnormal: bool = False
    problems: tuple[Problem, ...] = ()

    @property
    def position(self) -> SortKey:
        return (0.0 if self.is_abnormal else 1.0, *self.key)


@dataclass(frozen=True, slots=True)
class Page:
    """The rows to show and what is known about the others."""

    rows: tuple[Row, ...]
    total: int
    counts: dict[str, int]
    abnormal: int
    remaining: int
    """Rows after these."""


def cut_page(rows: Sequence[Row], *, limit: int, after: SortKey | None) -> Page:
    """Sort and take the next rows. Going on after a key, not a number, skips nothing when rows come and go."""
    ordered = sorted(rows, key=lambda row: row.position)
    following = ordered if after is None else [row for row in ordered if row.position > after]
    return Page(
        rows=tuple(following[:limit]),
        total=len(ordered),
        counts=dict(sorted(Counter(row.status for row in ordered).items(), key=lambda item: (-item[1], item[0]))),
        abnormal=sum(row.is_abnormal for row in ordered),
        remaining=max(0, len(following) - limit),
    )


def digest_of(query: Sequence[object]) -> str:
    """Identifies the arguments a cursor belongs to."""
    return hashlib.sha256(json.dumps(query, default=str).encode()).hexdigest()[:12]


def encode_cursor(position: SortKey, *, digest: str) -> str:
    text = json.dumps([digest, *position], ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_cursor(cursor: str | None, *, digest: str) -> SortKey | None:
    """Where to go on; raises InvalidCursor for a foreign or broken cursor."""
    if cursor is None:
        return None
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        parts = json.loads(base64.urlsafe_b64decode(padded.encode("ascii")))
    except (ValueError, binascii.Error) as error:
        raise InvalidCursor("The cursor is broken; copy next_cursor exactly, or start without a cursor") from error
    if not isinstance(parts, list) or len(parts) < 2 or not isinstance(parts[1], int | float):
        raise InvalidCursor("The cursor is broken; copy next_cursor exactly, or start without a cursor")
    if parts[0] != digest:
        raise InvalidCursor("The cursor belongs to a call with other arguments; repeat them, or start without a cursor")
    position = tuple(parts[1:])
    if not all(isinstance(part, float | int | str) for part in position):
        raise InvalidCursor("The cursor is broken; copy next_cursor exactly, or start without a cursor")
    return position
