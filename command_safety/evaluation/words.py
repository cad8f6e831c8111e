"""Folds words: what the shell would make of them, as far as that is known."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields as fields_of
from dataclasses import is_dataclass

from command_safety.evaluation.braces import expand_braces
from command_safety.evaluation.environment import find_variable_rule
from command_safety.evaluation.parameters import apply_default, apply_operator, slice_array
from command_safety.evaluation.scope import Fields, Scope
from command_safety.evaluation.values import ANYTHING, EMPTY, SOMETHING, UNKNOWN, Origin, Text, blur, join
from command_safety.shell.syntax import (
    Arithmetic,
    CommandSubstitution,
    Literal,
    Parameter,
    Part,
    ProcessSubstitution,
    Script,
    Word,
)

RunScript = Callable[[Script, Scope, Text | None], Text]
"""Judges a script inside a word and tells what it prints."""
RunHidden = Callable[[str, Scope], None]
"""Judges a text that the shell expands once more, such as an array index."""

Report = Callable[[str, str], None]

_EXTENDED_PATTERN = re.compile(r"[?*+@!]\(")
_PATTERN_SIGN = re.compile(r"[*?\[\](/\\#%]")
_DEFAULTS = frozenset({":-", "-", ":=", "=", ":+", "+", ":?", "?"})
_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_COUNTING = re.compile(
    r"\s*(?P<name>[A-Za-z_]\w*)\s*=\s*(?P<first>\d{1,6})\s*;\s*(?P=name)\s*(?P<sign><=?)\s*(?P<last>\d{1,6})\s*;"
    r"\s*(?:(?P=name)\s*\+\+|\+\+\s*(?P=name))\s*",
    re.ASCII,
)
"""The head of `for ((i=1; i<=9; i++))`."""
_ASSIGNED = re.compile(
    r"([A-Za-z_]\w*)\s*(?:(?:[-+*/%&|^]|<<|>>)?=(?!=)|\+\+|--)|(?:\+\+|--)\s*([A-Za-z_]\w*)", re.ASCII
)


class WordFolder:
    """Folds the words of one command in one scope."""

    def __init__(
        self, scope: Scope, *, run: RunScript, run_hidden: RunHidden, report: Report, stdin: Text | None = None
    ) -> None:
        self._scope = scope
        self._report = report
        self._run = run
        self._run_hidden = run_hidden
        self._stdin = stdin

    def fold_words(self, words: Iterable[Word]) -> Fields:
        return tuple(field for word in words for field in self.fold(word))

    def fold(self, word: Word) -> list[Text]:
        """The words that this one becomes, braces and splitting done; globs stay."""
        for part in word.parts:
            if isinstance(part, Literal) and not part.is_quoted and _EXTENDED_PATTERN.search(part.text):
                self._report("C-extended-pattern", part.text)
        return [field for each in expand_braces(word) for field in self._fold_fields(each)]

    def fold_text(self, word: Word) -> Text:
        """The word where it is not split: assignments, redirections, here-documents."""
        return join([EMPTY, *(join(texts, separator=" ") for texts, _ in map(self._fold_part, word.parts))])

    def fold_arithmetic(self, expression: Word) -> Text:
        """Judge what an expression expands, and remember the names it sets; answers its text."""
        folded = self.fold_text(expression)
        text = folded.text
        counted = _COUNTING.fullmatch(text)
        if counted is not None:
            self._set(counted["name"], *(Text(number) for number in _count(counted)))
            return folded
        # What a name stood for is evaluated before it gets its new value.
        self.evaluate(text)
        for found in _ASSIGNED.finditer(text):
            self._set(found[1] or found[2], Text(SOMETHING))
        return folded

    def evaluate(self, text: str) -> None:
        """Judge what a text expands that is evaluated as an expression: names stand for expressions again."""
        self._expand_again(Text(text))
        waiting, seen = _NAME.findall(text), set()
        while waiting:
            name = waiting.pop()
            if name in seen:
                continue
            seen.add(name)
            for value in self._scope.variables.get(name, ()):
                self._expand_again(*value)
                waiting.extend(found for field in value for found in _NAME.findall(field.text))

    def _set(self, name: str, *values: Text) -> None:
        rule = find_variable_rule(name, command="")
        if rule:
            self._report(rule, name)
        self._scope.assign(name, [(value,) for value in values])

    def _expand_again(self, *values: Text) -> None:
        # An index is expanded once more when a variable is looked up: `a[$(command)]`.
        for value in values:
            if "$(" in value.text or "`" in value.text:
                self._run_hidden(value.text, self._scope)

    def _fold_fields(self, word: Word) -> list[Text]:
        builder = _FieldBuilder(self._separators())
        for part in word.parts:
            texts, is_split = self._fold_part(part)
            if is_split:
                builder.add_split(texts)
            else:
                builder.add_whole(texts)
        return builder.finish()

    def _separators(self) -> str:
        value = self._scope.read("IFS")[0]
        return value[0].text if len(value) == 1 and value[0].is_known else " \t\n"

    def _fold_part(self, part: Part) -> tuple[Fields, bool]:
        """The texts of a part, and whether the shell splits them."""
        match part:
            case Literal():
                return (Text(part.text),), False
            case Parameter():
                return self._fold_parameter(part), not part.is_quoted
            case CommandSubstitution():
                output = self._run(part.script, self._scope.copy(), None)
                origins = output.origins if output.is_known else output.origins | {Origin.OUTPUT}
                return (Text(output.text.rstrip("\n"), origins),), not part.is_quoted
            case ProcessSubstitution():
                return (self._fold_process(part),), False
            case Arithmetic():
                self.fold_arithmetic(part.expression)
                return (Text(SOMETHING),), False

    def _fold_process(self, part: ProcessSubstitution) -> Text:
        stdin = (self._stdin or ANYTHING) if part.is_output else None
        output = self._run(part.script, self._scope.copy(), stdin)
        path = f"/dev/fd/{63 + len(self._scope.files)}"
        self._scope.remember_file(path, output)
        return Text(path)

    def _fold_parameter(self, part: Parameter) -> Fields:
        values = self._read(part)
        if part.is_length:
            return (Text(SOMETHING),)
        if part.argument is not None:
            # Without an operator it is `${!name*}`, which lists names.
            return self._apply(part, part.argument, values) if part.operator else (blur(values),)
        if part.name == "*" and part.is_quoted:
            return (join(values, separator=" "),)
        return values

    def _read(self, part: Parameter) -> Fields:
        name = part.name
        index = None if part.index is None else self.fold_arithmetic(part.index)
        if part.is_indirect:
            pointer = join([EMPTY, *self._read_name(name)])
            self.evaluate(pointer.text)
            if index is not None or not pointer.is_known or not _NAME.fullmatch(pointer.text):
                return (blur([pointer]),)
            name = pointer.text
        values = self._read_name(name)
        if index is None:
            return values[:1] if name not in ("@", "*") else values
        if index.text in ("@", "*"):
            return values
        if index.text.isdigit():
            return values[int(index.text) : int(index.text) + 1]
        return (blur(values),)

    def _read_name(self, name: str) -> Fields:
        alternatives = self._scope.read(name)
        if len(alternatives) == 1:
            return alternatives[0]
        return (blur(text for value in alternatives for text in value),)

    def _apply(self, part: Parameter, word: Word, values: Fields) -> Fields:
        argument = self.fold_text(word)
        if part.operator in _DEFAULTS:
            is_set = bool(values) and (values != (ANYTHING,) or part.name in self._scope.variables)
            value = values[0] if values else EMPTY
            result = apply_default(part.operator, value, argument, is_set=is_set)
            if part.operator.endswith("="):
                self._set(part.name, result)
            return (result,) if result is not value else values
        if part.operator == "@P":
            self._expand_again(*values)
        if part.operator == ":":
            self.fold_arithmetic(word)
            if part.name in ("@", "*"):
                return slice_array(values, argument.text, is_positional=True)
            if part.index is not None and part.index.literal in ("@", "*"):
                return slice_array(values, argument.text, is_positional=False)
        if _has_quoted_pattern(word):
            return (blur([*values, argument]),)
        return tuple(apply_operator(part.operator, value, argument) for value in values)


def _has_quoted_pattern(word: Word) -> bool:
    """Quotes take their meaning from signs that are read as a pattern once they are gone."""
    return any(isinstance(part, Literal) and part.is_quoted and _PATTERN_SIGN.search(part.text) for part in word.parts)


class _FieldBuilder:
    """Puts the parts of one word together; splitting starts new words."""

    def __init__(self, separators: str) -> None:
        self._splitter = re.compile(f"[{re.escape(separators)}]+") if separators else None
        self._done: list[Text] = []
        self._pieces: list[Text] = []

    def add_whole(self, texts: Fields) -> None:
        for place, text in enumerate(texts):
            if place:
                self._end_word()
            self._pieces.append(text)

    def add_split(self, texts: Fields) -> None:
        for place, text in enumerate(texts):
            if place:
                self._end_word()
            self._add_split_text(text)

    def finish(self) -> list[Text]:
        self._end_word()
        return self._done

    def _add_split_text(self, text: Text) -> None:
        chunks = self._splitter.split(text.text) if self._splitter else [text.text]
        for place, chunk in enumerate(chunks):
            if place:
                self._end_word()
            if chunk:
                is_loose = text.is_loose or UNKNOWN in chunk
                self._pieces.append(Text(chunk, text.origins, is_loose))

    def _end_word(self) -> None:
        if self._pieces:
            self._done.append(join(self._pieces))
            self._pieces = []


def _count(found: re.Match[str]) -> Iterator[str]:
    """The numbers that a loop counts through, of many only both ends."""
    numbers = range(int(found["first"]), int(found["last"]) + len(found["sign"]) - 1)
    return map(str, numbers if len(numbers) <= 300 else [*numbers[:8], *numbers[-8:]])


def find_parameters(tree: object) -> Iterator[str]:
    """Names of the parameters anywhere in a part of the syntax tree."""
    if isinstance(tree, Parameter):
        yield tree.name
    if isinstance(tree, tuple):
        for item in tree:
            yield from find_parameters(item)
    elif is_dataclass(tree):
        for item in fields_of(tree):
            yield from find_parameters(getattr(tree, item.name))
