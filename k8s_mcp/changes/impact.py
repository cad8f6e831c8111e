"""What happens to the pods of a workload, and to what depends on them, when a change is made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from k8s_diagnosis.objects.access import JsonObject, name_of, read_map, read_maps
from k8s_diagnosis.objects.labels import selects
from k8s_diagnosis.problem import Words
from k8s_mcp.changes.autoscaling import describe_autoscaler, find_autoscaler
from k8s_mcp.changes.budgets import describe_headroom, find_headroom, is_tight
from k8s_mcp.changes.keepers import find_keepers
from k8s_mcp.changes.preview import CallRisk
from k8s_mcp.changes.quotas import find_quota_uses, measure_pod
from k8s_mcp.changes.targets import Target
from k8s_mcp.changes.workloads import Workload

_MAX_QUOTA_LINES = 4


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What stands around a workload in its namespace. What could not be read is empty here and named in `unknown`."""

    pods: Sequence[JsonObject] = ()
    budgets: Sequence[JsonObject] = ()
    autoscalers: Sequence[JsonObject] = ()
    quotas: Sequence[JsonObject] = ()
    services: Sequence[JsonObject] = ()
    unknown: tuple[Words, ...] = ()

    @property
    def pod_names(self) -> tuple[str, ...]:
        return tuple(sorted(name_of(pod) for pod in self.pods))


@dataclass(slots=True)
class Notes:
    """Sentences for the preview, and whether one of them means that something is taken away."""

    effects: list[Words] = field(default_factory=list)
    warnings: list[Words] = field(default_factory=list)
    is_destructive: bool = False

    @property
    def risk(self) -> CallRisk:
        return CallRisk.DESTRUCTIVE if self.is_destructive else CallRisk.CHANGE

    def add(self, words: Words, *, is_warning: bool) -> None:
        (self.warnings if is_warning else self.effects).append(words)

    def about(self, title: str) -> Notes:
        """The same sentences, each with the object it is about."""
        return Notes(
            [Words(en=f"{title}: {words.en}", zh=f"{title}：{words.zh}") for words in self.effects],
            [Words(en=f"{title}: {words.en}", zh=f"{title}：{words.zh}") for words in self.warnings],
            self.is_destructive,
        )

    def join(self, other: Notes) -> None:
        self.effects += other.effects
        self.warnings += other.warnings
        self.is_destructive = self.is_destructive or other.is_destructive


def note_keepers(found: JsonObject | None) -> Notes:
    return Notes(warnings=[keeper.words for keeper in find_keepers(found)])


def note_replacement(workload: Workload, around: Surroundings) -> Notes:
    """All pods make way for new ones."""
    notes = Notes()
    if workload.is_paused:
        notes.warnings.append(
            Words(
                en="The Deployment is paused: no pod is replaced until it is resumed.",
                zh="Deployment 已暂停：恢复之前不会更换任何 Pod。",
            )
        )
        return notes
    if workload.strategy == "OnDelete":
        notes.warnings.append(
            Words(
                en="Pods are replaced only when somebody deletes them (OnDelete).",
                zh="Pod 只有被删除后才会更换（OnDelete）。",
            )
        )
        return notes
    notes.join(_note_way_of_replacement(workload))
    for headroom in find_headroom(around.budgets, workload.pod_labels):
        going = workload.max_unavailable
        notes.add(describe_headroom(headroom, going=going), is_warning=is_tight(headroom, going=going))
    if workload.max_surge:
        notes.join(_note_quotas(workload, around, more_pods=workload.max_surge))
    if _has_scratch(workload):
        notes.effects.append(
            Words(en="What the pods keep in emptyDir volumes is lost.", zh="Pod 的 emptyDir 卷中的内容会丢失。")
        )
    return notes


def _note_way_of_replacement(workload: Workload) -> Notes:
    count, down, extra = workload.replicas, workload.max_unavailable, workload.max_surge
    if workload.strategy == "Recreate":
        return Notes(
            warnings=[
                Words(
                    en=f"All {count} pods stop before new ones start (Recreate): nothing serves meanwhile.",
                    zh=f"全部 {count} 个 Pod 先停止再启动新的（Recreate）：期间没有服务。",
                )
            ],
            is_destructive=True,
        )
    words = Words(
        en=f"{count} pods are replaced, at most {down} missing and {extra} extra at a time.",
        zh=f"将更换 {count} 个 Pod，每次最多少 {down} 个、多 {extra} 个。",
    )
    if 0 < count <= down:
        gap = Words(
            en="All pods may be missing at once: there is an outage while they start.",
            zh="所有 Pod 可能同时缺失：启动期间服务中断。",
        )
        return Notes(effects=[words], warnings=[gap], is_destructive=True)
    return Notes(effects=[words])


def note_scaling(target: Target, before: Workload, *, replicas: int, around: Surroundings) -> Notes:
    """The number of pods changes."""
    notes = Notes()
    more = replicas - before.replicas
    if more > 0:
        notes.effects.append(
            Words(
                en=f"{_pods(more)} will be started, if the nodes have room ({before.ready} ready now).",
                zh=f"将启动 {more} 个 Pod（需要节点有余量；目前就绪 {before.ready} 个）。",
            )
        )
    else:
        notes.join(_note_stopping(before, replicas=replicas, around=around))
    notes.join(_note_quotas(before, around, more_pods=more))
    autoscaler = find_autoscaler(around.autoscalers, target)
    if autoscaler is not None:
        notes.warnings.append(describe_autoscaler(autoscaler, replicas=replicas))
    return notes


def _note_stopping(before: Workload, *, replicas: int, around: Surroundings) -> Notes:
    going = before.replicas - replicas
    notes = Notes(is_destructive=True)
    if replicas == 0:
        notes.warnings.append(
            Words(
                en=f"All {before.replicas} pods are stopped: nothing serves its traffic any more.",
                zh=f"全部 {before.replicas} 个 Pod 将停止：不再有任何 Pod 提供服务。",
            )
        )
        notes.join(note_services(before, around))
    else:
        notes.effects.append(
            Words(
                en=f"{_pods(going)} will be stopped ({before.ready} ready now).",
                zh=f"将停止 {going} 个 Pod（目前就绪 {before.ready} 个）。",
            )
        )
    for headroom in find_headroom(around.budgets, before.pod_labels):
        notes.add(describe_headroom(headroom, going=going), is_warning=is_tight(headroom, going=going))
    return notes


def note_services(workload: Workload, around: Surroundings) -> Notes:
    """Services that are left without an endpoint once the pods of the workload are gone."""
    labels = workload.pod_labels
    names = [
        name_of(service)
        for service in around.services
        if (selector := read_map(service, "spec", "selector")) and selects({"matchLabels": selector}, labels)
    ]
    if not names:
        return Notes()
    listed = ", ".join(sorted(names))
    return Notes(
        warnings=[
            Words(
                en=f"Services that send traffic to these pods: {listed}.",
                zh=f"把流量发给这些 Pod 的 Service：{listed}。",
            )
        ]
    )


def _note_quotas(workload: Workload, around: Surroundings, *, more_pods: int) -> Notes:
    uses = find_quota_uses(around.quotas, pod=measure_pod(workload.template), more_pods=more_pods)
    notes = Notes()
    for use in uses[:_MAX_QUOTA_LINES]:
        notes.add(use.words, is_warning=use.is_exceeded)
    return notes


def _has_scratch(workload: Workload) -> bool:
    return any("emptyDir" in volume for volume in read_maps(workload.template, "spec", "volumes"))


def _pods(count: int) -> str:
    return f"{count} pod" if count == 1 else f"{count} pods"
