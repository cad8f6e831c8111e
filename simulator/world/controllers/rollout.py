"""The arithmetic of a rolling update: how many replicas each ReplicaSet should have next. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from simulator.store import JsonObject

REVISION = "deployment.kubernetes.io/revision"
DESIRED = "deployment.kubernetes.io/desired-replicas"
MAXIMUM = "deployment.kubernetes.io/max-replicas"


@dataclass(frozen=True, slots=True)
class Allowance:
    """How far a rollout may go above and below the wanted number."""

    wanted: int
    surge: int
    unavailable: int

    @property
    def most(self) -> int:
        return self.wanted + self.surge

    @property
    def fewest_available(self) -> int:
        return self.wanted - self.unavailable


def allowance_of(deployment: JsonObject) -> Allowance:
    wanted = int(deployment["spec"].get("replicas", 1))
    strategy = deployment["spec"].get("strategy") or {}
    if strategy.get("type") == "Recreate" or wanted == 0:
        return Allowance(wanted, 0, 0)
    rolling = strategy.get("rollingUpdate") or {}
    surge = _absolute(rolling.get("maxSurge", "25%"), of=wanted, round_up=True)
    unavailable = _absolute(rolling.get("maxUnavailable", "25%"), of=wanted, round_up=False)
    if surge == 0 and unavailable == 0:
        # Both may round to nothing; then one pod at a time may be missing, or the rollout could never move.
        unavailable = 1
    return Allowance(wanted, surge, min(unavailable, wanted))


def _absolute(value: int | str, *, of: int, round_up: bool) -> int:
    if isinstance(value, str) and value.endswith("%"):
        exact = int(value[:-1]) * of / 100
        return math.ceil(exact) if round_up else math.floor(exact)
    return int(value)


def next_size_of_new(allowance: Allowance, *, new: int, everything: int) -> int:
    """Size of the new ReplicaSet, given the sizes of all of them."""
    if new >= allowance.wanted:
        return allowance.wanted
    room = allowance.most - everything
    return new + min(max(room, 0), allowance.wanted - new)


def next_sizes_of_old(allowance: Allowance, *, old: Sequence[JsonObject], new: JsonObject) -> dict[str, int]:
    """Sizes of the old ReplicaSets by name: broken pods go first, healthy ones as far as availability allows."""
    sizes = {item["metadata"]["name"]: int(item["spec"]["replicas"]) for item in old}
    new_unavailable = int(new["spec"]["replicas"]) - available_of(new)
    removable = sum(sizes.values()) + int(new["spec"]["replicas"]) - allowance.fewest_available - new_unavailable
    if removable <= 0:
        return sizes
    for item in old:
        name = item["metadata"]["name"]
        broken = min(sizes[name] - available_of(item), removable)
        if broken > 0:
            sizes[name] -= broken
            removable -= broken
    spare = sum(min(available_of(item), sizes[item["metadata"]["name"]]) for item in old)
    spare += available_of(new) - allowance.fewest_available
    for name, size in sizes.items():
        fewer = min(size, max(spare, 0))
        sizes[name] = size - fewer
        spare -= fewer
    return sizes


def scaled_sizes(allowance: Allowance, *, active: Sequence[JsonObject]) -> dict[str, int]:
    """Spread a changed number of replicas over ReplicaSets in the middle of a rollout, by their share."""
    sizes = {item["metadata"]["name"]: int(item["spec"]["replicas"]) for item in active}
    total = sum(sizes.values())
    if not total:
        return sizes
    change = allowance.most - total
    by_size = sorted(sizes, key=lambda name: -sizes[name])
    left = change
    for name in by_size:
        share = _round_half_away(change * sizes[name] / total)
        share = max(min(share, left), 0) if change > 0 else min(max(share, left), 0)
        sizes[name] = max(0, sizes[name] + share)
        left -= share
    sizes[by_size[0]] = max(0, sizes[by_size[0]] + left)
    return sizes


def _round_half_away(value: float) -> int:
    """As the real controller rounds shares; Python's own rounding goes to the even neighbour."""
    return int(value + 0.5) if value >= 0 else int(value - 0.5)


def available_of(item: JsonObject) -> int:
    return int((item.get("status") or {}).get("availableReplicas", 0))


def revision_of(item: JsonObject) -> int:
    text = (item["metadata"].get("annotations") or {}).get(REVISION, "0")
    return int(text) if text.isdigit() else 0
