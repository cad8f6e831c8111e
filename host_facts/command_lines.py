"""Command lines of foreign processes, made safe to show: one line, short, without credentials."""

from __future__ import annotations

import re

LONGEST_COMMAND = 200
_HIDDEN = "[hidden]"
_NAMES = r"pass(?:word|wd|phrase)?|pwd|secret|token|api[-_]?key|access[-_]?key|auth|credentials?"
_PATTERNS = (
    # --password=x, PGPASSWORD=x, ?token=x
    (re.compile(rf"(?i)((?:{_NAMES})[\w-]{{0,20}}[=:])([^\s&;]+)"), rf"\1{_HIDDEN}"),
    # --password x
    (re.compile(rf"(?i)(--?[\w-]{{0,40}}(?:{_NAMES})\s+)(?!-)(\S+)"), rf"\1{_HIDDEN}"),
    (re.compile(r"(://[^/\s:@]{0,200}:)[^@\s/]{1,200}@"), rf"\1{_HIDDEN}@"),
    # mysql and its kin take the password without a blank.
    (re.compile(r"(\b(?:mysql|mysqldump|mysqladmin|mariadb|mariadb-dump)\b.{0,150}? -p)(?=\S)[^\s]+"), rf"\1{_HIDDEN}"),
    (re.compile(r"(?i)\b(bearer|basic) [A-Za-z0-9+/_.=~-]{8,}"), rf"\1 {_HIDDEN}"),
    (re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*|\bgh[pousr]_\w{16,}"), _HIDDEN),
)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069]+")


def tidy_command(command: str) -> str:
    """At most LONGEST_COMMAND characters; whoever hides a password in a later part hides it from us as well."""
    text = _CONTROL.sub(" ", command[: 4 * LONGEST_COMMAND]).strip()
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text if len(text) <= LONGEST_COMMAND else text[: LONGEST_COMMAND - 1] + "…"
