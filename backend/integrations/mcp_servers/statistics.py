"""How often each tool was called, how often it failed, and how long it took."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from backend.agent.domain import ToolStatistics

_KEPT_LATENCIES = 512


@dataclass(slots=True)
class _Counter:
    calls: int = 0
    errors: int = 0
    latencies_ms: deque[int] = field(default_factory=lambda: deque(maxlen=_KEPT_LATENCIES))


class CallCounter:
    """Counts calls per tool and per server."""

    def __init__(self) -> None:
        self._tools: dict[str, _Counter] = {}
        self._servers: dict[str, _Counter] = {}

    def add(self, tool: str, *, server: str, duration_ms: int, is_error: bool) -> None:
        for counter in (self._tools.setdefault(tool, _Counter()), self._servers.setdefault(server, _Counter())):
            counter.calls += 1
            counter.errors += int(is_error)
            counter.latencies_ms.append(duration_ms)

    def read(self) -> Mapping[str, ToolStatistics]:
        return {name: _summarise(counter) for name, counter in self._tools.items()}

    def read_server(self, name: str) -> ToolStatistics:
        counter = self._servers.get(name)
        return ToolStatistics() if counter is None else _summarise(counter)


def _summarise(counter: _Counter) -> ToolStatistics:
    ordered = sorted(counter.latencies_ms)
    return ToolStatistics(
        calls=counter.calls,
        errors=counter.errors,
        p50_ms=nearest_rank(ordered, ratio=0.50),
        p99_ms=nearest_rank(ordered, ratio=0.99),
    )


def nearest_rank(ordered: list[int], *, ratio: float) -> int | None:
    """The smallest value with at least this share of all values at or below it."""
    if not ordered:
        return None
    rank = max(1, -(-len(ordered) * round(ratio * 100) // 100))
    return ordered[rank - 1]
