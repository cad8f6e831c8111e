"""Follows a workload after a change until it is done, it fails, or the time is up."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence

from k8s_diagnosis.objects.access import JsonObject, namespace_of, read_text
from k8s_diagnosis.problem import Problem, Words
from k8s_mcp.changes.rollout import Progress, RolloutState, judge_rollout
from k8s_mcp.changes.targets import Target
from k8s_mcp.changes.workloads import Workload, workload_of
from k8s_mcp.cluster.interfaces import EVENTS, PODS, Selection
from k8s_mcp.errors import ClusterError, ObjectNotFound
from k8s_mcp.tools.causes import diagnose_all, make_cases, sharpen
from k8s_mcp.tools.changing import ChangeCall, Outcome
from k8s_mcp.tools.surroundings import try_list

LOOK_SECONDS = 1.0
"""Between two looks. Pods take seconds to start, and one look is two small requests."""

UNKNOWN = Outcome(
    "unknown",
    Words(
        en="What came of it could not be read; look again with k8s-get-pods.",
        zh="后续状态无法读取；请稍后用 k8s-get-pods 查看。",
    ),
)


async def list_pod_ids(call: ChangeCall, workload: Workload) -> frozenset[str]:
    """The pods there are before the change, so that new ones can be told from them."""
    try:
        pods = await call.cluster.list_objects(PODS, _pods_of(workload))
    except ClusterError:
        return frozenset()
    return frozenset(read_text(pod, "metadata", "uid") for pod in pods)


async def watch_rollout(call: ChangeCall, target: Target, *, before: Workload, old_pods: Collection[str]) -> Outcome:
    """The state of the rollout when it is final or the time is up."""
    limit = call.state.settings.change_wait_seconds
    started, waited, told = time.monotonic(), 0.0, ""
    while True:
        try:
            state = await _look(call, target, before=before, old_pods=old_pods)
        except ObjectNotFound:
            words = Words(en=f"{target.title} is gone.", zh=f"{target.title} 已不存在。")
            return Outcome("gone", words)
        except ClusterError:
            return UNKNOWN
        if state.is_final or max(waited, time.monotonic() - started) >= limit:
            cause = await _find_cause(call, state) if state.progress is Progress.FAILING else None
            return _describe(state, target, cause=cause)
        if state.words.en != told:
            told = state.words.en
            await call.tell(told)
        await call.state.sleep(LOOK_SECONDS)
        waited += LOOK_SECONDS


async def _look(call: ChangeCall, target: Target, *, before: Workload, old_pods: Collection[str]) -> RolloutState:
    found = await call.cluster.read_object(target.resource, name=target.name, namespace=target.namespace)
    workload = workload_of(Target(target.resource, target.namespace, target.name, found))
    if workload is None:
        raise ObjectNotFound(target.title)
    pods = await call.cluster.list_objects(PODS, _pods_of(workload))
    return judge_rollout(workload, before=before, new_pods=_new_pods(pods, old_pods))


async def _find_cause(call: ChangeCall, state: RolloutState) -> Problem | None:
    """What the rules say about the pods that fail; their logs are read where those decide."""
    if not state.failing_pods:
        return None
    place = namespace_of(state.failing_pods[0])
    events = await try_list(call.cluster, EVENTS, Selection(place, field_selector="type=Warning"))
    cases = make_cases(state.failing_pods, [] if isinstance(events, Words) else events, now=call.state.now())
    problems = await sharpen(call.cluster, cases, diagnose_all(cases), among=cases)
    found = [problem for each in problems.values() for problem in each]
    return max(found, key=lambda problem: problem.confidence, default=None)


def _new_pods(pods: Sequence[JsonObject], old_pods: Collection[str]) -> list[JsonObject]:
    return [pod for pod in pods if read_text(pod, "metadata", "uid") not in old_pods]


def _pods_of(workload: Workload) -> Selection:
    return Selection(workload.namespace, label_selector=workload.selector)


def _describe(state: RolloutState, target: Target, *, cause: Problem | None) -> Outcome:
    match state.progress:
        case Progress.COMPLETE:
            words = Words(en=f"Complete: {state.words.en}.", zh=f"已完成：{state.words.zh}。")
        case Progress.FAILING if cause is not None:
            words = Words(
                en=f"It fails ({cause.condition}; {state.counts.en}): {cause.cause.en} {cause.next_step.en}",
                zh=f"出现故障（{cause.condition}；{state.counts.zh}）：{cause.cause.zh}{cause.next_step.zh}",
            )
        case Progress.FAILING:
            words = Words(
                en=f"It fails: {state.words.en}. k8s-describe-pod and k8s-get-logs tell more.",
                zh=f"出现故障：{state.words.zh}。可用 k8s-describe-pod 与 k8s-get-logs 进一步查看。",
            )
        case Progress.WAITING:
            words = Words(en=f"{state.words.en}.", zh=f"{state.words.zh}。")
        case _:
            words = Words(
                en=f"Still under way: {state.words.en}. Look again at {target.title} in a moment.",
                zh=f"仍在进行：{state.words.zh}。请稍后再查看 {target.title}。",
            )
    return Outcome(state.progress.value, words)
