"""Secrets that show by their own shape, wherever they stand.

Every pattern takes linear time: it starts where no earlier attempt can have read on, or what it repeats is bounded.
"""

import re
from collections.abc import Iterator
from itertools import zip_longest
from typing import TypeAlias

Span: TypeAlias = tuple[int, int]
"""Start and end of a secret within a text."""

_NO_WORD_BEFORE = r"(?<![A-Za-z0-9_-])"

_TOKENS = re.compile(
    _NO_WORD_BEFORE
    + r"""(?:
      eyJ[\w-]{8,}+\.[\w-]{8,}+(?:\.[\w-]*+)?                                   # JSON web tokens
    | (?:AKIA|ASIA|AROA|AIDA)[0-9A-Z]{16}(?![0-9A-Z])                           # AWS
    | LTAI[A-Za-z0-9]{12,24}(?![A-Za-z0-9]) | AKID[A-Za-z0-9]{32}(?![A-Za-z0-9])  # Alibaba Cloud, Tencent Cloud
    | AIza[\w-]{35} | ya29\.[\w-]{20,}+ | GOCSPX-[\w-]{20,}+                    # Google
    | gh[oprsu]_[A-Za-z0-9]{30,}+ | github_pat_\w{22,}+ | glpat-[\w-]{20,}+     # GitHub, GitLab
    | xox[a-z]-[\w-]{10,}+ | xapp-[\w-]{10,}+                                   # Slack
    | sk-(?:ant|proj|svcacct|admin|or)-[\w-]{16,}+                              # model providers
    | sk-(?=[\w-]{0,60}\d)(?:[A-Za-z0-9]{1,16}-){0,3}[A-Za-z0-9_]{16,}+[\w-]*+
    | [rs]k_(?:live|test)_[A-Za-z0-9]{16,}+ | hf_[A-Za-z0-9]{30,}+ | npm_[A-Za-z0-9]{36}
    | pypi-[\w-]{50,}+ | hvs\.[\w-]{20,}+ | dop_v1_[0-9a-f]{64}
    | SEC[0-9a-f]{64}(?![0-9a-f])                                               # signing secret of a DingTalk robot
    | LS0tLS1CRUdJTi(?:BQUklWQVRF|BSU0Eg|BFQy|BPUEVOU1NI|BFTkNSWVBURUQ)[A-Za-z0-9+/]*+=*+  # a private key in base64
    )""",
    re.VERBOSE,
)
_WEBHOOKS = re.compile(
    r"(?:hooks\.slack\.com/(?:services|workflows|triggers)/|/open-apis/bot/v2/hook/|/cgi-bin/webhook/send\?key=)"
    r"([\w/-]{8,}+)"
)
_URL_PASSWORDS = re.compile(r"://[^/\s:@\"'<>]*+:([^/\s\"'<>]+)@")
_HEADERS = re.compile(
    r"(?i)(?<![a-z])(?:bearer|basic)[ \t]{1,8}(?:\\*[\"'])?"
    r"((?=[a-z+/_.~-]*+[0-9=])[a-z0-9+/_.~-]{8,}+=*+|[a-z0-9+/_.~-]{24,}+=*+)"
)
_AUTHORIZATION = re.compile(
    r"(?i)authorization(?:\\*[\"'])?[ \t]{0,8}[:=][ \t]{0,8}(?:\\*[\"'])?"
    r"(?:(?:bearer|basic|token|digest|apikey)[ \t]{1,8})?([a-z0-9+/_.~=-]{16,}+)"
)
_COOKIES = re.compile(
    r"(?i)(?<![\w-])(?:set-)?cookie(?:\\*[\"'])?[ \t]{0,8}:[ \t]{0,8}(?:\\*[\"'])?([^\s\"'\\\[][^\r\n\"'\\]*+)"
)
_SHARED_ACCESS_SIGNATURE = re.compile(r"[?&]sig=([\w%+/=-]{16,}+)")
_COMMAND_LINE_LOGIN = re.compile(
    r"(?<![\w-])curl(?=[ \t])[^\n]{0,200}?[ \t](?:-u|--user)[ =][\"']?[^\s:\"']{1,64}:([^\s\"'\[][^\s\"']*+)"
)

_KEY_MARK = re.compile(r"-----(BEGIN|END) [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_KEY_BODY = re.compile(r"(?:(?:\s|\\[nr]){1,8}+(?:[^\s\\]{1,40}[ \t]){0,2}+[A-Za-z0-9+/=]{16,}+)*+")
"""Lines of base64, each perhaps after a log's time stamp."""


def find_shapes(text: str) -> Iterator[Span]:
    """Where something stands that is a secret by its own shape."""
    yield from _find_private_keys(text)
    for match in _TOKENS.finditer(text):
        yield match.span()
    for pattern in (_WEBHOOKS, _URL_PASSWORDS, _HEADERS, _AUTHORIZATION, _COOKIES, _SHARED_ACCESS_SIGNATURE):
        for match in pattern.finditer(text):
            yield match.span(1)
    if "curl" in text:
        for match in _COMMAND_LINE_LOGIN.finditer(text):
            yield match.span(1)


def _find_private_keys(text: str) -> Iterator[Span]:
    """From mark to mark; a key whose end is cut off is hidden as far as its lines look like one."""
    marks = list(_KEY_MARK.finditer(text))
    for mark, following in zip_longest(marks, marks[1:]):
        if mark is None or mark[1] == "END":
            continue
        if following is not None and following[1] == "END":
            yield mark.start(), following.end()
            continue
        body = _KEY_BODY.match(text, mark.end())
        yield mark.start(), mark.end() if body is None else body.end()
