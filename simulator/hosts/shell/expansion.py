"""From words to the arguments of a command: variables, substitutions, splitting, patterns."""

from __future__ import annotations

import fnmatch
import posixpath
import re
from collections.abc import Awaitable, Callable, Iterable

from simulator.hosts.machine.file_tree import is_pattern
from simulator.hosts.shell.arithmetic import evaluate
from simulator.hosts.shell.state import ShellState
from simulator.hosts.shell.syntax import Arithmetic, Sequence, Substitution, Text, Variable, Word

Substitute = Callable[[Sequence], Awaitable[str]]
Piece = tuple[str, bool]
"""Characters, and whether they were quoted."""

_BRACES = re.compile(r"(?P<before>[^{}]*)\{(?P<inner>[^{}]*,[^{}]*|-?\d+\.\.-?\d+)\}(?P<after>.*)", re.DOTALL)
_MOST_FIELDS = 100_000


class UnsetVariable(Exception):
    """`${name:?message}`."""


class Expander:
    """Expands the words of one shell; `substitute` runs a script and answers what it printed."""

    def __init__(self, state: ShellState, *, substitute: Substitute) -> None:
        self._state = state
        self._substitute = substitute

    async def fields(self, words: Iterable[Word]) -> list[str]:
        """All words as arguments."""
        found: list[str] = []
        for word in words:
            for braced in _expand_braces(word):
                for pieces in await self._split(braced):
                    found.extend(self._match_files(pieces))
            if len(found) > _MOST_FIELDS:
                raise MemoryError("argument list too long")
        return found

    async def text(self, word: Word) -> str:
        """One word as one text: no splitting, no patterns."""
        pieces = [piece for field in await self._split(word, is_splitting=False) for piece in field]
        return "".join(text for text, _ in pieces)

    async def pattern(self, word: Word) -> str:
        """One word as a pattern in which quoted signs mean themselves."""
        pieces = [piece for field in await self._split(word, is_splitting=False) for piece in field]
        return "".join(_escape_pattern(text) if is_quoted else text for text, is_quoted in pieces)

    async def _split(self, word: Word, *, is_splitting: bool = True) -> list[list[Piece]]:
        fields: list[list[Piece]] = []
        is_open = False
        for index, part in enumerate(word.parts):
            match part:
                case Text(value, is_quoted):
                    if index == 0 and not is_quoted:
                        value = self._expand_tilde(value)
                    is_open = _append(fields, value, is_quoted=is_quoted, is_open=is_open)
                case Variable(name="@", is_quoted=True, operator=""):
                    for number, argument in enumerate(self._state.arguments):
                        is_open = _append(fields, argument, is_quoted=True, is_open=is_open and number == 0)
                case Variable(is_quoted=is_quoted):
                    value = await self._variable(part)
                    is_open = _join(fields, value, is_quoted=is_quoted or not is_splitting, is_open=is_open)
                case Substitution(script, is_quoted):
                    value = (await self._substitute(script)).rstrip("\n")
                    is_open = _join(fields, value, is_quoted=is_quoted or not is_splitting, is_open=is_open)
                case Arithmetic(expression):
                    number_text = str(evaluate(await self.text(expression), variables=self._state.variables))
                    is_open = _append(fields, number_text, is_quoted=True, is_open=is_open)
        return fields

    async def _variable(self, variable: Variable) -> str:
        value = self._state.look_up(variable.name)
        if variable.is_length:
            is_list = variable.name in {"@", "*"}
            return str(len(self._state.arguments) if is_list else len(value or ""))
        if not variable.operator:
            return value or ""
        return await self._operate(variable, value)

    async def _operate(self, variable: Variable, value: str | None) -> str:
        operator, argument = variable.operator, variable.argument or Word()
        if operator.lstrip(":") in {"-", "=", "+", "?"} and operator != ":":
            is_missing = value is None or (operator.startswith(":") and not value)
            return await self._default(variable, operator[-1], value or "", is_missing=is_missing)
        if operator in {"#", "##", "%", "%%"}:
            return _strip(value or "", await self.pattern(argument), operator=operator)
        if operator.startswith("/"):
            return await self._replace(value or "", argument, operator=operator)
        if operator in {"^^", "^", ",,", ","}:
            return _change_case(value or "", operator)
        begin, _, length = (await self.text(argument)).partition(":")
        start = evaluate(begin, variables=self._state.variables)
        rest = (value or "")[start:]
        return rest[: evaluate(length, variables=self._state.variables)] if length else rest

    async def _default(self, variable: Variable, operator: str, value: str, *, is_missing: bool) -> str:
        argument = variable.argument or Word()
        if operator == "+":
            return "" if is_missing else await self.text(argument)
        if not is_missing:
            return value
        text = await self.text(argument)
        if operator == "?":
            raise UnsetVariable(f"{variable.name}: {text or 'parameter null or not set'}")
        if operator == "=":
            self._state.variables[variable.name] = text
        return text

    async def _replace(self, value: str, argument: Word, *, operator: str) -> str:
        pattern, _, replacement = (await self.text(argument)).partition("/")
        regex = fnmatch.translate(pattern).removesuffix(r"\Z").removesuffix(r"\z")
        return re.sub(regex, lambda _: replacement, value, count=0 if operator.startswith("//") else 1)

    def _expand_tilde(self, text: str) -> str:
        if text == "~" or text.startswith("~/"):
            return self._state.home + text[1:]
        return text

    def _match_files(self, pieces: list[Piece]) -> list[str]:
        value = "".join(text for text, _ in pieces)
        if not any(not is_quoted and is_pattern(text) for text, is_quoted in pieces):
            return [value]
        pattern = "".join(_escape_pattern(text) if is_quoted else text for text, is_quoted in pieces)
        if pattern.startswith("/"):
            return self._state.host.files.expand(posixpath.normpath(pattern)) or [value]
        base = self._state.directory.rstrip("/")
        found = self._state.host.files.expand(posixpath.normpath(f"{base}/{pattern}"))
        return [path.removeprefix(f"{base}/") for path in found] or [value]


