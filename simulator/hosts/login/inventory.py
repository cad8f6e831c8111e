"""The inventory file through which ssh_mcp finds the simulated hosts, with client key and known_hosts beside it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import asyncssh
import yaml

from simulator.hosts.machine.host import Host
from simulator.private_files import write_privately

ACCOUNTS = ("root", "ops")


@dataclass(frozen=True, slots=True)
class Door:
    """Where a host lets clients in."""

    host: Host
    address: str
    port: int
    public_key: str


def write_inventory(path: Path, doors: Iterable[Door], *, client_key: asyncssh.SSHKey) -> None:
    """Write the inventory and, beside it, `NAME.key` and `NAME.known_hosts` for the OpenSSH client."""
    doors = list(doors)
    key_path = path.with_suffix(".key")
    # ssh refuses a key that others may read.
    write_privately(key_path, client_key.export_private_key().decode())
    known = "".join(f"[{door.address}]:{door.port} {door.public_key}\n" for door in doors)
    write_privately(path.with_suffix(".known_hosts"), known)
    document = {
        "version": 1,
        "defaults": {"accounts": list(ACCOUNTS), "login": {"keys": [key_path.name]}, "tier": "test"},
        "hosts": [_describe(door) for door in doors],
    }
    write_privately(path, yaml.safe_dump(document, sort_keys=False, allow_unicode=True))


def _describe(door: Door) -> dict[str, object]:
    role = door.host.labels.get("role", "")
    return {
        "id": door.host.name,
        "address": door.address,
        "port": door.port,
        "host_keys": [door.public_key],
        "groups": [role] if role else [],
        "labels": {**door.host.labels, "internal-address": door.host.address},
        "platform": door.host.os.pretty_name,
    }
