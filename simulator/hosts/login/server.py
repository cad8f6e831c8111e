"""The SSH servers of a fleet: one port on loopback for each host, all in one process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

import asyncssh

from simulator.hosts.login.inventory import ACCOUNTS, Door
from simulator.hosts.login.keys import ALGORITHM, make_key, public_line
from simulator.hosts.login.sessions import HostSession
from simulator.hosts.machine.host import Host

LOOPBACK = "127.0.0.1"
LAST_PORT = 65535
LOGIN_SECONDS = 20
MOST_SESSIONS = 10
"""Per connection, as sshd allows by default."""


class SshFleet:
    """Listens for every host; `doors` says where."""

    def __init__(self, hosts: Iterable[Host]) -> None:
        self._hosts = list(hosts)
        self._listeners: list[asyncssh.SSHAcceptor] = []
        self.client_key = make_key("simulator-client")
        self.doors: list[Door] = []

    async def open(self, *, first_port: int = 0) -> None:
        """Open all ports: free ones for 0, else one after the other from the first. Raise OSError."""
        authorized = asyncssh.import_authorized_keys(public_line(self.client_key))
        if first_port + len(self._hosts) > LAST_PORT:
            raise OSError(f"{len(self._hosts)} hosts need ports up to {first_port + len(self._hosts)}")
        for number, host in enumerate(self._hosts):
            key = make_key(host.name)
            acceptor = await asyncssh.listen(
                LOOPBACK,
                first_port + number if first_port else 0,
                server_factory=_factory(host),
                server_host_keys=[key],
                authorized_client_keys=authorized,
                login_timeout=LOGIN_SECONDS,
                line_editor=False,
                encoding="utf-8",
                errors="surrogateescape",
                # One kind of key and cipher is enough, and negotiating less makes connecting cheaper.
                signature_algs=[ALGORITHM],
                compression_algs=None,
                x11_forwarding=False,
                agent_forwarding=False,
            )
            self._listeners.append(acceptor)
            self.doors.append(Door(host, LOOPBACK, acceptor.get_port(), public_line(key)))

    async def close(self) -> None:
        for listener in self._listeners:
            listener.close()
        await asyncio.gather(*(listener.wait_closed() for listener in self._listeners))
        self._listeners.clear()
        self.doors.clear()


def _factory(host: Host) -> Callable[[], asyncssh.SSHServer]:
    return lambda: _HostServer(host)


class _HostServer(asyncssh.SSHServer):
    """One connection to one host."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._user = ""
        self._open_sessions = 0

    def begin_auth(self, username: str) -> bool:
        self._user = username
        return True

    def session_requested(self) -> HostSession | bool:
        if self._user not in ACCOUNTS or self._open_sessions >= MOST_SESSIONS:
            return False
        self._open_sessions += 1
        return HostSession(self._host, user=self._user, on_close=self._forget_session)

    def _forget_session(self) -> None:
        self._open_sessions -= 1
