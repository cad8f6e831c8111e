"""Token buckets: how often somebody may do something. Memory is bounded, whoever comes."""

import math
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from backend.features.access.settings import AccessSettings


class Limit(StrEnum):
    """What is counted together, per token or address."""

    RUNS = "runs"
    DECISIONS = "decisions"
    LOGINS = "logins"


@dataclass(slots=True)
class _Bucket:
    level: float
    at: float


class TokenBuckets:
    """One bucket per key, full at first, refilled evenly. The key that has been idle longest is forgotten first."""

    def __init__(self, *, per_minute: int, max_keys: int = 10_000) -> None:
        self._capacity = float(per_minute)
        self._per_second = per_minute / 60
        self._max_keys = max_keys
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, key: str, *, now: float) -> int:
        """Take one; returns 0, or the whole seconds until the next may be taken. `now` is monotonic, in seconds."""
        bucket = self._refill(key, now=now)
        if bucket.level >= 1:
            bucket.level -= 1
            return 0
        return self._wait(bucket)

    def _refill(self, key: str, *, now: float) -> _Bucket:
        bucket = self._buckets.pop(key, None)
        if bucket is None:
            bucket = _Bucket(level=self._capacity, at=now)
            if len(self._buckets) >= self._max_keys:
                self._buckets.popitem(last=False)
        gained = max(now - bucket.at, 0.0) * self._per_second
        bucket.level = min(self._capacity, bucket.level + gained)
        bucket.at = max(now, bucket.at)
        self._buckets[key] = bucket
        return bucket

    def _wait(self, bucket: _Bucket) -> int:
        return max(1, math.ceil((1 - bucket.level) / self._per_second))


class RateLimits:
    """One set of buckets per kind of request. Each process counts for itself."""

    def __init__(self, settings: AccessSettings) -> None:
        self._buckets: Mapping[Limit, TokenBuckets] = {
            Limit.RUNS: TokenBuckets(per_minute=settings.runs_per_minute),
            Limit.DECISIONS: TokenBuckets(per_minute=settings.decisions_per_minute),
            Limit.LOGINS: TokenBuckets(per_minute=settings.logins_per_minute),
        }

    def take(self, limit: Limit, *, key: str) -> int:
        """0, or the seconds to wait."""
        return self._buckets[limit].take(key, now=time.monotonic())
