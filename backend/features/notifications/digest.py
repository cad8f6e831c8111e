"""Merges messages into one and makes a message fit; every title stays, details go first."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from backend.features.notifications.domain import (
    MAX_TITLE_CHARACTERS,
    Block,
    Delivery,
    Listing,
    Message,
    MessageKind,
    Paragraph,
    Table,
)
from backend.vocabulary.language import Language, Text

_DETAILED = 5
"""How many messages of a digest show more than their title."""
_ROWS = (50, 30, 20, 12, 8, 5, 3)
_TEXT_LENGTHS = (1000, 300, 80)
_REPEATED = Text(en="[may be a repetition] ", zh="[可能重复] ")
_MORE = Text(en="… {count} more", zh="… 另有 {count} 项")
_NAMES = {
    MessageKind.ALERT: Text(en="{count} alerts", zh="{count} 条告警"),
    MessageKind.RECOVERY: Text(en="{count} recoveries", zh="{count} 条恢复"),
    MessageKind.REPORT: Text(en="{count} reports", zh="{count} 份日报"),
    MessageKind.TEST: Text(en="{count} tests", zh="{count} 条测试"),
}


def compose(deliveries: Sequence[Delivery]) -> Message:
    """What is really sent: the one message, or a digest of several in the order given."""
    messages = [_mark(delivery) for delivery in deliveries]
    if len(messages) == 1:
        return messages[0]
    worst = max(messages, key=lambda message: message.severity.rank)
    return Message(
        key="digest",
        kind=worst.kind,
        severity=worst.severity,
        title=_title(messages, language=worst.language),
        blocks=tuple(block for position, message in enumerate(messages) for block in _part(message, position)),
        language=worst.language,
        link=worst.link,
    )


def fit(message: Message, *, size_of: Callable[[Message], int], limit: int) -> Message:
    """The message cut until it fits: first long tables and lists, then details from the end, then long texts."""
    for candidate in _smaller_and_smaller(message):
        if size_of(candidate) <= limit:
            return candidate
    return replace(message, title=_cut(message.title, MAX_TITLE_CHARACTERS), blocks=())


def _smaller_and_smaller(message: Message) -> Iterator[Message]:
    yield message
    for rows in _ROWS:
        yield _limit_rows(message, rows=rows)
    short = _limit_rows(message, rows=_ROWS[-1])
    details = sum(1 for block in message.blocks if not is_heading(block))
    for kept in range(details, -1, -1):
        yield _limit_details(short, kept=kept)
    for characters in _TEXT_LENGTHS:
        yield _limit_texts(short, characters=characters)
        yield _limit_texts(_limit_details(short, kept=0), characters=characters)


def _mark(delivery: Delivery) -> Message:
    message = delivery.message
    if not delivery.is_maybe_sent:
        return message
    return replace(message, title=_REPEATED.in_language(message.language) + message.title)


def _title(messages: Sequence[Message], *, language: Language) -> str:
    counts = Counter(message.kind for message in messages)
    named = [_NAMES[kind].in_language(language).format(count=count) for kind, count in counts.items()]
    return ("、" if language is Language.ZH else ", ").join(named)


def _part(message: Message, position: int) -> tuple[Block, ...]:
    heading = Paragraph(_cut(message.title, MAX_TITLE_CHARACTERS), is_strong=True)
    return (heading, *message.blocks) if position < _DETAILED else (heading,)


def _limit_rows(message: Message, *, rows: int) -> Message:
    """At most so many rows and items per block, with a word on the others."""
    return replace(
        message,
        blocks=tuple(
            part for block in message.blocks for part in _cut_block(block, rows=rows, language=message.language)
        ),
    )


def _cut_block(block: Block, *, rows: int, language: Language) -> tuple[Block, ...]:
    match block:
        case Table() if len(block.rows) > rows:
            kept: Block = replace(block, rows=block.rows[:rows])
            left = len(block.rows) - rows
        case Listing() if len(block.items) > rows:
            kept = replace(block, items=block.items[:rows])
            left = len(block.items) - rows
        case _:
            return (block,)
    return kept, Paragraph(_MORE.in_language(language).format(count=left))


def _limit_details(message: Message, *, kept: int) -> Message:
    """With the first so many blocks that are no headings."""
    positions = [position for position, block in enumerate(message.blocks) if not is_heading(block)]
    left_out = set(positions[kept:])
    return replace(
        message, blocks=tuple(block for position, block in enumerate(message.blocks) if position not in left_out)
    )


def _limit_texts(message: Message, *, characters: int) -> Message:
    blocks = tuple(
        replace(block, text=_cut(block.text, characters)) if isinstance(block, Paragraph) else block
        for block in message.blocks
    )
    return replace(message, blocks=blocks)


def is_heading(block: Block) -> bool:
    return isinstance(block, Paragraph) and block.is_strong


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
