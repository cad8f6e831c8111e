"""The end of one object: what goes with it, and whether it really went."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from k8s_diagnosis.objects.access import read_text, read_texts
from k8s_diagnosis.problem import Words
from k8s_mcp.changes.autoscaling import find_autoscaler
from k8s_mcp.changes.deletion import find_maker, note_contents, note_deletion, note_dependents, note_volume
from k8s_mcp.changes.impact import Notes, Surroundings, note_keepers, note_scaling
from k8s_mcp.changes.preview import ObjectChange, Preview
from k8s_mcp.changes.reversal import write_manifest
from k8s_mcp.changes.targets import Target
from k8s_mcp.changes.users import USED_KINDS, find_users
from k8s_mcp.changes.workloads import workload_of
from k8s_mcp.cluster.changes import Deletion, Propagation
from k8s_mcp.cluster.interfaces import (
    CONFIG_MAPS,
    DEPLOYMENTS,
    PERSISTENT_VOLUME_CLAIMS,
    PERSISTENT_VOLUMES,
    PODS,
    SERVICES,
    STATEFUL_SETS,
    Selection,
)
from k8s_mcp.errors import ClusterError, ObjectNotFound
from k8s_mcp.tools.changing import ChangeCall, Done, Outcome, write_command, write_onto
from k8s_mcp.tools.surroundings import read_surroundings, try_list
from k8s_mcp.tools.watching import LOOK_SECONDS, UNKNOWN

DELETE_TOOL = "k8s-delete-resource"
APPLY_TOOL = "k8s-apply-manifest"
_COUNTED = (PODS, DEPLOYMENTS, STATEFUL_SETS, SERVICES, CONFIG_MAPS, PERSISTENT_VOLUME_CLAIMS)

# Made anew from a manifest, these would be other objects: another run, other data, another content.
_NOT_RESTORABLE = {"Pod", "PersistentVolumeClaim", "Namespace", "Job"}


@dataclass(frozen=True, slots=True)
class Deleting:
    """One deletion, of exactly the object that was read."""

    call: ChangeCall
    target: Target
    propagation: Propagation
    grace_seconds: int | None

    @property
    def targets(self) -> list[Target]:
        return [self.target]

    async def preview(self) -> Preview:
        await self._send(self.target, is_dry_run=True)
        # Whoever makes pods makes them anew, which is told in its own words.
        notes = Notes() if self.target.resource.kind == "Pod" else note_keepers(self.target.found)
        notes.join(note_deletion(self.target, propagation=self.propagation, grace_seconds=self.grace_seconds))
        around = await self._look_around(notes)
        title = self.target.title
        return Preview(
            kind="delete",
            title=Words(en=f"Delete {title}?", zh=f"删除 {title}？"),
            objects=(ObjectChange(self.target.path, "delete"),),
            risk=notes.risk,
            pods=around.pod_names if self.propagation is not Propagation.ORPHAN else (),
            effects=tuple(notes.effects),
            warnings=tuple(notes.warnings),
            unknown=around.unknown,
            undo=self.undo,
            no_undo=self._why_no_undo(),
            cluster=self.call.cluster.name,
        )

    @property
    def undo(self) -> str | None:
        """The manifest of what is deleted, where it is short and holds no secret."""
        target = self.target
        if target.found is None or target.resource.kind in _NOT_RESTORABLE or find_maker(target):
            return None
        manifest = write_manifest(target.found)
        return manifest and write_command(APPLY_TOOL, manifest=manifest, cluster=self.call.cluster_argument)

    def _why_no_undo(self) -> Words:
        maker = find_maker(self.target)
        if maker:
            return Words(en=f"{maker} makes a new one by itself.", zh=f"{maker} 会自行创建新的。")
        return Words(
            en="what is deleted is gone; only its manifest, if you have it, makes it anew.",
            zh="删除后无法恢复；只能用已有的清单重新创建。",
        )

    async def _look_around(self, notes: Notes) -> Surroundings:
        """Add what depends on the object to the notes; the surroundings of a workload, and what is not known."""
        target, cluster = self.target, self.call.cluster
        workload = workload_of(target)
        if workload is not None:
            around = await read_surroundings(cluster, workload)
            if workload.kind != "DaemonSet" and self.propagation is not Propagation.ORPHAN:
                notes.join(note_scaling(target, workload, replicas=0, around=_without_quotas(around)))
            if find_autoscaler(around.autoscalers, target) is not None:
                notes.effects.append(
                    Words(en="Its HorizontalPodAutoscaler is left behind.", zh="它的 HorizontalPodAutoscaler 会遗留。")
                )
            return around
        if target.resource.kind == "Namespace":
            return await self._count_contents(notes)
        if target.resource.kind in USED_KINDS:
            return await self._find_dependents(notes)
        return Surroundings()

    async def _count_contents(self, notes: Notes) -> Surroundings:
        place = Selection(self.target.name)
        answers = await asyncio.gather(*(try_list(self.call.cluster, resource, place) for resource in _COUNTED))
        counts = {
            resource.plural: len(answer)
            for resource, answer in zip(_COUNTED, answers, strict=True)
            if not isinstance(answer, Words)
        }
        notes.join(note_contents(counts))
        return Surroundings(unknown=tuple(answer for answer in answers if isinstance(answer, Words)))

    async def _find_dependents(self, notes: Notes) -> Surroundings:
        pods = await try_list(self.call.cluster, PODS, Selection(self.target.namespace))
        if not isinstance(pods, Words):
            notes.join(note_dependents(find_users(self.target, pods)))
        if self.target.resource.kind == "PersistentVolumeClaim":
            await self._look_at_volume(notes)
        return Surroundings(unknown=(pods,) if isinstance(pods, Words) else ())

    async def _look_at_volume(self, notes: Notes) -> None:
        name = read_text(self.target.found, "spec", "volumeName")
        if not name:
            return
        try:
            notes.join(note_volume(await self.call.cluster.read_object(PERSISTENT_VOLUMES, name=name)))
        except ClusterError:
            notes.join(note_volume(None))

    async def write(self) -> Done:
        async def send(latest: Target) -> None:
            await self._send(latest, is_dry_run=False)

        await write_onto(self.call, self.target, send)
        title = self.target.title
        words = Words(en=f"The deletion of {title} has begun.", zh=f"已开始删除 {title}。")
        return Done(words, watch=self._watch, undo=self.undo)

    async def _send(self, latest: Target, *, is_dry_run: bool) -> None:
        deletion = Deletion(
            resource=latest.resource,
            name=latest.name,
            namespace=latest.namespace,
            uid=self.target.uid,
            version=latest.version,
            propagation=self.propagation,
            grace_seconds=self.grace_seconds,
        )
        await self.call.cluster.delete_object(deletion, is_dry_run=is_dry_run)

    async def _watch(self) -> Outcome:
        """Wait until the object of this uid is gone."""
        limit = self.call.state.settings.change_wait_seconds
        started, waited = time.monotonic(), 0.0
        while True:
            try:
                found = await self.call.cluster.read_object(
                    self.target.resource, name=self.target.name, namespace=self.target.namespace
                )
            except ObjectNotFound:
                return Outcome("complete", Words(en="It is gone.", zh="它已不存在。"))
            except ClusterError:
                return UNKNOWN
            if read_text(found, "metadata", "uid") != self.target.uid:
                return Outcome(
                    "complete", Words(en="It is gone; a new one has its name.", zh="它已不存在；同名的新对象已创建。")
                )
            if max(waited, time.monotonic() - started) >= limit:
                return _describe_waiting(read_texts(found, "metadata", "finalizers"))
            await self.call.state.sleep(LOOK_SECONDS)
            waited += LOOK_SECONDS


def _describe_waiting(finalizers: list[str]) -> Outcome:
    if finalizers:
        listed = ", ".join(finalizers)
        words = Words(en=f"It waits for its finalizers: {listed}.", zh=f"它在等待 finalizer：{listed}。")
        return Outcome("waiting", words)
    return Outcome("progressing", Words(en="It is still terminating.", zh="它仍在终止中。"))


def _without_quotas(around: Surroundings) -> Surroundings:
    """That a quota is used less afterwards is no news for a deletion."""
    return Surroundings(around.pods, around.budgets, (), (), around.services, around.unknown)
