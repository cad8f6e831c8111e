"""Texts without any telling word are not searched for patterns: that must change nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_kit.redaction import _PATTERNS, redact

WORDS = [
    "password=x1", "passwd: x1", "passphrase = x1", "PWD=x1", "secret=x1", "Token: x1", "api_key=x1", "access-key=x1",
    "private_key=x1", "credentials=x1", "auth_key=x1", "connection_string=x1", "dsn=x1", "Cookie: x1", "signature=x1",
    "session-key=x1", "client_secret=x1", "Bearer abcdefg1", "basic YWxhZGRp", "Authorization: abcdefghijklmnop1",
    "eyJhbGciOiJI.eyJzdWIiOiIx.sig", "AKIAABCDEFGHIJKLMNOP", "ghp_abcdefghijklmnop1234", "glpat-abcdefghijklmnop1234",
    "xoxb-abcdefghijklmnop1234", "sk-abcdefghijklmnop1234", "http://bob:pw@host", "-----BEGIN PRIVATE KEY-----\nMII",
]  # fmt: skip


def search_everything(text: str) -> str:
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text


@pytest.mark.parametrize("text", WORDS)
def test_every_kind_of_credential_has_a_telling_word(text: str) -> None:
    assert redact(text) != text
    assert redact(text) == search_everything(text)


@given(st.lists(st.sampled_from([*WORDS, "plain words", "level=info", "\n", "日志"])).map(" ".join))
def test_mixed_texts_come_out_as_with_every_pattern(text: str) -> None:
    assert redact(text) == search_everything(text)
