"""CronJobs that do not run, or whose runs fail."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from datetime import timedelta

from k8s_diagnosis.index import ClusterIndex
from k8s_diagnosis.objects.access import (
    JsonObject,
    name_of,
    namespace_of,
    object_path,
    read_flag,
    read_int,
    read_maps,
    read_text,
)
from k8s_diagnosis.objects.jobs import failure_of, is_complete, is_schedule_valid, last_due, started_at
from k8s_diagnosis.problem import Fix, Problem, Severity, Words
from k8s_diagnosis.rules.jobs import explain_failed_pods
from k8s_diagnosis.text.times import parse_time, seconds_between, shorten_duration

# The controller looks every ten seconds; a busy one takes a while longer.
_DUE_PATIENCE = timedelta(seconds=120)
_LONG_REST = timedelta(days=30)
_LONGEST_GAP = timedelta(days=400)
# Below this the controller misses its own window (Kubernetes documentation, CronJob limitations).
_SHORTEST_DEADLINE_SECONDS = 10


def find_cronjobs(index: ClusterIndex) -> Iterator[Problem]:
    for cronjob in index.all("CronJob"):
        if read_text(cronjob, "metadata", "deletionTimestamp"):
            continue
        if read_flag(cronjob, "spec", "suspend"):
            problem = None if _is_at_rest(index, cronjob) else _suspended(cronjob)
        else:
            problem = _invalid(index, cronjob) or _failing(index, cronjob) or _missed(index, cronjob)
        if problem is not None:
            yield problem


def _suspended(cronjob: JsonObject) -> Problem:
    path, name, namespace = object_path("CronJob", cronjob), name_of(cronjob), namespace_of(cronjob)
    last = read_text(cronjob, "status", "lastScheduleTime") or "never"
    patch = '{"spec":{"suspend":false}}'
    return Problem(
        condition="cronjob-suspended",
        object=path,
        severity=Severity.WARNING,
        cause=Words(
            f"The CronJob {name} is suspended (spec.suspend true), so no Job is created; it last ran: {last}.",
            f"CronJob {name} 被挂起（spec.suspend 为 true），不会创建 Job；上次运行："
            f"{last if last != 'never' else '从未'}。",
        ),
        evidence=(f"{path}: spec.suspend=true", f"schedule {read_text(cronjob, 'spec', 'schedule')}, last run {last}"),
        next_step=Words("If it should run, set spec.suspend to false.", "如需运行，把 spec.suspend 设为 false。"),
        confidence=0.9,
        fix=Fix(
            command=shlex.join(["kubectl", "-n", namespace, "patch", "cronjob", name, "--type=merge", "-p", patch]),
            tool="k8s-patch-resource",
            arguments={"kind": "CronJob", "name": name, "namespace": namespace, "patch": {"spec": {"suspend": False}}},
        ),
    )


def _is_at_rest(index: ClusterIndex, cronjob: JsonObject) -> bool:
    """Suspended for so long that it is meant to be: nobody has missed its runs."""
    moments = (("metadata", "creationTimestamp"), ("status", "lastScheduleTime"))
    known = [moment for path in moments if (moment := parse_time(read_text(cronjob, *path))) is not None]
    return bool(known) and index.now - max(known) > _LONG_REST


def _invalid(index: ClusterIndex, cronjob: JsonObject) -> Problem | None:
    schedule, zone = read_text(cronjob, "spec", "schedule"), read_text(cronjob, "spec", "timeZone")
    path = object_path("CronJob", cronjob)
    events = [
        event
        for event in index.events_about("CronJob", namespace_of(cronjob), name_of(cronjob))
        if event.reason in {"UnparseableSchedule", "InvalidSchedule", "UnknownTimeZone"}
    ]
    if is_schedule_valid(schedule, zone) and not events:
        return None
    shown = f"{schedule}{f' ({zone})' if zone else ''}"
    return Problem(
        condition="cronjob-invalid-schedule",
        object=path,
        severity=Severity.CRITICAL,
        cause=Words(
            f'The schedule "{shown}" of the CronJob {name_of(cronjob)} cannot be read, so it never runs.',
            f"CronJob {name_of(cronjob)} 的时间表“{shown}”无法解析，因此不会运行。",
        ),
        evidence=(f"{path}: spec.schedule={shown}", *(event.quote() for event in events[-1:])),
        next_step=Words(
            "Write five fields (minute hour day month weekday), such as 0 3 * * *, and an IANA time zone.",
            "使用五个字段（分 时 日 月 周），例如 0 3 * * *，时区使用 IANA 名称。",
        ),
        confidence=0.95,
    )


def _failing(index: ClusterIndex, cronjob: JsonObject) -> Problem | None:
    """The latest run that ended has failed, and none has succeeded since."""
    path = object_path("CronJob", cronjob)
    jobs = sorted(index.children_of("Job", owner=path), key=lambda job: (started_at(job), name_of(job)))
    ended = [job for job in jobs if failure_of(job) or is_complete(job)]
    if not ended or not failure_of(ended[-1]):
        return None
    last, failed = ended[-1], [job for job in ended if failure_of(job)]
    why, reason = explain_failed_pods(index, last), read_text(failure_of(last), "reason")
    return Problem(
        condition="cronjob-failing",
        object=path,
        severity=Severity.CRITICAL,
        cause=Words(
            f"The runs of the CronJob {name_of(cronjob)} fail: {len(failed)} of the last {len(ended)}, the latest with "
            f"{reason}{why.cause.en}.",
            f"CronJob {name_of(cronjob)} 的运行失败：最近 {len(ended)} 次中有 {len(failed)} 次，最后一次为 {reason}"
            f"{why.cause.zh}。",
        ),
        evidence=(f"Job {name_of(last)}: Failed=True {reason}", *why.evidence),
        next_step=why.next_step,
        confidence=0.92 if len(failed) > 1 else 0.85,
        because=(path,),
    )


def _missed(index: ClusterIndex, cronjob: JsonObject) -> Problem | None:
    """A due time has passed without a run."""
    schedule, zone = read_text(cronjob, "spec", "schedule"), read_text(cronjob, "spec", "timeZone")
    due = last_due(schedule, zone, before=index.now - _DUE_PATIENCE, within=_LONGEST_GAP)
    created = parse_time(read_text(cronjob, "metadata", "creationTimestamp"))
    last = parse_time(read_text(cronjob, "status", "lastScheduleTime"))
    if due is None or created is None or created >= due or (last is not None and last >= due):
        return None
    path, name = object_path("CronJob", cronjob), name_of(cronjob)
    why = _why_missed(index, cronjob)
    ran = f"{shorten_duration(seconds_between(last, index.now))} ago" if last else "never"
    zh_ran = f"{shorten_duration(seconds_between(last, index.now))} 前" if last else "从未"
    return Problem(
        condition="cronjob-missed-runs",
        object=path,
        severity=Severity.CRITICAL,
        cause=Words(
            f"The CronJob {name} misses its runs: it was due at {due:%Y-%m-%d %H:%M}Z and last ran {ran}{why.en}.",
            f"CronJob {name} 错过了运行：应在 {due:%Y-%m-%d %H:%M}Z 运行，上次运行：{zh_ran}{why.zh}。",
        ),
        evidence=(
            f"{path}: spec.schedule={schedule}, status.lastScheduleTime={last.isoformat() if last else '(none)'}",
            *(event.quote() for event in index.events_about("CronJob", namespace_of(cronjob), name)[-1:]),
        ),
        next_step=Words(
            "End the run that still blocks it, or change concurrencyPolicy and startingDeadlineSeconds; otherwise look "
            "at "
            "the kube-controller-manager.",
            "结束仍在阻塞的运行，或调整 concurrencyPolicy 与 startingDeadlineSeconds；否则检查 "
            "kube-controller-manager。",
        ),
        confidence=0.9 if why.en else 0.75,
        because=(path,),
    )


def _why_missed(index: ClusterIndex, cronjob: JsonObject) -> Words:
    active = [read_text(each, "name") for each in read_maps(cronjob, "status", "active")]
    deadline = read_int(cronjob, "spec", "startingDeadlineSeconds")
    if active and read_text(cronjob, "spec", "concurrencyPolicy") == "Forbid":
        return Words(
            f": the run before ({active[0]}) is still active, and concurrencyPolicy is Forbid",
            f"：上一次运行（{active[0]}）仍未结束，而 concurrencyPolicy 为 Forbid",
        )
    if 0 < deadline < _SHORTEST_DEADLINE_SECONDS:
        return Words(
            f": startingDeadlineSeconds {deadline} is shorter than the controller's own period of 10 s",
            f"：startingDeadlineSeconds 为 {deadline}，短于控制器自身 10 秒的检查周期",
        )
    events = index.events_about("CronJob", namespace_of(cronjob), name_of(cronjob))
    if any(event.reason == "TooManyMissedTimes" for event in events):
        return Words(": it missed more than 100 runs and gave up", "：错过了 100 次以上，控制器已放弃")
    return Words("", "")
