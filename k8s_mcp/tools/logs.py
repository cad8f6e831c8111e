"""k8s-get-logs."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import CallToolResult
from pydantic import Field

from k8s_diagnosis.objects.access import JsonObject, name_of, read_text
from k8s_diagnosis.objects.pods import containers_of
from k8s_mcp.cluster.interfaces import PODS, Cluster, LogRequest
from k8s_mcp.errors import ClusterError, ObjectNotFound, RequestRefused
from k8s_mcp.logs.answer import LogQuestion, ReadLog, make_log_result, split_lines
from k8s_mcp.logs.merging import label_sources, merge_logs, read_stamped
from k8s_mcp.results import LogResult
from k8s_mcp.state import K8sState, choose_cluster
from k8s_mcp.tools.arguments import ClusterName, Namespace, OptionalName
from k8s_mcp.tools.reading import explain_missing
from k8s_mcp.tools.workload_pods import find_workload_pods
from mcp_kit.errors import ErrorKind, KindedToolError
from mcp_kit.results import structured_result

TOOL = "k8s-get-logs"

# With a filter, more is read than shown, since matching lines may lie far back.
_SEARCHED_LINES = 20_000
_SEARCHED_LINES_OF_EACH = 5_000
_MAX_SOURCES = 12
_MAX_REASON = 200
_DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container"
_PARALLEL_READS = 6
_CHOICE = re.compile(r"choose one of: \[([^\]]*)\]")


async def get_logs(
    ctx: Context[K8sState],
    pod: OptionalName = None,
    namespace: Namespace = None,
    workload: Annotated[
        str | None,
        Field(min_length=1, max_length=300, description="All pods of e.g. deploy/web, by time, instead of pod."),
    ] = None,
    container: Annotated[OptionalName, Field(description="One of several.")] = None,
    all_containers: Annotated[bool, Field(description="Init containers too.")] = False,
    previous: Annotated[bool, Field(description="The run before the last restart.")] = False,
    tail: Annotated[int, Field(ge=1, le=2000, description="Lines from the end.")] = 100,
    since_seconds: Annotated[int | None, Field(ge=1, le=31_536_000)] = None,
    contains: Annotated[
        str | None, Field(min_length=1, max_length=200, description="Only lines with this text.")
    ] = None,
    regex: Annotated[bool, Field(description="contains is a regular expression.")] = False,
    cluster: ClusterName = None,
) -> Annotated[CallToolResult, LogResult]:
    """Last log lines of a pod, or of all pods of a workload merged by time; can filter (grep) and read the crashed run
    (previous=true). Credentials in lines are hidden."""
    target = choose_cluster(ctx, cluster)
    place = namespace or await target.default_namespace()
    question = LogQuestion(
        cluster=target.name,
        namespace=place,
        pod=pod or "",
        workload=workload or "",
        container=container or "",
        previous=previous,
        tail=tail,
        since_seconds=since_seconds,
        contains=contains,
        is_regex=regex,
    )
    _check(question, all_containers=all_containers)
    if workload or all_containers:
        question, read = await _read_many(target, question, all_containers=all_containers)
    else:
        question, read = await _read_one(target, question)
    # Filtering twenty thousand lines takes a moment, and other calls go on meanwhile.
    result = await asyncio.to_thread(make_log_result, question, read)
    text = "\n".join([*result.lines, *([f"[{result.note}]"] if result.note else [])])
    return structured_result(result, text=text, leave_out_none=True)


def _check(question: LogQuestion, *, all_containers: bool) -> None:
    if bool(question.pod) == bool(question.workload):
        raise KindedToolError("Give either pod or workload.", kind=ErrorKind.BAD_ARGUMENTS)
    if question.container and all_containers:
        raise KindedToolError("Give either container or all_containers=true.", kind=ErrorKind.BAD_ARGUMENTS)
    if question.is_regex and not question.contains:
        raise KindedToolError("regex=true needs the expression in contains.", kind=ErrorKind.BAD_ARGUMENTS)


async def _read_one(cluster: Cluster, question: LogQuestion) -> tuple[LogQuestion, ReadLog]:
    lines_wanted = _SEARCHED_LINES if question.contains else question.tail
    log, container = await asyncio.gather(
        _read(cluster, question, question.pod, question.container or None, tail=lines_wanted),
        _only_container(cluster, question),
    )
    lines = split_lines(log)
    return replace(question, container=container), ReadLog(lines, is_at_limit=len(lines) >= lines_wanted)


async def _read(
    cluster: Cluster, question: LogQuestion, pod: str, container: str | None, *, tail: int, stamped: bool = False
) -> str:
    request = LogRequest(
        pod=pod,
        namespace=question.namespace,
        container=container,
        previous=question.previous,
        tail_lines=tail,
        since_seconds=question.since_seconds,
        has_timestamps=stamped,
    )
    try:
        return await cluster.read_log(request)
    except ObjectNotFound as error:
        raise await explain_missing(
            cluster, PODS, name=pod, namespace=question.namespace, tool="k8s-get-pods"
        ) from error
    except RequestRefused as error:
        raise ToolError(_explain_refusal(str(error), request)) from error


async def _only_container(cluster: Cluster, question: LogQuestion) -> str:
    """The name of the container that is read when none was given; the log itself matters more than its name."""
    if question.container:
        return question.container
    try:
        pod = await cluster.read_object(PODS, name=question.pod, namespace=question.namespace)
    except ClusterError:
        return ""
    names = [each.name for each in containers_of(pod) if not each.is_init]
    return names[0] if len(names) == 1 else ""


async def _read_many(cluster: Cluster, question: LogQuestion, *, all_containers: bool) -> tuple[LogQuestion, ReadLog]:
    """Several containers at once; one that cannot be read is named and does not hide the others."""
    if question.workload:
        workload = await find_workload_pods(cluster, question.workload, namespace=question.namespace)
        question, pods = replace(question, workload=workload.path), workload.pods
    else:
        pods = [await _read_pod(cluster, question)]
    sources = [
        (name_of(pod), container)
        for pod in pods
        for container in _choose_containers(pod, question, all_containers=all_containers)
    ]
    if not sources and question.container:
        raise _no_container(question, pods)
    wanted = sources[:_MAX_SOURCES]
    logs, notes = await _read_sources(cluster, question, wanted)
    if len(sources) > len(wanted):
        notes.append(f"{len(sources) - len(wanted)} more containers left out: name a pod")
    labels = label_sources(wanted)
    merged = merge_logs({labels[source]: read_stamped("\n".join(split_lines(log))) for source, log in logs.items()})
    return question, ReadLog(merged, is_at_limit=len(merged) > question.tail, sources=len(wanted), notes=notes)


async def _read_pod(cluster: Cluster, question: LogQuestion) -> JsonObject:
    try:
        return await cluster.read_object(PODS, name=question.pod, namespace=question.namespace)
    except ObjectNotFound as error:
        raise await explain_missing(
            cluster, PODS, name=question.pod, namespace=question.namespace, tool="k8s-get-pods"
        ) from error


def _choose_containers(pod: JsonObject, question: LogQuestion, *, all_containers: bool) -> list[str]:
    containers = containers_of(pod)
    if question.container:
        return [each.name for each in containers if each.name == question.container]
    if all_containers:
        return [each.name for each in containers]
    chosen = read_text(pod, "metadata", "annotations", _DEFAULT_CONTAINER)
    return [chosen] if chosen else [each.name for each in containers if not each.is_init][:1]


def _no_container(question: LogQuestion, pods: Sequence[JsonObject]) -> ToolError:
    names = dict.fromkeys(each.name for pod in pods for each in containers_of(pod))
    return KindedToolError(
        f'No container "{question.container}" in the pods of {question.workload}; there are: {", ".join(names)}.',
        kind=ErrorKind.NOT_FOUND,
    )


async def _read_sources(
    cluster: Cluster, question: LogQuestion, sources: Sequence[tuple[str, str]]
) -> tuple[dict[tuple[str, str], str], list[str]]:
    """Raises the error of the first one when none can be read."""
    limit = asyncio.Semaphore(_PARALLEL_READS)
    tail = _SEARCHED_LINES_OF_EACH if question.contains else question.tail

    async def read(source: tuple[str, str]) -> str | ToolError | ClusterError:
        async with limit:
            try:
                return await _read(cluster, question, *source, tail=tail, stamped=True)
            except (ToolError, ClusterError) as error:
                return error

    answers = dict(zip(sources, await asyncio.gather(*(read(source) for source in sources)), strict=True))
    logs = {source: answer for source, answer in answers.items() if isinstance(answer, str)}
    failed = {source: answer for source, answer in answers.items() if not isinstance(answer, str)}
    if failed and not logs:
        raise next(iter(failed.values()))
    return logs, [f"{pod}/{container}: {error}"[:_MAX_REASON] for (pod, container), error in failed.items()]


def _explain_refusal(message: str, request: LogRequest) -> str:
    choice = _CHOICE.search(message)
    if choice:
        names = ", ".join(choice.group(1).split())
        return (
            f'Pod "{request.pod}" has several containers: {names}. Repeat with container set to one of them, or '
            "all_containers=true."
        )
    if "previous terminated container" in message:
        return f'Pod "{request.pod}" has no earlier run: the container has not restarted. Use previous=false.'
    if "is waiting to start" in message:
        return f"No log yet: {message} k8s-describe-pod name={request.pod} tells why it waits."
    if "is not valid for pod" in message:
        return f"{message} k8s-describe-pod name={request.pod} lists the containers."
    return message
