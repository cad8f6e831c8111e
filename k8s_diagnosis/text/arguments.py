"""Command lines made safe to show: values of flags that look like credentials are hidden, also inside of scripts."""

from __future__ import annotations

import re
from collections.abc import Iterable

from mcp_kit.redaction import HIDDEN, is_credential_name
from mcp_kit.sanitising import sanitise_line

_MAX_SHOWN = 160
_FLAG = re.compile(r"(?P<flag>-{1,2}(?P<name>[A-Za-z][\w-]*))(?P<between>[ =]+)(?P<value>\"[^\"]*\"|'[^']*'|\S+)")


def show_arguments(words: Iterable[object]) -> str:
    """The command line in one bounded line."""
    shown: list[str] = []
    is_value_next = False
    for word in words:
        text = str(word)
        shown.append(HIDDEN if is_value_next else _hide_in_script(text))
        is_value_next = text.startswith("-") and "=" not in text and is_credential_name(text.lstrip("-"))
    return sanitise_line(" ".join(shown), max_characters=_MAX_SHOWN)


def show_word_around(text: str, wanted: str) -> str:
    """The word of a longer text that contains the wanted part."""
    return next((word for word in text.split() if wanted in word), wanted)


def _hide_in_script(text: str) -> str:
    return _FLAG.sub(
        lambda found: (
            f"{found['flag']}{found['between']}{HIDDEN}" if is_credential_name(found["name"]) else found.group(0)
        ),
        text,
    )
