"""What backslashes mean inside the different quotes."""

from __future__ import annotations

import re

_SIMPLE = {
    "a": "\a",
    "b": "\b",
    "e": "\x1b",
    "E": "\x1b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
    "\\": "\\",
    "'": "'",
    '"': '"',
    "?": "?",
}
_ESCAPE = re.compile(
    r"\\(?:x(?P<hex>[0-9A-Fa-f]{1,2})|u(?P<short>[0-9A-Fa-f]{1,4})|U(?P<long>[0-9A-Fa-f]{1,8})"
    r"|(?P<octal>0?[0-7]{1,3})|c(?P<control>.)|(?P<simple>[abeEfnrtv\\'\"?]))",
    re.DOTALL,
)


def decode_escapes(text: str) -> str:
    """The text of `$'…'`, also of `echo -e` and of `printf` formats."""
    return _ESCAPE.sub(_decode, text) if "\\" in text else text


def _decode(found: re.Match[str]) -> str:
    if found["simple"] is not None:
        return _SIMPLE[found["simple"]]
    if found["control"] is not None:
        return chr(ord(found["control"]) & 0x1F)
    digits = found["hex"] or found["short"] or found["long"]
    code = int(digits, 16) if digits else int(found["octal"], 8) & 0xFF
    if code == 0:
        # It ends or separates texts, and no text can hold it.
        return "\n"
    return chr(code) if 1 < code < 0x110000 and not 0xD800 <= code < 0xE000 else "\ufffd"


def unescape_backticks(text: str, *, in_double_quotes: bool) -> str:
    """What is between backticks, as the inner shell reads it."""
    escaped = r"\\([\\$`\"])" if in_double_quotes else r"\\([\\$`])"
    return re.sub(escaped, r"\1", text)
