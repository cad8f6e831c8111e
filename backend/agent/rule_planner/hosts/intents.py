"""What a person can want to know of hosts, or to have done on them."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias


class HostTopic(StrEnum):
    """What is looked at."""

    DISK = "disk"
    MEMORY = "memory"
    LOAD = "load"
    PROCESSES = "processes"
    OOM = "oom"
    ZOMBIES = "zombies"
    UNITS = "units"
    LISTENERS = "listeners"
    CLOCK = "clock"
    CERTIFICATES = "certificates"
    HEALTH = "health"


class ServiceAction(StrEnum):
    """What systemctl is to do; the value is its verb."""

    STATUS = "status"
    RESTART = "restart"
    START = "start"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class ListHosts:
    """Which hosts there are."""


@dataclass(frozen=True, slots=True)
class LookAtHost:
    """One topic of one host, or of all when none is named."""

    topic: HostTopic
    host: str | None = None


@dataclass(frozen=True, slots=True)
class FindPortOwner:
    """Which process listens on a port."""

    port: int
    host: str | None = None


@dataclass(frozen=True, slots=True)
class KillProcess:
    """End a process, named by its number, or the one that listens on a port ("it" after such a question)."""

    pid: int | None
    host: str | None = None
    port: int | None = None


@dataclass(frozen=True, slots=True)
class ControlService:
    """A systemd unit: its status, or start, stop and restart."""

    unit: str
    action: ServiceAction
    host: str | None = None


@dataclass(frozen=True, slots=True)
class ReadJournal:
    """The end of a unit's journal."""

    unit: str
    host: str | None = None
    lines: int = 50


@dataclass(frozen=True, slots=True)
class RunCommand:
    """Exactly the command that was quoted, on the host that is named, and on those named beside it."""

    command: str
    host: str | None = None
    beside: frozenset[str] = frozenset()
    """The words of the question, some of which may be further hosts."""
    is_everywhere: bool = False


HostIntent: TypeAlias = ListHosts | LookAtHost | FindPortOwner | KillProcess | ControlService | ReadJournal | RunCommand
