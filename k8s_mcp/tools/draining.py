"""Moves the pods of a node away by evictions, which ask the disruption budgets."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import anyio

from k8s_diagnosis.objects.access import JsonObject, name_of, namespace_of, read_flag, read_text
from k8s_diagnosis.problem import Words
from k8s_mcp.changes.drain import NodePods, note_drain, path_of, sort_pods
from k8s_mcp.changes.preview import ObjectChange, Preview
from k8s_mcp.changes.targets import Target
from k8s_mcp.cluster.access_limits import AccessLimits
from k8s_mcp.cluster.changes import Eviction
from k8s_mcp.cluster.interfaces import PODS, Selection
from k8s_mcp.errors import ClusterError, EvictionRefused, ObjectNotFound
from k8s_mcp.tools.changing import ChangeCall, Done, Outcome
from k8s_mcp.tools.patching import Patching
from k8s_mcp.tools.watching import LOOK_SECONDS

_TRIALS_AT_ONCE = 8
_MAX_REFUSALS = 5
_RETRY_SECONDS = 3.0
"""As long as a pod elsewhere takes to become ready at least; a budget lets nothing more go before."""


async def read_node_pods(call: ChangeCall, node: Target) -> NodePods:
    """The pods on the node; raises ClusterError: a drain that does not know them is none."""
    pods = await _list_pods(call, node)
    limits = AccessLimits(namespaces=call.policy.protected_namespaces)
    return sort_pods(pods, is_protected=limits.denies_namespace)


@dataclass(slots=True)
class _Progress:
    """How far the evictions have come."""

    evicted: list[str] = field(default_factory=list)
    refusals: dict[str, str] = field(default_factory=dict)
    """Why a pod is still there, by namespace and name."""


@dataclass(frozen=True, slots=True)
class Draining:
    """A drain of exactly the pods that were shown: other pods on the node mean another question."""

    call: ChangeCall
    cordon: Patching
    pods: NodePods

    @property
    def node(self) -> Target:
        return self.cordon.target

    @property
    def targets(self) -> list[Target]:
        return [self.node, *(_target_of(pod) for pod in self.pods.leaving)]

    @property
    def undo(self) -> str | None:
        """Only what this very call cordons is let back on by its undo."""
        return None if self._is_cordoned else self.cordon.undo

    @property
    def _is_cordoned(self) -> bool:
        return read_flag(self.node.found, "spec", "unschedulable")

    async def preview(self) -> Preview:
        if not self._is_cordoned:
            await self.cordon.try_out()
        notes = note_drain(self.pods)
        notes.warnings += await self._try_evictions()
        title = self.node.title
        return Preview(
            kind="drain",
            title=Words(en=f"Drain {title}?", zh=f"排空 {title}？"),
            objects=(ObjectChange(self.node.path, "update"),),
            risk=notes.risk,
            pods=tuple(path_of(pod) for pod in self.pods.leaving),
            effects=tuple(notes.effects),
            warnings=tuple(notes.warnings),
            undo=self.undo,
            no_undo=Words(en="evicted pods do not come back by themselves.", zh="被驱逐的 Pod 不会自行回来。"),
            cluster=self.call.cluster.name,
        )

    async def _try_evictions(self) -> list[Words]:
        """What the API server says to each eviction now; raises AccessDenied when it allows none to us."""
        limit = asyncio.Semaphore(_TRIALS_AT_ONCE)

        async def attempt(pod: JsonObject) -> Words | None:
            async with limit:
                try:
                    await self._evict(pod, is_dry_run=True)
                except EvictionRefused as error:
                    return Words(
                        en=f"{path_of(pod)} may not go now: {error}.", zh=f"{path_of(pod)} 目前不能驱逐：{error}。"
                    )
                except ObjectNotFound:
                    return None
            return None

        refused = [words for words in await asyncio.gather(*map(attempt, self.pods.leaving)) if words is not None]
        more = len(refused) - _MAX_REFUSALS
        if more > 0:
            refused[_MAX_REFUSALS:] = [Words(en=f"And {more} more pods.", zh=f"另有 {more} 个 Pod。")]
        return refused

    async def write(self) -> Done:
        if self._is_cordoned:
            words = Words(en=f"{self.node.title} was cordoned already.", zh=f"{self.node.title} 此前已隔离。")
            return Done(words, watch=self._evict_all)
        done = await self.cordon.write()
        return Done(done.words, watch=self._evict_all, undo=self.undo)

    async def _evict_all(self) -> Outcome:
        """Evict one pod after the other, again and again until all are gone or the time is up."""
        limit = self.call.state.settings.change_wait_seconds
        started, waited = time.monotonic(), 0.0
        left, progress = list(self.pods.leaving), _Progress()
        while True:
            left = [pod for pod in left if not await self._try_once(pod, progress)]
            if not left:
                return await self._wait_for_end(progress, seconds=limit - max(waited, time.monotonic() - started))
            if max(waited, time.monotonic() - started) >= limit:
                return _describe_left(left, progress)
            await self.call.tell(f"{len(progress.evicted)} pods evicted, {len(left)} wait for their budgets.")
            await self.call.state.sleep(_RETRY_SECONDS)
            waited += _RETRY_SECONDS

    async def _try_once(self, pod: JsonObject, progress: _Progress) -> bool:
        """Whether the pod is on its way out. A cancelled call ends between two evictions, never within one."""
        try:
            with anyio.CancelScope(shield=True):
                await self._evict(pod, is_dry_run=False)
        except ObjectNotFound:
            return True
        except ClusterError as error:
            progress.refusals[path_of(pod)] = str(error).splitlines()[0]
            return False
        progress.evicted.append(path_of(pod))
        await self.call.tell(f"Evicted {path_of(pod)}.")
        return True

    async def _wait_for_end(self, progress: _Progress, *, seconds: float) -> Outcome:
        """Evicted pods take their grace period to end."""
        uids = {read_text(pod, "metadata", "uid") for pod in self.pods.leaving}
        count = len(progress.evicted)
        while seconds >= 0:
            try:
                here = await _list_pods(self.call, self.node)
            except ClusterError:
                break
            if not uids & {read_text(pod, "metadata", "uid") for pod in here}:
                return Outcome("complete", Words(en=f"{count} pods were evicted.", zh=f"已驱逐 {count} 个 Pod。"))
            await self.call.state.sleep(LOOK_SECONDS)
            seconds -= LOOK_SECONDS
        return Outcome(
            "progressing",
            Words(en=f"{count} pods were evicted; some are still ending.", zh=f"已驱逐 {count} 个 Pod，部分仍在终止。"),
        )

    async def _evict(self, pod: JsonObject, *, is_dry_run: bool) -> None:
        eviction = Eviction(name_of(pod), namespace_of(pod), read_text(pod, "metadata", "uid"))
        await self.call.cluster.evict_pod(eviction, is_dry_run=is_dry_run)


async def _list_pods(call: ChangeCall, node: Target) -> Sequence[JsonObject]:
    return await call.cluster.list_objects(PODS, Selection(field_selector=f"spec.nodeName={node.name}"))


def _target_of(pod: JsonObject) -> Target:
    """Bound by its uid alone: what a pod is like at the moment does not matter for its leaving."""
    identity = {"metadata": {"uid": read_text(pod, "metadata", "uid"), "resourceVersion": ""}}
    return Target(PODS, namespace_of(pod), name_of(pod), identity)


def _describe_left(left: Sequence[JsonObject], progress: _Progress) -> Outcome:
    reasons = "; ".join(
        f"{path_of(pod)}: {progress.refusals.get(path_of(pod), 'not yet')}" for pod in left[:_MAX_REFUSALS]
    )
    count = len(progress.evicted)
    return Outcome(
        "progressing",
        Words(
            en=f"{count} pods were evicted, {len(left)} are left: {reasons}. Call again to go on.",
            zh=f"已驱逐 {count} 个 Pod，还剩 {len(left)} 个：{reasons}。可再次调用以继续。",
        ),
    )
