"""Hosts, looks at them, and the figures that are kept as series."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from fnmatch import fnmatchcase
from itertools import groupby

from host_facts.domain import HostFacts


class TargetKind(StrEnum):
    """What is looked at."""

    HOST = "host"
    CLUSTER = "cluster"


class LookState(StrEnum):
    """How a look at a host or cluster ended."""

    READ = "read"
    UNREACHABLE = "unreachable"
    """It did not answer: that is a finding."""
    UNKNOWN = "unknown"
    """We could not look (no right, no tool, a wrong setting): that says nothing about it."""


@dataclass(frozen=True, slots=True)
class Target:
    """A host by its asset id, or a cluster by its name."""

    kind: TargetKind
    id: str
    name: str = ""

    def __str__(self) -> str:
        return self.name or self.id


@dataclass(frozen=True, slots=True)
class Listing:
    """What there is to look at. With `problems` it may not be all of it."""

    targets: tuple[Target, ...]
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HostLook:
    """What one look at one host gave; `facts` only when it was read, `reason` only when not."""

    host: str
    state: LookState
    facts: HostFacts | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class WatchedTarget:
    """A host or cluster as it was last seen."""

    target: Target
    state: LookState
    reason: str
    first_seen_at: datetime
    looked_at: datetime
    """When the last look ended, whatever it gave."""
    read_at: datetime | None
    """When it was last read; the facts are of that moment."""
    facts: HostFacts | None = None


class Metric(StrEnum):
    """What is kept as a series, each in the unit that is named."""

    CPU = "cpu"
    """Used share, 0 to 1."""
    MEMORY = "memory"
    """Used share, 0 to 1."""
    SWAP = "swap"
    """Used share, 0 to 1."""
    LOAD = "load"
    """Load of the last minute over the number of cores."""
    DISK = "disk"
    """Used share of one mount point, 0 to 1."""
    OPEN_FILES = "open_files"
    """Open file handles over their limit, 0 to 1."""
    PROBLEMS = "problems"
    """How many things a patrol's look saw that are wrong; of clusters too."""


@dataclass(frozen=True, slots=True)
class SeriesKey:
    """One series: of a target, a metric or check, and what it is about, such as a mount point."""

    target_kind: TargetKind
    target: str
    metric: str
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Point:
    at: datetime
    value: float


@dataclass(frozen=True, slots=True)
class Figure:
    """A value that belongs to a series."""

    key: SeriesKey
    value: float


def read_figures(facts: HostFacts, *, host: str) -> list[Figure]:
    """Everything of a look that is kept as series; what is unknown is left out, never zero."""
    figures: list[tuple[Metric, str, float]] = []
    if facts.cpu is not None:
        figures.append((Metric.LOAD, "", facts.cpu.load_1m / max(facts.cpu.cores, 1)))
        if facts.cpu.used_ratio is not None:
            figures.append((Metric.CPU, "", facts.cpu.used_ratio))
    if facts.memory is not None:
        figures.append((Metric.MEMORY, "", used_memory(facts.memory.total_bytes, facts.memory.available_bytes)))
        if facts.memory.swap_total_bytes > 0:
            figures.append((Metric.SWAP, "", facts.memory.swap_used_bytes / facts.memory.swap_total_bytes))
    figures += [(Metric.DISK, disk.mount_point, disk.used_ratio) for disk in facts.filesystems or ()]
    if facts.open_files_ratio is not None:
        figures.append((Metric.OPEN_FILES, "", facts.open_files_ratio))
    return [
        Figure(SeriesKey(TargetKind.HOST, host, metric.value, subject), value) for metric, subject, value in figures
    ]


def used_memory(total_bytes: int, available_bytes: int) -> float:
    """The share that is not available, 0 to 1."""
    return 0.0 if total_bytes <= 0 else 1.0 - available_bytes / total_bytes


def downsample(points: Sequence[Point], *, since: datetime, until: datetime, limit: int) -> list[Point]:
    """At most about `limit` points: the time is cut into equal parts, each shows its largest value.

    The largest, since a peak is what people look for in a picture of a day.
    """
    if len(points) <= limit:
        return list(points)
    width = max((until - since) / limit, timedelta(seconds=1))

    def part_of(point: Point) -> int:
        return (point.at - since) // width

    return [max(group, key=lambda point: point.value) for _part, group in groupby(points, key=part_of)]


def choose_watched(targets: Iterable[Target], *, watch: str, skip: str) -> tuple[Target, ...]:
    """The targets whose id or name fits a pattern of `watch` and none of `skip`; patterns are separated by commas."""
    return tuple(target for target in targets if _fits(target, watch) and not _fits(target, skip))


def _fits(target: Target, patterns: str) -> bool:
    names = {target.id, target.name}
    return any(fnmatchcase(name, part.strip()) for part in patterns.split(",") if part.strip() for name in names)


def chunk(items: Iterable[str], *, size: int) -> list[list[str]]:
    """The items in order, in lists of at most so many."""
    listed = list(items)
    return [listed[start : start + size] for start in range(0, len(listed), size)]
