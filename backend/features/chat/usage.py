"""What model calls used, summed for people."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class UsageFilter:
    """Which calls are meant; None means all. `day` is a UTC day such as `2026-11-21`."""

    run_id: str | None = None
    session_id: str | None = None
    day: str | None = None


@dataclass(frozen=True, slots=True)
class ModelUsage:
    """Sums of one model; `cost_micros` are millionths of the price's currency."""

    model: str
    calls: int
    input_tokens: int
    output_tokens: int
    cost_micros: int


class UsageReader(Protocol):
    """Where sums are read."""

    async def read(self, wanted: UsageFilter) -> Sequence[ModelUsage]:
        """One entry per model, by name; nothing for what used nothing."""
        ...
