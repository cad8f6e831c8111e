"""The newest observations of something, and their percentiles."""

from collections import deque

from backend.features.operations.domain import Percentiles

_KEPT = 1024
OTHER = "other"


class Window:
    """Durations, given in seconds, read in milliseconds."""

    def __init__(self) -> None:
        self._kept: deque[float] = deque(maxlen=_KEPT)

    def add(self, seconds: float) -> None:
        self._kept.append(seconds * 1000)

    def read(self) -> Percentiles | None:
        if not self._kept:
            return None
        ordered = sorted(self._kept)
        return Percentiles(
            count=len(ordered),
            p50=nearest_rank(ordered, ratio=0.50),
            p95=nearest_rank(ordered, ratio=0.95),
            p99=nearest_rank(ordered, ratio=0.99),
        )


def nearest_rank(ordered: list[float], *, ratio: float) -> float:
    """The smallest value with at least this share of all values at or below it."""
    rank = max(1, -(-len(ordered) * round(ratio * 100) // 100))
    return round(ordered[rank - 1], 3)


class BoundedNames:
    """Lets the first names through and calls the rest `other`: every new label value is a new time series."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._known: set[tuple[str, ...]] = set()

    def admit(self, *names: str) -> tuple[str, ...]:
        if names not in self._known:
            if len(self._known) >= self._limit:
                return (OTHER,) * len(names)
            self._known.add(names)
        return names
