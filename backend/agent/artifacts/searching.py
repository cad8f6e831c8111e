"""Reading and searching a kept text. A pattern from a model may be hostile, so its time is limited."""

import time
from dataclasses import dataclass

import regex

MAX_PATTERN = 200
SEARCH_SECONDS = 0.5


class BadPattern(Exception):
    """The pattern cannot be used; the message is for the model."""


@dataclass(frozen=True, slots=True)
class Found:
    """Numbers of the matching lines, counted from one; `total` may be larger than what is listed."""

    lines: tuple[int, ...]
    total: int


def find_lines(lines: list[str], *, pattern: str, is_regex: bool, limit: int) -> Found:
    """Lines that contain the pattern, whatever the case."""
    if not pattern or len(pattern) > MAX_PATTERN:
        raise BadPattern(f"The pattern must have 1 to {MAX_PATTERN} characters.")
    hits = _match_regex(lines, pattern) if is_regex else _match_text(lines, pattern)
    return Found(lines=tuple(hits[:limit]), total=len(hits))


def _match_text(lines: list[str], pattern: str) -> list[int]:
    wanted = pattern.casefold()
    return [number for number, line in enumerate(lines, start=1) if wanted in line.casefold()]


def _match_regex(lines: list[str], pattern: str) -> list[int]:
    try:
        compiled = regex.compile(pattern, regex.IGNORECASE | regex.VERSION0)
    except (regex.error, OverflowError, RecursionError) as error:
        raise BadPattern(f"The pattern is not a regular expression ({error}); send plain text instead.") from error
    deadline = time.monotonic() + SEARCH_SECONDS
    hits: list[int] = []
    for number, line in enumerate(lines, start=1):
        left = deadline - time.monotonic()
        try:
            # Releasing the lock keeps the other runs going while a pattern backtracks.
            if left <= 0 or compiled.search(line, timeout=left, concurrent=True):
                if left <= 0:
                    raise TimeoutError
                hits.append(number)
        except TimeoutError as error:
            raise BadPattern("The pattern takes too long; use a simpler one or plain text.") from error
    return hits


def write_lines(lines: list[str], *, numbers: list[int]) -> str:
    """The named lines with their numbers; a gap between them is shown."""
    written: list[str] = []
    previous = 0
    for number in numbers:
        if written and number != previous + 1:
            written.append("--")
        written.append(f"{number}: {lines[number - 1]}")
        previous = number
    return "\n".join(written)
