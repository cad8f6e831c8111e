"""k8s-get-pods."""

from __future__ import annotations

import asyncio
from typing import Annotated

from mcp.server.mcpserver import Context
from mcp_types import CallToolResult
from pydantic import Field

from k8s_mcp.cluster.interfaces import PODS, Selection
from k8s_mcp.listing.pods import ALIKE_POD_TABLE, POD_TABLE, ListedPod, join_alike, list_pod, make_pod_row
from k8s_mcp.listing.rows import DEFAULT_ROWS
from k8s_mcp.results import TableResult
from k8s_mcp.state import K8sState, state_of
from k8s_mcp.tools.arguments import AllNamespaces, ClusterName, Cursor, LabelSelector, Limit, Namespace
from k8s_mcp.tools.causes import PodKey, diagnose_all, make_cases, sharpen
from k8s_mcp.tools.list_call import Paging, begin_list
from k8s_mcp.tools.reading import require_namespace

TOOL = "k8s-get-pods"


async def get_pods(
    ctx: Context[K8sState],
    namespace: Namespace = None,
    all_namespaces: AllNamespaces = False,
    label_selector: LabelSelector = None,
    only_abnormal: Annotated[bool, Field(description="Leave healthy pods out.")] = False,
    limit: Limit = None,
    cursor: Cursor = None,
    cluster: ClusterName = None,
) -> Annotated[CallToolResult, TableResult]:
    """List pods with status, restarts and, for abnormal ones, the named problem and its cause. Abnormal pods come
    first. For questions such as which pods are broken and why."""
    state = state_of(ctx)
    asked = await begin_list(
        ctx,
        tool=TOOL,
        cluster=cluster,
        scope=(namespace, all_namespaces),
        paging=Paging(limit, cursor),
        query=[label_selector, only_abnormal],
    )
    pods, warnings = await asyncio.gather(
        asked.read(PODS, Selection(asked.namespace, label_selector)), asked.read_warnings()
    )
    if not pods:
        await require_namespace(asked.cluster, asked.namespace)
    now = state.now()
    listed = [list_pod(pod, now=now) for pod in pods]
    cases = make_cases([each.pod for each in listed if each.may_have_problems], warnings, now=now)
    problems = diagnose_all(cases)
    listed = [each.with_problems(problems.get(_key_of(each), ())) for each in listed]
    listed = [each for each in listed if each.is_abnormal or not only_abnormal]
    are_many = asked.namespace is None or sum(each.is_abnormal for each in listed) > DEFAULT_ROWS
    is_overview = limit is None and are_many
    page = asked.cut(join_alike(listed) if is_overview else listed, counted=listed)
    shown = [_key_of(each) for each in page.rows]
    sharper = await sharpen(asked.cluster, cases, problems, among=[key for key in shown if key in cases])
    rows = [
        make_pod_row(each.with_problems(sharper.get(_key_of(each), ())), now=now, has_alike=is_overview)
        for each in page.rows
    ]
    return asked.answer(ALIKE_POD_TABLE if is_overview else POD_TABLE, page.with_rows(rows))


def _key_of(listed: ListedPod) -> PodKey:
    namespace, name = listed.key
    return namespace, name
