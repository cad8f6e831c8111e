"""Which listening sockets are shown, and whose they are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from host_facts.command_lines import tidy_command
from host_facts.domain import ListenerFacts
from host_facts.readings import Process

MOST_LISTENERS = 500


def choose_listeners(
    listeners: Sequence[ListenerFacts], *, processes: Iterable[Process] | None
) -> tuple[ListenerFacts, ...]:
    """TCP first when there are too many: a busy resolver opens UDP ports by the thousand."""
    kept = sorted(listeners, key=lambda listener: listener.protocol)[:MOST_LISTENERS]
    by_pid = {process.pid: process for process in processes or ()}
    named = [_name_owner(listener, process=by_pid.get(listener.pid or 0)) for listener in kept]
    return tuple(sorted(named, key=lambda listener: (listener.port, listener.protocol, listener.address)))


def _name_owner(listener: ListenerFacts, *, process: Process | None) -> ListenerFacts:
    if process is None:
        return listener
    owner = {"user": process.user, "command": tidy_command(process.command), "age_seconds": process.age_seconds}
    return listener.model_copy(update=owner)
