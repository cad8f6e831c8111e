"""Hosts and clusters that are as a test says, and an executor in the test's own process."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from backend.features.hosts.domain import HostLook, Listing, LookState, Target, TargetKind
from backend.features.patrol.domain import Explanation, Finding, Reading
from backend.features.patrol.interfaces import ClusterLook
from backend.vocabulary.errors import Unavailable
from backend.vocabulary.language import Language, Text
from host_facts.domain import CpuFacts, FilesystemFacts, HostFacts, MemoryFacts

NOW = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
GIB = 1024**3


def make_disk(mount: str = "/", *, used: float = 0.4, total: int = 50 * GIB, **others: object) -> FilesystemFacts:
    values: dict[str, object] = {
        "mount_point": mount,
        "device": "/dev/vda1",
        "type": "ext4",
        "size_bytes": total,
        "used_bytes": int(total * used),
        "used_ratio": used,
        "inodes_used_ratio": 0.1,
    }
    return FilesystemFacts.model_validate(values | others)


def make_facts(host: str = "web-1", *, taken_at: datetime = NOW, **parts: object) -> HostFacts:
    """A host that is well, but for the given parts."""
    well: dict[str, object] = {
        "host": host,
        "hostname": host,
        "taken_at": taken_at,
        "boot_at": NOW - timedelta(days=30),
        "cpu": CpuFacts(cores=4, used_ratio=0.2, load_1m=0.5, load_5m=0.6, load_15m=0.4),
        "memory": MemoryFacts(total_bytes=8 * GIB, available_bytes=5 * GIB),
        "filesystems": (make_disk(),),
        "top_processes": (),
        "zombies": (),
        "oom_kills": (),
        "failed_units": (),
        "listeners": (),
        "certificates": (),
        "open_files_ratio": 0.1,
        "nic_errors": {"eth0": 0},
        "unknown": {"clock": "timedatectl: not found"},
    }
    return HostFacts.model_validate(well | parts)


@dataclass
class FixtureHosts:
    """Implements HostFactsSource."""

    facts: dict[str, HostFacts] = field(default_factory=dict)
    silent: dict[str, str] = field(default_factory=dict)
    """Hosts that do not answer, with the reason."""
    refused: dict[str, str] = field(default_factory=dict)
    """Hosts that we may not look at, with the reason."""
    problem: str | None = None
    """Why the hosts cannot even be listed."""
    gap: str | None = None
    """Why some hosts may be missing in the list."""
    reads: list[list[str]] = field(default_factory=list)
    hold: asyncio.Event | None = None

    async def list_hosts(self) -> Listing:
        if self.problem is not None:
            raise Unavailable(Text(en=self.problem, zh=self.problem))
        names = [*self.facts, *self.silent, *self.refused]
        hosts = tuple(Target(TargetKind.HOST, name, name) for name in dict.fromkeys(names))
        return Listing(hosts, () if self.gap is None else (self.gap,))

    async def read(self, hosts: Sequence[str]) -> Sequence[HostLook]:
        self.reads.append(list(hosts))
        if self.hold is not None:
            await self.hold.wait()
        return [self._look(host) for host in hosts]

    def _look(self, host: str) -> HostLook:
        if host in self.silent:
            return HostLook(host, LookState.UNREACHABLE, reason=self.silent[host])
        if host in self.refused:
            return HostLook(host, LookState.UNKNOWN, reason=self.refused[host])
        return HostLook(host, LookState.READ, facts=self.facts[host])


@dataclass
class FixtureClusters:
    """Implements ClusterSource with one cluster, when there is anything to say of it."""

    readings: tuple[Reading, ...] | None = None
    unknown: tuple[str, ...] = ()
    state: LookState = LookState.READ

    async def list_clusters(self) -> Listing:
        return Listing(() if self.readings is None else (Target(TargetKind.CLUSTER, "prod", "prod"),))

    async def read(self, cluster: Target) -> ClusterLook:
        reason = "" if self.state is LookState.READ else "forbidden"
        return ClusterLook(cluster, self.state, self.readings or (), self.unknown, reason)


@dataclass
class FixtureExplainer:
    """Implements Explainer with the same words for everything."""

    words: str | None = None
    asked: list[str] = field(default_factory=list)
    hold: asyncio.Event | None = None

    async def explain(self, finding: Finding, *, run_id: str, language: Language) -> Explanation | None:
        self.asked.append(finding.id)
        if self.hold is not None:
            await self.hold.wait()
        return None if self.words is None else Explanation(self.words, model="scripted", at=NOW)


class InProcessStarter:
    """Implements RunStarter: advances a run in a task until it is over; keeps nothing over a restart."""

    def __init__(self, advance: Callable[[str], Awaitable[bool]]) -> None:
        self._advance = advance
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def start(self, run_id: str) -> None:
        task = self._tasks.get(run_id)
        if task is None or task.done():
            self._tasks[run_id] = asyncio.create_task(self._keep_advancing(run_id))

    async def wait(self) -> None:
        await asyncio.wait_for(asyncio.gather(*self._tasks.values()), timeout=20)

    async def kill(self) -> None:
        """What the end of the process does to work in it."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def _keep_advancing(self, run_id: str) -> None:
        while not await self._advance(run_id):
            pass
