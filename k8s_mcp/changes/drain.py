"""Which pods leave a node when it is drained, and which stay and why."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from k8s_diagnosis.objects.access import JsonObject, name_of, namespace_of, read_flag, read_maps, read_text
from k8s_diagnosis.objects.pods import is_finished, is_terminating
from k8s_diagnosis.problem import Words
from k8s_mcp.changes.deletion import is_mirror_pod
from k8s_mcp.changes.impact import Notes

_MAX_NAMES = 5


@dataclass(frozen=True, slots=True)
class NodePods:
    """The pods of a node, by what a drain does with them."""

    leaving: tuple[JsonObject, ...]
    unmanaged: tuple[JsonObject, ...]
    """Nobody would make these anew elsewhere."""
    protected: tuple[JsonObject, ...]
    """They lie in namespaces in which nothing may be changed."""
    daemons: int
    """Pods of DaemonSets and static pods belong to the node."""


def sort_pods(pods: Sequence[JsonObject], *, is_protected: Callable[[str], bool]) -> NodePods:
    """As kubectl drain does without any force: what would be lost stays."""
    moving = [pod for pod in pods if not is_finished(pod) and not is_terminating(pod)]
    bound = [pod for pod in moving if is_mirror_pod(pod) or _owner_kind(pod) == "DaemonSet"]
    free = [pod for pod in moving if pod not in bound]
    protected = [pod for pod in free if is_protected(namespace_of(pod))]
    unmanaged = [pod for pod in free if pod not in protected and not _owner_kind(pod)]
    leaving = [pod for pod in free if pod not in protected and pod not in unmanaged]
    return NodePods(tuple(leaving), tuple(unmanaged), tuple(protected), len(bound))


def note_drain(pods: NodePods) -> Notes:
    """What moves, what stays and what is lost."""
    count = len(pods.leaving)
    notes = Notes(
        effects=[
            Words(
                en=f"{count} pods are evicted, one after the other, as far as disruption budgets let them; "
                f"{pods.daemons} pods of DaemonSets and the node itself stay.",
                zh=f"将逐个驱逐 {count} 个 Pod，受 PodDisruptionBudget 约束；"
                f"DaemonSet 与静态 Pod 共 {pods.daemons} 个留下。",
            )
        ],
        is_destructive=True,
    )
    if pods.unmanaged:
        listed = list_pods(pods.unmanaged)
        notes.warnings.append(
            Words(
                en=f"These stay, since nobody would make them anew: {listed}.",
                zh=f"这些 Pod 没有控制器重建，会留下：{listed}。",
            )
        )
    if pods.protected:
        listed = list_pods(pods.protected)
        notes.warnings.append(
            Words(
                en=f"These stay, since their namespaces are protected: {listed}.",
                zh=f"这些 Pod 位于受保护的命名空间，会留下：{listed}。",
            )
        )
    scratch = [pod for pod in pods.leaving if _has_scratch(pod)]
    if scratch:
        listed = list_pods(scratch)
        notes.warnings.append(
            Words(
                en=f"What these keep in emptyDir volumes is lost: {listed}.",
                zh=f"这些 Pod 的 emptyDir 内容会丢失：{listed}。",
            )
        )
    return notes


def list_pods(pods: Sequence[JsonObject]) -> str:
    more = len(pods) - _MAX_NAMES
    listed = ", ".join(path_of(pod) for pod in pods[:_MAX_NAMES])
    return listed + (f" (+{more})" if more > 0 else "")


def path_of(pod: JsonObject) -> str:
    return f"{namespace_of(pod)}/{name_of(pod)}"


def _owner_kind(pod: JsonObject) -> str:
    references = read_maps(pod, "metadata", "ownerReferences")
    return next((read_text(each, "kind") for each in references if read_flag(each, "controller")), "")


def _has_scratch(pod: JsonObject) -> bool:
    return any("emptyDir" in volume for volume in read_maps(pod, "spec", "volumes"))
