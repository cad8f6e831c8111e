"""What is known of a text before the command runs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

UNKNOWN = "\x00"
"""Stands in a text for a part that nobody knows; it may be empty or several words."""
SOMETHING = "\x01"
"""Stands for a part that is one word, not empty and no option: a number, a date, a host name."""
MAX_TEXT = 16_384


class Origin(StrEnum):
    """Where a text comes from, when that decides what may be done with it."""

    DOWNLOADED = "downloaded"
    NETWORK = "network"
    """Sent by whoever is at the other end of a raw connection."""
    DECODED = "decoded"
    """Made readable from base64, hexadecimal or a cipher."""
    ENDLESS = "endless"
    """Zeros or noise that `dd` reads without end."""
    OUTPUT = "output"
    """Printed by a command inside the word, so it may be anything that is on the host."""
    PROTECTED_LISTING = "protected listing"
    """Names of everything below a protected directory."""


NO_ORIGINS: frozenset[Origin] = frozenset()
FOREIGN = frozenset({Origin.DOWNLOADED, Origin.NETWORK, Origin.DECODED})


@dataclass(frozen=True, slots=True)
class Text:
    """A word, or what a command reads or writes."""

    text: str
    origins: frozenset[Origin] = NO_ORIGINS
    is_loose: bool = False
    """An unknown part stands unquoted, so the shell may make several words of it."""

    @property
    def is_known(self) -> bool:
        return UNKNOWN not in self.text and SOMETHING not in self.text

    @property
    def may_be_option(self) -> bool:
        """Nobody can tell that this word is no option."""
        return self.is_loose or self.text.startswith(UNKNOWN)

    @property
    def when_empty(self) -> str:
        """The text when every unknown part turns out to be empty."""
        return self.text.replace(UNKNOWN, "").replace(SOMETHING, "1")

    def with_origins(self, origins: Iterable[Origin]) -> Text:
        return Text(self.text, self.origins | frozenset(origins), self.is_loose)


EMPTY = Text("")
ANYTHING = Text(UNKNOWN)


def join(texts: Iterable[Text], *, separator: str = "") -> Text:
    """The texts after each other; too long a text is cut, and its rest unknown."""
    parts = list(texts)
    if len(parts) == 1:
        return parts[0]
    joined = separator.join(part.text for part in parts)
    if len(joined) > MAX_TEXT:
        joined = joined[:MAX_TEXT] + UNKNOWN
    origins = NO_ORIGINS.union(*(part.origins for part in parts))
    return Text(joined, origins, any(part.is_loose for part in parts))


def blur(texts: Iterable[Text]) -> Text:
    """Unknown, but made of these, which may still run when they are expanded again."""
    parts = list(texts)
    origins = NO_ORIGINS.union(*(part.origins for part in parts))
    if not any("$(" in part.text or "`" in part.text for part in parts):
        return Text(UNKNOWN, origins)
    return join([ANYTHING, *parts], separator=" ")
