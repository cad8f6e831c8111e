"""Event objects as kubelet, controllers and scheduler record them: repeated ones are counted, old ones expire."""

from dataclasses import dataclass, field

from simulator.api_resources import EVENTS
from simulator.store import JsonObject
from simulator.world.agenda import Agenda
from simulator.world.identity import Identities
from simulator.world.shapes import micro_timestamp, timestamp
from simulator.world.state import ClusterState

LIFETIME_SECONDS = 3600
"""An event is kept for one hour after its last update, as the API server's default does."""

SERIES_WINDOW_SECONDS = 360
"""The scheduler's recorder counts repeats as one series while they are at most six minutes apart."""

SIMILAR_EVENTS = 10
SIMILAR_SECONDS = 600.0
"""From the tenth event on that differs from others in its message only, they are written as one, as client-go does."""

COMBINED = "(combined from similar events): "

Correlation = tuple[str, ...]


@dataclass(slots=True)
class _Recorded:
    key: str
    last: float
    count: int = 1
    message: str = ""
    is_written: bool = True


@dataclass(slots=True)
class _Similar:
    """Messages of events that are alike but for their message."""

    last: float
    messages: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class EventSource:
    """Who reports: `kubelet` with its node as host, or a controller with none."""

    component: str
    host: str = ""


@dataclass(slots=True)
class EventRecorder:
    """Writes events; while history is built, repeats are only counted and written by `flush`."""

    agenda: Agenda
    state: ClusterState
    identities: Identities
    is_deferring: bool = False
    _known: dict[Correlation, _Recorded] = field(default_factory=dict)
    _similar: dict[Correlation, _Similar] = field(default_factory=dict)

    def record(
        self,
        about: JsonObject,
        *,
        reason: str,
        message: str,
        source: EventSource,
        warning: bool = False,
        field_path: str = "",
    ) -> None:
        """Report something in the classic form with count, firstTimestamp and lastTimestamp."""
        kind = "Warning" if warning else "Normal"
        alike = (source.component, source.host, about["metadata"]["uid"], kind, reason)
        is_combined = self._is_one_of_many(alike, message)
        message = f"{COMBINED}{message}" if is_combined else message
        correlation = (*alike, COMBINED) if is_combined else (*alike, field_path, message)
        if self._repeat(correlation, message=message):
            return
        now = timestamp(self.agenda.now)
        body = {
            "involvedObject": _reference(about, field_path=field_path),
            "reason": reason,
            "message": message,
            "source": {"component": source.component, **({"host": source.host} if source.host else {})},
            "firstTimestamp": now,
            "lastTimestamp": now,
            "count": 1,
            "type": kind,
            "eventTime": None,
            "reportingComponent": source.component,
            "reportingInstance": source.host,
        }
        self._create(about, body, correlation=correlation)

    def record_scheduling(self, pod: JsonObject, *, reason: str, message: str, action: str, warning: bool) -> None:
        """Report in the scheduler's newer form: eventTime and, when repeated, a series."""
        correlation = ("default-scheduler", pod["metadata"]["uid"], reason, message)
        known = self._known.get(correlation)
        if known is not None and self.agenda.now - known.last <= SERIES_WINDOW_SECONDS and self._repeat(correlation):
            return
        body = {
            "involvedObject": _reference(pod, field_path=""),
            "reason": reason,
            "message": message,
            "source": {},
            "firstTimestamp": None,
            "lastTimestamp": None,
            "type": "Warning" if warning else "Normal",
            "eventTime": micro_timestamp(self.agenda.now),
            "action": action,
            "reportingComponent": "default-scheduler",
            "reportingInstance": "default-scheduler-node-1",
        }
        self._create(pod, body, correlation=correlation)

    def flush(self) -> None:
        """Write the counts gathered while deferring and go on writing each repeat at once."""
        self.is_deferring = False
        for recorded in tuple(self._known.values()):
            if not recorded.is_written:
                self._write_repeat(recorded)

    def _is_one_of_many(self, alike: Correlation, message: str) -> bool:
        similar = self._similar.get(alike)
        if similar is None or self.agenda.now - similar.last > SIMILAR_SECONDS:
            similar = self._similar[alike] = _Similar(self.agenda.now)
        similar.last = self.agenda.now
        similar.messages.add(message)
        return len(similar.messages) >= SIMILAR_EVENTS

    def _create(self, about: JsonObject, body: JsonObject, *, correlation: Correlation) -> None:
        metadata = about["metadata"]
        namespace = metadata.get("namespace") or "default"
        name = self.identities.event_name(metadata["name"], at=self.agenda.now)
        self.state.store.create(EVENTS, {"metadata": {"name": name, "namespace": namespace}, **body})
        self._known[correlation] = _Recorded(key=f"{namespace}/{name}", last=self.agenda.now)
        self.agenda.after(LIFETIME_SECONDS, lambda: self._expire(correlation, key=f"{namespace}/{name}"))

    def _repeat(self, correlation: Correlation, *, message: str = "") -> bool:
        """Count an event that is there already; a combined one shows its latest message."""
        recorded = self._known.get(correlation)
        if recorded is None:
            return False
        recorded.count += 1
        recorded.last = self.agenda.now
        recorded.message = message
        recorded.is_written = False
        if not self.is_deferring:
            self._write_repeat(recorded)
        return True

    def _write_repeat(self, recorded: _Recorded) -> None:
        recorded.is_written = True
        event = self.state.find(EVENTS, recorded.key)
        if event is None:
            return
        changed: JsonObject
        if event.get("eventTime"):
            changed = {"series": {"count": recorded.count, "lastObservedTime": micro_timestamp(recorded.last)}}
        else:
            changed = {"count": recorded.count, "lastTimestamp": timestamp(recorded.last)}
            if recorded.message:
                changed["message"] = recorded.message
        self.state.store.replace(EVENTS, {**event, **changed})

    def _expire(self, correlation: Correlation, *, key: str) -> None:
        recorded = self._known.get(correlation)
        is_current = recorded is not None and recorded.key == key
        if is_current and recorded is not None and recorded.last + LIFETIME_SECONDS > self.agenda.now:
            self.agenda.at(recorded.last + LIFETIME_SECONDS, lambda: self._expire(correlation, key=key))
            return
        if is_current:
            del self._known[correlation]
        self.state.delete(EVENTS, key)


def _reference(about: JsonObject, *, field_path: str) -> JsonObject:
    metadata = about["metadata"]
    reference = {
        "kind": about["kind"],
        **({"namespace": metadata["namespace"]} if metadata.get("namespace") else {}),
        "name": metadata["name"],
        "uid": metadata["uid"],
        "apiVersion": about["apiVersion"],
        "resourceVersion": metadata["resourceVersion"],
    }
    if field_path:
        reference["fieldPath"] = field_path
    return reference
