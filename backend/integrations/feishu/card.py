"""Draws a message as a Feishu card (JSON 2.0), of plain text elements: nothing in them is markup or a mention."""

from backend.features.notifications.domain import (
    Block,
    Commands,
    Facts,
    Listing,
    Message,
    MessageKind,
    Paragraph,
    Table,
)
from backend.vocabulary.language import Language, Text
from backend.vocabulary.severity import Severity

Element = dict[str, object]

_COLOURS = {Severity.CRITICAL: "red", Severity.WARNING: "orange", Severity.INFO: "blue"}
_DETAILS = Text(en="Details", zh="查看详情")
_ROWS_PER_PAGE = 10


def draw(message: Message) -> Element:
    """The card: a coloured header, one element per block, a button to the product."""
    elements = [element for block in message.blocks for element in _draw_block(block, language=message.language)]
    if message.link is not None:
        elements.append(_button(_DETAILS.in_language(message.language), url=message.link))
    colour = "green" if message.kind is MessageKind.RECOVERY else _COLOURS[message.severity]
    return {
        "schema": "2.0",
        "header": {"title": {"tag": "plain_text", "content": message.title}, "template": colour},
        "body": {"elements": elements or [_plain(message.title)]},
    }


def _draw_block(block: Block, *, language: Language) -> list[Element]:
    match block:
        case Paragraph():
            return [_plain(block.text, size="heading" if block.is_strong else "normal")]
        case Facts():
            colon = ":" if language is Language.ZH else ": "
            return [_plain("\n".join(f"{label}{colon}{value}" for label, value in block.items))]
        case Listing():
            return [_plain("\n".join(f"• {item}" for item in block.items))] if block.items else []
        case Commands():
            return [_plain("\n".join(f"$ {line}" for line in block.lines))] if block.lines else []
        case Table():
            return [_table(block)] if block.rows else []


def _plain(text: str, *, size: str = "normal") -> Element:
    return {"tag": "div", "text": {"tag": "plain_text", "content": text, "text_size": size}}


def _table(table: Table) -> Element:
    names = [f"c{position}" for position in range(len(table.columns))]
    return {
        "tag": "table",
        "page_size": _ROWS_PER_PAGE,
        "row_height": "low",
        "columns": [
            {"name": name, "display_name": column, "data_type": "text"}
            for name, column in zip(names, table.columns, strict=True)
        ],
        "rows": [dict(zip(names, row, strict=False)) for row in table.rows],
    }


def _button(text: str, *, url: str) -> Element:
    return {
        "tag": "button",
        "text": {"tag": "plain_text", "content": text},
        "type": "primary",
        "behaviors": [{"type": "open_url", "default_url": url}],
    }
