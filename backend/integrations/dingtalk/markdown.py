"""Draws a message in the Markdown that DingTalk shows: headings, bold, lists, no tables."""

import re
from collections.abc import Iterable, Sequence

from backend.features.notifications.domain import Block, Commands, Facts, Listing, Message, Paragraph, Table
from backend.vocabulary.language import Language, Text
from backend.vocabulary.severity import Severity

_SIGNS = {Severity.CRITICAL: "🔴", Severity.WARNING: "🟠", Severity.INFO: "🔵"}
_DETAILS = Text(en="Details", zh="查看详情")
_SPACE = re.compile(r"\s+")


def draw(message: Message) -> str:
    """The whole text. Everything that came from hosts or clusters is defused: no link, image or mention comes of it."""
    parts = [f"### {_SIGNS[message.severity]} {defuse(message.title)}"]
    parts += [_draw_block(block, language=message.language) for block in message.blocks]
    if message.link is not None:
        parts.append(f"[{_DETAILS.in_language(message.language)}]({message.link})")
    return "\n\n".join(part for part in parts if part)


def defuse(text: str) -> str:
    """The same words on one line, without what DingTalk would read as a link, an image, HTML or a mention."""
    line = _SPACE.sub(" ", text).strip()
    return line.replace("](", "] (").replace("<", "＜").replace("@", "＠").replace("`", "ˋ")


def _draw_block(block: Block, *, language: Language) -> str:
    match block:
        case Paragraph():
            return f"**{defuse(block.text)}**" if block.is_strong else defuse(block.text)
        case Facts():
            colon = ":" if language is Language.ZH else ": "
            return _list(f"{defuse(label)}{colon}{defuse(value)}" for label, value in block.items)
        case Listing():
            return _list(defuse(item) for item in block.items)
        case Commands():
            lines = [line.replace("```", "'''") for line in block.lines]
            return "\n".join(["```", *lines, "```"]) if lines else ""
        case Table():
            return _list(_draw_row(block.columns, row) for row in block.rows)


def _draw_row(columns: Sequence[str], row: Sequence[str]) -> str:
    """`web-1 · CPU 12% · Memory 40%`: phones show no tables."""
    first, *others = (defuse(cell) for cell in row)
    named = [f"{defuse(column)} {cell}" for column, cell in zip(columns[1:], others, strict=False) if cell]
    return " · ".join([f"**{first}**", *named])


def _list(items: Iterable[str]) -> str:
    return "\n".join(f"- {item}" for item in items)
