"""What a scenario may do to a host: break one thing, or run a command there."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

MOST_ZOMBIES = 500


class _Described(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class HostFile(_Described):
    """A file appears, or grows to a size, as a program would write it."""

    path: str
    text: str = ""
    fills_to: Annotated[float, Field(gt=0, le=1)] | None = None
    """Share of its filesystem that is in use afterwards, as df counts."""
    size_mib: float = 0.0
    owner: str = "root"
    minutes_old: float = 2.0
    written_by: str = ""
    """Unit whose process has it open: deleting it frees nothing while that runs."""


class HostCrowd(_Described):
    """A directory fills with small files until that share of the inodes is in use."""

    path: str
    fills_to: Annotated[float, Field(gt=0, le=1)]
    file_bytes: int = 0
    owner: str = "root"
    name: str = "sess_{number:026x}"


class HostProcess(_Described):
    """A process starts, perhaps with children it never collects."""

    command: str
    name: str = ""
    user: str = "root"
    cores: float = 0.0
    memory_mib: float = 24.0
    open_files: int = 20
    threads: int = 1
    ports: tuple[int, ...] = ()
    zombies: Annotated[int, Field(ge=0, le=MOST_ZOMBIES)] = 0
    zombie_name: str = ""
    unit: str = ""
    """It belongs to this unit, whose own process it replaces."""


class HostUnitFailure(_Described):
    """A unit ends with an error."""

    unit: str
    code: int = 1
    said: str = ""
    """Its last words in the journal."""


class HostUnitStop(_Described):
    unit: str


class HostReadOnly(_Described):
    """The kernel remounts a filesystem after an error of its disk."""

    at: str


class HostClock(_Described):
    """The clock runs away while no time service holds it."""

    offset_seconds: float


class HostCertificate(_Described):
    path: str
    name: str
    days_left: float
    """From now; negative for one that is over."""


class HostLog(_Described):
    """Lines of a program or of the kernel."""

    identifier: str = "kernel"
    lines: tuple[str, ...]
    unit: str = ""
    priority: Annotated[int, Field(ge=0, le=7)] = 6


class HostNetwork(_Described):
    """The network card counts errors."""

    errors: Annotated[int, Field(ge=0)]


class HostStep(_Described):
    """Exactly one thing on one host."""

    at: str
    """Name of the host."""
    run: str = ""
    """Shell text, as root."""
    file: HostFile | None = None
    crowd: HostCrowd | None = None
    process: HostProcess | None = None
    fail: HostUnitFailure | None = None
    stop: HostUnitStop | None = None
    read_only: HostReadOnly | None = None
    clock: HostClock | None = None
    certificate: HostCertificate | None = None
    log: HostLog | None = None
    network: HostNetwork | None = None

    @model_validator(mode="after")
    def _does_one_thing(self) -> HostStep:
        chosen = [value for name, value in self if name != "at" and value]
        if len(chosen) != 1:
            raise ValueError("a step on a host does exactly one thing")
        return self
