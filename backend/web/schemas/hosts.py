"""Bodies of hosts and their figures."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel

from backend.features.hosts import domain
from backend.features.hosts.domain import Metric, TargetKind
from backend.features.hosts.service import History
from backend.web.schemas.patrol import Point
from host_facts.domain import HostFacts

State = Literal["read", "unreachable", "unknown"]


class Disk(BaseModel):
    mount_point: str
    used_ratio: float
    size_bytes: int
    used_bytes: int


class Host(BaseModel):
    """A host as it was last seen. A figure that is null is not known, which is not zero.

    `state` is that of the last look; the figures are of `read_at`, which may be earlier.
    """

    id: str
    name: str
    state: State
    reason: str
    looked_at: datetime
    read_at: datetime | None
    boot_at: datetime | None
    os: str
    cores: int | None
    cpu: float | None
    memory: float | None
    memory_total_bytes: int | None
    swap: float | None
    load_1m: float | None
    load_5m: float | None
    load_15m: float | None
    open_files: float | None
    disks: list[Disk] | None
    unknown: dict[str, str]
    """Part → why it could not be read."""
    critical: int
    warnings: int
    """Open findings."""


class Cluster(BaseModel):
    """A cluster as it was last diagnosed; `reason` also names what could not be read."""

    id: str
    name: str
    state: State
    reason: str
    looked_at: datetime
    critical: int
    warnings: int


class HostList(BaseModel):
    """`sample_seconds` is how often the figures are new while somebody asks; `now` is the server's time."""

    items: list[Host]
    clusters: list[Cluster]
    sample_seconds: int
    now: datetime


class HostDetail(BaseModel):
    """`facts` is everything that was read: processes, listeners, certificates and so on."""

    host: Host
    facts: HostFacts | None


class Series(BaseModel):
    """One metric, oldest first. Shares are 0 to 1; `load` is per core; other names are checks with their own unit."""

    metric: str
    subject: str
    points: list[Point]


class HostHistory(BaseModel):
    series: list[Series]


def read_host(watched: domain.WatchedTarget, *, critical: int, warnings: int) -> Host:
    facts = watched.facts
    figures = {} if facts is None else {f.key.metric: f.value for f in domain.read_figures(facts, host="")}
    cpu = None if facts is None else facts.cpu
    return Host(
        id=watched.target.id,
        name=str(watched.target),
        state=watched.state.value,
        reason=watched.reason,
        looked_at=watched.looked_at,
        read_at=watched.read_at,
        boot_at=None if facts is None else facts.boot_at,
        os="" if facts is None else facts.os,
        cores=None if cpu is None else cpu.cores,
        cpu=figures.get(Metric.CPU.value),
        memory=figures.get(Metric.MEMORY.value),
        memory_total_bytes=None if facts is None or facts.memory is None else facts.memory.total_bytes,
        swap=figures.get(Metric.SWAP.value),
        load_1m=None if cpu is None else cpu.load_1m,
        load_5m=None if cpu is None else cpu.load_5m,
        load_15m=None if cpu is None else cpu.load_15m,
        open_files=figures.get(Metric.OPEN_FILES.value),
        disks=_read_disks(watched),
        unknown={} if facts is None else dict(facts.unknown),
        critical=critical,
        warnings=warnings,
    )


def read_cluster(watched: domain.WatchedTarget, *, critical: int, warnings: int) -> Cluster:
    return Cluster(
        id=watched.target.id,
        name=str(watched.target),
        state=watched.state.value,
        reason=watched.reason,
        looked_at=watched.looked_at,
        critical=critical,
        warnings=warnings,
    )


def read_history(series: list[History]) -> HostHistory:
    return HostHistory(
        series=[
            Series(
                metric=one.metric,
                subject=one.subject,
                points=[Point.model_validate(point) for point in one.points],
            )
            for one in series
        ]
    )


def is_host(watched: domain.WatchedTarget) -> bool:
    return watched.target.kind is TargetKind.HOST


def _read_disks(watched: domain.WatchedTarget) -> list[Disk] | None:
    if watched.facts is None or watched.facts.filesystems is None:
        return None
    return [
        Disk(
            mount_point=disk.mount_point,
            used_ratio=disk.used_ratio,
            size_bytes=disk.size_bytes,
            used_bytes=disk.used_bytes,
        )
        for disk in watched.facts.filesystems
    ]
