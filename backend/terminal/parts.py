"""What of an answer is finished and can be printed for good, while the rest is still growing."""

import re
import unicodedata
from dataclasses import dataclass, field
from typing import Any

from backend.features.chat.domain import MessageState
from backend.features.chat.transcript import Block, Fold

FINAL_CALL_STATUSES = frozenset({"ok", "error", "declined", "unknown", "cancelled"})
_FENCE = re.compile(r" {0,3}(```+|~~~+)")
_EMPHASIS_BEFORE_TEXT = re.compile(r"\*\*([^*\n]+?)([,。:;!?、,:)】」』]+)\*\*(?=\w)")
_KEPT_CONTROLS = frozenset("\n\t")
_BIDIRECTIONAL = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@dataclass(frozen=True, slots=True)
class Part:
    """One thing to print: `kind` is that of a block, or "withdrawn". `block` is empty for the latter."""

    kind: str
    text: str = ""
    block: Block = field(default_factory=dict)
    is_continued: bool = False
    """The part goes on a text of which earlier paragraphs were printed."""


@dataclass(slots=True)
class PartReader:
    """Remembers what was printed. Feed it the fold after every event; every part comes out once."""

    printed: dict[str, int] = field(default_factory=dict)
    """Printed characters per text block; -1 for blocks that are done with."""

    def read_new(self, fold: Fold) -> list[Part]:
        parts = self._read_withdrawn(fold)
        is_over = fold.state is not MessageState.STREAMING
        for position, block in enumerate(fold.blocks):
            if self.printed.get(block["id"]) == -1:
                continue
            is_closed = is_over or position < len(fold.blocks) - 1
            part = self._read_text(block, is_closed=is_closed) if block["type"] == "text" else None
            if part is None and block["type"] != "text" and _is_final(block, is_closed=is_closed):
                self.printed[block["id"]] = -1
                part = Part(kind=block["type"], block=block)
            if part is not None:
                parts.append(part)
        return parts

    def mark_printed(self, fold: Fold) -> None:
        """Pass over what is there: it is shown already, or not wanted."""
        for block in fold.blocks:
            is_text = block["type"] == "text"
            if is_text or _is_final(block, is_closed=True):
                self.printed[block["id"]] = len(block["text"]) if is_text else -1

    def read_tail(self, fold: Fold) -> str:
        """The text that is still growing."""
        last = fold.blocks[-1] if fold.blocks else None
        if last is None or last["type"] != "text":
            return ""
        start = self.printed.get(last["id"], 0)
        return "" if start < 0 else str(last["text"][start:])

    def _read_text(self, block: Block, *, is_closed: bool) -> Part | None:
        start = self.printed.get(block["id"], 0)
        rest = block["text"][start:]
        end = len(rest) if is_closed else find_finished(rest)
        self.printed[block["id"]] = -1 if is_closed else start + end
        if not rest[:end].strip():
            return None
        return Part(kind="text", text=rest[:end].strip("\n"), is_continued=start > 0)

    def _read_withdrawn(self, fold: Fold) -> list[Part]:
        present = {block["id"] for block in fold.blocks}
        gone = [block_id for block_id in self.printed if block_id not in present]
        was_visible = any(self.printed.pop(block_id) != 0 for block_id in gone)
        return [Part(kind="withdrawn")] if was_visible else []


def find_finished(text: str) -> int:
    """Where the last finished block of Markdown ends: at an empty line outside code, before an unindented line."""
    end, offset, fence, was_empty = 0, 0, "", False
    for line in text.splitlines(keepends=True):
        match = _FENCE.match(line)
        if was_empty and not fence and line.strip() and not line[0].isspace():
            end = offset
        if match is not None:
            mark = match.group(1)
            if not fence:
                fence = mark
            elif mark.startswith(fence) and not line.strip().strip(mark[0]):
                fence = ""
        was_empty = not line.strip() and not fence
        offset += len(line)
    return end


def clean_text(text: str) -> str:
    """Without what could move the cursor, change colours or turn the writing around: texts come from logs too."""
    return "".join(
        character
        for character in text
        if character in _KEPT_CONTROLS
        or (unicodedata.category(character) not in {"Cc", "Cs"} and character not in _BIDIRECTIONAL)
    )


def mend_emphasis(markdown: str) -> str:
    """Markdown closes no emphasis between Chinese punctuation and a letter; the punctuation moves out of it."""
    return _EMPHASIS_BEFORE_TEXT.sub(r"**\1**\2", markdown)


def read_result(fold: Fold) -> dict[str, Any]:  # Any: JSON
    """An answer as one JSON object for programs."""
    return {
        "text": "\n\n".join(block["text"] for block in fold.blocks if block["type"] == "text"),
        "tool_calls": [
            {key: block[key] for key in ("name", "server", "arguments", "risk", "status", "duration_ms", "error")}
            for block in fold.blocks
            if block["type"] == "tool_call"
        ],
        "usage": {"input_tokens": fold.input_tokens, "output_tokens": fold.output_tokens},
    }


def find_open_approval(fold: Fold) -> Block | None:
    """The question that a person has to answer before the turn goes on."""
    approvals = (block["approval"] for block in fold.blocks if block["type"] == "approval")
    return next((approval for approval in approvals if approval["state"] == "pending"), None)


def _is_final(block: Block, *, is_closed: bool) -> bool:
    match block["type"]:
        case "tool_call":
            return block["status"] in FINAL_CALL_STATUSES
        case "approval":
            return str(block["approval"]["state"]) != "pending"
        case "reasoning":
            return is_closed
        case _:
            return True
