"""k8s-restart-workload."""

from __future__ import annotations

from typing import Annotated

from mcp.server.mcpserver import Context
from mcp_types import CallToolResult, InputRequiredResult

from k8s_diagnosis.problem import Words
from k8s_mcp.changes.workloads import Workload
from k8s_mcp.cluster.changes import PatchForm
from k8s_mcp.results import ChangeResult
from k8s_mcp.state import K8sState
from k8s_mcp.tools.arguments import ClusterName, Name, Namespace, WorkloadKind
from k8s_mcp.tools.changing import carry_out, open_call, write_result
from k8s_mcp.tools.patching import Patching, Wording
from k8s_mcp.tools.workloads import WORKLOADS
from mcp_kit.errors import ErrorKind, KindedToolError

TOOL = "k8s-restart-workload"

# The annotation kubectl uses for it, so that both show in one history.
_RESTARTED_AT = "kubectl.kubernetes.io/restartedAt"


async def restart_workload(
    ctx: Context[K8sState],
    name: Name,
    kind: WorkloadKind = "Deployment",
    namespace: Namespace = None,
    cluster: ClusterName = None,
) -> Annotated[CallToolResult, ChangeResult] | InputRequiredResult:
    """Restart all pods of a Deployment, StatefulSet or DaemonSet, as kubectl rollout restart. A person confirms
    first."""
    call = open_call(ctx, TOOL, cluster)
    target = await call.read(WORKLOADS[kind], name=name, namespace=namespace)
    if Workload(target.found or {}).is_paused:
        raise KindedToolError(
            f"Nothing was changed: {target.title} is paused (spec.paused), so no pod would be replaced. Resume it "
            "first with k8s-patch-resource.",
            kind=ErrorKind.FAILED,
        )
    moment = call.state.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    change = Patching(
        call,
        target,
        PatchForm.STRATEGIC,
        {"spec": {"template": {"metadata": {"annotations": {_RESTARTED_AT: moment}}}}},
        Wording(
            "restart",
            question=Words(en=f"Restart {target.title}?", zh=f"重启 {target.title}？"),
            done=Words(en=f"{target.title} is being restarted.", zh=f"{target.title} 正在重启。"),
        ),
        no_undo=Words(
            en="pods that were replaced do not come back; the new ones are made from the same template.",
            zh="被替换的 Pod 不会回来；新的 Pod 由同一模板创建。",
        ),
        moment_field=f"spec.template.metadata.annotations[{_RESTARTED_AT}]",
    )
    report = await carry_out(call, change, action="restart")
    return report if isinstance(report, InputRequiredResult) else write_result(report, [target], action="restart")
