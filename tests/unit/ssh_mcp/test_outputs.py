"""What is kept and shown of what a command writes."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssh_mcp.commands.capture import CapturedStream, OutputCapture, StreamName
from ssh_mcp.commands.output_text import CleanStream, clean_text, measure, share_room
from ssh_mcp.commands.wrapping import MarkerFilter
from ssh_mcp.errors import UnknownOutput
from ssh_mcp.records.outputs import OutputStore
from ssh_mcp.records.pruning import prune


class KeptFile(io.BytesIO):
    """Remembers its content when it is closed."""

    content = b""

    def close(self) -> None:
        if not self.closed:
            self.content = self.getvalue()
        super().close()


def capture_all(chunks: list[bytes], *, capacity: int) -> tuple[CapturedStream, bytes, bool]:
    """What is captured of standard output, what is in the file, and whether the limit was reached."""
    files: list[KeptFile] = []

    def open_file(_: StreamName) -> KeptFile:
        files.append(KeptFile())
        return files[-1]

    capture = OutputCapture(open_file, capacity=capacity)
    for chunk in chunks:
        capture.feed("stdout", chunk)
    captured = capture.finish()["stdout"]
    return captured, files[0].content if files else b"", capture.is_full.is_set()


@given(st.lists(st.binary(max_size=50), max_size=60), st.sampled_from([2, 8, 32, 200]))
def test_head_and_tail_are_those_of_the_whole(chunks: list[bytes], capacity: int) -> None:
    whole = b"".join(chunks)[: capacity * 64]

    captured, file, is_full = capture_all(chunks, capacity=capacity)

    assert captured.total_bytes == len(whole)
    assert whole.startswith(captured.head)
    assert whole.endswith(captured.tail)
    assert is_full is (len(b"".join(chunks)) > capacity * 64)
    if len(whole) <= capacity:
        assert (captured.head, captured.tail, file) == (whole, b"", b"")
    else:
        assert file == whole
        assert len(captured.head) == len(captured.tail) == capacity // 2


def test_output_after_the_end_is_dropped() -> None:
    capture = OutputCapture(lambda _: io.BytesIO(), capacity=10)
    capture.feed("stdout", b"early")
    capture.close()
    capture.feed("stdout", b"late")

    assert capture.finish()["stdout"].head == b"early"


@pytest.mark.parametrize("cut", range(1, 40, 3))
def test_report_of_the_process_group_is_found_in_any_pieces_and_taken_out(cut: int) -> None:
    data = b"noise of the start\n\x1etag:4711\x1freal error\n"
    marker = MarkerFilter("tag")

    left = marker.feed(data[:cut]) + marker.feed(data[cut:]) + marker.end()

    assert marker.process_group == 4711
    assert left == b"noise of the start\nreal error\n"


def test_without_a_report_nothing_is_lost() -> None:
    marker = MarkerFilter("tag")

    left = marker.feed(b"a" * 3000) + marker.feed(b"b" * 3000) + marker.end()

    assert marker.process_group is None
    assert left == b"a" * 3000 + b"b" * 3000


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"one\r\ntwo\r\n", "one\ntwo"),
        (b" 10%\r 50%\r100%\nnext\r", "100%\nnext"),
        (b"\x1b[1;31mred\x1b[0m \x1b]0;title\x07plain", "red plain"),
        ("grüße 你好\n".encode(), "grüße 你好"),
        (b"\xff\xfe", "��"),
        (b"  indented\n\n\ttab\n", "  indented\n\n\ttab"),
        (b"password=hunter2\n", "password=[redacted]"),
    ],
)
def test_text_looks_as_it_did_at_its_end(data: bytes, text: str) -> None:
    assert clean_text(data) == text


@given(st.lists(st.integers(0, 5000), min_size=1, max_size=40), st.integers(0, 10_000))
def test_room_is_shared_so_that_small_outputs_are_whole(sizes: list[int], room: int) -> None:
    shares = share_room(sizes, room=room)

    assert sum(shares) <= room
    assert all(share <= size for share, size in zip(shares, sizes, strict=True))
    fair = room // len(sizes)
    assert all(share == size for share, size in zip(shares, sizes, strict=True) if size <= fair)


@given(st.text(max_size=2000), st.integers(0, 800))
def test_shown_text_fits_its_room(text: str, room: int) -> None:
    data = text.encode()
    stream = CleanStream(CapturedStream(data, b"", len(data), ""))

    shown = stream.show(room)

    assert shown.is_cut is (measure(clean_text(data)) > room)
    # The note on what is left out is always there.
    assert measure(shown.text) <= max(room, 120)
    assert json.loads(json.dumps(shown.text)) == shown.text


def test_cut_text_has_whole_lines_of_both_ends() -> None:
    data = "\n".join(f"line {number}" for number in range(1000)).encode()
    stream = CleanStream(CapturedStream(data[:4000], data[-4000:], len(data), ""))

    lines = stream.show(1000).text.split("\n")

    assert (lines[0], lines[-1]) == ("line 0", "line 999")
    (note,) = [line for line in lines if "left out" in line]
    assert f"of {len(data)} bytes" in note


class TestKeptOutputs:
    def test_passages_follow_each_other_to_the_end(self, tmp_path: Path) -> None:
        store = OutputStore(tmp_path / "outputs")
        output_id = store.new_id()
        store.save(output_id, "stdout", b"".join(b"line %d\n" % number for number in range(100)))

        passages: list[bytes] = []
        offset: int | None = 0
        while offset is not None:
            passage = store.read(output_id, "stdout", offset=offset, max_bytes=100)
            passages.append(passage.data)
            offset = passage.next_offset

        assert b"".join(passages) == b"".join(b"line %d\n" % number for number in range(100))
        assert all(passage.endswith(b"\n") for passage in passages)

    @pytest.mark.parametrize("output_id", ["../../etc/passwd", "0123456789abcdef", ""])
    def test_unknown_ids_are_refused(self, output_id: str, tmp_path: Path) -> None:
        store = OutputStore(tmp_path)

        with pytest.raises(UnknownOutput):
            store.read(output_id, "stdout", offset=0, max_bytes=10)

    def test_old_outputs_go_and_the_oldest_when_there_are_too_many(self, tmp_path: Path) -> None:
        store = OutputStore(tmp_path)
        ids = [store.new_id() for _ in range(4)]
        for output_id in ids:
            store.save(output_id, "stdout", b"x" * 100)
        moment = (tmp_path / f"{ids[0]}.stdout").stat().st_mtime
        for age, output_id in enumerate(reversed(ids)):
            os.utime(tmp_path / f"{output_id}.stdout", (moment - age * 60, moment - age * 60))
        os.utime(tmp_path / f"{ids[3]}.stdout", (moment - 90_000, moment - 90_000))

        removed = prune(tmp_path, keep_days=1, max_bytes=250, now=moment)

        left = {path.stem for path in tmp_path.iterdir()}
        assert removed == 2
        assert left == {ids[1], ids[2]}

    def test_only_the_servers_user_can_read_them(self, tmp_path: Path) -> None:
        store = OutputStore(tmp_path / "outputs")
        output_id = store.new_id()
        store.save(output_id, "stderr", b"x")

        assert (tmp_path / "outputs" / f"{output_id}.stderr").stat().st_mode & 0o077 == 0
