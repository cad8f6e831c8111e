"""Server-side apply of one or several objects: all of them are tried before anyone is asked."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from mcp.server.mcpserver.exceptions import ToolError

from k8s_diagnosis.objects.access import JsonObject, read_map
from k8s_diagnosis.problem import Words
from k8s_mcp.changes.difference import FieldChange, compare
from k8s_mcp.changes.impact import Notes, Surroundings
from k8s_mcp.changes.notes import changes_pods, replaces_pods
from k8s_mcp.changes.preview import ObjectChange, Preview
from k8s_mcp.changes.targets import Target
from k8s_mcp.changes.workloads import Workload, workload_of
from k8s_mcp.cluster.changes import ObjectPatch, PatchForm, Written
from k8s_mcp.errors import ClusterError, FieldsOwned, ObjectNotFound, OwnedField, RequestRefused
from k8s_mcp.tools.changing import ChangeCall, Done, NothingToChange, Outcome, write_command, write_onto
from k8s_mcp.tools.deleting import DELETE_TOOL
from k8s_mcp.tools.patching import NOTHING_TO_WATCH, TOO_LONG_TO_UNDO, look_around, write_patch_undo
from k8s_mcp.tools.watching import list_pod_ids, watch_rollout

_MAX_UNDO = 1500

# From the worst to the best, as several outcomes are told as one.
_BY_WEIGHT = ("failing", "unknown", "gone", "progressing", "waiting", "complete")


@dataclass(frozen=True, slots=True)
class Applied:
    """One document of the manifest and the object it means, as it is now."""

    target: Target
    document: JsonObject


@dataclass(frozen=True, slots=True)
class Trial:
    """What a dry run of one document showed."""

    change: ObjectChange
    notes: Notes
    around: Surroundings
    after: JsonObject
    replaced: tuple[str, ...] = ()
    """Names of the pods that make way for new ones."""


@dataclass(frozen=True, slots=True)
class Applying:
    call: ChangeCall
    applied: tuple[Applied, ...]
    force: bool

    @property
    def targets(self) -> list[Target]:
        return [each.target for each in self.applied]

    async def preview(self) -> Preview:
        trials = await self._try_all()
        if all(trial.change.action == "unchanged" for trial in trials):
            raise NothingToChange(
                Words(
                    en="Everything is as the manifest says already; nothing was changed.",
                    zh="一切都已与清单一致，没有做任何修改。",
                )
            )
        notes = Notes()
        for target, trial in zip(self.targets, trials, strict=True):
            notes.join(trial.notes if len(trials) == 1 else trial.notes.about(target.title))
        unknown = dict.fromkeys(words for trial in trials for words in trial.around.unknown)
        return Preview(
            kind="apply",
            title=self._title([trial.change for trial in trials]),
            objects=tuple(trial.change for trial in trials),
            risk=notes.risk,
            pods=tuple(name for trial in trials for name in trial.replaced),
            effects=tuple(notes.effects),
            warnings=tuple(notes.warnings),
            unknown=tuple(unknown),
            undo=self._find_undo([(target, trial.after) for target, trial in zip(self.targets, trials, strict=True)]),
            no_undo=TOO_LONG_TO_UNDO,
            cluster=self.call.cluster.name,
        )

    def _title(self, changes: Sequence[ObjectChange]) -> Words:
        if len(changes) == 1:
            title = self.applied[0].target.title
            if changes[0].action == "create":
                return Words(en=f"Create {title}?", zh=f"创建 {title}？")
            return Words(en=f"Apply a manifest to {title}?", zh=f"把清单应用到 {title}？")
        counted = {action: sum(each.action == action for each in changes) for action in ("create", "update")}
        return Words(
            en=f"Apply {len(changes)} objects ({counted['create']} new, {counted['update']} changed)?",
            zh=f"应用 {len(changes)} 个对象（新建 {counted['create']}，修改 {counted['update']}）？",
        )

    async def _try_all(self) -> list[Trial]:
        """Every document, so that one answer names every mistake; raises RequestRefused with all of them."""
        answers = await asyncio.gather(*(self._try(each) for each in self.applied), return_exceptions=True)
        failed = [
            f"{each.target.title}: {answer}"
            for each, answer in zip(self.applied, answers, strict=True)
            if isinstance(answer, ClusterError)
        ]
        if len(failed) == 1 and len(answers) == 1 and isinstance(answers[0], ClusterError):
            raise answers[0]
        if failed:
            raise RequestRefused("\n".join([f"{len(failed)} of {len(answers)} objects cannot be applied.", *failed]))
        trials = []
        for answer in answers:
            if isinstance(answer, BaseException):
                raise answer
            trials.append(answer)
        return trials

    async def _try(self, applied: Applied) -> Trial:
        target = applied.target
        try:
            tried, owned = await self._dry_run(applied)
        except ObjectNotFound:
            if not self._brings_namespace_of(target):
                raise
            return _untried(applied)
        fields = compare(target.found, tried.object)
        if target.found is None:
            fields = _put_written_first(fields, applied.document)
        notes, around = await look_around(self.call, target, tried, fields=fields)
        if owned:
            notes.is_destructive = True
            notes.warnings.append(_describe_taken(target, owned))
        action = "create" if target.found is None else "update" if fields else "unchanged"
        replaced = around.pod_names if replaces_pods(target, tried.object) else ()
        return Trial(ObjectChange(target.path, action, tuple(fields)), notes, around, tried.object, replaced)

    async def _dry_run(self, applied: Applied) -> tuple[Written, tuple[OwnedField, ...]]:
        """The answer of the API server, and the fields that have to be taken from others for it."""
        try:
            return await self._send(applied, version=None, is_dry_run=True, force=False), ()
        except FieldsOwned as error:
            if not self.force:
                raise _explain_owned(error) from error
            return await self._send(applied, version=None, is_dry_run=True, force=True), error.fields

    def _brings_namespace_of(self, target: Target) -> bool:
        return any(
            each.target.resource.kind == "Namespace" and each.target.name == target.namespace for each in self.applied
        )

    async def write(self) -> Done:
        done: list[tuple[Target, JsonObject]] = []
        old_pods = [await self._list_pods(each.target) for each in self.applied]
        for each in self.applied:
            try:
                done.append((each.target, (await self._write(each)).object))
            except (ClusterError, ToolError) as error:
                if not done:
                    raise
                return self._describe_partial(done, failed=each.target, error=error)
        listed = ", ".join(target.title for target, _ in done)

        async def watch() -> Outcome:
            outcomes = [self._watch(target, after, pods) for (target, after), pods in zip(done, old_pods, strict=True)]
            return _join(await asyncio.gather(*outcomes))

        return Done(Words(en=f"Applied: {listed}.", zh=f"已应用：{listed}。"), watch=watch, undo=self._find_undo(done))

    def _describe_partial(self, done: list[tuple[Target, JsonObject]], *, failed: Target, error: Exception) -> Done:
        applied = ", ".join(target.title for target, _ in done)
        rest = [each.target.title for each in self.applied[len(done) + 1 :]]
        left = f" Not tried any more: {', '.join(rest)}." if rest else ""
        left_zh = f"未再尝试：{'、'.join(rest)}。" if rest else ""
        words = Words(
            en=f"Only a part was applied: {applied}. {failed.title} failed: {error}{left}",
            zh=f"只应用了一部分：{applied}。{failed.title} 失败：{error}{left_zh}",
        )
        return Done(words, watch=_watch_nothing, undo=self._find_undo(done), is_partial=True)

    async def _list_pods(self, target: Target) -> frozenset[str]:
        workload = workload_of(target)
        return await list_pod_ids(self.call, workload) if workload else frozenset()

    async def _write(self, applied: Applied) -> Written:
        async def send(latest: Target) -> Written:
            return await self._send(applied, version=latest.version or None, is_dry_run=False, force=self.force)

        return await write_onto(self.call, applied.target, send)

    async def _send(self, applied: Applied, *, version: str | None, is_dry_run: bool, force: bool) -> Written:
        target, body = applied.target, applied.document
        if version is not None:
            body = {**body, "metadata": {**read_map(body, "metadata"), "resourceVersion": version}}
        patch = ObjectPatch(target.resource, target.name, target.namespace, PatchForm.APPLY, body, force=force)
        return await self.call.cluster.patch_object(patch, is_dry_run=is_dry_run)

    async def _watch(self, target: Target, after: JsonObject, old_pods: frozenset[str]) -> Outcome:
        now = Target(target.resource, target.namespace, target.name, after)
        workload = workload_of(now)
        is_quiet = target.found is not None and not changes_pods(target, after)
        if workload is None or is_quiet:
            return NOTHING_TO_WATCH
        before = workload_of(target) or Workload({"kind": target.resource.kind})
        return await watch_rollout(self.call, now, before=before, old_pods=old_pods)

    def _find_undo(self, done: Sequence[tuple[Target, JsonObject]]) -> str | None:
        """One command for each object, the last first; None when one of them has none."""
        commands = [
            self._undo_one(target, after)
            for target, after in reversed(done)
            if target.found is None or compare(target.found, after)
        ]
        whole = "; ".join(command for command in commands if command)
        return whole if all(commands) and 0 < len(whole) <= _MAX_UNDO else None

    def _undo_one(self, target: Target, after: JsonObject) -> str | None:
        if target.found is not None:
            return write_patch_undo(self.call, target, after)
        kind = target.resource.qualified_name
        return write_command(
            DELETE_TOOL,
            kind=kind,
            name=target.name,
            namespace=target.namespace,
            cluster=self.call.cluster_argument,
        )


async def _watch_nothing() -> Outcome:
    return NOTHING_TO_WATCH


def _untried(applied: Applied) -> Trial:
    """An object in a namespace that comes with the same manifest: nothing can be made there before."""
    words = Words(
        en=f"{applied.target.title} could not be tried, since its namespace is only created with it.",
        zh=f"{applied.target.title} 无法预演，因为它的命名空间要随它一起创建。",
    )
    fields = tuple(compare(None, applied.document))
    change = ObjectChange(applied.target.path, "create", fields)
    return Trial(change, Notes(), Surroundings(unknown=(words,)), applied.document)


def _put_written_first(fields: list[FieldChange], document: JsonObject) -> list[FieldChange]:
    """A new object shows what the manifest says before what the API server fills in."""
    written = {each.field for each in compare(None, document)}
    return sorted(fields, key=lambda each: each.field not in written)


def _describe_taken(target: Target, owned: Sequence[OwnedField]) -> Words:
    listed = _list_owned(owned)
    return Words(
        en=f"Takes fields of {target.title} from other managers (force): {listed}.",
        zh=f"强制从其他管理者接管 {target.title} 的字段：{listed}。",
    )


def _explain_owned(error: FieldsOwned) -> FieldsOwned:
    return FieldsOwned(
        f"Other managers have set these fields: {_list_owned(error.fields)}. Leave them out of the manifest, change "
        "them where that manager takes them from, or repeat with force=true to take them over.",
        error.fields,
    )


def _list_owned(owned: Sequence[OwnedField]) -> str:
    by_manager: dict[str, list[str]] = {}
    for each in owned:
        by_manager.setdefault(each.manager, []).append(each.field)
    return "; ".join(f"{manager}: {', '.join(fields[:10])}" for manager, fields in by_manager.items())


def _join(outcomes: Sequence[Outcome]) -> Outcome:
    worst = min((outcome.progress for outcome in outcomes), key=_BY_WEIGHT.index)
    told = [outcome.words for outcome in outcomes if outcome.words.en]
    return Outcome(worst, Words(en=" ".join(words.en for words in told), zh="".join(words.zh for words in told)))
