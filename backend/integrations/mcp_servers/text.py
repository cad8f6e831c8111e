"""Makes text from outside safe to show and small enough to keep."""

import re
from typing import Any

MAX_TEXT_CHARACTERS = 40_000
MAX_STRUCTURED_CHARACTERS = 400_000

_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[PX^_][^\x1b]*\x1b\\|[@-Z\\-_])")
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f]"
)


def clean_text(text: str, *, limit: int = MAX_TEXT_CHARACTERS) -> str:
    """Remove terminal codes and characters nobody can see, and cut at the limit with a visible mark."""
    visible = _INVISIBLE.sub("", _ANSI.sub("", text.replace("\r\n", "\n")))
    if len(visible) <= limit:
        return visible
    mark = f"\n… [cut here: {len(visible)} characters in all, {limit} kept]"
    return visible[: limit - len(mark)] + mark


def clean_json(value: Any) -> Any:  # Any: JSON of no fixed shape
    """The same value with every string in it cleaned."""
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, list):
        return [clean_json(item) for item in value]
    if isinstance(value, dict):
        return {clean_text(str(key), limit=1000): clean_json(item) for key, item in value.items()}
    return value
