"""Keys of a fleet: one for its client, one for each host."""

from __future__ import annotations

import os
from pathlib import Path

import asyncssh

ALGORITHM = "ssh-ed25519"


def make_key(comment: str) -> asyncssh.SSHKey:
    return asyncssh.generate_private_key(ALGORITHM, comment=comment)


def public_line(key: asyncssh.SSHKey) -> str:
    """As known_hosts and authorized_keys files have it, without the comment."""
    kind, text, *_ = key.export_public_key().decode().split()
    return f"{kind} {text}"


def write_private_key(path: Path, key: asyncssh.SSHKey) -> None:
    """Readable for its owner only; ssh refuses a key that others may read."""
    write_secretly(path, key.export_private_key().decode())


def write_secretly(path: Path, text: str) -> None:
    """Write so that only the owner can read, and readers never see half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    draft.replace(path)
