"""k8s-list-clusters."""

from __future__ import annotations

import asyncio
from typing import Annotated

from mcp.server.mcpserver import Context
from mcp_types import CallToolResult
from pydantic import Field

from k8s_mcp.cluster.contexts import ClusterContext
from k8s_mcp.errors import ClusterError, NothingConfigured
from k8s_mcp.results import ClustersResult
from k8s_mcp.state import K8sState, choose_cluster, state_of
from mcp_kit.results import structured_result

TOOL = "k8s-list-clusters"

_COLUMNS = ("name", "server", "namespace", "is_default")
_CHECK_SECONDS = 10.0
_MAX_PARALLEL = 8
_MAX_CLUSTERS = 200
_MAX_REASON = 160


async def list_clusters(
    ctx: Context[K8sState],
    check: Annotated[bool, Field(description="Also ask each for its version.")] = False,
) -> Annotated[CallToolResult, ClustersResult]:
    """List the clusters (kubeconfig contexts) that can be named as cluster, with the default one."""
    try:
        contexts = list(state_of(ctx).clusters.list_contexts())[:_MAX_CLUSTERS]
    except NothingConfigured as nothing:
        return structured_result(ClustersResult(columns=list(_COLUMNS), rows=[]), text=str(nothing))
    states = await _ask_all(ctx, contexts) if check else [""] * len(contexts)
    columns = [*_COLUMNS, *(["state"] if check else [])]
    rows = [
        [each.name, each.server, each.namespace or "default", "yes" if each.is_default else "", state][: len(columns)]
        for each, state in zip(contexts, states, strict=True)
    ]
    result = ClustersResult(columns=columns, rows=rows)
    lines = [" ".join(columns), *(" ".join(str(cell) or "-" for cell in row) for row in rows)]
    return structured_result(result, text="\n".join(lines) if rows else "No cluster is configured.")


async def _ask_all(ctx: Context[K8sState], contexts: list[ClusterContext]) -> list[str]:
    limit = asyncio.Semaphore(_MAX_PARALLEL)

    async def ask(context: ClusterContext) -> str:
        async with limit:
            try:
                async with asyncio.timeout(_CHECK_SECONDS):
                    return await choose_cluster(ctx, context.name).read_version()
            except TimeoutError:
                return f"unreachable: no answer within {_CHECK_SECONDS:g} s"
            except ClusterError as error:
                return f"unreachable: {error}"[:_MAX_REASON]

    return await asyncio.gather(*(ask(context) for context in contexts))
