"""Reading the options of commands as getopt does."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field


class UnknownOption(Exception):
    """The message is what GNU programs print."""


@dataclass(slots=True)
class Options:
    flags: dict[str, str] = field(default_factory=dict)
    """Option → its value; empty for one without."""
    operands: list[str] = field(default_factory=list)

    def __contains__(self, name: str) -> bool:
        return name in self.flags

    def get(self, *names: str, default: str = "") -> str:
        return next((self.flags[name] for name in names if name in self.flags), default)

    def has(self, *names: str) -> bool:
        return any(name in self.flags for name in names)


def read_options(
    arguments: Iterable[str], *, flags: str = "", values: str = "", words: str = "", stops_at_operand: bool = False
) -> Options:
    """Split arguments into options and operands; raise UnknownOption.

    `flags` are letters without, `values` letters with a value; `words` are long options, `name=` for those with one.
    """
    known = {word.rstrip("="): word.endswith("=") for word in words.split()}
    options = Options()
    rest = list(arguments)
    while rest:
        word = rest.pop(0)
        if word == "--":
            options.operands.extend(rest)
            break
        if word.startswith("--"):
            _read_long(word[2:], rest, known=known, options=options)
        elif word.startswith("-") and len(word) > 1:
            _read_letters(word[1:], rest, flags=flags, values=values, options=options)
        else:
            options.operands.append(word)
            if stops_at_operand:
                options.operands.extend(rest)
                break
    return options


def _read_long(word: str, rest: list[str], *, known: dict[str, bool], options: Options) -> None:
    name, equals, value = word.partition("=")
    if name not in known:
        candidates = [full for full in known if full.startswith(name)]
        if len(candidates) != 1:
            raise UnknownOption(f"unrecognized option '--{name}'")
        name = candidates[0]
    if known[name] and not equals:
        if not rest:
            raise UnknownOption(f"option '--{name}' requires an argument")
        value = rest.pop(0)
    options.flags[name] = value


def _read_letters(letters: str, rest: list[str], *, flags: str, values: str, options: Options) -> None:
    while letters:
        letter, letters = letters[0], letters[1:]
        if letter in values:
            if not letters and not rest:
                raise UnknownOption(f"option requires an argument -- '{letter}'")
            options.flags[letter] = letters or rest.pop(0)
            return
        if letter not in flags:
            raise UnknownOption(f"invalid option -- '{letter}'")
        options.flags[letter] = ""
