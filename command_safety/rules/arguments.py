"""Tells options from operands."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from command_safety.evaluation.scope import Fields
from command_safety.evaluation.values import UNKNOWN, Text


@dataclass(frozen=True, slots=True)
class Option:
    name: str
    """With its dashes; UNKNOWN when nobody can tell which option it is."""
    value: Text | None = None


@dataclass(frozen=True, slots=True)
class Arguments:
    options: tuple[Option, ...]
    operands: Fields
    places: tuple[int, ...]
    """Where each operand stands among the words."""
    options_before: int = 0
    """How many options stand before the first operand."""

    def has(self, *names: str) -> bool:
        """Whether one of these options is given, long ones perhaps shortened."""
        return any(option.name in names or _shortens(option.name, names) for option in self.options)

    def has_exactly(self, *names: str) -> bool:
        return any(option.name in names for option in self.options)

    def value_of(self, *names: str) -> Text | None:
        """The value of the last of these options."""
        values = [option.value for option in self.options if option.name in names]
        return values[-1] if values else None

    @property
    def has_unknown_option(self) -> bool:
        return any(option.name == UNKNOWN for option in self.options)


def parse_arguments(
    words: Fields, *, valued: Collection[str] = (), has_long_dash: bool = False, stops_at_operand: bool = False
) -> Arguments:
    """Read words as getopt does; with `has_long_dash`, `-name` is one option and not four.

    An option listed with a question mark, as `-p?`, takes a value only when it is attached.
    With `stops_at_operand`, the words from the first operand on are all operands.
    """
    options: list[Option] = []
    places: list[int] = []
    options_before = -1
    place = 0
    while place < len(words):
        word = _without_unknown_start(words[place])
        if word.text == "--" or (stops_at_operand and not _is_option(word)):
            start = place + (word.text == "--")
            options_before = len(options) if options_before < 0 else options_before
            places.extend(range(start, len(words)))
            break
        if not _is_option(word):
            options_before = len(options) if options_before < 0 else options_before
            places.append(place)
        else:
            found = list(_read_option(word, valued=valued, has_long_dash=has_long_dash))
            last = found[-1]
            if last.value is None and last.name in valued and place + 1 < len(words):
                place += 1
                found[-1] = Option(last.name, words[place])
            options.extend(found)
        place += 1
    operands = tuple(words[place] for place in places)
    return Arguments(tuple(options), operands, tuple(places), len(options) if options_before < 0 else options_before)


def _shortens(name: str, names: Collection[str]) -> bool:
    """`--out` is `--output` when nothing else begins like that."""
    return len(name) > 2 and name.startswith("--") and any(each.startswith(name) for each in names)


def _without_unknown_start(word: Text) -> Text:
    """`$x-rf` is an option when the variable is empty."""
    rest = word.text.lstrip(UNKNOWN)
    return Text(rest, word.origins, word.is_loose) if rest.startswith("-") and rest != word.text else word


def _is_option(word: Text) -> bool:
    return word.text.startswith("-") and word.text != "-"


def _read_option(word: Text, *, valued: Collection[str], has_long_dash: bool) -> Iterator[Option]:
    text = word.text
    if text.startswith("--") or has_long_dash:
        name, sign, value = text.partition("=")
        if UNKNOWN in name:
            yield Option(UNKNOWN)
        else:
            yield Option(name, Text(value, word.origins) if sign else None)
        return
    for place, letter in enumerate(text[1:], start=1):
        name = UNKNOWN if letter == UNKNOWN else f"-{letter}"
        if name in valued or f"{name}?" in valued:
            value = text[place + 1 :]
            yield Option(name, Text(value, word.origins) if value else None)
            return
        yield Option(name)
