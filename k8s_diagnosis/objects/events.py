"""Events of both API groups in one form."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from k8s_diagnosis.objects.access import JsonObject, namespace_of, read_int, read_map, read_text
from k8s_diagnosis.text.times import parse_time
from mcp_kit.sanitising import sanitise_line

_MAX_MESSAGE = 600
_CONTAINER = re.compile(r"\{([^}]+)\}")


@dataclass(frozen=True, slots=True)
class EventFacts:
    namespace: str
    kind: str
    name: str
    container: str
    """Empty when the event is about the whole pod."""
    type: str
    reason: str
    message: str
    count: int
    first_seen: datetime | None
    last_seen: datetime | None
    uid: str = ""
    """Which object of that name; a pod made anew under its old name has another one."""

    @property
    def is_warning(self) -> bool:
        return self.type == "Warning"

    def quote(self) -> str:
        """The event as one line of evidence."""
        return f"event {self.reason} x{self.count}: {self.message}"


def read_event(event: JsonObject) -> EventFacts:
    """One event; older kubelets fill count and the time stamps, newer sources only eventTime and series."""
    subject = read_map(event, "involvedObject") or read_map(event, "regarding")
    series = read_map(event, "series")
    container = _CONTAINER.search(read_text(subject, "fieldPath"))
    occurred = parse_time(read_text(event, "eventTime"))
    created = parse_time(read_text(event, "metadata", "creationTimestamp"))
    first = parse_time(read_text(event, "firstTimestamp")) or occurred or created
    last = parse_time(read_text(event, "lastTimestamp")) or parse_time(read_text(series, "lastObservedTime"))
    return EventFacts(
        namespace=namespace_of(event),
        kind=read_text(subject, "kind"),
        name=read_text(subject, "name"),
        container=container.group(1) if container else "",
        type=read_text(event, "type"),
        reason=read_text(event, "reason"),
        message=sanitise_line(read_text(event, "message") or read_text(event, "note"), max_characters=_MAX_MESSAGE),
        count=read_int(event, "count") or read_int(series, "count") or 1,
        first_seen=first,
        last_seen=last or first,
        uid=read_text(subject, "uid"),
    )
