"""A place in the text of a script, and the limits of reading it."""

from __future__ import annotations

import re

MAX_DEPTH = 40
_ATTEMPT = 100
_BLANKS = re.compile(r"(?:[ \t]|\\\n)*")


class NotUnderstood(ValueError):
    """The text is no complete script of the language that is known here."""


class Cursor:
    """Moves over one text; steps are paid from a budget, so going back and reading again stays linear."""

    def __init__(self, source: str, *, depth: int = 0) -> None:
        if depth > MAX_DEPTH:
            raise NotUnderstood("nested too deeply")
        self.source = source
        self.position = 0
        self.depth = depth
        self._steps_left = 2_000 + 8 * len(source)

    @property
    def at_end(self) -> bool:
        return self.position >= len(self.source)

    def peek(self, length: int = 1) -> str:
        return self.source[self.position : self.position + length]

    def starts_with(self, text: str) -> bool:
        return self.source.startswith(text, self.position)

    def match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        return pattern.match(self.source, self.position)

    def advance(self, length: int = 1) -> None:
        self._steps_left -= length
        if self._steps_left < 0:
            raise NotUnderstood("too many ways to read it")
        self.position += length

    def take(self, pattern: re.Pattern[str]) -> str:
        """Move past what the pattern matches here; may be nothing."""
        found = pattern.match(self.source, self.position)
        text = found.group() if found else ""
        self.advance(len(text))
        return text

    def take_one(self) -> str:
        character = self.peek()
        self.advance()
        return character

    def take_text(self, text: str) -> bool:
        """Move past this text when it stands here."""
        if not self.starts_with(text):
            return False
        self.advance(len(text))
        return True

    def take_line(self) -> str:
        """The rest of the line without its end; moves past both."""
        end = self.source.find("\n", self.position)
        line = self.source[self.position :] if end < 0 else self.source[self.position : end]
        self.advance(len(line) + (end >= 0))
        return line

    def text_since(self, start: int) -> str:
        return self.source[start : self.position].strip()

    def expect(self, text: str) -> None:
        if not self.take_text(text):
            raise NotUnderstood(f"{text!r} expected at {self.position}")

    def skip_blanks(self) -> None:
        self.take(_BLANKS)

    def pay_for_attempt(self) -> None:
        """Called before a way of reading that may have to be taken back."""
        self._steps_left -= _ATTEMPT

    def enter(self) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise NotUnderstood("nested too deeply")

    def leave(self) -> None:
        self.depth -= 1

    def nested(self, source: str) -> Cursor:
        """A cursor over text that was quoted in this one, such as that between backticks."""
        return Cursor(source, depth=self.depth + 1)
