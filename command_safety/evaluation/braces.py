"""Brace expansion: `{a,b}` and `{1..3}` make several words of one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import TypeAlias

from command_safety.evaluation.limits import TooComplex
from command_safety.shell.syntax import Literal, Part, Word

MAX_WORDS = 256
MAX_BRACES = 10
"""Lists after each other multiply."""
_RANGE = re.compile(r"(-?\d+|[A-Za-z])\.\.(-?\d+|[A-Za-z])(?:\.\.(-?\d+))?", re.ASCII)

Item: TypeAlias = str | Part
"""An unquoted character, or a part that is never looked into."""


def expand_braces(word: Word) -> list[Word]:
    """The words that the braces of this one stand for. Raises TooComplex for more than MAX_WORDS."""
    count = sum(part.text.count("{") for part in word.parts if isinstance(part, Literal) and not part.is_quoted)
    if count == 0:
        return [word]
    if count > MAX_BRACES:
        raise TooComplex("too many braces")
    words = [_join(items) for items in islice(_expand(_split(word)), MAX_WORDS + 1)]
    if len(words) > MAX_WORDS:
        raise TooComplex("braces stand for too many words")
    return words


def _split(word: Word) -> list[Item]:
    items: list[Item] = []
    for part in word.parts:
        if isinstance(part, Literal) and not part.is_quoted:
            items.extend(part.text)
        else:
            items.append(part)
    return items


def _join(items: list[Item]) -> Word:
    parts: list[Part] = []
    for item in items:
        last = parts[-1] if parts else None
        if not isinstance(item, str):
            parts.append(item)
        elif isinstance(last, Literal) and not last.is_quoted:
            parts[-1] = Literal(last.text + item, is_quoted=False)
        else:
            parts.append(Literal(item, is_quoted=False))
    return Word(tuple(parts))


def _expand(items: list[Item]) -> Iterator[list[Item]]:
    found = _find_list(items)
    if found is None:
        yield items
        return
    start, end, choices = found
    for choice in choices:
        for inner in _expand(choice):
            for tail in _expand(items[end + 1 :]):
                yield [*items[:start], *inner, *tail]


def _find_list(items: list[Item]) -> tuple[int, int, list[list[Item]]] | None:
    """The first brace list or range: where it begins and ends, and what it chooses from."""
    for start, end in sorted(_pair_braces(items)):
        inside = items[start + 1 : end]
        choices = _split_choices(inside) or _read_range(inside)
        if choices:
            return start, end, choices
    return None


def _pair_braces(items: list[Item]) -> list[tuple[int, int]]:
    pairs: list[tuple[int, int]] = []
    open_places: list[int] = []
    for place, item in enumerate(items):
        if item == "{":
            open_places.append(place)
        elif item == "}" and open_places:
            pairs.append((open_places.pop(), place))
    return pairs


def _split_choices(items: list[Item]) -> list[list[Item]]:
    """What stands between the commas; nothing without a comma."""
    choices: list[list[Item]] = [[]]
    depth = 0
    for item in items:
        if item == "," and depth == 0:
            choices.append([])
            continue
        depth += {"{": 1, "}": -1}.get(item, 0) if isinstance(item, str) else 0
        choices[-1].append(item)
    return choices if len(choices) > 1 else []


def _read_range(items: list[Item]) -> list[list[Item]]:
    text = "".join(item if isinstance(item, str) else "\0" for item in items)
    found = _RANGE.fullmatch(text)
    if found is None or found[1].isalpha() != found[2].isalpha():
        return []
    is_alphabetic = found[1].isalpha()
    first, last = (ord(found[1]), ord(found[2])) if is_alphabetic else (int(found[1]), int(found[2]))
    step = max(1, abs(int(found[3] or 1)))
    numbers = range(first, last + 1, step) if first <= last else range(first, last - 1, -step)
    width = max(len(found[1]), len(found[2])) if "0" in (found[1][:1], found[2][:1]) else 0
    kept = numbers if len(numbers) <= MAX_WORDS else [*numbers[: MAX_WORDS // 2], *numbers[-MAX_WORDS // 2 :]]
    return [list(chr(number) if is_alphabetic else str(number).zfill(width)) for number in kept]
