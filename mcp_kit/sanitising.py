"""Makes text written by workloads safe to print: logs and event messages are data, whatever they contain."""

from __future__ import annotations

import re

from mcp_kit.redaction import redact

_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
# Control characters except tab and line feed, zero-width and direction marks, tags block, byte order mark.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u115f\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f]"
)


def sanitise(text: str) -> str:
    """Remove terminal escapes and characters nobody can see, and hide credentials."""
    if not (text.isascii() and text.isprintable()):
        text = _INVISIBLE.sub("", _ANSI.sub("", text))
    return redact(text)


def find_invisible(text: str) -> str | None:
    """The first character that nobody who reads the text would see, such as U+202E; tab and line feed are fine."""
    found = _INVISIBLE.search(text)
    return f"U+{ord(found[0]):04X}" if found else None


def sanitise_line(text: str, *, max_characters: int) -> str:
    """One printable line of bounded length."""
    line = sanitise(text).replace("\n", " ").replace("\t", " ").strip()
    if len(line) <= max_characters:
        return line
    return f"{line[: max_characters - 1]}…"
