"""Keys of a fleet: one for its client, one for each host."""

from __future__ import annotations

import asyncssh

ALGORITHM = "ssh-ed25519"


def make_key(comment: str) -> asyncssh.SSHKey:
    return asyncssh.generate_private_key(ALGORITHM, comment=comment)


def public_line(key: asyncssh.SSHKey) -> str:
    """As known_hosts and authorized_keys files have it, without the comment."""
    kind, text, *_ = key.export_public_key().decode().split()
    return f"{kind} {text}"
