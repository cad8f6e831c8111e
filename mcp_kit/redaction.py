"""Hides what looks like a credential. Wrongly hiding a word is cheap, showing a secret to a model is not."""

from __future__ import annotations

import re

HIDDEN = "[redacted]"

_WORDS = (
    r"pass(?:word|wd|phrase)?|pwd|secret|token|api[-_]?key|access[-_]?key|private[-_]?key|credentials?|"
    r"auth[-_]?key|connection[-_]?string|dsn|cookie|session[-_]?key|signature|client[-_]?secret"
)
# What stands behind such a word without being a secret: switches, sources of accounts, directories (PWD=/root).
_HARMLESS = r"(?:yes|no|on|off|true|false|none|null|x|files|compat|systemd|sss)(?![^\s,;])|[/~](?![^\s]{20})"
_CREDENTIAL_NAME = re.compile(rf"(?:^|[-_.])(?:{_WORDS})s?(?:$|[-_.\d])|(?:{_WORDS})$", re.IGNORECASE)

_PRIVATE_KEY = re.compile(
    r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----.*?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|\Z)", re.DOTALL
)

_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (_PRIVATE_KEY, HIDDEN),
    # A block of YAML: the lines below its name that are indented further.
    (
        re.compile(
            rf"(?im)^([ \t]*)((?:- )?[\w.\"'-]{{0,60}}?(?:{_WORDS})[\w.-]{{0,40}}[\"']?:[ \t]*)[|>][-+\d]{{0,2}}[ \t]*"
            r"(?:\r?\n(?:\1[ \t]+[^\n]*|[ \t]*(?=\r?\n)))+"
        ),
        rf"\1\2{HIDDEN}",
    ),
    # The value of a flag in a command line; a variable or a placeholder is none.
    (
        re.compile(
            rf"(?i)((?<![\w-])--?[\w-]{{0,40}}?(?:{_WORDS})[\w-]{{0,40}}[ \t]+)"
            r"(?![-$<\[{(])(\"[^\"]*\"|'[^']*'|[^\s;|&]+)"
        ),
        rf"\1{HIDDEN}",
    ),
    (re.compile(r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"), HIDDEN),
    (re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"), HIDDEN),
    (re.compile(r"\b(?:ghp|gho|ghs|ghu|glpat|xox[abprs]|sk)[-_][A-Za-z0-9_-]{16,}"), HIDDEN),
    (re.compile(r"(://[^/\s:@]*:)[^@\s/]+(@)"), rf"\1{HIDDEN}\2"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9+/_.=~-]{8,}"), rf"\1 {HIDDEN}"),
    # Prose such as "may require authorization: server said" is no credential, a long token after it is.
    (re.compile(r"(?i)(authorization[\"']?\s*[:=]\s*[\"']?)(?:\w+\s+)?[A-Za-z0-9+/_.=~-]{16,}"), rf"\1{HIDDEN}"),
    # Starts at the telling word, not at the beginning of the name: that would take quadratic time on long lines.
    (
        re.compile(
            rf"""(?ix)
            ( (?:{_WORDS}) [\w.-]{{0,40}} ["']? [ \t]* [:=] [ \t]* )
            (?! \[redacted\] | (?:bearer|basic)\s+\[redacted\] | {_HARMLESS} )
            ( "[^"]*" | '[^']*' | [^\s,;&}}\]]+ )
            """
        ),
        rf"\1{HIDDEN}",
    ),
)


def is_credential_name(name: str) -> bool:
    """Whether an environment variable of this name probably holds a credential."""
    return _CREDENTIAL_NAME.search(name) is not None


def hide_private_keys(text: str) -> str:
    """Key blocks span lines, so this is done before a text is split into lines."""
    return _PRIVATE_KEY.sub(HIDDEN, text)


_TELLING = (
    "pass",
    "pwd",
    "secret",
    "token",
    "key",
    "credential",
    "connection",
    "dsn",
    "cookie",
    "signature",
    "bearer",
    "basic",
    "authorization",
    "eyj",
    "akia",
    "asia",
    "ghp",
    "gho",
    "ghs",
    "ghu",
    "glpat",
    "xox",
    "sk-",
    "sk_",
    "://",
)
"""Every pattern needs one of these, in lower case."""


def redact(text: str) -> str:
    """The text with passwords, tokens, keys and credentials in URLs replaced."""
    lowered = text.lower()
    if not any(word in lowered for word in _TELLING):
        # Nearly all texts of a large object: looking for words costs a tenth of looking for patterns.
        return text
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text
