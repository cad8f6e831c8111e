"""The form of a host in a file."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

GIB = 1024**3
MIB = 1024**2


class _Described(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class MountDescription(_Described):
    device: str
    at: str
    type: str = "ext4"
    size_gib: float
    used_gib: float = 0.0
    """Of what nobody looks at file by file."""
    data_at: str = ""
    """Directory in which that lies; empty: spread over the system directories."""
    inodes: int = 0
    """0: as many as mkfs makes, one per 16 KiB."""
    used_inodes: int = 0


class UnitDescription(_Described):
    name: str
    description: str
    command: str
    user: str = "root"
    ports: tuple[int, ...] = ()
    protocol: Literal["tcp", "udp"] = "tcp"
    memory_mib: int = 12
    cores: float = 0.0
    open_files: int = 24
    restart: Literal["no", "on-failure", "always"] = "no"
    kind: Literal["simple", "oneshot"] = "simple"
    is_running: bool = True
    needs_text: dict[str, str] = Field(default_factory=dict)
    """Path → text that must be in the file for the program to start."""
    complaint: str = ""
    """What it says when that is missing."""


class FileDescription(_Described):
    path: str
    text: str = ""
    size_gib: float = 0.0
    owner: str = "root"
    mode: str = "0644"
    days_old: float = 3.0


class CertificateDescription(_Described):
    path: str
    name: str
    days_left: float


class HostDescription(_Described):
    name: str
    address: str
    about: str = ""
    cores: int = 4
    memory_gib: float = 8.0
    swap_gib: float = 2.0
    up_days: Annotated[float, Field(gt=0)] = 41.0
    mounts: tuple[MountDescription, ...] = ()
    units: tuple[UnitDescription, ...] = ()
    files: tuple[FileDescription, ...] = ()
    certificates: tuple[CertificateDescription, ...] = ()
    users: tuple[str, ...] = ()
    labels: dict[str, str] = Field(default_factory=dict)


class EstateDescription(_Described):
    common_units: tuple[UnitDescription, ...]
    node: HostDescription
    """What every node of the cluster has; name and address come from the cluster."""
    servers: tuple[HostDescription, ...]
    spare: HostDescription
    """The pattern of further servers, for fleets of any size."""
