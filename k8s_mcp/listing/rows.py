"""Rows and the pages cut from them."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Generic, Protocol, TypeVar

from k8s_diagnosis.problem import Problem
from k8s_mcp.results import Cell

SortKey = tuple[float | str, ...]

DEFAULT_ROWS = 20
"""Rows of a page when the caller does not say how many: enough to see what is there, few enough for a small model."""

DEFAULT_ROWS_OF_ALL_NAMESPACES = 15

DEFAULT_ABNORMAL_ROWS = 32
"""So many abnormal rows of one namespace are shown even so: what is broken must not hide on the second page."""

_DIGEST_LENGTH = 6


class InvalidCursor(ValueError):
    """The cursor was not made by this tool for these arguments."""


class Listed(Protocol):
    """What a page is cut from: a row, or something a row can be made of later."""

    @property
    def key(self) -> SortKey:
        """Position within the abnormal or the normal ones; unique, so that a page can go on after it."""

    @property
    def status(self) -> str: ...

    @property
    def is_abnormal(self) -> bool: ...


ListedT = TypeVar("ListedT", bound=Listed)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table."""

    key: SortKey
    cells: tuple[Cell, ...]
    status: str
    is_abnormal: bool = False
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Page(Generic[ListedT]):
    """What to show and what is known about the rest."""

    rows: tuple[ListedT, ...]
    total: int
    counts: dict[str, int]
    abnormal: int
    remaining: int
    """Rows after these."""

    def counting(self, listed: Sequence[Listed]) -> Page[ListedT]:
        """The same page with the totals of other objects."""
        return replace(
            self, total=len(listed), counts=_count(listed), abnormal=sum(each.is_abnormal for each in listed)
        )

    def with_rows(self, rows: Sequence[Row]) -> Page[Row]:
        """The same page with the rows made of what it holds."""
        return Page(tuple(rows), self.total, self.counts, self.abnormal, self.remaining)


@dataclass(frozen=True, slots=True)
class PageWish:
    """Which part of a list a call wants."""

    limit: int | None = None
    """None: what fits a small model, see DEFAULT_ROWS."""
    after: SortKey | None = None
    digest: str = ""
    """Identifies the arguments that a cursor belongs to."""


def position_of(listed: Listed) -> SortKey:
    return (0.0 if listed.is_abnormal else 1.0, *listed.key)


def cut_page(listed: Sequence[ListedT], wish: PageWish, *, is_one_namespace: bool = False) -> Page[ListedT]:
    """Sort and take the next ones. Going on after a key, not a number, skips nothing when rows come and go."""
    ordered = sorted(listed, key=position_of)
    following = ordered if wish.after is None else [each for each in ordered if position_of(each) > wish.after]
    limit = wish.limit
    if limit is None:
        limit = _default_limit(following, is_one_namespace=is_one_namespace)
    return Page(
        rows=tuple(following[:limit]),
        total=len(ordered),
        counts=_count(ordered),
        abnormal=sum(each.is_abnormal for each in ordered),
        remaining=max(0, len(following) - limit),
    )


def _count(listed: Sequence[Listed]) -> dict[str, int]:
    """By status, the most frequent first."""
    counts = Counter(each.status for each in listed)
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _default_limit(following: Sequence[Listed], *, is_one_namespace: bool) -> int:
    if not is_one_namespace:
        return DEFAULT_ROWS_OF_ALL_NAMESPACES
    return max(DEFAULT_ROWS, min(sum(each.is_abnormal for each in following), DEFAULT_ABNORMAL_ROWS))


def digest_of(query: Sequence[object]) -> str:
    """Identifies the arguments a cursor belongs to."""
    return hashlib.sha256(json.dumps(query, default=str).encode()).hexdigest()[:_DIGEST_LENGTH]


def encode_cursor(position: SortKey, *, digest: str) -> str:
    """Plain text, since a model pays for every piece of a text that has no words."""
    return json.dumps([digest, *position], ensure_ascii=False, separators=(",", ":"))[1:-1].replace('"', "'")


def decode_cursor(cursor: str | None, *, digest: str) -> SortKey | None:
    """Where to go on; raises InvalidCursor for a foreign or broken cursor."""
    if cursor is None:
        return None
    try:
        parts = json.loads(f"[{cursor}]".replace("'", '"'))
    except ValueError as error:
        raise InvalidCursor("The cursor is broken; copy next_cursor exactly, or start without a cursor") from error
    if len(parts) < 2 or not isinstance(parts[1], int | float):
        raise InvalidCursor("The cursor is broken; copy next_cursor exactly, or start without a cursor")
    if parts[0] != digest:
        raise InvalidCursor("The cursor belongs to a call with other arguments; repeat them, or start without a cursor")
    position = tuple(parts[1:])
    if not all(isinstance(part, float | int | str) and not isinstance(part, bool) for part in position):
        raise InvalidCursor("The cursor is broken; copy next_cursor exactly, or start without a cursor")
    return position
