"""Rows of k8s-get-events."""

from __future__ import annotations

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


def make_event_row(event: EventFacts, *, name: str, now: datetime) -> Row:
    """Warnings come first, within them the latest."""
    last = event.last_seen.timestamp() if event.last_seen else 0.0
    cells = (
        event.namespace,
        ago(event.last_seen, now),
        ago(event.first_seen, now),
        event.type,
        event.reason,
        f"{event.kind}/{event.name}",
        event.count,
        event.message,
    )
    return Row(key=(-last, event.namespace, name), cells=cells, status=event.type, is_abnormal=event.is_warning)


def ago(moment: datetime | None, now: datetime) -> str:
    return shorten_duration(seconds_between(moment, now))
