"""Which host keys are trusted. A new key is written down and waits for a person; nothing is trusted at first sight."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import asyncssh

from ssh_mcp.errors import HostKeyChanged, HostKeyUnknown
from ssh_mcp.inventories.domain import DEFAULT_PORT, Endpoint
from ssh_mcp.records.files import replace_file

MAX_PENDING = 1000
_FINGERPRINT = "SHA256:"


class NoSuchKey(Exception):
    """No key of this fingerprint waits for this host; the text says what does."""


@dataclass(frozen=True, slots=True)
class PendingKey:
    """A key that a host showed and nobody has vouched for."""

    host: str
    """As a known_hosts file writes it: `db-1` or `[db-1]:2222`."""
    algorithm: str
    fingerprint: str
    public_key: str
    first_seen: str


@dataclass(frozen=True, slots=True)
class TrustedKeys:
    """What is known of one host before it is connected."""

    host: str
    keys: tuple[asyncssh.SSHKey, ...] = ()
    authorities: tuple[asyncssh.SSHKey, ...] = ()
    """Signers of host certificates."""
    revoked: tuple[asyncssh.SSHKey, ...] = ()
    fingerprints: frozenset[str] = frozenset()

    @property
    def is_known(self) -> bool:
        return bool(self.keys or self.fingerprints)


def write_host(endpoint: Endpoint) -> str:
    """How known_hosts files name the server."""
    name = (endpoint.host_key_alias or endpoint.address).lower()
    if endpoint.host_key_alias or endpoint.port == DEFAULT_PORT:
        return name
    return f"[{name}]:{endpoint.port}"


class HostKeys:
    """Trusted keys from files that people keep, from what was approved here, and from pins in inventories."""

    def __init__(
        self,
        folder: Path,
        *,
        files: Sequence[Path] = (),
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._approved_file = folder / "known_hosts"
        self._pending_file = folder / "pending_host_keys.json"
        self._files = (*files, self._approved_file)
        self._now = now
        self._read: dict[Path, tuple[float, asyncssh.SSHKnownHosts]] = {}

    def trusted(self, endpoint: Endpoint) -> TrustedKeys:
        host = write_host(endpoint)
        if endpoint.host_keys:
            return _read_pins(host, endpoint.host_keys)
        keys: list[asyncssh.SSHKey] = []
        authorities: list[asyncssh.SSHKey] = []
        revoked: list[asyncssh.SSHKey] = []
        for known in map(self._load, self._files):
            # The port is part of the name here, so the library does not fall back to the keys of port 22.
            matched = known.match(host, "", None)
            for found, matches in zip((keys, authorities, revoked), matched[:3], strict=True):
                found.extend(matches)
        return TrustedKeys(host, tuple(keys), tuple(authorities), tuple(revoked))

    def judge(self, trusted: TrustedKeys, key: asyncssh.SSHKey) -> HostKeyChanged | HostKeyUnknown | None:
        """Why a key that no file lists is refused, or None when a pinned fingerprint fits; a new one is noted."""
        fingerprint = key.get_fingerprint()
        if fingerprint in trusted.fingerprints:
            return None
        if trusted.is_known:
            return HostKeyChanged(write_change(trusted, fingerprint))
        self._note(trusted.host, key)
        return HostKeyUnknown(
            f"The host key of {trusted.host} is not known: {key.get_algorithm()} {fingerprint}. Nothing ran. It was "
            "written down; a person has to compare it with the host's own and approve it, with ssh-trust-host "
            f"fingerprint={fingerprint} or on the server with "
            f"`python -m ssh_mcp.host_keys approve {trusted.host} {fingerprint}`."
        )

    def pending(self) -> list[PendingKey]:
        try:
            content = json.loads(self._pending_file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return []
        return [PendingKey(**entry) for entry in content]

    def find_pending(self, hosts: Iterable[str], *, fingerprint: str) -> PendingKey:
        """Raise NoSuchKey, naming what waits for these hosts."""
        waiting = [key for key in self.pending() if key.host in set(hosts)]
        for key in waiting:
            if key.fingerprint == fingerprint:
                return key
        listed = ", ".join(f"{key.host} {key.fingerprint}" for key in waiting) or "none; connect to the host first"
        raise NoSuchKey(f"No key {fingerprint} waits for approval. Waiting: {listed}.")

    def approve(self, pending: PendingKey) -> None:
        """Trust the key from now on."""
        line = f"{pending.host} {pending.public_key}\n"
        self._approved_file.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._approved_file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "a", encoding="utf-8") as file:
            file.write(line)
        self.reject(pending.host)

    def reject(self, host: str) -> int:
        """Forget what waits for the host; returns how many keys that were."""
        before = self.pending()
        kept = [key for key in before if key.host != host]
        if len(kept) < len(before):
            self._write_pending(kept)
        return len(before) - len(kept)

    def forget(self, host: str) -> int:
        """Trust no approved key of the host any more; returns how many lines went. Other files stay as they are."""
        if not self._approved_file.exists():
            return 0
        lines = self._approved_file.read_text(encoding="utf-8").splitlines(keepends=True)
        kept = [line for line in lines if line.split(" ", 1)[0] != host]
        replace_file(self._approved_file, "".join(kept))
        return len(lines) - len(kept)

    def approved(self) -> list[str]:
        """Host and fingerprint of every key that was approved here."""
        if not self._approved_file.exists():
            return []
        listed = []
        for line in self._approved_file.read_text(encoding="utf-8").splitlines():
            host, _, public_key = line.partition(" ")
            listed.append(f"{host} {asyncssh.import_public_key(public_key).get_fingerprint()}")
        return listed

    def _note(self, host: str, key: asyncssh.SSHKey) -> None:
        fingerprint = key.get_fingerprint()
        waiting = self.pending()
        if any((each.host, each.fingerprint) == (host, fingerprint) for each in waiting):
            return
        public_key = key.export_public_key("openssh").decode().split("\n", 1)[0].strip()
        noted = PendingKey(
            host=host,
            algorithm=key.get_algorithm(),
            fingerprint=fingerprint,
            public_key=" ".join(public_key.split(" ")[:2]),
            first_seen=self._now().isoformat(timespec="seconds"),
        )
        self._write_pending([*waiting[-MAX_PENDING + 1 :], noted])

    def _write_pending(self, keys: Sequence[PendingKey]) -> None:
        replace_file(self._pending_file, json.dumps([asdict(key) for key in keys], indent=1))

    def _load(self, path: Path) -> asyncssh.SSHKnownHosts:
        """The file as it is now; it is parsed again only when it changed."""
        try:
            changed_at = path.stat().st_mtime_ns
        except OSError:
            return asyncssh.SSHKnownHosts()
        known = self._read.get(path)
        if known is None or known[0] != changed_at:
            known = self._read[path] = (changed_at, _parse(path.read_text(encoding="utf-8", errors="replace")))
        return known[1]


def write_change(trusted: TrustedKeys, fingerprint: str) -> str:
    known = ", ".join([*(key.get_fingerprint() for key in trusted.keys), *sorted(trusted.fingerprints)])
    return (
        f"HOST KEY CHANGED for {trusted.host}: known is {known}, the host shows {fingerprint}. Nothing ran. Either it "
        "was installed anew or somebody is in between; only an operator on the server can accept it, after checking, "
        f"with `python -m ssh_mcp.host_keys forget {trusted.host}` (or in the known_hosts file or inventory that has "
        "it)."
    )


def _read_pins(host: str, pins: Iterable[str]) -> TrustedKeys:
    keys: list[asyncssh.SSHKey] = []
    fingerprints: set[str] = set()
    for pin in pins:
        if pin.startswith(_FINGERPRINT):
            fingerprints.add(pin)
            continue
        try:
            keys.append(asyncssh.import_public_key(pin))
        except asyncssh.KeyImportError:
            # A pin nobody can read fits no key, so the host is refused; leaving it out would loosen the rule.
            fingerprints.add(f"unreadable pin {pin[:20]!r}")
    return TrustedKeys(host, tuple(keys), fingerprints=frozenset(fingerprints))


def _parse(text: str) -> asyncssh.SSHKnownHosts:
    """Line by line, since one bad line must not take the others with it."""
    known = asyncssh.SSHKnownHosts()
    for line in text.splitlines():
        try:
            known.load(line)
        except ValueError:
            continue
    return known
