"""k8s-delete-resource."""

from __future__ import annotations

from typing import Annotated, Literal

from mcp.server.mcpserver import Context
from mcp_types import CallToolResult, InputRequiredResult
from pydantic import Field

from k8s_mcp.changes.deletion import is_mirror_pod
from k8s_mcp.cluster.changes import Propagation
from k8s_mcp.errors import ChangeBlocked
from k8s_mcp.results import ChangeResult
from k8s_mcp.state import K8sState
from k8s_mcp.tools.arguments import ClusterName, Kind, Name, Namespace
from k8s_mcp.tools.changing import carry_out, open_call, write_result
from k8s_mcp.tools.deleting import DELETE_TOOL, Deleting

TOOL = DELETE_TOOL


async def delete_resource(
    ctx: Context[K8sState],
    kind: Kind,
    name: Name,
    namespace: Namespace = None,
    propagation: Annotated[
        Literal["Background", "Foreground", "Orphan"], Field(description="What becomes of what it owns.")
    ] = "Background",
    grace_seconds: Annotated[int | None, Field(ge=0, le=3600)] = None,
    cluster: ClusterName = None,
) -> Annotated[CallToolResult, ChangeResult] | InputRequiredResult:
    """Delete one object by its name, never a selection. A person confirms first and sees what goes with it."""
    call = open_call(ctx, TOOL, cluster)
    resource = await call.cluster.find_resource(kind)
    target = await call.read(resource, name=name, namespace=namespace, verb="delete")
    if resource.kind == "Pod" and is_mirror_pod(target.found):
        raise ChangeBlocked(
            f"Blocked: {target.title} is a static pod: its node makes it from a file, so deleting it changes nothing. "
            "Nothing was changed."
        )
    change = Deleting(call, target, Propagation(propagation), grace_seconds)
    report = await carry_out(call, change, action="delete")
    return report if isinstance(report, InputRequiredResult) else write_result(report, [target], action="delete")
