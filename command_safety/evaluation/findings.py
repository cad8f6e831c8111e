"""What was found in a command while it was judged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from command_safety.evaluation.values import SOMETHING, UNKNOWN

MAX_EXCERPT = 160


@dataclass(frozen=True, slots=True)
class Finding:
    rule: str
    excerpt: str


class Findings:
    """Collects each finding once, in the order of the command."""

    def __init__(self) -> None:
        self._found: dict[Finding, None] = {}

    def add(self, rule: str, excerpt: str) -> None:
        self._found[Finding(rule, shorten(excerpt))] = None

    def extend(self, others: Iterable[Finding]) -> None:
        self._found.update(dict.fromkeys(others))

    def __iter__(self) -> Iterator[Finding]:
        return iter(self._found)


def shorten(text: str) -> str:
    """The text as it can be shown: unknown parts as dots, not too long."""
    shown = text.replace(UNKNOWN, "…").replace(SOMETHING, "…").strip()
    return shown if len(shown) <= MAX_EXCERPT else shown[: MAX_EXCERPT - 1] + "…"
