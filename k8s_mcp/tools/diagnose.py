"""k8s-diagnose."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from mcp.server.mcpserver import Context
from mcp_types import CallToolResult
from pydantic import Field

from k8s_diagnosis.diagnosing import Diagnosis, diagnose
from k8s_diagnosis.joining import Finding, weight_of
from k8s_diagnosis.objects.access import name_of
from k8s_diagnosis.reporting import write_finding, write_unknown
from k8s_diagnosis.snapshot import ClusterSnapshot
from k8s_diagnosis.text.names import list_nearest
from k8s_mcp.listing.rows import encode_cursor
from k8s_mcp.results import DiagnosisResult, FindingView, UnreadView, view_finding
from k8s_mcp.state import K8sState, state_of
from k8s_mcp.tools.arguments import AllNamespaces, ClusterName, Cursor, Namespace
from k8s_mcp.tools.gathering import gather_snapshot
from k8s_mcp.tools.list_call import ListCall, Paging, begin_list
from k8s_mcp.tools.reading import require_namespace
from mcp_kit.errors import ErrorKind, KindedToolError
from mcp_kit.results import MAX_RESULT_CHARACTERS, measure_structured, structured_result

TOOL = "k8s-diagnose"

_DEFAULT_FINDINGS = 10
_BUDGET = 30_000
"""Characters for the findings, which leaves room for the rest of the answer within the result's budget."""

_MAX_UNKNOWN = 40
_WORKLOAD = re.compile(r"(?:(?P<kind>[A-Za-z]{1,60})/)?(?P<name>[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?)")
_WORKLOAD_KINDS = ("Deployment", "StatefulSet", "DaemonSet", "CronJob", "Job", "Service", "Pod")

Workload = Annotated[
    Annotated[str, Field(max_length=320)] | None,
    Field(description="Only what concerns this one: name or Kind/name, e.g. Deployment/web."),
]


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A workload as the caller names it."""

    kind: str
    """Empty for any."""
    name: str

    def fits(self, path: str) -> bool:
        kind, _, name = path.split("/", 2)
        return name == self.name and (not self.kind or kind.lower() == self.kind.lower())


async def diagnose_cluster(
    ctx: Context[K8sState],
    namespace: Namespace = None,
    all_namespaces: AllNamespaces = False,
    workload: Workload = None,
    limit: Annotated[int | None, Field(ge=1, le=100, description="Findings per page.")] = None,
    cursor: Cursor = None,
    cluster: ClusterName = None,
) -> Annotated[CallToolResult, DiagnosisResult]:
    """Find what is wrong and why: pods, workloads, Services, storage, quotas, nodes. Root causes first, each with
    evidence, next step, fix and effects. What could not be read is listed as unknown."""
    asked = await begin_list(
        ctx,
        tool=TOOL,
        cluster=cluster,
        scope=(namespace, all_namespaces),
        paging=Paging(limit, cursor),
        query=[workload],
    )
    wanted = _read_workload(workload)
    snapshot = await gather_snapshot(asked.cluster, scope=asked.namespace, now=state_of(ctx).now())
    if not snapshot.objects["Pod"]:
        await require_namespace(asked.cluster, asked.namespace)
    found = await asyncio.to_thread(diagnose, snapshot)
    findings = found.findings
    if wanted is not None:
        findings = tuple(each for each in findings if any(wanted.fits(path) for path in _paths_of(each)))
        if not findings:
            _require_workload(snapshot, wanted)
    result = _make_result(asked, found, findings, workload=workload)
    return structured_result(result, text=_write_text(result, findings, asked))


def _read_workload(workload: str | None) -> _Wanted | None:
    if workload is None:
        return None
    parts = _WORKLOAD.fullmatch(workload)
    if parts is None:
        raise KindedToolError(
            f"{workload[:80]!r} is no workload: give its name, or Kind/name such as Deployment/web.",
            kind=ErrorKind.BAD_ARGUMENTS,
        )
    return _Wanted(parts["kind"] or "", parts["name"])


def _require_workload(snapshot: ClusterSnapshot, wanted: _Wanted) -> None:
    """Tell a workload without a finding from one that does not exist."""
    kinds = [kind for kind in _WORKLOAD_KINDS if not wanted.kind or kind.lower() == wanted.kind.lower()]
    if not kinds:
        kinds = [kind for kind in snapshot.objects if kind.lower() == wanted.kind.lower()]
    names = {name_of(each) for kind in kinds for each in snapshot.objects.get(kind, ())}
    if wanted.name not in names:
        shown = f"{wanted.kind or 'workload'} {wanted.name}".lower()
        raise KindedToolError(
            f"No {shown} was found; {list_nearest(wanted.name, among=sorted(names))}.", kind=ErrorKind.NOT_FOUND
        )


def _paths_of(finding: Finding) -> list[str]:
    return [path for each in finding.walk() for path in (each.problem.object, *each.subjects, *each.pods)]


def _make_result(
    asked: ListCall, found: Diagnosis, findings: Sequence[Finding], *, workload: str | None
) -> DiagnosisResult:
    after = asked.wish.after
    following = [each for each in findings if after is None or weight_of(each) > after]
    shown = _fit(following[: asked.wish.limit or _DEFAULT_FINDINGS])
    has_more = len(shown) < len(following)
    cursor = encode_cursor(weight_of(following[len(shown) - 1]), digest=asked.wish.digest) if has_more else None
    return DiagnosisResult(
        cluster=asked.cluster.name,
        namespace=asked.namespace,
        workload=workload,
        findings=shown,
        total=len(findings),
        shown=len(shown),
        next_cursor=cursor,
        unknown=[UnreadView(what=each.what, reason=each.reason) for each in found.unknown[:_MAX_UNKNOWN]],
        healthy=not findings,
    )


def _fit(findings: Sequence[Finding]) -> list[FindingView]:
    """As many as the budget holds; at least one."""
    used, shown = 0, list[FindingView]()
    for finding in findings:
        view = view_finding(finding)
        used += measure_structured(view.model_dump())
        if shown and used > _BUDGET:
            break
        shown.append(view)
    return shown


def _write_text(result: DiagnosisResult, findings: Sequence[Finding], asked: ListCall) -> str:
    place = f"namespace {result.namespace}" if result.namespace else "all namespaces"
    about = f"{result.workload} in {place}" if result.workload else place
    after = asked.wish.after
    first = sum(1 for each in findings if after is not None and weight_of(each) <= after)
    if not findings:
        lines = [f"Nothing wrong was found with {about} of cluster {result.cluster}."]
    else:
        counted = f"{result.total} finding{'s' if result.total > 1 else ''}"
        lines = [f"{counted} for {about} of cluster {result.cluster}; {result.shown} shown."]
    for number, finding in enumerate(findings[first : first + result.shown], start=first + 1):
        lines.extend(write_finding(finding, number=number, language="en"))
    if result.next_cursor:
        lines.append(f"More: {TOOL} with the same arguments and cursor={result.next_cursor}")
    lines.extend(write_unknown([(each.what, each.reason) for each in result.unknown], language="en"))
    text = "\n".join(lines)
    return text if len(text) <= MAX_RESULT_CHARACTERS else f"{text[: MAX_RESULT_CHARACTERS - 40]}…\n(text cut)"
