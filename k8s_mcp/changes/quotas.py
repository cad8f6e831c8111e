"""What is left of a namespace's ResourceQuotas once more pods are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from k8s_diagnosis.objects.access import JsonObject, name_of, read_map, read_maps, read_text
from k8s_diagnosis.problem import Words
from k8s_diagnosis.text.quantities import parse_quantity, show_cpu, show_memory

_ALIASES = {"cpu": "requests.cpu", "memory": "requests.memory", "count/pods": "pods"}
Amounts = Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class QuotaUse:
    """One limited thing of one quota: used now, used afterwards, and the limit."""

    quota: str
    resource: str
    used: Decimal
    after: Decimal
    hard: Decimal

    @property
    def is_exceeded(self) -> bool:
        return self.after > self.hard and self.after > self.used

    @property
    def words(self) -> Words:
        show = _writer_of(self.resource)
        numbers = f"{self.resource} {show(self.used)} → {show(self.after)} / {show(self.hard)}"
        if self.is_exceeded:
            return Words(
                en=f"ResourceQuota {self.quota} would be exceeded ({numbers}): pods beyond it are refused.",
                zh=f"将超出 ResourceQuota {self.quota}（{numbers}）：超出部分的 Pod 会被拒绝。",
            )
        return Words(
            en=f"ResourceQuota {self.quota} afterwards: {numbers}.",
            zh=f"变更后的 ResourceQuota {self.quota}：{numbers}。",
        )


def measure_pod(template: JsonObject) -> dict[str, Decimal]:
    """What one pod of this template takes of a quota: its containers together, or an init container that needs more."""
    together = _sum(_amounts(each) for each in read_maps(template, "spec", "containers"))
    for init in read_maps(template, "spec", "initContainers"):
        amounts = _amounts(init)
        if read_text(init, "restartPolicy") == "Always":
            together = _sum([together, amounts])
        else:
            together = {
                key: max(together.get(key, value), amounts.get(key, value))
                for key, value in (together | amounts).items()
            }
    return {**together, "pods": Decimal(1)}


def find_quota_uses(quotas: Sequence[JsonObject], *, pod: Amounts, more_pods: int) -> list[QuotaUse]:
    """Every limit that more (or, below zero, fewer) such pods touch; exceeded ones first.

    Quotas with scopes count only some pods; which, the API server alone decides, so they are left out.
    """
    uses = [
        QuotaUse(quota=name_of(quota), resource=resource, used=used, after=used + amount * more_pods, hard=hard)
        for quota in quotas
        if not (quota.get("spec") or {}).get("scopes") and not (quota.get("spec") or {}).get("scopeSelector")
        for resource, used, hard in _limits(quota)
        if (amount := pod.get(_ALIASES.get(resource, resource)))
    ]
    return sorted(uses, key=lambda use: (not use.is_exceeded, use.quota, use.resource))


def _limits(quota: JsonObject) -> Iterable[tuple[str, Decimal, Decimal]]:
    for resource, limit in read_map(quota, "status", "hard").items():
        yield resource, parse_quantity(read_text(quota, "status", "used", resource)), parse_quantity(limit)


def _amounts(container: JsonObject) -> dict[str, Decimal]:
    return {
        f"{side}.{resource}": parse_quantity(amount)
        for side in ("requests", "limits")
        for resource, amount in read_map(container, "resources", side).items()
    }


def _sum(parts: Iterable[Amounts]) -> dict[str, Decimal]:
    total: dict[str, Decimal] = {}
    for part in parts:
        for key, value in part.items():
            total[key] = total.get(key, Decimal(0)) + value
    return total


def _writer_of(resource: str) -> Callable[[Decimal], str]:
    if resource.endswith("cpu"):
        return show_cpu
    return show_memory if resource.endswith(("memory", "storage")) else str
