"""One pod and one container, as the rules about them see it: the object joined with its events, logs and owner."""

from __future__ import annotations

from functools import cached_property

from k8s_diagnosis.index import ClusterIndex
from k8s_diagnosis.logs.verdict import Verdict, judge_log
from k8s_diagnosis.objects.access import (
    JsonObject,
    name_of,
    namespace_of,
    object_path,
    read_int,
    read_map,
    read_maps,
    read_text,
)
from k8s_diagnosis.objects.events import EventFacts
from k8s_diagnosis.objects.pods import ContainerFacts, containers_of
from k8s_diagnosis.problem import Words
from k8s_diagnosis.snapshot import ContainerLogs
from k8s_diagnosis.text.times import parse_time, seconds_between

# Back-off doubles up to five minutes, so a container in a crash loop starts at least this often.
_FLAPPING_SECONDS = 600
# A run that lasts longer than the failed one before, by this factor, counts as recovered.
_RECOVERED_FACTOR = 3
_RECOVERED_SECONDS = 60


class PodCase:
    """One pod. What was not read stays empty; rules then say less and are less sure."""

    def __init__(self, index: ClusterIndex, pod: JsonObject) -> None:
        self.index = index
        self.pod = pod
        self.now = index.now
        self.name = name_of(pod)
        self.namespace = namespace_of(pod)

    @property
    def path(self) -> str:
        return object_path("Pod", self.pod)

    @property
    def node(self) -> str:
        return read_text(self.pod, "spec", "nodeName")

    @cached_property
    def workload(self) -> str:
        return self.index.workload_of(self.pod)

    @property
    def containers(self) -> list[ContainerCase]:
        """Made anew each time: kept here they would hold the pod, which holds them, with the whole index, until the
        garbage collector comes."""
        return [ContainerCase(self, facts) for facts in containers_of(self.pod)]

    @cached_property
    def events(self) -> list[EventFacts]:
        """Oldest first. A pod made anew under its old name does not inherit the events of the one before."""
        uid = read_text(self.pod, "metadata", "uid")
        about = self.index.events_about("Pod", self.namespace, self.name)
        return [event for event in about if not uid or event.uid in {"", uid}]

    @property
    def age_seconds(self) -> float | None:
        return seconds_between(parse_time(read_text(self.pod, "metadata", "creationTimestamp")), self.now)

    def events_of(self, *reasons: str, within_seconds: float | None = None) -> list[EventFacts]:
        return [
            event
            for event in self.events
            if event.reason in reasons
            and (within_seconds is None or (seconds_between(event.last_seen, self.now) or 0) <= within_seconds)
        ]


