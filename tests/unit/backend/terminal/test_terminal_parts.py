"""What the terminal prints while an answer grows."""

import json
from pathlib import Path
from typing import Any

import pytest

from backend.features.chat.transcript import Fold, fold_event
from backend.terminal.parts import Part, PartReader, clean_text, find_finished, find_open_approval, mend_emphasis
from backend.terminal.views import describe_part, render_end
from backend.vocabulary.language import Language

LOGS = sorted((Path(__file__).parents[3] / "data" / "event_logs").glob("*.json"))


def read_log(path: Path) -> list[dict[str, Any]]:  # Any: JSON
    return list(json.loads(path.read_text())["events"])


def play(events: list[dict[str, Any]]) -> tuple[Fold, list[Part]]:  # Any: JSON
    fold, reader, parts = Fold(), PartReader(), []
    for event in events:
        fold_event(fold, event)
        parts.extend(reader.read_new(fold))
    return fold, parts


@pytest.mark.parametrize("path", LOGS, ids=lambda path: path.stem)
def test_every_finished_block_is_printed_once(path: Path) -> None:
    fold, parts = play(read_log(path))

    calls = [block["id"] for block in fold.blocks if block["type"] == "tool_call"]
    printed_calls = [part.block["id"] for part in parts if part.kind == "tool_call"]
    text = "".join(block["text"] for block in fold.blocks if block["type"] == "text")
    printed = "".join(part.text for part in parts if part.kind == "text")
    waiting = [block["id"] for block in fold.blocks if block.get("status") == "awaiting_approval"]
    assert sorted([*printed_calls, *waiting]) == sorted(calls)
    if not any(part.kind == "withdrawn" for part in parts):
        assert printed.replace("\n", "") == text.replace("\n", "")


@pytest.mark.parametrize("path", LOGS, ids=lambda path: path.stem)
@pytest.mark.parametrize("language", list(Language))
def test_every_part_has_a_line_in_both_languages(path: Path, language: Language) -> None:
    fold, parts = play(read_log(path))

    assert all(describe_part(part, language=language).plain for part in parts if part.kind != "text")
    assert "\x1b" not in render_end(fold, language=language).plain


def test_text_that_broke_off_is_marked_as_withdrawn() -> None:
    start = {"type": "TEXT_MESSAGE_START", "messageId": "m"}
    delta = {"type": "TEXT_MESSAGE_CONTENT", "messageId": "m", "delta": "First.\n\nSecond"}
    discarded = {"type": "CUSTOM", "name": "message-discarded", "value": {"messageIds": ["m"], "toolCallIds": []}}

    _fold, parts = play([start, delta, discarded])

    assert [(part.kind, part.text) for part in parts] == [("text", "First."), ("withdrawn", "")]


def test_approval_that_waits_is_found_and_not_printed_as_decided() -> None:
    path = next(path for path in LOGS if path.stem == "approval_interrupt")

    fold, parts = play(read_log(path))

    assert find_open_approval(fold) is not None
    assert [part.kind for part in parts if part.kind == "approval"] == []


def test_what_was_shown_before_is_not_printed_again() -> None:
    path = next(path for path in LOGS if path.stem == "approval_interrupt")
    fold, _parts = play(read_log(path))
    reader = PartReader()

    reader.mark_printed(fold)

    assert reader.read_new(fold) == []


@pytest.mark.parametrize(
    ("text", "finished"),
    [
        ("One", ""),
        ("One\n\n", ""),
        ("One\n\nTwo", "One\n\n"),
        ("- a\n\n  still a\n\nTwo", "- a\n\n  still a\n\n"),
        ("```\ncode\n\nmore", ""),
        ("```\ncode\n\nmore\n```\n\nTwo", "```\ncode\n\nmore\n```\n\n"),
        ("~~~~\n```\n\n~~~~\n\nTwo", "~~~~\n```\n\n~~~~\n\n"),
        ("| a |\n| - |\n| 1 |\n", ""),
    ],
)
def test_only_whole_blocks_of_markdown_are_finished(text: str, finished: str) -> None:
    assert text[: find_finished(text)] == finished


def test_texts_cannot_drive_the_terminal() -> None:
    hostile = "\x1b[2J\x1b]0;title\x07delete\u202eyes\u2069 pod\x9b31m\r\nweb\t1"

    assert clean_text(hostile) == "[2J]0;titledeleteyes pod31m\nweb\t1"


def test_chinese_emphasis_before_text_is_closed() -> None:
    assert mend_emphasis("**注意:**正文 **a**b") == "**注意**:正文 **a**b"
