"""Cuts an answer into statements: sentences, list items, table rows, headings, and blocks of code."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum, auto

_FENCE = re.compile(r"\s{0,3}(`{3,}|~{3,})\s*([\w-]*)")
_HEADING = re.compile(r"\s{0,3}#{1,6}\s+")
_ITEM = re.compile(r"\s*(?:[-*+]|\d{1,3}[.)、])\s+(?:\[[ xX]\]\s+)?")
_QUOTE = re.compile(r"\s*>\s?")
_SEPARATOR = re.compile(r"\s*\|?(?:\s*:?-{2,}:?\s*\|)*\s*:?-{2,}:?\s*\|?\s*")
_CODE = re.compile(r"`[^`\n]*`")
_SENTENCE_END = re.compile(r"[。！？；]+[”’」）)]*|[.!?]+[\"')\]*_]*(?=\s|$)")
_ABBREVIATION = re.compile(r"(?:\b(?:e\.g|i\.e|etc|vs|approx|no|resp|cf)|\s[A-Z])\.$", re.IGNORECASE)


class StatementKind(StrEnum):
    SENTENCE = auto()
    HEADING = auto()
    ROW = auto()
    CODE = auto()


@dataclass(frozen=True, slots=True)
class Statement:
    """One part of an answer; `start` and `end` count characters of the whole text."""

    start: int
    end: int
    text: str
    kind: StatementKind = StatementKind.SENTENCE
    language: str = ""
    """What a block of code says it is written in."""


@dataclass(frozen=True, slots=True)
class _Line:
    start: int
    text: str


def split_statements(text: str) -> list[Statement]:
    """All statements in order; what has no words is left out."""
    return [statement for statement in _split_blocks(_read_lines(text), text) if _has_words(statement.text)]


def count_utf16_units(text: str) -> list[int]:
    """How many UTF-16 code units stand before each character, and in all: what JavaScript counts in."""
    positions = [0]
    for character in text:
        positions.append(positions[-1] + (2 if ord(character) > 0xFFFF else 1))
    return positions


def _read_lines(text: str) -> list[_Line]:
    lines: list[_Line] = []
    start = 0
    for raw in text.split("\n"):
        lines.append(_Line(start, raw))
        start += len(raw) + 1
    return lines


def _split_blocks(lines: list[_Line], text: str) -> Iterator[Statement]:
    position = 0
    while position < len(lines):
        line = lines[position]
        fence = _FENCE.match(line.text)
        if fence is not None:
            end = _find_fence_end(lines, position + 1, fence[1])
            yield from _read_code(lines[position + 1 : end], text, language=fence[2].lower())
            position = end + 1
        elif line.text.lstrip().startswith("|"):
            is_header = position + 1 < len(lines) and _is_separator(lines[position + 1].text)
            if not is_header and not _is_separator(line.text):
                yield _trim(line.start, line.start + len(line.text), text, StatementKind.ROW)
            position += 1
        elif (heading := _HEADING.match(line.text)) is not None:
            yield _trim(line.start + heading.end(), line.start + len(line.text), text, StatementKind.HEADING)
            position += 1
        else:
            end = _find_paragraph_end(lines, position)
            yield from _read_paragraph(lines[position:end], text)
            position = end


def _find_fence_end(lines: list[_Line], position: int, fence: str) -> int:
    while position < len(lines) and not lines[position].text.lstrip().startswith(fence):
        position += 1
    return position


def _is_separator(line: str) -> bool:
    return "-" in line and _SEPARATOR.fullmatch(line) is not None


def _find_paragraph_end(lines: list[_Line], position: int) -> int:
    """Lines that follow each other are one paragraph; a list item begins a new one."""
    end = position + 1
    while end < len(lines) and lines[end].text.strip() and not _begins_block(lines[end].text):
        end += 1
    return end


def _begins_block(line: str) -> bool:
    return any(pattern.match(line) for pattern in (_FENCE, _HEADING, _ITEM)) or line.lstrip().startswith("|")


def _read_code(lines: list[_Line], text: str, *, language: str) -> Iterator[Statement]:
    if lines:
        end = lines[-1].start + len(lines[-1].text)
        yield Statement(lines[0].start, end, text[lines[0].start : end], StatementKind.CODE, language)


def _read_paragraph(lines: list[_Line], text: str) -> Iterator[Statement]:
    first = lines[0]
    marker = _ITEM.match(first.text) or _QUOTE.match(first.text)
    start = first.start + (marker.end() if marker else 0)
    end = lines[-1].start + len(lines[-1].text)
    quoted = [(start + found.start(), start + found.end()) for found in _CODE.finditer(text[start:end])]
    for found in _SENTENCE_END.finditer(text, start, end):
        if any(left < found.start() < right for left, right in quoted):
            continue
        if found[0].startswith(".") and _ABBREVIATION.search(text[max(start, found.start() - 8) : found.start() + 1]):
            continue
        yield _trim(start, found.end(), text, StatementKind.SENTENCE)
        start = found.end()
    yield _trim(start, end, text, StatementKind.SENTENCE)


def _trim(start: int, end: int, text: str, kind: StatementKind) -> Statement:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return Statement(start, end, text[start:end], kind)


def _has_words(text: str) -> bool:
    return any(character.isalnum() for character in text)
