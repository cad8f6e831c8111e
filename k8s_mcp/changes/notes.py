"""What a person has to know about the change of one object beyond the fields that differ."""

from __future__ import annotations

from collections.abc import Sequence

from k8s_diagnosis.objects.access import JsonObject, read_flag, read_maps, read_text, read_texts
from k8s_diagnosis.problem import Words
from k8s_mcp.changes.difference import FieldChange
from k8s_mcp.changes.impact import Notes, Surroundings, note_replacement, note_scaling
from k8s_mcp.changes.keepers import find_keepers
from k8s_mcp.changes.privileges import find_added_privileges, find_moved_images
from k8s_mcp.changes.targets import Target
from k8s_mcp.changes.workloads import Workload, workload_of

_MAX_USERS = 5


def note_change(target: Target, after: JsonObject, *, fields: Sequence[FieldChange]) -> Notes:
    """What can be told from the object before and after alone."""
    before = target.found
    notes = Notes(warnings=[keeper.words for keeper in find_keepers(before)])
    privileges = [*find_added_privileges(before, after), *find_moved_images(before, after)]
    if privileges:
        notes.warnings += privileges
        notes.is_destructive = True
    notes.join(_note_metadata(before or {}, after))
    notes.join(_note_node(before or {}, after))
    if before is not None and any(field.after is None for field in fields):
        notes.is_destructive = True
    return notes


def note_workload_change(target: Target, after: JsonObject, around: Surroundings) -> Notes:
    """What becomes of the pods of a workload that is there already."""
    old, new = workload_of(target), Workload(after)
    notes = Notes()
    if old is None:
        return notes
    if old.replicas != new.replicas and old.kind != "DaemonSet":
        notes.join(note_scaling(target, old, replicas=new.replicas, around=around))
    if replaces_pods(target, after):
        notes.join(note_replacement(new, around))
    return notes


def replaces_pods(target: Target, after: JsonObject) -> bool:
    """Whether the pods make way for new ones: they do when their template changes."""
    old = workload_of(target)
    return old is not None and old.template != Workload(after).template


def changes_pods(target: Target, after: JsonObject) -> bool:
    """Whether the change concerns the pods of a workload at all."""
    old = workload_of(target)
    return old is not None and (old.replicas != Workload(after).replicas or replaces_pods(target, after))


def note_users(target: Target, users: Sequence[str]) -> Notes:
    """Pods that read the changed object."""
    if not users:
        return Notes()
    more = len(users) - _MAX_USERS
    listed = ", ".join(users[:_MAX_USERS]) + (f" (+{more})" if more > 0 else "")
    return Notes(
        effects=[
            Words(
                en=f"Used by {len(users)} pods: {listed}. This does not restart them; what they read at their start "
                "stays as it was.",
                zh=f"有 {len(users)} 个 Pod 在使用：{listed}。它们不会因此重启，启动时读取的内容保持不变。",
            )
        ]
    )


def _note_metadata(before: JsonObject, after: JsonObject) -> Notes:
    notes = Notes()
    gone = [each for each in _finalizers(before) if each not in _finalizers(after)]
    if gone:
        listed = ", ".join(gone)
        notes.is_destructive = True
        notes.warnings.append(
            Words(
                en=f"Takes away the finalizer {listed}: what it was to clean up may be left behind.",
                zh=f"移除 finalizer {listed}：它本应清理的东西可能遗留。",
            )
        )
    if before and read_maps(before, "metadata", "ownerReferences") != read_maps(after, "metadata", "ownerReferences"):
        notes.is_destructive = True
        notes.warnings.append(
            Words(
                en="Changes who owns the object: it may be deleted together with its new owner, or be left behind.",
                zh="改变对象的所有者：它可能随新所有者一起被删除，或被遗留。",
            )
        )
    return notes


def _finalizers(source: JsonObject) -> list[str]:
    return [*read_texts(source, "metadata", "finalizers"), *read_texts(source, "spec", "finalizers")]


def _note_node(before: JsonObject, after: JsonObject) -> Notes:
    notes = Notes()
    if read_text(after, "kind") != "Node":
        return notes
    if read_flag(after, "spec", "unschedulable") and not read_flag(before, "spec", "unschedulable"):
        notes.effects.append(
            Words(en="No new pods are placed on the node (cordoned).", zh="不再有新的 Pod 调度到该节点（已隔离）。")
        )
    old = [_taint(each) for each in read_maps(before, "spec", "taints")]
    for taint in read_maps(after, "spec", "taints"):
        if read_text(taint, "effect") == "NoExecute" and _taint(taint) not in old:
            notes.is_destructive = True
            notes.warnings.append(
                Words(
                    en=f"The taint {_taint(taint)} removes every pod from the node that does not tolerate it.",
                    zh=f"污点 {_taint(taint)} 会移除节点上所有不容忍它的 Pod。",
                )
            )
    return notes


def _taint(taint: JsonObject) -> str:
    value = read_text(taint, "value")
    return f"{read_text(taint, 'key')}{f'={value}' if value else ''}:{read_text(taint, 'effect')}"
