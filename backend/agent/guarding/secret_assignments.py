"""Secrets that show by the name before them: `password=…`, `"apiKey": "…"`, `密码:…`, `--token …`."""

import re
from collections.abc import Iterator

from backend.agent.guarding.secret_shapes import Span

_PASSWORDS = r"passw(?:or)?d|passwd|passphrase|pwd|密码|口令"
_KEYS = (
    r"api[_-]?key|access[_-]?key(?:[_-]?secret)?|secret[_-]?key|private[_-]?key|account[_-]?key|auth[_-]?key|"
    r"app[_-]?key|encryption[_-]?key|signing[_-]?key|client[_-]?key[_-]?data|webhook[_-]?key|auth[_-]?code"
)
_WORDS = rf"{_PASSWORDS}|(?<=[_.-])pass|{_KEYS}|secret|token|credential|密钥|秘钥|令牌"
_SUFFIX = r"(?:[_-]?\d{1,3})?"

_NAME = re.compile(rf"(?:{_WORDS}){_SUFFIX}$", re.IGNORECASE)
# Starts at the telling word, not where its name begins: that would take quadratic time on long names.
_ASSIGNMENT = re.compile(
    rf"(?P<word>{_WORDS}){_SUFFIX}(?:\\*[\"'])?"
    r"(?P<sep>[ \t]{0,8}(?:=>|:=|==?|:|：)[ \t]{0,8}|(?<=[码令钥牌])[ ]?[是为][ ]?)",
    re.IGNORECASE,
)
_FLAG = re.compile(
    rf"(?<![\w-])--?(?:[\w-]{{0,40}}[_-])?(?:{_WORDS})[ \t]{{1,4}}(?![-\[])(?P<value>[^\s]+)", re.IGNORECASE
)
_NAME_AND_VALUE = re.compile(
    r"\bname\\*[\"']?[ \t]{0,8}[:=][ \t]{0,8}\\*[\"']?(?P<name>[\w.-]{1,100})\\*[\"']?[\s,]{1,64}(?:\\n[ ]{0,40})?"
    r"\\*[\"']?value\\*[\"']?[ \t]{0,8}[:=][ \t]{0,8}",
    re.IGNORECASE,
)

_OPENING_QUOTE = re.compile(r"\\*[\"'`]")
_BARE_VALUE = re.compile(
    r"""(?: [^\s,;&"'`)}\]，。；、）」]
        | [,;&](?!\s|$|[\u3000-\u9fff]|[\w.-]{1,64}[=:])
        | [)}\]](?![\s,;.)}\]"']|$)
        | (?<=\S)["'`](?=[^\s,;&"'`)}\]])
        )*+""",
    re.VERBOSE,
)

_PLACEHOLDER = re.compile(
    r"""(?: null | none | nil | true | false | undefined | empty | n/?a | required | optional | string\w* | duration
        | \*+ | x{3,} | \.{2,} | …+ | -+ | \$\{.* | \$\(.* | \$[A-Za-z_]\w* | %\w+%? | \{.* | \[.* | \|[-+]? | >[-+]?
        | <(?:set|nil|none|redacted|hidden|unknown|invalid|empty|your|[\w-]*>).* | \(none\) | \\+[nr]?
        | /(?:var|etc|run|home|root|opt|usr|tmp|mnt|vault|app|data|srv|workspace)(?:/.*)? | file:.*
        )$""",
    re.VERBOSE | re.IGNORECASE,
)
_PROSE_WORDS = (
    "a access already an and are authentication but can cannot connection context could created deleted denied "
    "dial did does empty eof error expired fail failed for forbidden get has http https i/o in invalid is it key "
    "lookup malformed may missing must no not of on or permission post put read received refused refresh request "
    "rpc secrets server service should signature status synced the timeout timed tls to unable unauthorized "
    "unexpected unknown updated user verification was will with write wrong x509 you"
)
_PROSE = frozenset(_PROSE_WORDS.split())
"""What follows `token:` or `secret:` in an error message, where nothing is given away."""

_PAGING = re.compile(r"(?:next|page|continue|continuation|sync|cursor|resume)[ _-]?(?:page)?[ _-]?$", re.IGNORECASE)
_NAME_BEFORE = re.compile(r"[\w./@-]*$")
_CJK = re.compile(r"[\u3400-\u9fff]")


def is_credential_name(name: str) -> bool:
    """Whether a value under this name is probably a credential."""
    found = _NAME.search(name)
    return found is not None and _PAGING.search(name[: found.start()]) is None


def is_placeholder(value: str) -> bool:
    """Whether a value stands for something that is not shown, or for nothing."""
    return not value or _PLACEHOLDER.match(value) is not None


def find_assignments(text: str) -> Iterator[Span]:
    """Where a value stands after a name that tells of a credential."""
    position = 0
    while (match := _ASSIGNMENT.search(text, position)) is not None:
        span = None if _is_reference(text, match) else _value_span(text, match.end())
        if span is not None and not _is_harmless(text, span, match=match):
            yield span
            position = max(span[1], match.end())
        else:
            position = match.end()
    for match in _FLAG.finditer(text):
        if not is_placeholder(match["value"]) and not match["value"].isupper():
            yield match.span("value")
    for match in _NAME_AND_VALUE.finditer(text):
        span = _value_span(text, match.end()) if is_credential_name(match["name"]) else None
        if span is not None and not is_placeholder(text[slice(*span)]):
            yield span


def _is_reference(text: str, match: re.Match[str]) -> bool:
    """Whether the word is part of a paging token's name, an image (`vault-token:v2`), or an ARN."""
    before = _NAME_BEFORE.search(text, max(0, match.start() - 64), match.start())
    name = "" if before is None else before[0]
    start = match.start() - len(name)
    if _PAGING.search(text[max(0, match.start() - 24) : match.start()]):
        return True
    is_glued = match["sep"] == ":" and match.end() < len(text) and text[match.end()] not in "\"'\\"
    return is_glued and ("/" in name or text[max(0, start - 1) : start] == ":")


def _value_span(text: str, start: int) -> Span | None:
    opening = _OPENING_QUOTE.match(text, start)
    if opening is None:
        value = _BARE_VALUE.match(text, start)
        return None if value is None or value.end() == start else value.span()
    return opening.end(), _find_closing(text, quote=opening[0], start=opening.end())


def _find_closing(text: str, *, quote: str, start: int) -> int:
    """Where the quoted value ends: its closing quote, or the end of the line when that is missing."""
    position = text.find(quote, start)
    while position > start and len(quote) == 1 and _is_escaped(text, position, floor=start):
        position = text.find(quote, position + 1)
    if position != -1:
        return position
    newline = text.find("\n", start)
    return len(text) if newline == -1 else newline


def _is_escaped(text: str, position: int, *, floor: int) -> bool:
    count = 0
    while position - count > floor and text[position - count - 1] == "\\":
        count += 1
    return count % 2 == 1


def _is_harmless(text: str, span: Span, *, match: re.Match[str]) -> bool:
    value = text[slice(*span)]
    if is_placeholder(value.strip()):
        return True
    if match["word"].lower() == "pwd" and value.startswith(("/", "~")):
        return True
    is_quoted = span[0] > match.end()
    is_password = re.match(_PASSWORDS, match["word"], re.IGNORECASE) is not None
    if not is_password and value.isdigit() and len(value) <= 6:
        return True
    if is_quoted or "=" in match["sep"]:
        return False
    return value.lower().rstrip(".:!?") in _PROSE or _CJK.match(value) is not None
