"""k8s-scale-deployment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from mcp.server.mcpserver import Context
from mcp_types import CallToolResult, InputRequiredResult
from pydantic import Field

from k8s_diagnosis.problem import Words
from k8s_mcp.changes.impact import note_keepers, note_scaling
from k8s_mcp.changes.preview import ObjectChange, Preview
from k8s_mcp.changes.targets import Target
from k8s_mcp.changes.workloads import Workload
from k8s_mcp.cluster.changes import ObjectPatch, PatchForm, Written
from k8s_mcp.cluster.interfaces import DEPLOYMENTS, STATEFUL_SETS
from k8s_mcp.results import ScaleResult
from k8s_mcp.state import K8sState
from k8s_mcp.tools.arguments import ClusterName, Name, Namespace
from k8s_mcp.tools.changing import ChangeCall, Done, Outcome, Report, carry_out, open_call, write_onto
from k8s_mcp.tools.surroundings import read_surroundings
from k8s_mcp.tools.watching import list_pod_ids, watch_rollout
from mcp_kit.results import structured_result

TOOL = "k8s-scale-deployment"
_RESOURCES = {"Deployment": DEPLOYMENTS, "StatefulSet": STATEFUL_SETS}


async def scale_deployment(
    ctx: Context[K8sState],
    name: Name,
    replicas: Annotated[int, Field(ge=0, le=1000, description="How many replicas it shall have.")],
    namespace: Namespace = None,
    kind: Literal["Deployment", "StatefulSet"] = "Deployment",
    cluster: ClusterName = None,
) -> Annotated[CallToolResult, ScaleResult] | InputRequiredResult:
    """Change the number of replicas of a Deployment or StatefulSet. A person confirms the exact change first; without
    a yes nothing is changed and the status says so."""
    call = open_call(ctx, TOOL, cluster)
    target = await call.read(_RESOURCES[kind], name=name, namespace=namespace)
    scaling = Scaling(call, target, replicas)
    if replicas == scaling.before.replicas:
        words = Words(
            en=f"{target.title} already has {replicas} replicas; nothing was changed.",
            zh=f"{target.title} 已经是 {replicas} 个副本，没有做任何修改。",
        )
        return scaling.write_result(Report("unchanged", words))
    report = await carry_out(call, scaling, action="scale")
    return report if isinstance(report, InputRequiredResult) else scaling.write_result(report)


@dataclass(frozen=True, slots=True)
class Scaling:
    """Another number of replicas for one workload."""

    call: ChangeCall
    target: Target
    replicas: int

    @property
    def targets(self) -> list[Target]:
        return [self.target]

    @property
    def before(self) -> Workload:
        return Workload(self.target.found or {})

    @property
    def undo(self) -> str:
        target = self.target
        kind = None if target.resource == DEPLOYMENTS else target.resource.kind
        return self.call.write_command(
            name=target.name, namespace=target.namespace, replicas=self.before.replicas, kind=kind
        )

    async def preview(self) -> Preview:
        # Without a version: the status changes all the time, and the binding of the approval guards the rest.
        await self._send(version=None, is_dry_run=True)
        around = await read_surroundings(self.call.cluster, self.before)
        notes = note_keepers(self.target.found)
        notes.join(note_scaling(self.target, self.before, replicas=self.replicas, around=around))
        before = self.before.replicas
        return Preview(
            kind="scale",
            title=Words(
                en=f"Scale {self.target.title} from {before} to {self.replicas} replicas?",
                zh=f"把 {self.target.title} 从 {before} 个副本调整为 {self.replicas} 个？",
            ),
            objects=(ObjectChange(self.target.path, "update"),),
            risk=notes.risk,
            replicas=(before, self.replicas),
            effects=tuple(notes.effects),
            warnings=tuple(notes.warnings),
            unknown=around.unknown,
            undo=self.undo,
            cluster=self.call.cluster.name,
        )

    async def write(self) -> Done:
        old_pods = await list_pod_ids(self.call, self.before)

        async def send(latest: Target) -> Written:
            return await self._send(version=latest.version, is_dry_run=False)

        await write_onto(self.call, self.target, send)
        before = self.before.replicas
        words = Words(
            en=f"{self.target.title} scaled from {before} to {self.replicas} replicas.",
            zh=f"{self.target.title} 已从 {before} 个副本调整为 {self.replicas} 个。",
        )
        return Done(words, undo=self.undo, watch=lambda: self._watch(old_pods))

    async def _send(self, *, version: str | None, is_dry_run: bool) -> Written:
        metadata = {"metadata": {"resourceVersion": version}} if version else {}
        target = self.target
        patch = ObjectPatch(
            resource=target.resource,
            name=target.name,
            namespace=target.namespace,
            form=PatchForm.MERGE,
            body={"spec": {"replicas": self.replicas}, **metadata},
            subresource="scale",
        )
        return await self.call.cluster.patch_object(patch, is_dry_run=is_dry_run)

    async def _watch(self, old_pods: frozenset[str]) -> Outcome:
        return await watch_rollout(self.call, self.target, before=self.before, old_pods=old_pods)

    def write_result(self, report: Report) -> CallToolResult:
        before = self.before.replicas
        is_changed = report.status == "done"
        result = ScaleResult(
            status="scaled" if report.status in {"done", "unchanged"} else report.status,
            namespace=self.target.namespace or "",
            name=self.target.name,
            replicas_before=before,
            replicas_after=self.replicas if is_changed else before,
            outcome=report.outcome or "",
            message=report.words.en,
            message_zh=report.words.zh,
            undo=report.undo or "",
        )
        return structured_result(result, text=report.text)
