"""Rows of k8s-get-events."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from k8s_diagnosis.objects.events import EventFacts
from k8s_diagnosis.text.times import seconds_between, shorten_duration
from k8s_mcp.listing.rows import Row
from k8s_mcp.listing.table import TableShape

EVENT_TABLE = TableShape(
    kind="EventList",
    noun="events",
    columns=(
        "namespace",
        "last_seen",
        "first_seen",
        "type",
        "reason",
        "object",
        "count",
        "message",
    ),
)


# Kubelets write POD_NAMESPACE(UID) where the object stands beside the message anyway.
_POD_IDENTITY = re.compile(r"_[a-z0-9-]+\([0-9a-f-]{36}\)")


@dataclass(frozen=True, slots=True)
class EventGroup:
    """The same thing about the same object, however many event objects tell it."""

    event: EventFacts
    """The latest of them."""
    name: str
    """Of the event object, which makes the order of rows definite."""
    count: int
    first_seen: datetime | None
    last_seen: datetime | None


def group_events(events: Iterable[tuple[str, EventFacts]]) -> list[EventGroup]:
    """Join events by object, reason and message; pairs of the event object's name and the event."""
    groups: dict[tuple[str, ...], EventGroup] = {}
    for name, event in events:
        message = _POD_IDENTITY.sub("", event.message)
        key = (event.namespace, event.kind, event.name, event.type, event.reason, message)
        known = groups.get(key)
        groups[key] = _begin(name, event, message) if known is None else _join(known, event)
    return list(groups.values())


def _begin(name: str, event: EventFacts, message: str) -> EventGroup:
    return EventGroup(replace(event, message=message), name, event.count, event.first_seen, event.last_seen)


def _join(group: EventGroup, event: EventFacts) -> EventGroup:
    first = [moment for moment in (group.first_seen, event.first_seen) if moment is not None]
    last = [moment for moment in (group.last_seen, event.last_seen) if moment is not None]
    return replace(
        group,
        count=group.count + event.count,
        first_seen=min(first, default=None),
        last_seen=max(last, default=None),
    )


def make_event_row(group: EventGroup, *, now: datetime) -> Row:
    """Warnings come first, within them the latest."""
    event = group.event
    last = group.last_seen.timestamp() if group.last_seen else 0.0
    cells = (
        event.namespace,
        ago(group.last_seen, now),
        ago(group.first_seen, now),
        event.type,
        event.reason,
        f"{event.kind}/{event.name}",
        group.count,
        event.message,
    )
    return Row(key=(-last, event.namespace, group.name), cells=cells, status=event.type, is_abnormal=event.is_warning)


def ago(moment: datetime | None, now: datetime) -> str:
    return shorten_duration(seconds_between(moment, now))
