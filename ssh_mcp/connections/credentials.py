"""What proves an account: keys, certificates, the agent, a password from the environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import asyncssh

from ssh_mcp.errors import LoginRefused
from ssh_mcp.inventories.domain import Account

ClientKey = asyncssh.SSHKey | tuple[asyncssh.SSHKey, asyncssh.SSHCertificate]


@dataclass(frozen=True, slots=True)
class Credentials:
    keys: tuple[ClientKey, ...] = ()
    password: str | None = None
    agent_path: str | None = None

    def describe(self) -> str:
        """What is tried, for the error of a refused login."""
        parts = [f"{len(self.keys)} key{'s' if len(self.keys) != 1 else ''}"] if self.keys else []
        if self.agent_path:
            parts.append("the agent")
        if self.password is not None:
            parts.append("a password")
        return " and ".join(parts) or "nothing: the inventory names no key, agent or password"


class CredentialReader:
    """Reads key files once, until they change: decrypting one takes a noticeable part of a second."""

    def __init__(self, environment: Mapping[str, str], *, agent_path: str | None) -> None:
        self._environment = environment
        self._agent_path = agent_path
        self._keys: dict[tuple[Path, str | None], tuple[int, asyncssh.SSHKey]] = {}

    def read(self, account: Account) -> Credentials:
        """Raise LoginRefused for a file or variable that is missing or unreadable."""
        passphrase = self._variable(account.passphrase_env)
        keys: list[ClientKey] = []
        for number, path in enumerate(account.keys):
            key = self._read_key(path, passphrase=passphrase)
            certificate = _find_certificate(account, number)
            if certificate is not None:
                keys.append((key, _read_certificate(certificate)))
            # The key alone comes after its certificate: some hosts know only the one, some only the other.
            keys.append(key)
        if account.use_agent and not self._agent_path:
            raise LoginRefused(f"Account {account.name} uses an ssh-agent, but SSH_AUTH_SOCK is not set.")
        return Credentials(
            keys=tuple(keys),
            password=self._variable(account.password_env),
            agent_path=self._agent_path if account.use_agent else None,
        )

    def _variable(self, name: str | None) -> str | None:
        if name is None:
            return None
        value = self._environment.get(name)
        if not value:
            raise LoginRefused(f"The environment variable {name}, which the inventory names, is not set.")
        return value

    def _read_key(self, path: Path, *, passphrase: str | None) -> asyncssh.SSHKey:
        try:
            changed_at = path.stat().st_mtime_ns
            known = self._keys.get((path, passphrase))
            if known is None or known[0] != changed_at:
                known = changed_at, asyncssh.read_private_key(path, passphrase)
                self._keys[path, passphrase] = known
        except OSError as error:
            raise LoginRefused(f"The key {path} cannot be read: {error.strerror}.") from error
        except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError) as error:
            raise LoginRefused(f"The key {path} cannot be used: {error}.") from error
        return known[1]


def _find_certificate(account: Account, number: int) -> Path | None:
    """The one that the inventory names, else the one beside the key, as OpenSSH does."""
    if number < len(account.certificates):
        return account.certificates[number]
    beside = account.keys[number].with_name(f"{account.keys[number].name}-cert.pub")
    return beside if beside.is_file() else None


def _read_certificate(path: Path) -> asyncssh.SSHCertificate:
    try:
        return asyncssh.read_certificate(path)
    except OSError as error:
        raise LoginRefused(f"The certificate {path} cannot be read: {error.strerror}.") from error
    except asyncssh.KeyImportError as error:
        raise LoginRefused(f"The certificate {path} cannot be used: {error}.") from error
