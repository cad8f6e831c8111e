"""When patrol looks, when a finding begins and ends, and from which figures on something is wrong."""

from typing import Annotated, Self

from pydantic import BaseModel, Field, model_validator

Ratio = Annotated[float, Field(gt=0, le=1)]
Looks = Annotated[int, Field(ge=1, le=100)]


class PatrolSettings(BaseModel):
    """Schedule and life of findings."""

    enabled: bool = True
    """Whether the backend patrols by itself; a person can start one all the same."""
    interval_seconds: Annotated[int, Field(ge=10, le=86400)] = 300
    """How often everything is looked at. Five minutes catches a filling disk hours before it is full."""
    clusters: str = "default"
    """Which clusters are watched: names with * for anything, separated by commas; `default` is the default context. Not
    all of them by itself: a kubeconfig often names clusters of long ago."""
    open_after: Looks = 2
    """Looks in a row before what comes and goes by itself (load, memory, clock, silence of a host) is a finding."""
    confirm_seconds: Annotated[float, Field(ge=0, le=600)] = 10.0
    """How long `ding-robot patrol --once` waits before it looks again at what needs a second look. Long enough for a
    process that is just ending to be gone."""
    close_after: Looks = 2
    """Looks in a row without it before a finding is closed."""
    announce_recovery: bool = True
    """Say when a finding that was announced is gone."""
    explain_seconds: Annotated[float, Field(ge=0, le=120)] = 20.0
    """How long announcements wait for the model's explanations; 0 asks for none."""
    explain_findings: Annotated[int, Field(ge=0, le=50)] = 5
    """Most findings per patrol that the model explains, the worst first."""
    keep_days: Annotated[int, Field(ge=1, le=3650)] = 90
    """How long closed findings and runs are kept."""


class CheckSettings(BaseModel):
    """From which figures on a check speaks. A finding ends once its figure is `slack` below the warning mark."""

    off: str = ""
    """Checks that are not made, by their ids, separated by commas."""
    slack: Annotated[float, Field(ge=0, lt=0.5)] = 0.03
    """By how much a share must fall below its warning mark before it counts as gone."""
    disk_warning: Ratio = 0.85
    disk_critical: Ratio = 0.95
    """Used share of a filesystem."""
    disk_enough_free_gib: Annotated[float, Field(gt=0)] = 100.0
    """With more free than this a large filesystem is no finding, whatever its share; critical below a quarter of it."""
    filling_warning_hours: Annotated[float, Field(gt=0)] = 12.0
    filling_critical_hours: Annotated[float, Field(gt=0)] = 2.0
    """Hours until a filesystem that grows evenly is full."""
    inodes_warning: Ratio = 0.85
    inodes_critical: Ratio = 0.95
    load_warning: Annotated[float, Field(gt=0)] = 2.0
    load_critical: Annotated[float, Field(gt=0)] = 4.0
    """Load of five minutes over the number of cores."""
    memory_warning: Ratio = 0.92
    memory_critical: Ratio = 0.97
    """Share of memory that is not available."""
    swap_warning: Ratio = 0.8
    swap_critical: Ratio = 0.95
    swap_traffic_mib: Annotated[float, Field(gt=0)] = 4.0
    """MiB per second that are swapped out and in again; from then on the host does little else."""
    open_files_warning: Ratio = 0.8
    open_files_critical: Ratio = 0.95
    """Open file handles of the whole host over their limit."""
    zombies_critical: Annotated[int, Field(ge=1)] = 50
    """Zombies of one parent; one is a warning already."""
    oom_minutes: Annotated[int, Field(ge=1, le=1440)] = 360
    """How long a process killed for want of memory stays a finding."""
    reboot_minutes: Annotated[int, Field(ge=1, le=1440)] = 60
    """How long a reboot stays a finding."""
    clock_warning_seconds: Annotated[float, Field(gt=0)] = 2.0
    clock_critical_seconds: Annotated[float, Field(gt=0)] = 30.0
    """Offset from the reference clock; logins, certificates and logs suffer first."""
    certificate_warning_days: Annotated[float, Field(gt=0)] = 21.0
    certificate_critical_days: Annotated[float, Field(gt=0)] = 7.0
    nic_errors_per_minute: Annotated[float, Field(gt=0)] = 10.0
    """Receive and transmit errors of one interface."""

    @property
    def switched_off(self) -> frozenset[str]:
        return frozenset(part.strip() for part in self.off.split(",") if part.strip())

    @model_validator(mode="after")
    def _check_order(self) -> Self:
        pairs = ("disk", "inodes", "load", "memory", "swap", "open_files")
        wrong = [name for name in pairs if getattr(self, f"{name}_critical") < getattr(self, f"{name}_warning")]
        wrong += ["clock"] if self.clock_critical_seconds < self.clock_warning_seconds else []
        wrong += ["filling"] if self.filling_critical_hours > self.filling_warning_hours else []
        wrong += ["certificate"] if self.certificate_critical_days > self.certificate_warning_days else []
        if wrong:
            raise ValueError(f"checks: the critical mark must be the worse one: {', '.join(wrong)}")
        return self
