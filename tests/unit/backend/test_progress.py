"""What a run does next follows from any prefix of its log."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.agent.progress import Action, choose_action, read_progress
from backend.features.chat.transcript import fold_events

LOGS = {
    path.stem: json.loads(path.read_text())["events"]
    for path in sorted((Path(__file__).parents[2] / "data" / "event_logs").glob("*.json"))
}


@pytest.mark.parametrize("name", LOGS)
def test_every_prefix_of_a_log_has_a_next_action_and_a_transcript(name: str) -> None:
    for length in range(len(LOGS[name]) + 1):
        prefix = LOGS[name][:length]

        action = choose_action(read_progress(prefix))
        fold = fold_events(prefix)

        assert isinstance(action, Action)
        assert isinstance(fold.blocks, list)


@given(events=st.lists(st.sampled_from([event for log in LOGS.values() for event in log]), max_size=40))
def test_no_order_of_events_breaks_the_reader(events: list[dict[str, Any]]) -> None:  # Any: JSON
    assert isinstance(choose_action(read_progress(events)), Action)
    assert isinstance(fold_events(events).blocks, list)


def test_empty_log_starts_and_a_finished_one_does_nothing() -> None:
    started = {"type": "RUN_STARTED", "threadId": "s", "runId": "r"}
    finished = {"type": "RUN_FINISHED", "threadId": "s", "runId": "r", "outcome": {"type": "success"}, "usage": []}

    assert choose_action(read_progress([])) is Action.START
    assert choose_action(read_progress([started])) is Action.CALL_MODEL
    assert choose_action(read_progress([started, finished])) is Action.NOTHING


def test_reply_without_its_closing_step_is_discarded() -> None:
    events = [
        {"type": "RUN_STARTED", "threadId": "s", "runId": "r"},
        {"type": "STEP_STARTED", "stepName": "step-1"},
        {"type": "TEXT_MESSAGE_START", "messageId": "m", "role": "assistant"},
        {"type": "TEXT_MESSAGE_CONTENT", "messageId": "m", "delta": "half"},
    ]

    assert choose_action(read_progress(events)) is Action.DISCARD_REPLY
