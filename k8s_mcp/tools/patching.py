"""The change most tools make: one patch of one object."""

from __future__ import annotations

from dataclasses import dataclass

from k8s_diagnosis.objects.access import JsonObject
from k8s_diagnosis.problem import Words
from k8s_mcp.changes.difference import FieldChange, compare
from k8s_mcp.changes.impact import Notes, Surroundings
from k8s_mcp.changes.notes import changes_pods, note_change, note_users, note_workload_change, replaces_pods
from k8s_mcp.changes.patches import Patch, bind_patch
from k8s_mcp.changes.preview import ObjectChange, Preview
from k8s_mcp.changes.reversal import write_reverse_patch
from k8s_mcp.changes.targets import Target
from k8s_mcp.changes.users import USED_KINDS, find_users
from k8s_mcp.changes.workloads import workload_of
from k8s_mcp.cluster.changes import ObjectPatch, PatchForm, Written
from k8s_mcp.cluster.interfaces import PODS, Selection
from k8s_mcp.tools.changing import ChangeCall, Done, NothingToChange, Outcome, write_command, write_onto
from k8s_mcp.tools.surroundings import read_surroundings, try_list
from k8s_mcp.tools.watching import list_pod_ids, watch_rollout

PATCH_TOOL = "k8s-patch-resource"

NOTHING_TO_WATCH = Outcome("complete", Words(en="", zh=""))
TOO_LONG_TO_UNDO = Words(
    en="the reverse patch would be too long or show a secret; keep the manifest of before.",
    zh="反向补丁过长或会泄露机密；请保留变更前的清单。",
)


@dataclass(frozen=True, slots=True)
class Wording:
    """How a tool words its change."""

    kind: str
    question: Words
    done: Words


@dataclass(frozen=True, slots=True)
class Patching:
    """A patch, bound to the state of the object that was read."""

    call: ChangeCall
    target: Target
    form: PatchForm
    patch: Patch
    wording: Wording
    undo: str | None = None
    """The way back where the tool knows a better one than the reverse patch."""
    no_undo: Words | None = None
    moment_field: str | None = None
    """A field whose value is the moment of the change, and so differs from the trial."""

    @property
    def targets(self) -> list[Target]:
        return [self.target]

    async def preview(self) -> Preview:
        tried = await self.try_out()
        fields = compare(self.target.found, tried.object)
        if not fields:
            raise NothingToChange(
                Words(
                    en=f"{self.target.title} is that way already; nothing was changed.",
                    zh=f"{self.target.title} 已经是这样，没有做任何修改。",
                )
            )
        notes, around = await look_around(self.call, self.target, tried, fields=fields)
        return Preview(
            kind=self.wording.kind,
            title=self.wording.question,
            objects=(ObjectChange(self.target.path, "update", tuple(self._reword(field) for field in fields)),),
            risk=notes.risk,
            pods=around.pod_names if replaces_pods(self.target, tried.object) else (),
            effects=tuple(notes.effects),
            warnings=tuple(notes.warnings),
            unknown=around.unknown,
            undo=self._find_undo(tried.object),
            no_undo=self.no_undo or TOO_LONG_TO_UNDO,
            cluster=self.call.cluster.name,
        )

    async def try_out(self) -> Written:
        """What the API server would make of the patch; raises ClusterError."""
        # Without a version: the status changes all the time, and the binding of the approval guards the rest.
        return await self._send(self.patch, is_dry_run=True)

    async def write(self) -> Done:
        workload = workload_of(self.target)
        old_pods = await list_pod_ids(self.call, workload) if workload else frozenset()

        async def send(latest: Target) -> Written:
            return await self._send(bind_patch(self.form, self.patch, version=latest.version), is_dry_run=False)

        written = await write_onto(self.call, self.target, send)

        async def watch() -> Outcome:
            if workload is None or not changes_pods(self.target, written.object):
                return NOTHING_TO_WATCH
            return await watch_rollout(self.call, self.target, before=workload, old_pods=old_pods)

        return Done(self.wording.done, watch=watch, undo=self._find_undo(written.object))

    def _find_undo(self, after: JsonObject) -> str | None:
        if self.undo or self.no_undo:
            return self.undo
        return write_patch_undo(self.call, self.target, after)

    def _reword(self, field: FieldChange) -> FieldChange:
        if field.field != self.moment_field:
            return field
        return FieldChange(field.field, field.before, "(the moment of the change)")

    async def _send(self, patch: Patch, *, is_dry_run: bool) -> Written:
        target = self.target
        wanted = ObjectPatch(target.resource, target.name, target.namespace, self.form, patch)
        return await self.call.cluster.patch_object(wanted, is_dry_run=is_dry_run)


def write_patch_undo(call: ChangeCall, target: Target, after: JsonObject) -> str | None:
    """The patch that turns an object back into what it was, as a tool call."""
    patch = write_reverse_patch(target.found or {}, after)
    if patch is None:
        return None
    return write_command(
        PATCH_TOOL,
        kind=target.resource.qualified_name,
        name=target.name,
        namespace=target.namespace,
        patch=patch,
        cluster=call.cluster_argument,
    )


async def look_around(
    call: ChangeCall, target: Target, tried: Written, *, fields: list[FieldChange]
) -> tuple[Notes, Surroundings]:
    """Everything to be said about the change of one object; reads only what that change concerns."""
    after = tried.object
    notes = note_change(target, after, fields=fields)
    notes.warnings += [Words(en=f"API server: {text}", zh=f"API server：{text}") for text in tried.warnings]
    around = Surroundings()
    workload = workload_of(target)
    if workload is not None and changes_pods(target, after):
        around = await read_surroundings(call.cluster, workload)
        notes.join(note_workload_change(target, after, around))
    elif target.resource.kind in USED_KINDS and target.found is not None:
        pods = await try_list(call.cluster, PODS, Selection(target.namespace))
        if isinstance(pods, Words):
            return notes, Surroundings(unknown=(pods,))
        notes.join(note_users(target, find_users(target, pods)))
    return notes, around
