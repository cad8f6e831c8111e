"""The way from an asset to a host one can run commands on: pools are made when needed and closed when idle."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol

import asyncssh

from ssh_mcp.commands.interfaces import Host
from ssh_mcp.commands.local_host import LocalHost
from ssh_mcp.commands.running import Reaper
from ssh_mcp.connections.client import Login, open_connection
from ssh_mcp.connections.credentials import CredentialReader
from ssh_mcp.connections.host_keys import HostKeys, write_host
from ssh_mcp.connections.pool import HostPool, PoolLimits
from ssh_mcp.connections.sessions import SshLease, SshPool
from ssh_mcp.connections.ssh_host import SshHost
from ssh_mcp.errors import HostUnreachable, SessionRefused
from ssh_mcp.inventories.domain import Account, Asset, AssetKind, Endpoint, Hop
from ssh_mcp.terminals.interfaces import TerminalHost

_SWEEP_SECONDS = 15.0
_CONNECTING_AT_ONCE = 20


@dataclass(frozen=True, slots=True)
class Station:
    """Where a connection leads: the whole way and the account at its end."""

    route: tuple[Hop, ...]
    endpoint: Endpoint
    account: Account
    behind: str = ""
    """The asset that a bastion at the end of the way leads on to."""


class Bastion(Protocol):
    """Lets its callers in with credentials of its own."""

    async def login(self, asset: Asset, account: Account) -> Login:
        """Raise AccessRefused, HostUnreachable."""
        ...


Connect = Callable[[], Awaitable[asyncssh.SSHClientConnection]]


class HostDirectory:
    """All hosts that were used lately."""

    def __init__(
        self,
        *,
        host_keys: HostKeys,
        credentials: CredentialReader,
        reaper: Reaper,
        bastion: Bastion | None = None,
        local: LocalHost | None = None,
        limits: PoolLimits | None = None,
        connect_timeout_seconds: float = 10.0,
        idle_seconds: float = 300.0,
    ) -> None:
        self._host_keys = host_keys
        self._credentials = credentials
        self._reaper = reaper
        self._bastion = bastion
        self._local = local or LocalHost(reaper=reaper)
        self._limits = limits or PoolLimits()
        self._connect_timeout_seconds = connect_timeout_seconds
        self._idle_seconds = idle_seconds
        self._pools: dict[Station, SshPool] = {}
        self._hosts: dict[Station, SshHost] = {}
        self._connecting = asyncio.Semaphore(_CONNECTING_AT_ONCE)
        self._sweeper: asyncio.Task[None] | None = None

    def host(self, asset: Asset, account: Account) -> Host:
        if asset.kind is AssetKind.LOCAL:
            return self._local
        return self._ssh_host(asset, account)

    def terminal_host(self, asset: Asset, account: Account) -> TerminalHost:
        """Raise SessionRefused where sessions are not possible."""
        if asset.kind is AssetKind.JUMPSERVER:
            raise SessionRefused(
                f"{asset.id} is reached over JumpServer, whose rules watch what is typed: open a terminal there. "
                "ssh-execute works."
            )
        return self._local if asset.kind is AssetKind.LOCAL else self._ssh_host(asset, account)

    def has_foreign_shell(self, asset: Asset, account: Account) -> bool:
        """Whether the asset is known to have no POSIX shell."""
        return asset.kind is AssetKind.SSH and self._ssh_host(asset, account).has_foreign_shell

    async def check(self, asset: Asset, account: Account) -> None:
        """Raise HostUnreachable when the asset does not let us in."""
        if asset.kind is not AssetKind.LOCAL:
            await self._ssh_host(asset, account).check()

    def key_names(self, asset: Asset) -> list[str]:
        """How known_hosts files name the asset and every jump host before it."""
        endpoints = [*(hop.endpoint for hop in asset.route), asset.endpoint]
        return [write_host(endpoint) for endpoint in endpoints if endpoint.address]

    def close(self) -> None:
        if self._sweeper is not None:
            self._sweeper.cancel()
        for pool in self._pools.values():
            pool.close()

    def _ssh_host(self, asset: Asset, account: Account) -> SshHost:
        station = Station(asset.route, asset.endpoint, account, asset.remote_id)
        if station not in self._hosts:
            is_bastion = asset.kind is AssetKind.JUMPSERVER
            connect = partial(self._enter_bastion, asset, account) if is_bastion else None
            pool = self._pool(station, connect=connect)
            self._hosts[station] = SshHost(asset.id, pool, reaper=self._reaper, is_bastion=is_bastion)
        return self._hosts[station]

    def _pool(self, station: Station, *, connect: Connect | None = None) -> SshPool:
        if self._sweeper is None:
            self._sweeper = asyncio.create_task(self._sweep())
        if station not in self._pools:
            # Whoever waits for a session may have to wait for a connection over every jump host first.
            connecting = self._connect_timeout_seconds * (len(station.route) + 1)
            limits = replace(self._limits, wait_seconds=self._limits.wait_seconds + connecting)
            self._pools[station] = HostPool(connect or partial(self._connect, station), limits=limits)
        return self._pools[station]

    async def _connect(self, station: Station) -> asyncssh.SSHClientConnection:
        credentials = self._credentials.read(station.account)
        login = Login(station.endpoint, station.account.name, credentials)
        if not station.route:
            async with self._connecting:
                return await self._open(login, through=None)
        *before, last = station.route
        jump = self._pool(Station(tuple(before), last.endpoint, last.account))
        try:
            lease = await jump.take()
        except HostUnreachable as error:
            raise type(error)(f"Jump host {last.endpoint}: {error}") from error
        lease.carried += 1
        jump.give_back(lease)
        try:
            return await self._open(login, through=lease)
        except BaseException:
            _put_down(lease)
            raise

    async def _enter_bastion(self, asset: Asset, account: Account) -> asyncssh.SSHClientConnection:
        if self._bastion is None:
            raise HostUnreachable(f"{asset.id} is behind a bastion that is not configured.")
        async with self._connecting:
            return await self._open(await self._bastion.login(asset, account), through=None)

    async def _open(self, login: Login, *, through: SshLease | None) -> asyncssh.SSHClientConnection:
        return await open_connection(
            login,
            host_keys=self._host_keys,
            tunnel=through.connection if through is not None else None,
            timeout_seconds=self._connect_timeout_seconds,
            on_closed=lambda: _put_down(through) if through is not None else None,
        )

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(min(_SWEEP_SECONDS, self._idle_seconds))
            for station, pool in list(self._pools.items()):
                pool.close_idle(older_than_seconds=self._idle_seconds)
                # What was learned of the host goes with its pool, except that its shell is none the rules know.
                host = self._hosts.get(station)
                if pool.is_unused and not (host is not None and host.has_foreign_shell):
                    del self._pools[station]
                    self._hosts.pop(station, None)


def _put_down(lease: SshLease) -> None:
    lease.carried -= 1
    lease.idle_since = asyncio.get_running_loop().time()
