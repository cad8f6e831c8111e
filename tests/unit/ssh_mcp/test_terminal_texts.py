"""Prompts among output, and what a terminal showed as text."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssh_mcp.terminals.screen import KEPT_BYTES, Screen, clean_terminal, show
from ssh_mcp.terminals.shell import Prompt, PromptFilter, find_unsendable, only_changes_directory

PROMPT = b"\x1etag:3:42:7:/srv/app\x1f"


def feed_all(pieces: list[bytes]) -> tuple[bytes, list[Prompt]]:
    prompts = PromptFilter("tag")
    shown, found = b"", []
    for piece in pieces:
        for part in prompts.feed(piece):
            if isinstance(part, Prompt):
                found.append(part)
            else:
                shown += part
    return shown + prompts.end(), found


@given(st.lists(st.integers(0, 60), max_size=5))
def test_prompt_is_found_in_any_pieces(cuts: list[int]) -> None:
    data = b"output \x1e and more\r\n" + PROMPT + b"after"
    places = sorted({0, *[min(cut, len(data)) for cut in cuts], len(data)})

    shown, found = feed_all([data[start:end] for start, end in pairwise(places)])

    assert shown == b"output \x1e and more\r\nafter"
    assert found == [Prompt(exit_code=3, pid=42, number=7, directory="/srv/app")]


@pytest.mark.parametrize(
    "forged", [b"\x1eother:0:1:1:/\x1f", b"\x1etag:0:1:/\x1f", b"\x1e" + b"x" * 10_000, b"\x1etag:0:1:1:/"]
)
def test_imitations_stay_output(forged: bytes) -> None:
    shown, found = feed_all([forged])

    assert (shown, found) == (forged, [])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cd", True),
        ("cd /var/log", True),
        ("  cd -- ../x_1.d ", True),
        ("cd -", True),
        ("cd ~ops", True),
        ("cd $HOME", False),
        ("cd /tmp; ls", False),
        ("cd /tmp\nls", False),
        ("cd `id`", False),
        ("cdrecord /dev/sr0", False),
    ],
)
def test_plain_changes_of_directory_are_told_from_everything_else(text: str, expected: bool) -> None:
    assert only_changes_directory(text) is expected


def test_lines_that_no_terminal_takes_are_told() -> None:
    assert find_unsendable(b"x" * 3000 + b"\n" + b"y" * 3000) is None
    assert "use ssh-execute" in (find_unsendable(b"x" * 4001) or "")


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"abc\b\bX\n", "aX"),
        ("你好\b们\n".encode(), "你们"),
        (b"\x1b(B\x1b[m\x1b[Kplain\x07", "plain"),
        (b"50%\r\x1b[K100%\r\n", "100%"),
        (b"Continue? [y/N] ", "Continue? [y/N] "),
    ],
)
def test_terminal_control_is_gone(data: bytes, text: str) -> None:
    assert clean_terminal(data) == text


@given(st.lists(st.binary(max_size=20_000), max_size=8))
def test_screen_keeps_both_ends_in_bounded_memory(chunks: list[bytes]) -> None:
    screen, whole = Screen(), b"".join(chunks)
    for chunk in chunks:
        screen.feed(chunk)

    head, tail, total = screen.take()

    assert total == len(whole)
    assert whole.startswith(head)
    assert whole.endswith(tail)
    assert len(head) + len(tail) <= 2 * KEPT_BYTES
    assert screen.take() == (b"", b"", 0)


def test_flood_is_shown_with_a_note() -> None:
    text, is_cut = show(b"a\n" * 20, b"z\n" * 20, total_bytes=1_000_000, max_characters=30)

    assert is_cut
    assert text.startswith("a\na\n")
    assert "1000000 bytes in all" in text
    assert text.endswith("z\nz")
