"""What pods say, in their logs, that they do not reach."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from k8s_diagnosis.cases import ContainerCase, PodCase
from k8s_diagnosis.index import ClusterIndex
from k8s_diagnosis.logs.dependencies import UnreachedDependency, find_repeated, find_unreached
from k8s_diagnosis.logs.lines import MAX_SHOWN
from k8s_diagnosis.logs.progress import find_age
from k8s_diagnosis.objects.pods import is_finished
from k8s_diagnosis.problem import Problem, Severity, Words
from k8s_diagnosis.rules.dependencies import examine_dependency, name_peer
from mcp_kit.sanitising import sanitise_line

# Complaints of more pods add nothing; reading the logs of thousands would.
_PODS_READ = 200
_LINES_READ = 30
_PATIENCE_SECONDS = 120
_STALE_SECONDS = 900
# Fewer lines are the whole log of a program, so that its age tells how often it writes.
_MANY_LINES = 60
_SURE = 0.85


@dataclass(frozen=True, slots=True)
class Complaint:
    """A pod that says it does not reach something."""

    container: ContainerCase
    unreached: UnreachedDependency
    is_lasting: bool
    """Repeated up to the end of the log."""

    @property
    def pod(self) -> PodCase:
        return self.container.pod

    @property
    def quote(self) -> str:
        return f"log of {self.pod.name}: {sanitise_line(self.unreached.line, max_characters=MAX_SHOWN)}"


def list_complaints(index: ClusterIndex) -> Iterator[Complaint]:
    read = 0
    for namespace, pod_name, container_name in sorted(index.snapshot.logs):
        pod = index.find("Pod", namespace, pod_name)
        if pod is None or is_finished(pod):
            continue
        read += 1
        if read > _PODS_READ:
            return
        for container in PodCase(index, pod).containers:
            if container.name == container_name:
                yield from _complaint_of(container)


def _complaint_of(container: ContainerCase) -> Iterator[Complaint]:
    # What a program complained of in the run before says nothing once it runs and is ready.
    lines = container.current_log if container.facts.is_ready else container.current_log or container.failed_log
    # A program at work writes much else between two complaints.
    repeated = find_repeated(lines) if container.facts.is_ready and _may_be_recent(container, lines) else None
    unreached = repeated or find_unreached(lines[-_LINES_READ:])
    if unreached is not None:
        yield Complaint(container, unreached, is_lasting=repeated is not None)


def _may_be_recent(container: ContainerCase, lines: list[str]) -> bool:
    """A program that writes when something fails only may have written its last lines days ago."""
    age = find_age(lines[-1], now=container.pod.now) if lines else None
    if age is not None:
        return age < _STALE_SECONDS
    return len(lines) >= _MANY_LINES or (container.running_seconds or 0) < len(lines) * _STALE_SECONDS


def find_failing_callers(complaints: Iterable[Complaint]) -> Iterator[Problem]:
    """Programs that run, are called ready, and fail again and again to reach a peer."""
    for complaint in complaints:
        container, unreached = complaint.container, complaint.unreached
        if not complaint.is_lasting or (container.running_seconds or 0) < _PATIENCE_SECONDS:
            continue
        facts, peer = examine_dependency(container, unreached), name_peer(unreached)
        yield Problem(
            condition="dependency-failing",
            object=facts.source.object if facts.source is not None else container.workload,
            subject=container.workload,
            detail=unreached.host,
            severity=Severity.WARNING,
            cause=Words(
                f"{container.title.en} of {container.workload} runs, but keeps failing to reach {peer.en}: "
                f"{facts.why.en}.",
                f"{container.workload} 的{container.title.zh} 在运行，但一直无法连接 {peer.zh}：{facts.why.zh}。",
            ),
            evidence=(complaint.quote, *facts.evidence),
            next_step=facts.next_step,
            confidence=min(facts.confidence, _SURE),
            because=facts.because,
            pods=(complaint.pod.path,),
        )
