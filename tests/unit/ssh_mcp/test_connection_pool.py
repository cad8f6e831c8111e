"""The pool with connections that only say whether they are open."""

from __future__ import annotations

import asyncio

import pytest

from ssh_mcp.connections.pool import HostPool, Lease, PoolLimits
from ssh_mcp.errors import HostUnreachable

LIMITS = PoolLimits(sessions_per_connection=2, connections=3, opening_at_once=2, wait_seconds=0.2)


class FakeConnection:
    def __init__(self) -> None:
        self.is_open = True

    def is_closed(self) -> bool:
        return not self.is_open

    def close(self) -> None:
        self.is_open = False


class Host:
    """Opens connections when the test lets it."""

    def __init__(self) -> None:
        self.opened: list[FakeConnection] = []
        self.attempts = 0
        self.most_at_once = 0
        self._opening = 0
        self.failure: HostUnreachable | None = None
        self.gate = asyncio.Event()
        self.gate.set()
        self.now = 0.0

    async def open(self) -> FakeConnection:
        self.attempts += 1
        self._opening += 1
        self.most_at_once = max(self.most_at_once, self._opening)
        await self.gate.wait()
        self._opening -= 1
        if self.failure is not None:
            raise self.failure
        self.opened.append(FakeConnection())
        return self.opened[-1]

    def pool(self, limits: PoolLimits = LIMITS) -> HostPool[FakeConnection]:
        return HostPool(self.open, limits=limits, monotonic=lambda: self.now)


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def take_many(pool: HostPool[FakeConnection], count: int) -> list[Lease[FakeConnection]]:
    return await asyncio.gather(*(pool.take() for _ in range(count)))


async def test_connection_is_shared_up_to_its_sessions() -> None:
    host = Host()
    pool = host.pool()

    leases = [await pool.take() for _ in range(3)]

    assert leases[0].connection is leases[1].connection
    assert leases[2].connection is not leases[0].connection
    assert len(host.opened) == 2


async def test_few_connections_are_opened_at_a_time() -> None:
    host = Host()
    host.gate.clear()
    pool = host.pool()
    waiting = asyncio.create_task(take_many(pool, 6))
    await settle()
    at_once = host.attempts
    host.gate.set()

    leases = await waiting

    assert (at_once, host.most_at_once) == (2, 2)
    assert len({id(lease.connection) for lease in leases}) == 3


async def test_who_finds_no_room_waits_for_it_and_not_for_ever() -> None:
    host = Host()
    pool = host.pool()
    leases = await take_many(pool, 6)
    waiting = asyncio.create_task(pool.take())
    await settle()
    was_waiting = not waiting.done()
    pool.give_back(leases[0])

    lease = await waiting
    with pytest.raises(HostUnreachable, match="No free session within"):
        await pool.take()

    assert was_waiting
    assert lease is leases[0]


async def test_everybody_who_waits_for_a_dead_host_hears_of_it_at_once() -> None:
    host = Host()
    host.gate.clear()
    host.failure = HostUnreachable("refused")
    pool = host.pool()
    waiting = [asyncio.create_task(pool.take()) for _ in range(10)]
    await settle()
    host.gate.set()

    ended = await asyncio.gather(*waiting, return_exceptions=True)

    assert all(str(error) == "refused" for error in ended)
    assert host.attempts == 2


async def test_host_that_comes_back_is_connected_again() -> None:
    host = Host()
    host.failure = HostUnreachable("refused")
    pool = host.pool()
    with pytest.raises(HostUnreachable):
        await pool.take()
    host.failure = None

    lease = await pool.take()

    assert lease.connection.is_open


async def test_refused_session_teaches_the_limit_for_a_while() -> None:
    host = Host()
    pool = host.pool()
    first, second = await take_many(pool, 2)
    pool.give_back(second)
    pool.learn_limit(second)

    elsewhere = await pool.take()
    pool.give_back(elsewhere)
    host.now = LIMITS.relearn_seconds + 1
    pool.give_back(first)
    again = await take_many(pool, 2)

    assert elsewhere.connection is not first.connection
    assert len({id(lease.connection) for lease in again}) <= 2
    assert len(host.opened) == 2


async def test_lost_connection_is_not_given_out() -> None:
    host = Host()
    pool = host.pool()
    lease = await pool.take()
    pool.give_back(lease)
    lease.connection.close()

    after = await pool.take()

    assert after.connection is not lease.connection


async def test_idle_connections_are_closed_and_carrying_ones_stay() -> None:
    host = Host()
    pool = host.pool()
    leases = await take_many(pool, 5)
    busy, carrying, idle = leases[0], leases[2], leases[4]
    carrying.carried = 1
    for lease in leases[1:]:
        if lease.connection is not busy.connection:
            pool.give_back(lease)
    host.now = 100.0

    pool.close_idle(older_than_seconds=60)

    assert busy.connection.is_open
    assert carrying.connection.is_open or carrying.connection is busy.connection
    assert not idle.connection.is_open or idle.connection in {busy.connection, carrying.connection}
    assert not pool.is_unused


async def test_waiter_that_gives_up_leaves_nothing_behind() -> None:
    host = Host()
    pool = host.pool()
    leases = await take_many(pool, 6)
    waiting = asyncio.create_task(pool.take())
    await settle()
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)

    for lease in leases:
        pool.give_back(lease)
    pool.close_idle(older_than_seconds=0)

    assert pool.is_unused
    assert pool.open_connections == 0
