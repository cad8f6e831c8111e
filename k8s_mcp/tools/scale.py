"""k8s-scale-deployment: the only tool that changes something, and only after a person said yes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from mcp.server.mcpserver import Context, Elicit, ElicitationResult, Resolve
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import CallToolResult
from pydantic import Field

from k8s_diagnosis.objects.access import read_int, read_text
from k8s_mcp.cluster.interfaces import DEPLOYMENTS, Cluster, ScaleChange
from k8s_mcp.errors import AccessDenied, ChangeConflict, ObjectNotFound, RequestRefused
from k8s_mcp.results import ScaleResult
from k8s_mcp.state import K8sState, choose_cluster, state_of
from k8s_mcp.tools.arguments import ClusterName, Name, Namespace
from k8s_mcp.tools.reading import explain_missing
from mcp_kit.confirmation import Confirmation, Decision, ask, can_ask, decide
from mcp_kit.results import structured_result

TOOL = "k8s-scale-deployment"

# The status of a Deployment changes all the time, and each change makes the read version stale.
_WRITE_ATTEMPTS = 4


@dataclass(frozen=True, slots=True)
class CurrentScale:
    """The Deployment as it was read for the question."""

    namespace: str
    name: str
    replicas: int
    ready: int
    generation: int
    resource_version: str


async def read_current(ctx: Context[K8sState], name: str, namespace: str | None, cluster: str | None) -> CurrentScale:
    target = choose_cluster(ctx, cluster)
    place = namespace or await target.default_namespace()
    try:
        return await _read(target, name=name, namespace=place)
    except ObjectNotFound as error:
        raise await explain_missing(
            target, DEPLOYMENTS, name=name, namespace=place, tool="k8s-get-deployments"
        ) from error


async def _read(cluster: Cluster, *, name: str, namespace: str) -> CurrentScale:
    deployment = await cluster.read_object(DEPLOYMENTS, name=name, namespace=namespace)
    return CurrentScale(
        namespace=namespace,
        name=name,
        replicas=read_int(deployment, "spec", "replicas"),
        ready=read_int(deployment, "status", "readyReplicas"),
        generation=read_int(deployment, "metadata", "generation"),
        resource_version=read_text(deployment, "metadata", "resourceVersion"),
    )


async def ask_to_scale(
    ctx: Context[K8sState], current: Annotated[CurrentScale, Resolve(read_current)], replicas: int, cluster: str | None
) -> Elicit[Confirmation] | None:
    """Ask about exactly this change.

    An answer counts only for the question it was given to. The generation is part of the question and grows with
    every change of the Deployment, so an approval is void after any change, and cannot be used a second time.
    """
    if replicas == current.replicas or not can_ask(ctx):
        return None
    await _try(choose_cluster(ctx, cluster), current, replicas)
    return ask(ctx, question=write_question(current, replicas), preview=write_preview(current, replicas))


async def _try(cluster: Cluster, current: CurrentScale, replicas: int) -> None:
    """Let the API check the change without making it, so that nobody is asked about something impossible."""
    # Without a version: the status changes all the time, and the generation in the question guards the rest.
    change = ScaleChange(current.namespace, current.name, replicas, resource_version="", is_dry_run=True)
    try:
        await cluster.scale_deployment(change)
    except (AccessDenied, RequestRefused) as error:
        raise ToolError(f"Nothing was changed and nobody was asked: a dry run of the change failed. {error}") from error


def write_preview(current: CurrentScale, replicas: int) -> dict[str, object]:
    return {
        "kind": "scale",
        "object": f"Deployment/{current.namespace}/{current.name}",
        "before": current.replicas,
        "after": replicas,
        "pods": replicas - current.replicas,
        "undo": _undo(current),
        "dry_run": "ok",
    }


def _undo(current: CurrentScale) -> str:
    return f"{TOOL} name={current.name} namespace={current.namespace} replicas={current.replicas}"


def write_question(current: CurrentScale, replicas: int) -> str:
    return "\n".join(
        [
            f"Scale Deployment {current.namespace}/{current.name} from {current.replicas} to {replicas} replicas?",
            _effect(current, replicas),
            f"Undo: {_undo(current)}",
            f"Valid for generation {current.generation} of the Deployment only.",
        ]
    )


def _effect(current: CurrentScale, replicas: int) -> str:
    difference = abs(replicas - current.replicas)
    pods = "pod" if difference == 1 else "pods"
    if replicas == 0:
        return f"All {current.replicas} pods are stopped: nothing serves its traffic any more."
    if replicas < current.replicas:
        return f"{difference} {pods} will be stopped ({current.ready} are ready now)."
    return f"{difference} {pods} will be started, if the nodes have room ({current.ready} are ready now)."


async def scale_deployment(
    ctx: Context[K8sState],
    name: Name,
    replicas: Annotated[int, Field(ge=0, le=1000, description="How many replicas it shall have.")],
    current: Annotated[CurrentScale, Resolve(read_current)],
    answer: Annotated[ElicitationResult[Confirmation], Resolve(ask_to_scale)],
    namespace: Namespace = None,
    cluster: ClusterName = None,
) -> Annotated[CallToolResult, ScaleResult]:
    """Change the number of replicas of a Deployment. A person confirms the exact change first; without a yes
    nothing is changed and the status says so."""
    settings = state_of(ctx).settings
    if replicas == current.replicas:
        message = f"Deployment {current.namespace}/{name} already has {replicas} replicas; nothing was changed."
        return _result("scaled", current, after=replicas, message=message)
    match decide(answer, allow_unconfirmed=settings.allow_unconfirmed):
        case Decision.DECLINED:
            message = "The change was declined; nothing was changed. Do not repeat it unless asked to."
            return _result("declined", current, after=current.replicas, message=message)
        case Decision.NEEDS_APPROVAL:
            message = (
                "Nothing was changed: the change needs the approval of a person, and this client cannot ask one "
                "(no elicitation). The operator may set K8S_MCP_ALLOW_UNCONFIRMED=true."
            )
            return _result("needs_approval", current, after=current.replicas, message=message)
        case Decision.APPROVED:
            await _write(choose_cluster(ctx, cluster), current, replicas)
    message = (
        f"Deployment {current.namespace}/{name} scaled from {current.replicas} to {replicas} replicas. "
        f"k8s-get-deployments shows when they are ready. Undo: replicas={current.replicas}."
    )
    return _result("scaled", current, after=replicas, message=message)


async def _write(cluster: Cluster, approved: CurrentScale, replicas: int) -> None:
    """Write what was approved; status updates in between are fine, a changed Deployment is not."""
    latest = approved
    for _ in range(_WRITE_ATTEMPTS):
        change = ScaleChange(latest.namespace, latest.name, replicas, latest.resource_version)
        try:
            await cluster.scale_deployment(change)
        except ChangeConflict:
            latest = await _read(cluster, name=approved.name, namespace=approved.namespace)
            if (latest.generation, latest.replicas) != (approved.generation, approved.replicas):
                break
        else:
            return
    raise ToolError(
        f"Nothing was changed: Deployment {approved.namespace}/{approved.name} changed after the question was asked "
        f"(it has {latest.replicas} replicas now). Look at it and ask again."
    )


def _result(status: str, current: CurrentScale, *, after: int, message: str) -> CallToolResult:
    result = ScaleResult.model_validate(
        {
            "status": status,
            "namespace": current.namespace,
            "name": current.name,
            "replicas_before": current.replicas,
            "replicas_after": after,
            "message": message,
        }
    )
    return structured_result(result, text=message)
