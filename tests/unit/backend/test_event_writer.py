"""Deltas are gathered, order is kept, nothing is lost."""

import asyncio
from collections.abc import Sequence

import pytest

from backend.agent import events as ev
from backend.agent.event_writer import EventWriter


class Log:
    def __init__(self) -> None:
        self.writes: list[list[ev.Event]] = []

    async def append(self, events: Sequence[ev.Event]) -> None:
        self.writes.append(list(events))


async def test_deltas_of_one_message_become_one_event() -> None:
    log = Log()

    async with EventWriter(log.append, interval_seconds=60) as writer:
        writer.emit(ev.text_start("m"))
        for word in ("a", "b", "c"):
            writer.emit(ev.text_delta("m", word))
        writer.emit(ev.text_end("m"))

    assert log.writes == [[ev.text_start("m"), ev.text_delta("m", "abc"), ev.text_end("m")]]


async def test_deltas_of_different_messages_stay_apart() -> None:
    log = Log()

    async with EventWriter(log.append, interval_seconds=60) as writer:
        for call_id in ("x", "y", "x"):
            writer.emit(ev.tool_call_args(call_id, "1"))

    assert [event["toolCallId"] for event in log.writes[0]] == ["x", "y", "x"]


async def test_write_stores_at_once_together_with_what_waits() -> None:
    log = Log()

    async with EventWriter(log.append, interval_seconds=60) as writer:
        writer.emit(ev.text_delta("m", "a"))
        await writer.write([ev.notice("code", "text")])
        stored_inside = len(log.writes)

    assert stored_inside == 1
    assert len(log.writes[0]) == 2


async def test_failing_store_is_not_passed_over() -> None:
    async def fail(_events: Sequence[ev.Event]) -> None:
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        async with EventWriter(fail, interval_seconds=60) as writer:
            writer.emit(ev.text_delta("m", "a"))


async def test_store_that_fails_between_two_writes_ends_the_run_as_well() -> None:
    attempts: list[int] = []
    has_failed = asyncio.Event()

    async def fail_once(_events: Sequence[ev.Event]) -> None:
        attempts.append(1)
        if len(attempts) == 1:
            has_failed.set()
            raise OSError("disk full")

    async def emit_over_a_failure() -> None:
        async with EventWriter(fail_once, interval_seconds=0) as writer:
            writer.emit(ev.text_delta("m", "a"))
            await asyncio.wait_for(has_failed.wait(), timeout=5)
            writer.emit(ev.text_delta("m", "b"))

    with pytest.raises(OSError, match="disk full"):
        await emit_over_a_failure()
