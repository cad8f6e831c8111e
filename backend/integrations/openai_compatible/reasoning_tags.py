"""Separates `<think>…</think>` at the start of an answer from the answer."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

Piece: TypeAlias = tuple[Literal["text", "reasoning"], str]

_OPEN = "<think>"
_CLOSE = "</think>"


@dataclass(slots=True)
class ReasoningTagSplitter:
    """Fed with deltas cut anywhere; gives back what is certain so far."""

    _state: Literal["start", "reasoning", "gap", "text"] = "start"
    _held: str = ""

    def feed(self, delta: str) -> list[Piece]:
        self._held += delta
        pieces: list[Piece] = []
        if self._state == "start":
            self._leave_start()
        if self._state == "reasoning":
            pieces += self._take_reasoning()
        if self._state == "gap":
            self._held = self._held.lstrip("\n")
            self._state = "text" if self._held else "gap"
        if self._state == "text" and self._held:
            pieces.append(("text", self._held))
            self._held = ""
        return pieces

    def finish(self) -> list[Piece]:
        """What was held back because a tag might have followed."""
        held, self._held = self._held, ""
        kind: Literal["text", "reasoning"] = "reasoning" if self._state == "reasoning" else "text"
        return [(kind, held)] if held else []

    def _leave_start(self) -> None:
        begun = self._held.lstrip()
        if begun.startswith(_OPEN):
            self._state, self._held = "reasoning", begun.removeprefix(_OPEN)
        elif not _OPEN.startswith(begun):
            self._state = "text"

    def _take_reasoning(self) -> list[Piece]:
        reasoning, tag, rest = self._held.partition(_CLOSE)
        if tag:
            self._state, self._held = "gap", rest
        else:
            keep = _overlap(reasoning, _CLOSE)
            reasoning, self._held = reasoning[: len(reasoning) - keep], reasoning[len(reasoning) - keep :]
        return [("reasoning", reasoning)] if reasoning else []


def _overlap(text: str, tag: str) -> int:
    """How many characters at the end of the text could begin the tag."""
    return next((size for size in range(len(tag) - 1, 0, -1) if text.endswith(tag[:size])), 0)
