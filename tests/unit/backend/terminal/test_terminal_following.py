"""Reading a run's stream over lost connections."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from backend.terminal.backend_client import NotReachable, Refused
from backend.terminal.following import follow_run, read_events

TEXT = {"type": "TEXT_MESSAGE_CONTENT", "messageId": "m"}
END = {"type": "RUN_FINISHED"}


def numbered(*events: tuple[int, dict[str, Any]]) -> list[str]:  # Any: JSON
    return [line for seq, event in events for line in (f"id: {seq}", f"data: {json.dumps(event)}", "")]


class ScriptedStreams:
    """Each opening plays the next entry; an exception in it is raised there."""

    def __init__(self, *script: Sequence[str | Exception]) -> None:
        self._script = list(script)
        self.opened_after: list[int] = []

    @contextmanager
    def open_events(self, run_id: str, *, after: int) -> Iterator[Iterator[str]]:
        self.opened_after.append(after)
        entry: Sequence[str | Exception] = self._script.pop(0) if self._script else [NotReachable("gone")]
        yield self._play(entry)

    def _play(self, entry: Sequence[str | Exception]) -> Iterator[str]:
        for step in entry:
            if isinstance(step, Exception):
                raise step
            yield step


def follow(streams: ScriptedStreams, waits: list[float] | None = None) -> list[dict[str, Any]]:  # Any: JSON
    notes: list[float] = [] if waits is None else waits
    return list(follow_run(streams, "r", on_break=notes.append, sleep=lambda _seconds: None))


def test_events_continue_after_a_lost_connection_without_gap_or_repetition() -> None:
    streams = ScriptedStreams(
        [*numbered((1, TEXT), (2, TEXT)), NotReachable("reset")],
        [*numbered((2, TEXT), (3, TEXT))],
        [*numbered((4, END))],
    )

    events = follow(streams)

    assert events == [TEXT, TEXT, TEXT, END]
    assert streams.opened_after == [0, 2, 3]


def test_refusal_ends_at_once_but_an_overloaded_proxy_does_not() -> None:
    overloaded = Refused(status=503, code=None, detail="busy", hint=None)
    gone = Refused(status=404, code="not_found", detail="No run", hint=None)
    streams = ScriptedStreams([overloaded], [gone])

    with pytest.raises(Refused, match="No run"):
        follow(streams)


def test_connection_that_stays_away_is_given_up_after_growing_waits() -> None:
    waits: list[float] = []

    with pytest.raises(NotReachable):
        follow(ScriptedStreams(), waits)

    assert len(waits) == 12
    assert waits[0] <= 0.5
    assert waits[-1] > 5


def test_comments_and_other_fields_of_a_stream_are_passed_over() -> None:
    lines = [": ping", "", "retry: 5", "event: x", "id:7", 'data:{"type": "A"}', "", "data: 1", ": end", ""]

    assert list(read_events(lines)) == [(7, {"type": "A"}), (7, 1)]
