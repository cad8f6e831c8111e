"""k8s-cordon-node: keep new pods off a node, let them back on, or move its pods away."""

from __future__ import annotations

from typing import Annotated, Literal

from mcp.server.mcpserver import Context
from mcp_types import CallToolResult, InputRequiredResult

from k8s_diagnosis.problem import Words
from k8s_mcp.changes.targets import Target
from k8s_mcp.cluster.changes import PatchForm
from k8s_mcp.cluster.interfaces import NODES
from k8s_mcp.results import ChangeResult
from k8s_mcp.state import K8sState
from k8s_mcp.tools.arguments import ClusterName, Name
from k8s_mcp.tools.changing import Change, ChangeCall, carry_out, open_call, write_result
from k8s_mcp.tools.draining import Draining, read_node_pods
from k8s_mcp.tools.patching import Patching, Wording

TOOL = "k8s-cordon-node"
Action = Literal["cordon", "uncordon", "drain"]


async def cordon_node(
    ctx: Context[K8sState], name: Name, action: Action = "cordon", cluster: ClusterName = None
) -> Annotated[CallToolResult, ChangeResult] | InputRequiredResult:
    """Cordon a node (no new pods), uncordon it, or drain it: evict its pods within their disruption budgets. A person
    confirms first."""
    call = open_call(ctx, TOOL, cluster)
    node = await call.read(NODES, name=name, namespace=None)
    change: Change
    if action == "drain":
        change = Draining(call, cordoning(call, node), await read_node_pods(call, node))
    elif action == "cordon":
        change = cordoning(call, node)
    else:
        change = uncordoning(call, node)
    report = await carry_out(call, change, action=action)
    return report if isinstance(report, InputRequiredResult) else write_result(report, [node], action=action)


def cordoning(call: ChangeCall, node: Target) -> Patching:
    return Patching(
        call,
        node,
        PatchForm.STRATEGIC,
        {"spec": {"unschedulable": True}},
        Wording(
            "cordon",
            question=Words(
                en=f"Keep new pods off {node.title} (cordon)?", zh=f"禁止新 Pod 调度到 {node.title}（cordon）？"
            ),
            done=Words(
                en=f"{node.title} is cordoned: no new pods are placed on it.",
                zh=f"{node.title} 已隔离：不再调度新的 Pod。",
            ),
        ),
        undo=call.write_command(name=node.name, action="uncordon"),
    )


def uncordoning(call: ChangeCall, node: Target) -> Patching:
    return Patching(
        call,
        node,
        PatchForm.STRATEGIC,
        {"spec": {"unschedulable": None}},
        Wording(
            "uncordon",
            question=Words(
                en=f"Let new pods back on {node.title} (uncordon)?",
                zh=f"允许新 Pod 重新调度到 {node.title}（uncordon）？",
            ),
            done=Words(en=f"{node.title} takes new pods again.", zh=f"{node.title} 重新接受新的 Pod。"),
        ),
        undo=call.write_command(name=node.name, action="cordon"),
    )
