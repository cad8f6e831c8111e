"""What goes, stays or comes back when an object is deleted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from k8s_diagnosis.objects.access import JsonObject, read_flag, read_map, read_maps, read_text, read_texts
from k8s_diagnosis.problem import Words
from k8s_mcp.changes.impact import Notes
from k8s_mcp.changes.targets import Target
from k8s_mcp.cluster.changes import Propagation

_MAX_USERS = 5
_MIRROR = "kubernetes.io/config.mirror"


def find_maker(target: Target) -> str | None:
    """Kind and name of the controller that makes the object anew once it is gone."""
    for reference in read_maps(target.found, "metadata", "ownerReferences"):
        if read_flag(reference, "controller"):
            return f"{read_text(reference, 'kind')} {read_text(reference, 'name')}"
    return None


def is_mirror_pod(found: JsonObject | None) -> bool:
    """A static pod as the API shows it: its node's kubelet alone decides about it."""
    return _MIRROR in read_map(found, "metadata", "annotations")


def note_deletion(target: Target, *, propagation: Propagation, grace_seconds: int | None) -> Notes:
    """What can be told from the object itself."""
    notes = Notes(is_destructive=True)
    if target.resource.kind == "Pod":
        notes.join(_note_pod(target, grace_seconds=grace_seconds))
    finalizers = read_texts(target.found, "metadata", "finalizers")
    if finalizers:
        listed = ", ".join(finalizers)
        notes.effects.append(
            Words(
                en=f"It stays until its finalizers are done: {listed}.", zh=f"在 finalizer 完成之前它会保留：{listed}。"
            )
        )
    if propagation is Propagation.ORPHAN:
        notes.effects.append(
            Words(en="What it owns stays without an owner.", zh="它拥有的对象会保留，但不再有所有者。")
        )
    return notes


def _note_pod(target: Target, *, grace_seconds: int | None) -> Notes:
    notes = Notes()
    maker = find_maker(target)
    if maker is None:
        notes.warnings.append(
            Words(en="Nobody makes this pod anew: it has no controller.", zh="没有控制器会重建这个 Pod。")
        )
    else:
        notes.effects.append(Words(en=f"{maker} makes a new pod.", zh=f"{maker} 会创建新的 Pod。"))
    if grace_seconds == 0:
        notes.warnings.append(
            Words(
                en="It is removed from the API at once (grace 0): its processes may go on running on the node.",
                zh="立即从 API 中移除（宽限期 0）：它的进程可能仍在节点上运行。",
            )
        )
    return notes


def note_dependents(users: Sequence[str]) -> Notes:
    """Pods that cannot start any more without the object."""
    if not users:
        return Notes()
    more = len(users) - _MAX_USERS
    listed = ", ".join(users[:_MAX_USERS]) + (f" (+{more})" if more > 0 else "")
    return Notes(
        warnings=[
            Words(
                en=f"Used by {len(users)} pods, which cannot start again without it: {listed}.",
                zh=f"有 {len(users)} 个 Pod 在使用，没有它将无法再启动：{listed}。",
            )
        ]
    )


def note_contents(counts: Mapping[str, int]) -> Notes:
    """What a namespace takes with it, by plural name."""
    listed = ", ".join(f"{count} {plural}" for plural, count in counts.items() if count)
    words = Words(
        en=f"Everything in it goes too: {listed or 'nothing of the usual kinds'}.",
        zh=f"其中的一切也会被删除：{listed or '没有常见种类的对象'}。",
    )
    return Notes(warnings=[words])


def note_volume(volume: JsonObject | None) -> Notes:
    """What becomes of the data of a claim; None when its volume could not be read."""
    policy = read_text(volume, "spec", "persistentVolumeReclaimPolicy")
    if policy == "Retain":
        return Notes(effects=[Words(en="The volume keeps its data (Retain).", zh="卷会保留数据（Retain）。")])
    what = f" ({policy})" if policy else ""
    return Notes(warnings=[Words(en=f"The data of the volume goes too{what}.", zh=f"卷中的数据也会被删除{what}。")])
