"""Reads simple commands: words, assignments, redirections, and the here-documents that follow them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from command_safety.shell.cursor import Cursor, NotUnderstood
from command_safety.shell.syntax import Assignment, Heredoc, Literal, Redirect, SimpleCommand, Word
from command_safety.shell.words import ScriptReader, WordReader

_REDIRECT = re.compile(r"(\d+|\{[A-Za-z_]\w*\})?(&>>|&>|<<<|<<-|<<|<>|<&|>>|>\||>&|<|>)(?!\()")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*(?=\[|\+?=)", re.ASCII)
_DECLARATIONS = frozenset({"declare", "typeset", "export", "local", "readonly"})
_COMMENT = re.compile(r"#[^\n]*")


@dataclass(frozen=True, slots=True)
class _AwaitedHeredoc:
    delimiter: str
    is_literal: bool
    strips_tabs: bool
    heredoc: Heredoc


class SimpleCommandReader:
    """Reads simple commands from a cursor, and the here-documents after the line they stand on."""

    def __init__(self, cursor: Cursor, *, words: WordReader, read_script: ScriptReader) -> None:
        self._cursor = cursor
        self._words = words
        self._read_script = read_script
        self._awaited: list[_AwaitedHeredoc] = []

    def read_command(self) -> SimpleCommand:
        start = self._cursor.position
        words: list[Word | Assignment] = []
        assignments: list[Assignment] = []
        redirects: list[Redirect] = []
        while True:
            self._cursor.skip_blanks()
            if self._cursor.peek() == "#":
                break
            if self.read_redirect(redirects):
                continue
            takes_assignment = not words or _declares(words[0])
            found = (self._read_assignment() if takes_assignment else None) or self._words.read_word()
            if found is None:
                break
            if isinstance(found, Assignment) and not words:
                assignments.append(found)
            else:
                words.append(found)
        if not words and not assignments and not redirects:
            raise NotUnderstood(f"a command is missing at {start}")
        return SimpleCommand(tuple(words), self._cursor.text_since(start), tuple(assignments), tuple(redirects))

    def read_redirect(self, redirects: list[Redirect]) -> bool:
        """Read one redirection into the list; False when none stands here."""
        found = self._cursor.match(_REDIRECT)
        if found is None:
            return False
        self._cursor.advance(len(found.group()))
        self._cursor.skip_blanks()
        descriptor, operator = found.group(1) or "", found.group(2)
        word = self._words.read_word()
        if word is None:
            raise NotUnderstood("a file name is missing after a redirection")
        if operator in ("<<", "<<-"):
            heredoc = self._await_heredoc(word, strips_tabs=operator == "<<-")
            redirects.append(Redirect("<<", heredoc, descriptor=descriptor))
        else:
            redirects.append(Redirect(operator, word, descriptor=descriptor))
        return True

    def skip_separators(self) -> None:
        """Move past blanks, comments and newlines; after a newline come the here-documents."""
        while True:
            self._cursor.skip_blanks()
            if self._cursor.peek() == "#":
                self._cursor.take(_COMMENT)
            elif self._cursor.peek() == "\n":
                self._cursor.advance()
                self.read_heredocs()
            else:
                return

    def read_heredocs(self) -> None:
        """Read the text of every here-document that is awaited."""
        awaited, self._awaited = self._awaited, []
        for each in awaited:
            text = self._read_heredoc_text(each)
            if each.is_literal:
                each.heredoc.body = Word((Literal(text, is_quoted=True),))
            else:
                reader = WordReader(self._cursor.nested(text), read_script=self._read_script)
                each.heredoc.body = reader.read_heredoc_body()

    def check_heredocs(self) -> None:
        """At the end of the text a here-document without text is empty; before a bracket it is a riddle."""
        if self._awaited and not self._cursor.at_end:
            raise NotUnderstood("a here-document has no text")

    def _await_heredoc(self, word: Word, *, strips_tabs: bool) -> Heredoc:
        delimiter = word.literal
        if delimiter is None:
            raise NotUnderstood("a here-document ends with an expansion")
        is_literal = any(isinstance(part, Literal) and part.is_quoted for part in word.parts)
        heredoc = Heredoc()
        self._awaited.append(_AwaitedHeredoc(delimiter, is_literal, strips_tabs, heredoc))
        return heredoc

    def _read_heredoc_text(self, awaited: _AwaitedHeredoc) -> str:
        lines: list[str] = []
        while not self._cursor.at_end:
            line = self._cursor.take_line()
            line = line.lstrip("\t") if awaited.strips_tabs else line
            if line == awaited.delimiter:
                break
            lines.append(line + "\n")
        return "".join(lines)

    def _read_assignment(self) -> Assignment | None:
        start = self._cursor.position
        name = self._cursor.take(_ASSIGNMENT)
        if not name:
            return None
        index = self._words.read_until("]") if self._cursor.take_text("[") else None
        is_appending = self._cursor.take_text("+")
        if not self._cursor.take_text("="):
            self._cursor.position = start
            return None
        is_array = self._cursor.take_text("(")
        value = self._read_array() if is_array else self._words.read_word() or Word(())
        return Assignment(name, value, index=index, is_appending=is_appending)

    def _read_array(self) -> tuple[Word, ...]:
        words: list[Word] = []
        while True:
            self.skip_separators()
            if self._cursor.take_text(")"):
                return tuple(words)
            word = self._words.read_word()
            if word is None:
                raise NotUnderstood("')' is missing after an array")
            words.append(word)


def _declares(word: Word | Assignment) -> bool:
    return isinstance(word, Word) and word.literal in _DECLARATIONS
