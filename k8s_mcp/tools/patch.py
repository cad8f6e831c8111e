"""k8s-patch-resource."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from mcp.server.mcpserver import Context
from mcp_types import CallToolResult, InputRequiredResult
from pydantic import Field

from k8s_diagnosis.problem import Words
from k8s_mcp.changes.patches import BadPatch, read_patch
from k8s_mcp.results import ChangeResult
from k8s_mcp.state import K8sState
from k8s_mcp.tools.arguments import ClusterName, Kind, Name, Namespace
from k8s_mcp.tools.changing import carry_out, open_call, write_result
from k8s_mcp.tools.patching import PATCH_TOOL, Patching, Wording
from mcp_kit.errors import ErrorKind, KindedToolError

TOOL = PATCH_TOOL


async def patch_resource(
    ctx: Context[K8sState],
    kind: Kind,
    name: Name,
    patch: Annotated[
        dict[str, Any] | list[dict[str, Any]] | str,  # Any: JSON of any kind of object
        Field(description="Object, or list of JSON patch operations."),
    ],
    patch_type: Annotated[
        Literal["strategic", "merge", "json"] | None, Field(description="Left out: what fits patch and kind.")
    ] = None,
    namespace: Namespace = None,
    cluster: ClusterName = None,
) -> Annotated[CallToolResult, ChangeResult] | InputRequiredResult:
    """Change fields of one object of any kind by a patch. A person confirms the exact difference first."""
    call = open_call(ctx, TOOL, cluster)
    resource = await call.cluster.find_resource(kind)
    target = await call.read(resource, name=name, namespace=namespace)
    try:
        form, checked = read_patch(patch, wanted=patch_type, resource=resource)
    except BadPatch as error:
        raise KindedToolError(f"Nothing was changed: {error}.", kind=ErrorKind.BAD_ARGUMENTS) from error
    change = Patching(
        call,
        target,
        form,
        checked,
        Wording(
            "patch",
            question=Words(en=f"Change {target.title}?", zh=f"修改 {target.title}？"),
            done=Words(en=f"{target.title} was changed.", zh=f"{target.title} 已修改。"),
        ),
    )
    report = await carry_out(call, change, action="patch")
    return report if isinstance(report, InputRequiredResult) else write_result(report, [target], action="patch")
