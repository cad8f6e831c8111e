"""Which lines are wanted. A pattern from a model may be hostile, so its time is limited."""

from __future__ import annotations

import time
from collections.abc import Sequence

from mcp_kit.errors import ErrorKind, KindedToolError

SEARCH_SECONDS = 0.5


def filter_lines(lines: Sequence[str], *, pattern: str, is_regex: bool) -> list[str]:
    """The lines that contain the pattern, whatever the case; raises a ToolError for a pattern that cannot be used."""
    if is_regex:
        return _match_regex(lines, pattern)
    wanted = pattern.casefold()
    return [line for line in lines if wanted in line.casefold()]


def _match_regex(lines: Sequence[str], pattern: str) -> list[str]:
    import regex

    try:
        compiled = regex.compile(pattern, regex.IGNORECASE | regex.VERSION0)
    except (regex.error, OverflowError, RecursionError) as error:
        raise KindedToolError(
            f"contains is no regular expression ({error}); use regex=false for plain text.",
            kind=ErrorKind.BAD_ARGUMENTS,
        ) from error
    deadline = time.monotonic() + SEARCH_SECONDS
    found = []
    for line in lines:
        left = deadline - time.monotonic()
        try:
            if left <= 0:
                raise TimeoutError
            # Releasing the lock keeps other calls going while a pattern backtracks.
            if compiled.search(line, timeout=left, concurrent=True):
                found.append(line)
        except TimeoutError as error:
            raise KindedToolError(
                "The regular expression takes too long; use a simpler one, plain text, or a smaller since_seconds.",
                kind=ErrorKind.BAD_ARGUMENTS,
            ) from error
    return found