class ContainerCase:
    """One container of a pod."""

    def __init__(self, pod_case: PodCase, facts: ContainerFacts) -> None:
        self.pod = pod_case
        self.facts = facts
        self.name = facts.name

    @property
    def index(self) -> ClusterIndex:
        return self.pod.index

    @property
    def workload(self) -> str:
        return self.pod.workload

    @property
    def is_init(self) -> bool:
        """Has to end before the others start; sidecars need not."""
        return self.facts.is_init and not self.facts.is_sidecar

    @property
    def title(self) -> Words:
        """The container as a sentence begins with it."""
        if self.is_init:
            return Words(f"Init container {self.name}", f"初始化容器 {self.name}")
        return Words(f"Container {self.name}", f"容器 {self.name}")

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
    def ended_message(self) -> str:
        return read_text(self.facts.terminated, "message")

    @property
    def run_seconds(self) -> float | None:
        """How long the last ended run lasted."""
        ended = self.facts.terminated
        return seconds_between(parse_time(read_text(ended, "startedAt")), parse_time(read_text(ended, "finishedAt")))

    @property
    def ended_seconds_ago(self) -> float | None:
        return seconds_between(parse_time(read_text(self.facts.terminated, "finishedAt")), self.pod.now)

    @property
    def running_seconds(self) -> float | None:
        return seconds_between(self.facts.running_since, self.pod.now)

    @property
    def is_flapping(self) -> bool:
        """Up at this moment between two ends of a crash loop; a run that outlasts the failed ones has recovered."""
        ago, running, run = self.ended_seconds_ago, self.running_seconds, self.run_seconds or 0
        if not self.facts.is_running or self.facts.restarts < 2 or ago is None or running is None:
            return False
        return ago <= _FLAPPING_SECONDS and running <= max(_RECOVERED_SECONDS, _RECOVERED_FACTOR * run)

    @property
    def is_down(self) -> bool:
        """Ended and not up again, or up only until it ends the next time."""
        return bool(self.facts.terminated) and (self.is_looping or self.is_ended or self.is_flapping)

    @property
    def is_crashing(self) -> bool:
        """Ended with an error and down now; a single restart that healed is no crash."""
        return bool(self.exit_code) and self.is_down

    def failed_recently(self, *, within_seconds: float) -> bool:
        """Whether the last end still matters: the container is down, or it ended a short while ago."""
        if self.is_looping or self.is_ended:
            return bool(self.facts.terminated)
        ago = self.ended_seconds_ago
        return ago is not None and ago <= within_seconds

    def events_of(self, *reasons: str, within_seconds: float | None = None) -> list[EventFacts]:
        """Events of these reasons about this container; those naming no container count for each."""
        found = self.pod.events_of(*reasons, within_seconds=within_seconds)
        return [event for event in found if event.container in {"", self.name}]

    @cached_property
    def failed_log(self) -> list[str]:
        """The log of the run that failed, oldest line first; its termination message stands in when none was read."""
        has_started_again = self.facts.is_running and bool(self.facts.terminated)
        text = self._logs.previous if has_started_again else self._logs.current or self._logs.previous
        return self.index.lines_of(text) or self.index.lines_of(self.ended_message)

    @cached_property
    def verdict(self) -> Verdict | None:
        """Why the program ended, going by its log; None while it runs, or when the log gives no known reason."""
        return judge_log(self.failed_log) if self.is_crashing else None

    @cached_property
    def current_log(self) -> list[str]:
        """The log of the run under way, or of the last one."""
        return self.index.lines_of(self._logs.current)

    @property
    def _logs(self) -> ContainerLogs:
        """The container's logs; those of a pod made from the same template when its own were not read."""
        own = self.index.logs_of(self.pod.namespace, self.pod.name, self.name)
        if own is not None and (self.facts.is_ready or self.index.is_log_example(self.pod.pod)):
            return own
        sibling = None if self.facts.is_ready else self.index.logs_of_sibling(self.pod.pod, self.name)
        return sibling or own or ContainerLogs()

    @cached_property
    def current_verdict(self) -> Verdict | None:
        """What the program complains of in its latest log, whether it ended or runs."""
        return judge_log(self.current_log or self.failed_log)

    def ending_evidence(self) -> str:
        """How the container ended, quoted."""
        where = "state" if self.is_ended else "lastState"
        ending = f"exitCode={self.exit_code} reason={self.ended_reason or '-'}"
        return f"{self.name}: {where}.terminated {ending}, restarts={self.facts.restarts}"

    @property
    def log_request(self) -> str:
        """The call that shows the log of the failed run."""
        previous = " previous=true" if self.facts.is_running and self.facts.terminated else ""
        return f"k8s-get-logs pod={self.pod.name} namespace={self.pod.namespace} container={self.name}{previous}"

    @property
    def port_names(self) -> dict[int, str]:
        """Declared ports of the container and their names, TCP only."""
        return {
            read_int(port, "containerPort"): read_text(port, "name")
            for port in read_maps(self.facts.spec, "ports")
            if read_text(port, "protocol") in {"", "TCP"}
        }

    def probe(self, kind: str) -> JsonObject:
        return read_map(self.facts.spec, f"{kind}Probe")
