"""What the rules look at: objects read at one moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from k8s_diagnosis.objects.access import JsonObject, name_of, namespace_of, read_int, read_text
from k8s_diagnosis.objects.events import EventFacts
from k8s_diagnosis.objects.nodes import NodeCapacity
from k8s_diagnosis.objects.pods import ContainerFacts, containers_of, owner_path
from k8s_diagnosis.text.times import parse_time, seconds_between
from mcp_kit.sanitising import sanitise


@dataclass(frozen=True, slots=True)
class PodSnapshot:
    """One pod. What was not read stays empty; rules then say less and are less sure."""

    pod: JsonObject
    now: datetime
    events: Sequence[EventFacts] = ()
    log_tails: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Last lines of the run that failed, by container, already sanitised."""
    nodes: Sequence[NodeCapacity] = ()
    config_names: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Names of existing objects by kind (ConfigMap, Secret) in the pod's namespace."""

    @property
    def name(self) -> str:
        return name_of(self.pod)

    @property
    def namespace(self) -> str:
        return namespace_of(self.pod)

    @property
    def workload(self) -> str:
        return owner_path(self.pod)

    def cases(self) -> list[ContainerCase]:
        return [ContainerCase(self, facts) for facts in containers_of(self.pod)]

    def events_about(self, reason: str) -> list[EventFacts]:
        return [event for event in self.events if event.reason == reason]


@dataclass(frozen=True, slots=True)
class ContainerCase:
    """One container of a snapshot, as the container rules see it."""

    snapshot: PodSnapshot
    facts: ContainerFacts

    @property
    def name(self) -> str:
        return self.facts.name

    @property
    def is_looping(self) -> bool:
        return self.facts.waiting_reason == "CrashLoopBackOff"

    @property
    def is_ended(self) -> bool:
        return self.facts.state() == "terminated"

    @property
    def exit_code(self) -> int | None:
        return read_int(self.facts.terminated, "exitCode") if self.facts.terminated else None

    @property
    def ended_reason(self) -> str:
        return read_text(self.facts.terminated, "reason")

    @property
    def run_seconds(self) -> float | None:
        """How long the last ended run lasted."""
        ended = self.facts.terminated
        return seconds_between(parse_time(read_text(ended, "startedAt")), parse_time(read_text(ended, "finishedAt")))

    @property
    def ended_seconds_ago(self) -> float | None:
        return seconds_between(parse_time(read_text(self.facts.terminated, "finishedAt")), self.snapshot.now)

    @property
    def running_seconds(self) -> float | None:
        return seconds_between(self.facts.running_since, self.snapshot.now)

    def failed_recently(self, *, within_seconds: float) -> bool:
        """Whether the last end still matters: the container is down, or it ended a short while ago."""
        if self.is_looping or self.is_ended:
            return bool(self.facts.terminated)
        ago = self.ended_seconds_ago
        return ago is not None and ago <= within_seconds

    def events_about(self, *reasons: str) -> list[EventFacts]:
        """Events of these reasons about this container; those naming no container count for each."""
        return [
            event for event in self.snapshot.events if event.reason in reasons and event.container in {"", self.name}
        ]

    def log_lines(self) -> list[str]:
        """The log of the failed run; its termination message stands in when no log was read."""
        lines = list(self.snapshot.log_tails.get(self.name, ()))
        return lines or sanitise(read_text(self.facts.terminated, "message")).splitlines()

    def ending_evidence(self) -> str:
        """How the container ended, quoted."""
        where = "state" if self.is_ended else "lastState"
        reason = self.ended_reason
        ending = f"exitCode={self.exit_code} reason={reason or '-'}"
        return f"{self.name}: {where}.terminated {ending}, restarts={self.facts.restarts}"


@dataclass(frozen=True, slots=True)
class ServiceSnapshot:
    """One Service with everything of its namespace that may stand behind it."""

    service: JsonObject
    pods: Sequence[JsonObject]
    endpoint_slices: Sequence[JsonObject] | None = None
    """None when they could not be read."""
    workloads: Sequence[JsonObject] = ()
    """Deployments, to see what a selector would match if their pods ran."""
    pod_problems: Mapping[str, str] = field(default_factory=dict)
    """Condition id by pod name."""
