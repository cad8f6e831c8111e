"""Reads words: quotes, expansions, substitutions."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import groupby

from command_safety.shell.cursor import Cursor, NotUnderstood
from command_safety.shell.quoting import decode_escapes, unescape_backticks
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

_PLAIN = re.compile(r"[^ \t\n\\'\"$`|&;()<>]+")
_PLAIN_IN_QUOTES = re.compile(r"[^\\\"$`]+")
_PLAIN_IN_HEREDOC = re.compile(r"[^\\$`]+")
_PLAIN_IN_ARITHMETIC = re.compile(r"[^\\'\"$`()]+")
_PLAIN_BEFORE = {"}": re.compile(r"[^\\'\"$`}<>]+"), "]": re.compile(r"[^\\'\"$`\]]+")}
_PARAMETER = re.compile(r"[A-Za-z_]\w*|[0-9]+|[@*#?$!_-]", re.ASCII)
_SHORT_PARAMETER = re.compile(r"[A-Za-z_]\w*|[0-9@*#?$!_-]", re.ASCII)
_OPERATOR = re.compile(r":[-=+?]|[-=+?]|##?|%%?|//|/[#%]?|\^\^?|,,?|@[A-Za-z]|:")
_PATTERN_OPERATORS = ("#", "%", "/", "^", ",")
_METACHARACTERS = frozenset(" \t\n|&;()<>")
_PATTERN_SIGNS = "?*+@!"
_ANSI_QUOTED = re.compile(r"\$'((?:[^'\\]|\\.)*)'", re.DOTALL)
_BACKTICKS = re.compile(r"`((?:[^`\\]|\\.)*)`", re.DOTALL)
_BRACKETS = {"(": 1, ")": -1}

ScriptReader = Callable[[Cursor], Script]
"""Reads a script up to, not including, the text that must close it."""


class WordReader:
    """Reads words from a cursor; scripts inside them are read by the given reader."""

    def __init__(self, cursor: Cursor, *, read_script: ScriptReader) -> None:
        self._cursor = cursor
        self._read_script = read_script

    def read_word(self) -> Word | None:
        """The word at the cursor; None when there is none."""
        parts: list[Part] = []
        while not self._cursor.at_end:
            character = self._cursor.peek()
            if self._at_process_substitution():
                parts.append(self._read_process_substitution())
            elif character in _METACHARACTERS:
                break
            elif not self._read_special(parts, character):
                self._read_plain(parts)
        return _make_word(parts) if parts else None

    def read_until(self, closing: str, *, has_quotes: bool = True) -> Word:
        """Everything up to the closing bracket, as one word that may hold blanks; moves past it.

        Without quotes, a single quote stands for itself, as it does inside double ones.
        """
        parts: list[Part] = []
        while not self._cursor.take_text(closing):
            if self._cursor.at_end:
                raise NotUnderstood(f"{closing!r} is missing")
            character = self._cursor.peek()
            if self._at_process_substitution():
                parts.append(self._read_process_substitution())
            elif character == "'" and not has_quotes:
                _append(parts, self._cursor.take_one())
            elif not self._read_special(parts, character):
                _append(parts, self._cursor.take(_PLAIN_BEFORE[closing]) or self._cursor.take_one())
        return _make_word(parts)

    def read_arithmetic(self) -> Word:
        """An expression up to `))`; moves past it. Raises NotUnderstood when a single `)` closes it."""
        parts: list[Part] = []
        open_brackets = 0
        while True:
            if self._cursor.at_end:
                raise NotUnderstood("'))' is missing")
            character = self._cursor.peek()
            if character == ")" and open_brackets == 0:
                self._cursor.expect("))")
                return _make_word(parts)
            open_brackets += _BRACKETS.get(character, 0)
            if not self._read_special(parts, character):
                _append(parts, self._cursor.take(_PLAIN_IN_ARITHMETIC) or self._cursor.take_one())

    def read_pattern(self) -> Word | None:
        """The right side of `=~`: brackets and bars belong to it."""
        parts: list[Part] = []
        open_brackets = 0
        while not self._cursor.at_end:
            character = self._cursor.peek()
            if open_brackets == 0 and (character == ")" or character.isspace()):
                break
            if self._at_process_substitution():
                parts.append(self._read_process_substitution())
                continue
            open_brackets += _BRACKETS.get(character, 0)
            if not self._read_special(parts, character):
                _append(parts, self._cursor.take_one())
        return _make_word(parts) if parts else None

    def read_heredoc_body(self) -> Word:
        """The whole text of the cursor, expanded as here-documents are."""
        parts: list[Part] = []
        while not self._cursor.at_end:
            character = self._cursor.peek()
            if character == "\\":
                self._read_quoted_backslash(parts, escaped="$`\\")
            elif not self._read_expansion(parts, character, is_quoted=True):
                _append(parts, self._cursor.take(_PLAIN_IN_HEREDOC), is_quoted=True)
        return _make_word(parts)

    def _at_process_substitution(self) -> bool:
        return self._cursor.peek(2) in ("<(", ">(")

    def _read_special(self, parts: list[Part], character: str) -> bool:
        """Read a quote, a backslash or an expansion; False when none stands here."""
        if character == "\\":
            self._cursor.advance()
            escaped = self._cursor.peek()
            if escaped != "\n":
                _append(parts, escaped or "\\", is_quoted=True)
            if escaped:
                self._cursor.advance()
        elif character == "'":
            _append(parts, self._read_single_quoted(), is_quoted=True)
        elif character == '"':
            self._read_double_quoted(parts)
        elif self._cursor.starts_with("$'"):
            _append(parts, self._read_ansi_quoted(), is_quoted=True)
        elif self._cursor.starts_with('$"'):
            self._cursor.advance()
            self._read_double_quoted(parts)
        else:
            return self._read_expansion(parts, character, is_quoted=False)
        return True

    def _read_plain(self, parts: list[Part]) -> None:
        text = self._cursor.take(_PLAIN)
        if text and text[-1] in _PATTERN_SIGNS and self._cursor.peek() == "(":
            # An extended pattern such as `!(keep)`.
            _append(parts, text + self._cursor.take_one())
            self._read_pattern_group(parts)
        else:
            _append(parts, text or self._cursor.take_one())

    def _read_pattern_group(self, parts: list[Part]) -> None:
        open_brackets = 1
        while open_brackets:
            if self._cursor.at_end:
                raise NotUnderstood("')' is missing")
            if self._at_process_substitution():
                parts.append(self._read_process_substitution())
                continue
            character = self._cursor.peek()
            open_brackets += _BRACKETS.get(character, 0)
            if not self._read_special(parts, character):
                _append(parts, self._cursor.take_one())

    def _read_single_quoted(self) -> str:
        end = self._cursor.source.find("'", self._cursor.position + 1)
        if end < 0:
            raise NotUnderstood("a single quote is not closed")
        text = self._cursor.source[self._cursor.position + 1 : end]
        self._cursor.advance(len(text) + 2)
        return text

    def _read_ansi_quoted(self) -> str:
        found = self._cursor.match(_ANSI_QUOTED)
        if found is None:
            raise NotUnderstood("$' is not closed")
        self._cursor.advance(len(found.group()))
        return decode_escapes(found.group(1))

    def _read_double_quoted(self, parts: list[Part]) -> None:
        self._cursor.advance()
        if self._cursor.peek() == '"':
            # Even an empty string is a word, unlike `"$@"` without parameters.
            _append(parts, "", is_quoted=True)
        while not self._cursor.take_text('"'):
            if self._cursor.at_end:
                raise NotUnderstood("a double quote is not closed")
            character = self._cursor.peek()
            if character == "\\":
                self._read_quoted_backslash(parts, escaped='$`"\\')
            elif not self._read_expansion(parts, character, is_quoted=True):
                _append(parts, self._cursor.take(_PLAIN_IN_QUOTES), is_quoted=True)

    def _read_quoted_backslash(self, parts: list[Part], *, escaped: str) -> None:
        self._cursor.advance()
        following = self._cursor.peek()
        if following == "\n":
            self._cursor.advance()
        elif following and following in escaped:
            _append(parts, self._cursor.take_one(), is_quoted=True)
        else:
            _append(parts, "\\", is_quoted=True)

    def _read_expansion(self, parts: list[Part], character: str, *, is_quoted: bool) -> bool:
        """Read what a `$` or a backtick begins; False when none stands here."""
        if character == "`":
            parts.append(self._read_backticks(is_quoted=is_quoted))
        elif character != "$":
            return False
        elif self._cursor.starts_with("$(("):
            parts.append(self._read_arithmetic_or_substitution(is_quoted=is_quoted))
        elif self._cursor.starts_with("$("):
            parts.append(self._read_substitution(is_quoted=is_quoted))
        elif self._cursor.starts_with("${"):
            parts.append(self._read_braced_parameter(is_quoted=is_quoted))
        elif self._cursor.starts_with("$["):
            self._cursor.advance(2)
            parts.append(Arithmetic(self.read_until("]"), is_quoted=is_quoted))
        else:
            self._cursor.advance()
            name = self._cursor.take(_SHORT_PARAMETER)
            parts.append(Parameter(name, is_quoted=is_quoted) if name else Literal("$", is_quoted=True))
        return True

    def _read_backticks(self, *, is_quoted: bool) -> CommandSubstitution:
        found = self._cursor.match(_BACKTICKS)
        if found is None:
            raise NotUnderstood("a backtick is not closed")
        self._cursor.advance(len(found.group()))
        inner = self._cursor.nested(unescape_backticks(found.group(1), in_double_quotes=is_quoted))
        script = self._read_script(inner)
        if not inner.at_end:
            raise NotUnderstood("unexpected text between backticks")
        return CommandSubstitution(script, is_quoted=is_quoted)

    def _read_substitution(self, *, is_quoted: bool) -> CommandSubstitution:
        self._cursor.advance(2)
        return CommandSubstitution(self._read_inner_script(), is_quoted=is_quoted)

    def _read_process_substitution(self) -> ProcessSubstitution:
        is_output = self._cursor.take_one() == ">"
        self._cursor.advance()
        return ProcessSubstitution(self._read_inner_script(), is_output=is_output)

    def _read_inner_script(self) -> Script:
        self._cursor.enter()
        script = self._read_script(self._cursor)
        self._cursor.expect(")")
        self._cursor.leave()
        return script

    def _read_arithmetic_or_substitution(self, *, is_quoted: bool) -> Arithmetic | CommandSubstitution:
        start, depth = self._cursor.position, self._cursor.depth
        self._cursor.enter()
        self._cursor.pay_for_attempt()
        try:
            self._cursor.advance(3)
            expression = self.read_arithmetic()
        except NotUnderstood:
            # `$((a); b)` is a substitution that begins with a subshell.
            self._cursor.position, self._cursor.depth = start, depth
            return self._read_substitution(is_quoted=is_quoted)
        self._cursor.leave()
        return Arithmetic(expression, is_quoted=is_quoted)

    def _read_braced_parameter(self, *, is_quoted: bool) -> Parameter:
        self._cursor.advance(2)
        self._cursor.enter()
        is_length = self._take_prefix("#")
        is_indirect = not is_length and self._take_prefix("!")
        name = self._cursor.take(_PARAMETER)
        if not name:
            raise NotUnderstood("'${' without a name")
        index = self.read_until("]") if self._cursor.take_text("[") else None
        operator = ""
        argument = None
        if not self._cursor.take_text("}"):
            operator = self._cursor.take(_OPERATOR)
            if not operator and not (is_indirect and self._cursor.peek() in ("*", "@")):
                raise NotUnderstood("an unknown operator in '${'")
            argument = self.read_until("}", has_quotes=not is_quoted or operator[:1] in _PATTERN_OPERATORS)
        self._cursor.leave()
        return Parameter(
            name,
            is_quoted=is_quoted,
            operator=operator,
            argument=argument,
            index=index,
            is_length=is_length,
            is_indirect=is_indirect,
        )

    def _take_prefix(self, sign: str) -> bool:
        """`#` and `!` are prefixes only before a name; alone they are names themselves."""
        following = self._cursor.peek(2)[1:]
        is_prefix = self._cursor.peek() == sign and (following.isalnum() or following in tuple("_@*?$!-"))
        if is_prefix:
            self._cursor.advance()
        return is_prefix


def _append(parts: list[Part], text: str, *, is_quoted: bool = False) -> None:
    parts.append(Literal(text, is_quoted=is_quoted))


def _make_word(parts: list[Part]) -> Word:
    """A word in which neighbouring literals of one kind are one."""
    if len(parts) < 2:
        return Word(tuple(parts))
    merged: list[Part] = []
    for is_quoted, group in groupby(parts, key=lambda part: part.is_quoted if isinstance(part, Literal) else None):
        if is_quoted is None:
            merged.extend(group)
        else:
            text = "".join(part.text for part in group if isinstance(part, Literal))
            merged.append(Literal(text, is_quoted=is_quoted))
    return Word(tuple(merged))
