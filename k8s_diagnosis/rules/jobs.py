"""Jobs that failed or do not end."""

from __future__ import annotations

from collections.abc import Iterator

from k8s_diagnosis.cases import ContainerCase, PodCase
from k8s_diagnosis.index import ClusterIndex
from k8s_diagnosis.logs.dependencies import find_unreached
from k8s_diagnosis.logs.lines import find_telling_line
from k8s_diagnosis.logs.progress import find_endless_wait
from k8s_diagnosis.logs.verdict import judge_log
from k8s_diagnosis.objects.access import JsonObject, name_of, object_path, read_flag, read_int, read_text
from k8s_diagnosis.objects.jobs import failure_of, is_complete
from k8s_diagnosis.problem import Problem, Severity, Words
from k8s_diagnosis.rules.dependencies import DependencyFacts, examine_dependency, name_peer
from k8s_diagnosis.text.times import parse_time, seconds_between, shorten_duration
from mcp_kit.sanitising import sanitise_line

_WAIT_PATIENCE_SECONDS = 180
_SIDECAR_PATIENCE_SECONDS = 60
# Without any sign in the log, only a run of more than a day is worth a remark.
_LONG_RUN_SECONDS = 86_400
_MAX_MESSAGE = 300


def find_jobs(index: ClusterIndex) -> Iterator[Problem]:
    """Problems of Jobs; those of a CronJob's Jobs are judged with their CronJob when they failed."""
    for job in index.all("Job"):
        if is_complete(job) or read_flag(job, "spec", "suspend"):
            continue
        is_own = index.owner_path_of("Job", job) == object_path("Job", job)
        problem = _judge_failed(index, job) if is_own else None
        problem = problem or _judge_running(index, job)
        if problem is not None:
            yield problem


def _judge_failed(index: ClusterIndex, job: JsonObject) -> Problem | None:
    failure = failure_of(job)
    if not failure:
        return None
    reason = read_text(failure, "reason")
    return _deadline(job, failure) if reason == "DeadlineExceeded" else _failed(index, job, failure)


def _failed(index: ClusterIndex, job: JsonObject, failure: JsonObject) -> Problem:
    path, why = object_path("Job", job), explain_failed_pods(index, job)
    reason = read_text(failure, "reason")
    limit, failed = read_int(job, "spec", "backoffLimit"), read_int(job, "status", "failed")
    return Problem(
        condition="job-failed",
        object=path,
        severity=Severity.CRITICAL,
        cause=Words(
            f"The Job {name_of(job)} failed ({reason}): {failed} of its pods ended with an error, {limit} retries were "
            f"allowed{why.cause.en}.",
            f"Job {name_of(job)} 失败（{reason}）：{failed} 个 Pod 出错结束，允许重试 {limit} 次{why.cause.zh}。",
        ),
        evidence=(
            f"{path}: Failed=True {reason}: "
            f"{sanitise_line(read_text(failure, 'message'), max_characters=_MAX_MESSAGE)}",
            *why.evidence,
        ),
        next_step=why.next_step,
        confidence=0.93 if why.evidence else 0.8,
        because=(path,),
    )


def _deadline(job: JsonObject, failure: JsonObject) -> Problem:
    path, deadline = object_path("Job", job), read_text(job, "spec", "activeDeadlineSeconds")
    return Problem(
        condition="job-deadline",
        object=path,
        severity=Severity.CRITICAL,
        cause=Words(
            f"The Job {name_of(job)} was stopped at its deadline: activeDeadlineSeconds is {deadline}, and it needs "
            "longer.",
            f"Job {name_of(job)} 到达期限被终止：activeDeadlineSeconds 为 {deadline}，而它需要更久。",
        ),
        evidence=(
            f"{path}: Failed=True DeadlineExceeded: "
            f"{sanitise_line(read_text(failure, 'message'), max_characters=_MAX_MESSAGE)}",
            f"spec.activeDeadlineSeconds={deadline}",
        ),
        next_step=Words(
            "Raise activeDeadlineSeconds, or find out why the Job takes so long; then create it again.",
            "提高 activeDeadlineSeconds，或查明任务为何耗时过长，然后重新创建。",
        ),
        confidence=0.95,
        because=(path,),
    )


def _judge_running(index: ClusterIndex, job: JsonObject) -> Problem | None:
    """A Job that is still active and should not be."""
    if failure_of(job) or not read_int(job, "status", "active"):
        return None
    for pod in index.pods_of(object_path("Job", job)):
        case = PodCase(index, pod)
        problem = _kept_open(index, job, case) or _endless(index, job, case)
        if problem is not None:
            return problem
    return None


def _kept_open(index: ClusterIndex, job: JsonObject, case: PodCase) -> Problem | None:
    """The work is done, and a sidecar runs on."""
    containers = [each for each in case.containers if not each.facts.is_init]
    done = [each for each in containers if each.is_ended and each.exit_code == 0]
    running = [each for each in containers if each.facts.is_running]
    if not done or not running or len(done) + len(running) != len(containers):
        return None
    if min(each.ended_seconds_ago or 0 for each in done) < _SIDECAR_PATIENCE_SECONDS:
        return None
    main, sidecar = ", ".join(each.name for each in done), ", ".join(each.name for each in running)
    return Problem(
        condition="sidecar-keeps-job-open",
        object=index.owner_path_of("Job", job),
        subject=object_path("Job", job),
        severity=Severity.CRITICAL,
        cause=Words(
            f"The Job {name_of(job)} does not end: container {main} is done (exit 0), but container {sidecar} runs on, "
            "so "
            "the pod never completes.",
            f"Job {name_of(job)} 一直不结束：容器 {main} 已完成（退出码 0），但容器 {sidecar} 仍在运行，Pod 无法完成。",
        ),
        evidence=(*(each.ending_evidence() for each in done), *(f"{each.name}: state.running" for each in running)),
        next_step=Words(
            f"Make {sidecar} a native sidecar (initContainers with restartPolicy Always), or let it end with the main "
            "container.",
            f"把 {sidecar} 改为原生 sidecar（initContainers 且 restartPolicy: Always），或让它随主容器结束。",
        ),
        confidence=0.95,
        pods=(case.path,),
    )


