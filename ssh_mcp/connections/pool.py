"""Keeps connections of one host open and shares them: a few sessions on each, a few connections at a time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from ssh_mcp.errors import HostError, HostUnreachable


@dataclass(frozen=True, slots=True)
class PoolLimits:
    sessions_per_connection: int = 6
    """sshd allows ten (MaxSessions); closing ones count for a moment, and stopping a command needs one more."""
    connections: int = 8
    opening_at_once: int = 4
    """sshd drops connections from the tenth on that has not logged in yet (MaxStartups)."""
    wait_seconds: float = 30.0
    """How long a call waits for a free session."""
    relearn_seconds: float = 300.0
    """How long a host that refused a session is thought to allow fewer."""


class Connection(Protocol):
    def is_closed(self) -> bool: ...

    def close(self) -> None: ...


ConnectionT = TypeVar("ConnectionT", bound=Connection)


class Lease(Generic[ConnectionT]):
    """One open connection and how much of it is in use."""

    def __init__(self, connection: ConnectionT) -> None:
        self.connection = connection
        self.used = 0
        self.carried = 0
        """How many connections to other hosts run through this one."""
        self.idle_since = 0.0


class HostPool(Generic[ConnectionT]):
    """The connections to one host as one account."""

    def __init__(
        self,
        open_one: Callable[[], Awaitable[ConnectionT]],
        *,
        limits: PoolLimits,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._open_one = open_one
        self._limits = limits
        self._monotonic = monotonic
        self._leases: list[Lease[ConnectionT]] = []
        self._opening = 0
        self._waiting: set[asyncio.Future[None]] = set()
        self._learned: tuple[float, int] | None = None

    @property
    def open_connections(self) -> int:
        return sum(not lease.connection.is_closed() for lease in self._leases)

    @property
    def is_unused(self) -> bool:
        return not (self._leases or self._opening or self._waiting)

    @asynccontextmanager
    async def session(self) -> AsyncIterator[Lease[ConnectionT]]:
        """A connection with room for one session; raise HostUnreachable."""
        lease = await self.take()
        try:
            yield lease
        finally:
            self.give_back(lease)

    async def take(self) -> Lease[ConnectionT]:
        """Like `session`, for users that outlive a block; pairs with `give_back`."""
        try:
            async with asyncio.timeout(self._limits.wait_seconds):
                return await self._acquire()
        except TimeoutError as error:
            raise HostUnreachable(
                f"No free session within {self._limits.wait_seconds:g} s: too many commands run on this host at once."
            ) from error

    def give_back(self, lease: Lease[ConnectionT]) -> None:
        lease.used -= 1
        lease.idle_since = self._monotonic()
        self._wake()

    def learn_limit(self, lease: Lease[ConnectionT]) -> None:
        """The host allows fewer sessions on a connection than we thought; the caller gave a refused one back."""
        limit = max(1, min(self._sessions_allowed(), lease.used))
        self._learned = self._monotonic() + self._limits.relearn_seconds, limit

    def drop(self, lease: Lease[ConnectionT]) -> None:
        """Never use this connection again."""
        lease.connection.close()
        if lease in self._leases:
            self._leases.remove(lease)

    def close_idle(self, *, older_than_seconds: float) -> None:
        now = self._monotonic()
        for lease in list(self._leases):
            is_idle = not lease.used and not lease.carried and now - lease.idle_since >= older_than_seconds
            if is_idle or lease.connection.is_closed():
                self.drop(lease)

    def close(self) -> None:
        for lease in list(self._leases):
            self.drop(lease)

    async def _acquire(self) -> Lease[ConnectionT]:
        # Nothing is awaited between looking and taking, so no lock is needed.
        while True:
            lease = self._least_used()
            if lease is not None:
                lease.used += 1
                return lease
            if self._may_open():
                return await self._open()
            waiting = asyncio.get_running_loop().create_future()
            self._waiting.add(waiting)
            try:
                await waiting
            finally:
                self._waiting.discard(waiting)

    def _least_used(self) -> Lease[ConnectionT] | None:
        self._leases = [lease for lease in self._leases if not lease.connection.is_closed()]
        allowed = self._sessions_allowed()
        with_room = [lease for lease in self._leases if lease.used < allowed]
        return min(with_room, key=lambda lease: lease.used, default=None)

    def _sessions_allowed(self) -> int:
        """A refusal may have been chance, so what it taught is forgotten after a while."""
        if self._learned is not None and self._monotonic() < self._learned[0]:
            return self._learned[1]
        return self._limits.sessions_per_connection

    def _may_open(self) -> bool:
        is_below = len(self._leases) + self._opening < self._limits.connections
        return is_below and self._opening < self._limits.opening_at_once

    async def _open(self) -> Lease[ConnectionT]:
        self._opening += 1
        try:
            connection = await self._open_one()
        except HostError as error:
            self._fail_waiting(error)
            raise
        else:
            lease = Lease(connection)
            lease.used = 1
            self._leases.append(lease)
            return lease
        finally:
            self._opening -= 1
            self._wake()

    def _fail_waiting(self, error: HostError) -> None:
        """Whoever waits for a dead host would else try it one after the other."""
        if self._leases:
            return
        for waiting in self._waiting:
            if not waiting.done():
                waiting.set_exception(error)

    def _wake(self) -> None:
        for waiting in self._waiting:
            if not waiting.done():
                waiting.set_result(None)
