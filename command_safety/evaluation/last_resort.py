"""Patterns for text that is no shell script anybody understands; it is never readonly anyway."""

from __future__ import annotations

import re

_PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "B1-recursive-delete",
        re.compile(
            r"\brm\b[^\n;|&]{0,80}?\s-{1,2}\w*r[^\n;|&]{0,80}?\s['\"]?(?:/|~|\$HOME|\$\{HOME\})"
            r"(?:bin|boot|dev|etc|home|lib\d*|opt|proc|root|run|sbin|srv|sys|usr|var)?/?\*?['\"]?(?=[\s;|&)'\"`]|$)",
            re.IGNORECASE,
        ),
    ),
    ("B2-make-filesystem", re.compile(r"(?:^|[\s;|&(`/])mkfs(?:\.\w+)?\s[^\n;|&]{0,80}?/dev/")),
    ("B2-disk-write", re.compile(r"\bdd\s[^\n;|&]{0,200}?\bof=/dev/(?!null\b|std|fd/|tty)")),
    ("B2-disk-write", re.compile(r">\s*/dev/(?:[shv]d[a-z]|xvd|nvme|mmcblk|dm-|mapper/)")),
    ("B3-fork-bomb", re.compile(r"(\S{1,20})\s*\(\)\s*\{[^}]{0,40}?\1\s*\|\s*\1\s*&")),
    ("B6-run-downloaded", re.compile(r"\b(?:curl|wget)\b[^\n;&]{0,300}?\|\s*(?:sudo\s+)?(?:ba|da|z|k)?sh\b")),
    ("B7-remote-shell", re.compile(r"\bsh\s+-i\b[^\n;|]{0,80}?/dev/(?:tcp|udp)/")),
)


def find_destructive_text(text: str) -> str | None:
    """The rule that a text looks like breaking, wherever it may be."""
    for rule, pattern in _PATTERNS:
        if pattern.search(text):
            return rule
    return None
