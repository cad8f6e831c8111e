"""Markdown from cluster data. The data was written by strangers: it must never become markup."""

import re
from collections.abc import Iterable, Sequence

from backend.vocabulary.language import Language, Text

MAX_ROWS = 30
_BARE_PIPE = re.compile(r"(?<!\\)\|")
_SPECIAL = re.compile(r"([\\`*\[\]<|~]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|^[#+>-])")
"""An underscore inside a word is none of them, so names stay readable and can be copied."""

RULE_MODE = Text(
    en="*Rule mode: put together by built-in rules from the tool results, without a language model.*",
    zh="*规则模式：由内置规则根据工具结果整理，未使用大模型。*",
)


def plain(text: str, *, limit: int = 400) -> str:
    """One line of text in which nothing is markup."""
    line = " ".join(text.split())
    if len(line) > limit:
        line = line[: limit - 1] + "…"
    return _SPECIAL.sub(r"\\\1", line)


def code(text: str, *, limit: int = 300) -> str:
    """One line as code; backticks in it would end the code, so they are replaced."""
    line = " ".join(text.split()).replace("`", "ʼ")
    if len(line) > limit:
        line = line[: limit - 1] + "…"
    return f"`{line}`" if line else "–"


def cell(text: str) -> str:
    return plain(text, limit=120) or "–"


def block(lines: Iterable[str]) -> str:
    """Lines as they are, in a fence longer than any inside."""
    body = "\n".join(lines)
    longest = max((len(run) for run in re.findall(r"`{3,}", body)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}text\n{body}\n{fence}"


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; the cells must be safe already."""
    lines = [_line(headings), _line(["---"] * len(headings)), *(_line(row) for row in rows)]
    return "\n".join(lines)


def paragraphs(*parts: str) -> str:
    return "\n\n".join(part for part in parts if part)


def signed(text: str, *, language: Language) -> str:
    """The answer with the honest line under it."""
    return paragraphs(text.rstrip(), RULE_MODE.in_language(language)) + "\n"


def choose(language: Language, *, en: str, zh: str) -> str:
    return Text(en=en, zh=zh).in_language(language)


def label(en: str, zh: str, *, language: Language) -> str:
    """A bold word with the colon of its language."""
    return choose(language, en=f"**{en}**: ", zh=f"**{zh}**：")


def plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _line(cells: Sequence[str]) -> str:
    safe = [_BARE_PIPE.sub(r"\|", text) for text in cells]
    return f"| {' | '.join(safe)} |"
