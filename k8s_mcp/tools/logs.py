"""k8s-get-logs."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Annotated

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import CallToolResult
from pydantic import Field

from k8s_diagnosis.objects.pods import containers_of
from k8s_mcp.cluster.interfaces import PODS, Cluster, LogRequest
from k8s_mcp.errors import ClusterError, ObjectNotFound, RequestRefused
from k8s_mcp.results import LogResult
from k8s_mcp.state import K8sState, choose_cluster
from k8s_mcp.tools.arguments import ClusterName, Name, Namespace, OptionalName
from k8s_mcp.tools.reading import explain_missing
from mcp_kit.redaction import hide_private_keys
from mcp_kit.results import measure_structured, structured_result
from mcp_kit.sanitising import sanitise_line

TOOL = "k8s-get-logs"

_MAX_LINE = 2000
# The text repeats the lines, each form has the whole budget of a result, minus its frame.
_LINES_BUDGET = 38_000
# With a filter, more is read than shown, since matching lines may lie far back.
_SEARCHED_LINES = 20_000
_CHOICE = re.compile(r"choose one of: \[([^\]]*)\]")


async def get_logs(
    ctx: Context[K8sState],
    pod: Name,
    namespace: Namespace = None,
    container: Annotated[OptionalName, Field(description="Needed when the pod has several containers.")] = None,
    previous: Annotated[bool, Field(description="True reads the run before the last restart.")] = False,
    tail: Annotated[int, Field(ge=1, le=2000, description="How many lines from the end.")] = 100,
    since_seconds: Annotated[int | None, Field(ge=1, le=31_536_000, description="Only newer lines.")] = None,
    contains: Annotated[
        str | None, Field(min_length=1, max_length=200, description="Only lines with this text.")
    ] = None,
    cluster: ClusterName = None,
) -> Annotated[CallToolResult, LogResult]:
    """Last log lines of one pod, oldest first; can filter by text and read the crashed run (previous=true).
    Credentials in lines are hidden."""
    target = choose_cluster(ctx, cluster)
    place = namespace or await target.default_namespace()
    request = LogRequest(
        pod=pod,
        namespace=place,
        container=container,
        previous=previous,
        tail_lines=_SEARCHED_LINES if contains else tail,
        since_seconds=since_seconds,
    )
    text = await _read(target, request)
    if container is None:
        request = replace(request, container=await _only_container(target, request))
    result = make_log_result(request, text, tail=tail, contains=contains)
    return structured_result(result, text="\n".join([*result.lines, *([f"[{result.note}]"] if result.note else [])]))


async def _read(cluster: Cluster, request: LogRequest) -> str:
    try:
        return await cluster.read_log(request)
    except ObjectNotFound as error:
        raise await explain_missing(
            cluster, PODS, name=request.pod, namespace=request.namespace, tool="k8s-get-pods"
        ) from error
    except RequestRefused as error:
        raise ToolError(_explain_refusal(str(error), request)) from error


async def _only_container(cluster: Cluster, request: LogRequest) -> str | None:
    """The name of the container that was read, since none was given; the log itself matters more than its name."""
    try:
        pod = await cluster.read_object(PODS, name=request.pod, namespace=request.namespace)
    except ClusterError:
        return None
    names = [each.name for each in containers_of(pod) if not each.is_init]
    return names[0] if len(names) == 1 else None


def _explain_refusal(message: str, request: LogRequest) -> str:
    choice = _CHOICE.search(message)
    if choice:
        names = ", ".join(choice.group(1).split())
        return f'Pod "{request.pod}" has several containers: {names}. Repeat with container set to one of them.'
    if "previous terminated container" in message:
        return f'Pod "{request.pod}" has no earlier run: the container has not restarted. Use previous=false.'
    if "is waiting to start" in message:
        return f"No log yet: {message} k8s-describe-pod name={request.pod} tells why it waits."
    if "is not valid for pod" in message:
        return f"{message} k8s-describe-pod name={request.pod} lists the containers."
    return message


def make_log_result(request: LogRequest, text: str, *, tail: int, contains: str | None) -> LogResult:
    """Clean, filter and cut the lines; what was cut is the oldest part, and it is said."""
    read = hide_private_keys(text).splitlines()
    found = [line for line in read if contains.lower() in line.lower()] if contains else read
    lines = [sanitise_line(line, max_characters=_MAX_LINE) for line in found[-tail:]]
    kept = _keep_end(lines)
    cut = len(found) > tail if contains else False
    return LogResult(
        namespace=request.namespace,
        pod=request.pod,
        container=request.container or "",
        previous=request.previous,
        lines=kept,
        shown=len(kept),
        truncated=len(kept) < len(lines) or cut or (contains is None and len(read) >= tail),
        note=_note(request, read=len(read), found=len(found), cut=len(lines) - len(kept), contains=contains),
    )


def _keep_end(lines: list[str]) -> list[str]:
    used, kept = 0, list[str]()
    for line in reversed(lines):
        used += measure_structured(line) + 1
        if used > _LINES_BUDGET:
            break
        kept.append(line)
    return kept[::-1]


def _note(request: LogRequest, *, read: int, found: int, cut: int, contains: str | None) -> str | None:
    run = "the run before" if request.previous else "this run"
    if not read:
        return f"The container has written no log lines in {run}" + (
            f" in the last {request.since_seconds} s" if request.since_seconds else ""
        )
    if not found:
        return f"None of the last {read} lines contains {contains!r}"
    if cut:
        return f"{cut} older lines left out to fit; use contains or a smaller tail"
    return f"{found} of the last {read} lines match" if contains else None
