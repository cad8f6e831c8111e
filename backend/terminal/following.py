"""Follows a run's event stream over lost connections, each event exactly once."""

import json
import random
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from typing import Protocol

from backend.agent.events import Event, is_terminal
from backend.terminal.backend_client import NotReachable, Refused

_FIRST_WAIT_SECONDS = 0.5
_LONGEST_WAIT_SECONDS = 8.0
_PATIENCE = 12
"""Attempts without a single event before the stream counts as lost: over a minute."""
_PASSING_STATUSES = frozenset({429, 502, 503, 504})


class EventStreams(Protocol):
    """Where event streams are opened: the backend."""

    def open_events(self, run_id: str, *, after: int) -> AbstractContextManager[Iterator[str]]: ...


def follow_run(
    client: EventStreams,
    run_id: str,
    *,
    after: int = 0,
    on_break: Callable[[float], None],
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Event]:
    """Events up to the terminal one; raise NotReachable when the connection stays away, or Refused."""
    position, attempts = after, 0
    while True:
        try:
            with client.open_events(run_id, after=position) as lines:
                for seq, event in read_events(lines):
                    if seq <= position:
                        continue
                    position, attempts = seq, 0
                    yield event
                    if is_terminal(event):
                        return
            # The stream ended without a terminal event: the backend is going down, or cut a slow reader off.
            failure: Exception = NotReachable("the stream ended early")
        except NotReachable as error:
            failure = error
        except Refused as error:
            if error.status not in _PASSING_STATUSES:
                raise
            failure = error
        attempts += 1
        if attempts > _PATIENCE:
            raise NotReachable(str(failure)) from failure
        seconds = _choose_wait(attempts)
        on_break(seconds)
        sleep(seconds)


def read_events(lines: Iterable[str]) -> Iterator[tuple[int, Event]]:
    """Parse server-sent events; comments and events without a number are passed over."""
    number, data = "", []
    for line in lines:
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "id":
            number = value
        elif name == "data" and line:
            data.append(value)
        elif not line:
            if data and number.isdigit():
                yield int(number), json.loads("\n".join(data))
            data = []


def _choose_wait(attempt: int) -> float:
    longest = min(_FIRST_WAIT_SECONDS * 2.0 ** (attempt - 1), _LONGEST_WAIT_SECONDS)
    return longest * random.uniform(0.7, 1.0)  # noqa: S311  # spreads reconnects, guards nothing