def _append(fields: list[list[Piece]], text: str, *, is_quoted: bool, is_open: bool) -> bool:
    """Add characters to the open field or to a new one."""
    if not is_open:
        fields.append([])
    fields[-1].append((text, is_quoted))
    return True


def _join(fields: list[list[Piece]], value: str, *, is_quoted: bool, is_open: bool) -> bool:
    """Add the value of an expansion: split at blanks unless it was quoted."""
    if is_quoted:
        return _append(fields, value, is_quoted=True, is_open=is_open)
    words = value.split()
    if not words:
        return is_open and not value
    if value[0].isspace():
        is_open = False
    for number, word in enumerate(words):
        _append(fields, word, is_quoted=False, is_open=is_open and number == 0)
    return not value[-1].isspace()


def _expand_braces(word: Word) -> list[Word]:
    for index, part in enumerate(word.parts):
        found = _BRACES.fullmatch(part.value) if isinstance(part, Text) and not part.is_quoted else None
        if found is None:
            continue
        before, after = word.parts[:index], word.parts[index + 1 :]
        made = [
            Word((*before, Text(f"{found['before']}{choice}{found['after']}"), *after))
            for choice in _choices(found["inner"])
        ]
        return [deeper for choice in made for deeper in _expand_braces(choice)]
    return [word]


def _choices(inner: str) -> list[str]:
    if "," in inner:
        return inner.split(",")
    first, last = (int(number) for number in inner.split(".."))
    step = 1 if last >= first else -1
    return [str(number) for number in range(first, last + step, step)][:1000]


def _strip(value: str, pattern: str, *, operator: str) -> str:
    lengths = range(len(value) + 1)
    if operator.startswith("#"):
        order = lengths if operator == "#" else reversed(lengths)
        return next((value[n:] for n in order if fnmatch.fnmatchcase(value[:n], pattern)), value)
    order = reversed(lengths) if operator == "%" else lengths
    return next((value[:n] for n in order if fnmatch.fnmatchcase(value[n:], pattern)), value)


def _change_case(value: str, operator: str) -> str:
    change = str.upper if operator[0] == "^" else str.lower
    return change(value) if len(operator) == 2 else change(value[:1]) + value[1:]


def _escape_pattern(text: str) -> str:
    return re.sub(r"([*?\[])", r"[\1]", text)