def _endless(index: ClusterIndex, job: JsonObject, case: PodCase) -> Problem | None:
    """The program waits for something and nobody stops it."""
    if read_int(job, "spec", "activeDeadlineSeconds") or read_int(case.pod, "spec", "activeDeadlineSeconds"):
        return None
    for container in case.containers:
        running = container.running_seconds
        if container.facts.is_init or not container.facts.is_running or running is None:
            continue
        waits = find_endless_wait(container.current_log) if running >= _WAIT_PATIENCE_SECONDS else ""
        if waits or running >= _LONG_RUN_SECONDS:
            return _never_ends(index, job, container, waits=waits)
    return None


def _never_ends(index: ClusterIndex, job: JsonObject, container: ContainerCase, *, waits: str) -> Problem:
    since = shorten_duration(container.running_seconds)
    unreached = find_unreached(container.current_log[-10:]) if waits else None
    facts = examine_dependency(container, unreached) if unreached is not None else None
    said_en = f': it repeats "{waits}"' if waits else ""
    said_zh = f"：它重复输出“{waits}”" if waits else ""
    return Problem(
        condition="job-never-ends",
        object=index.owner_path_of("Job", job),
        subject=object_path("Job", job),
        severity=Severity.CRITICAL if waits else Severity.WARNING,
        cause=Words(
            f"The Job {name_of(job)} has been running for {since} and does not end{said_en}; it has no "
            "activeDeadlineSeconds.",
            f"Job {name_of(job)} 已运行 {since} 仍未结束{said_zh}；它没有设置 activeDeadlineSeconds。",
        ),
        evidence=(
            f"{container.name}: state.running for {since}",
            "spec.activeDeadlineSeconds is not set",
            *((f"log: {waits}",) if waits else ()),
            *(facts.evidence if facts else ()),
        ),
        next_step=Words(
            "Remove what it waits for (a stale lock, a missing peer), and set activeDeadlineSeconds so that it cannot "
            "run "
            "for ever.",
            "清除它所等待的对象（残留的锁、缺失的依赖），并设置 activeDeadlineSeconds 避免无限运行。",
        ),
        confidence=0.88 if waits else 0.6,
        because=facts.because if facts else (),
        pods=(container.pod.path,),
    )


class FailedPods:
    """What the failed pods of a Job tell: the end of the last one, and its log."""

    def __init__(self, cause: Words, evidence: tuple[str, ...], next_step: Words) -> None:
        self.cause = cause
        """Goes on after what failed."""
        self.evidence = evidence
        self.next_step = next_step


def explain_failed_pods(index: ClusterIndex, job: JsonObject) -> FailedPods:
    """Why the last pod of a Job failed, as far as pod and log still exist."""
    pods = [PodCase(index, pod) for pod in index.pods_of(object_path("Job", job))]
    ended = [each for pod in pods for each in pod.containers if each.is_ended and each.exit_code]
    if not ended:
        return FailedPods(
            Words("; its pods are gone", "；其 Pod 已不存在"),
            (),
            Words(
                "Create the Job again and read the log of its pod while it is there.",
                "重新创建该 Job，并在其 Pod 存在期间查看日志。",
            ),
        )
    last = max(ended, key=_ended_at)
    line, verdict = find_telling_line(last.failed_log), judge_log(last.failed_log)
    facts: DependencyFacts | None = None
    why_en = why_zh = ""
    if verdict is not None and verdict.unreached is not None:
        facts, peer = examine_dependency(last, verdict.unreached), name_peer(verdict.unreached)
        why_en, why_zh = f": it cannot reach {peer.en}: {facts.why.en}", f"：无法连接 {peer.zh}，{facts.why.zh}"
    elif verdict is not None and verdict.ending is not None:
        ending = verdict.ending.ending
        why_en, why_zh = f": {ending.cause.en}", f"：{ending.cause.zh}"
    said_en, said_zh = (f'. Its log says: "{line}"', f"。日志：“{line}”") if line else ("", "")
    return FailedPods(
        Words(
            f"; container {last.name} exits with {last.exit_code}{why_en}{said_en}",
            f"；容器 {last.name} 以退出码 {last.exit_code} 退出{why_zh}{said_zh}",
        ),
        (last.ending_evidence(), *((f"log: {line}",) if line else ()), *(facts.evidence if facts else ())),
        _next_step(last, verdict.ending.ending.next_step if verdict and verdict.ending else None),
    )


def _next_step(last: ContainerCase, advice: Words | None) -> Words:
    again_en, again_zh = "Then create the Job again.", "然后重新创建该 Job。"
    if advice is not None:
        return Words(f"{advice.en} {again_en}", f"{advice.zh}{again_zh}")
    return Words(
        f"Read {last.log_request} and remove the reason. {again_en}", f"查看 {last.log_request} 并排除原因。{again_zh}"
    )


def _ended_at(case: ContainerCase) -> float:
    ended = parse_time(read_text(case.facts.terminated, "finishedAt"))
    return -(seconds_between(ended, case.pod.now) or 0)
