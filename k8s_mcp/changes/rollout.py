"""How far a workload has come after a change, judged from one reading of it and of its pods."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from k8s_diagnosis.objects.access import JsonObject, name_of, read_int, read_text
from k8s_diagnosis.objects.pods import ContainerFacts, condition_of, containers_of, is_finished, is_terminating
from k8s_diagnosis.problem import Words
from k8s_mcp.changes.workloads import Workload
from mcp_kit.sanitising import sanitise_line

_MAX_MESSAGE = 200
_MAX_FAILING = 3
"""Pods of one template fail alike."""

# Reasons that do not pass by themselves within the time a watch has.
_STUCK_REASONS = {
    "CrashLoopBackOff",
    "CreateContainerConfigError",
    "CreateContainerError",
    "ErrImageNeverPull",
    "ErrImagePull",
    "ImagePullBackOff",
    "InvalidImageName",
    "RunContainerError",
}


class Progress(StrEnum):
    COMPLETE = "complete"
    PROGRESSING = "progressing"
    FAILING = "failing"
    WAITING = "waiting"
    """Nothing moves until somebody does something: a paused rollout, pods that are only replaced when deleted."""


@dataclass(frozen=True, slots=True)
class RolloutState:
    progress: Progress
    counts: Words
    reason: Words | None = None
    """Why it fails or waits."""
    failing_pods: tuple[JsonObject, ...] = ()

    @property
    def is_final(self) -> bool:
        return self.progress is not Progress.PROGRESSING

    @property
    def words(self) -> Words:
        if self.reason is None:
            return self.counts
        return Words(en=f"{self.reason.en} ({self.counts.en})", zh=f"{self.reason.zh}（{self.counts.zh}）")


_PAUSED = Words(
    en="The Deployment is paused (spec.paused), so nothing rolls out until it is resumed",
    zh="Deployment 已暂停（spec.paused），恢复之前不会滚动更新",
)
_ON_DELETE = Words(
    en="Pods are replaced only when somebody deletes them (OnDelete)", zh="Pod 只有被删除后才会更新（OnDelete）"
)


@dataclass(frozen=True, slots=True)
class _Counts:
    """Pods by what they are, in the fields each kind has for it."""

    wanted: int
    updated: int
    ready: int
    total: int

    @property
    def is_complete(self) -> bool:
        return self.updated >= self.wanted and self.ready >= self.wanted and self.total <= self.wanted

    @property
    def words(self) -> Words:
        return Words(
            en=f"{self.updated} of {self.wanted} pods updated, {self.ready} ready, {self.total} in all",
            zh=f"{self.wanted} 个 Pod 中已更新 {self.updated} 个，就绪 {self.ready} 个，共 {self.total} 个",
        )


def judge_rollout(workload: Workload, *, before: Workload, new_pods: Sequence[JsonObject]) -> RolloutState:
    """`new_pods` are those that were not there `before` the change; only they can show that it fails."""
    counts = _count(workload)
    if not _is_seen(workload):
        return RolloutState(Progress.PROGRESSING, counts.words)
    failures = [(pod, words) for pod in new_pods if (words := find_failure(pod)) is not None]
    refusal = _find_refusal(workload, before=before)
    if refusal or failures:
        pods = tuple(pod for pod, _ in failures[:_MAX_FAILING])
        return RolloutState(Progress.FAILING, counts.words, refusal or failures[0][1], pods)
    if workload.is_paused:
        return RolloutState(Progress.WAITING, counts.words, _PAUSED)
    if counts.is_complete:
        return RolloutState(Progress.COMPLETE, counts.words)
    if workload.strategy == "OnDelete":
        return RolloutState(Progress.WAITING, counts.words, _ON_DELETE)
    return RolloutState(Progress.PROGRESSING, counts.words)


def find_failure(pod: JsonObject) -> Words | None:
    """Why a pod will not become ready by waiting; None while it may."""
    if is_terminating(pod) or is_finished(pod):
        return None
    scheduled = condition_of(pod, "PodScheduled")
    if read_text(scheduled, "reason") == "Unschedulable":
        return _failure(pod, "cannot be scheduled", "无法调度", read_text(scheduled, "message"))
    for container in containers_of(pod):
        reason = _stuck_reason(container)
        if reason:
            return _failure(pod, reason, reason, _message_of(container))
    return None


def _stuck_reason(container: ContainerFacts) -> str:
    if container.waiting_reason in _STUCK_REASONS:
        return container.waiting_reason
    ended = container.terminated
    if ended and read_int(ended, "exitCode") != 0:
        return read_text(ended, "reason") or f"exit code {read_int(ended, 'exitCode')}"
    return ""


def _message_of(container: ContainerFacts) -> str:
    ended = container.terminated
    ending = f"exit code {read_int(ended, 'exitCode')}" if ended else ""
    return read_text(ended, "message") or ending or read_text(container.waiting, "message")


def _failure(pod: JsonObject, what: str, what_zh: str, message: str) -> Words:
    shown = sanitise_line(message, max_characters=_MAX_MESSAGE)
    because = f": {shown}" if shown else ""
    return Words(en=f"Pod {name_of(pod)} {what}{because}", zh=f"Pod {name_of(pod)} {what_zh}{because}")


def _is_seen(workload: Workload) -> bool:
    """Whether the controller has looked at the workload since it was changed."""
    generation = read_int(workload.source, "metadata", "generation")
    return read_int(workload.source, "status", "observedGeneration") >= generation


def _find_refusal(workload: Workload, *, before: Workload) -> Words | None:
    """A controller that gave up since the change, or that may not create the pods."""
    progressing = condition_of(workload.source, "Progressing")
    has_given_up = read_text(progressing, "reason") == "ProgressDeadlineExceeded"
    if has_given_up and progressing != condition_of(before.source, "Progressing"):
        return Words(
            en="The rollout gave up (ProgressDeadlineExceeded)", zh="滚动更新已超时（ProgressDeadlineExceeded）"
        )
    refused = condition_of(workload.source, "ReplicaFailure")
    if read_text(refused, "status") == "True":
        shown = sanitise_line(read_text(refused, "message"), max_characters=_MAX_MESSAGE)
        return Words(en=f"Pods are refused: {shown}", zh=f"Pod 被拒绝创建：{shown}")
    return None


def _count(workload: Workload) -> _Counts:
    status = workload.source.get("status") or {}
    if workload.kind == "DaemonSet":
        wanted = workload.replicas
        return _Counts(wanted, read_int(status, "updatedNumberScheduled"), read_int(status, "numberAvailable"), wanted)
    ready = read_int(status, "readyReplicas" if workload.kind == "StatefulSet" else "availableReplicas")
    # Pods below the partition of a StatefulSet keep their revision on purpose.
    updated = read_int(status, "updatedReplicas") + workload.partition
    return _Counts(workload.replicas, updated, ready, read_int(status, "replicas"))
