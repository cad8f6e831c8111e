"""A patrol whose process dies before or after any of its writes ends as if nothing had happened; two never mix."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.features.hosts.settings import HostSettings
from backend.features.patrol.domain import RunState, Trigger
from backend.features.patrol.interfaces import LeaseLost
from backend.features.patrol.schedule import find_next_tick
from backend.storage.database import Database
from tests.fakes.watching import NOW, make_disk, make_facts
from tests.integration.patrol.conftest import Desk, Place

NAMES = ("web-1", "web-2", "web-3")
MOST_WRITES = 60


class Died(BaseException):
    """The process is gone: nothing may catch this."""


class DyingDatabase(Database):
    """Dies before or after its n-th write."""

    def __init__(self, url: str, *, at: int, is_before: bool) -> None:
        super().__init__(url)
        self._at = at
        self._is_before = is_before
        self.writes = 0

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        self.writes += 1
        if self._is_before and self.writes >= self._at:
            raise Died
        async with super().write() as connection:
            yield connection
        if self.writes >= self._at:
            raise Died


async def die_at(place: Place, url: str, *, write: int, is_before: bool) -> bool:
    """Patrol until that write; False when there are not so many."""
    database = DyingDatabase(url, at=write, is_before=is_before)
    # One look at a time: a write that is cut from outside would hold SQLite's lock until its thread notices.
    one_by_one = HostSettings(hosts_per_call=2, parallel_calls=1)
    desk = replace(place, database=database, host_settings=one_by_one).open()
    try:
        await desk.patrol.start(trigger=Trigger.SCHEDULE, by="patrol")
        await desk.starter.wait()
        await desk.notifications.deliver_due("dingtalk")
    except Died:
        return True
    finally:
        await desk.starter.kill()
        await database.close()
    return False


@pytest.mark.timeout(180)
@pytest.mark.parametrize("is_before", [True, False], ids=["before", "after"])
async def test_death_at_any_write_changes_nothing_in_the_end(place: Place, database_url: str, is_before: bool) -> None:
    deaths = 0
    for write in range(1, MOST_WRITES):
        for name in NAMES:
            place.hosts.facts[name] = make_facts(name, filesystems=(make_disk(f"/data-{write}", used=0.97),))
        place.robot.shown.clear()
        has_died = await die_at(place, database_url, write=write, is_before=is_before)
        desk = place.open()
        await desk.patrol.resume()
        await desk.starter.wait()
        if (await desk.runs.list_runs(before=None, limit=1)) == [] or not has_died:
            await desk.look()
        place.clock.advance(130)
        await desk.notifications.start()
        await desk.notifications.stop()
        await desk.notifications.deliver_due("dingtalk")
        place.clock.advance(60)
        await desk.notifications.deliver_due("dingtalk")
        await assert_told_once(place, desk, write=write)
        deaths += has_died
        if not has_died:
            break
        place.clock.advance(300)

    assert deaths > 12


async def assert_told_once(place: Place, desk: Desk, *, write: int) -> None:
    """Every host's full disk stands once among the findings, and people saw it once, or again with the mark."""
    found = [finding for finding in await desk.all_findings() if finding.subject == f"/data-{write}"]
    if not found and write == 1:
        return  # it died before it had written that there was a patrol
    texts = "\n".join(body["markdown"]["text"] for body in place.robot.shown)
    unmarked = texts.replace("[may be a repetition] Alert: ", "")
    assert sorted(finding.target.id for finding in found) == list(NAMES)
    assert [unmarked.count(f"Alert: {name}: /data-{write} is") for name in NAMES] in ([1] * 3, [0] * 3)
    assert all(f"{name}: /data-{write} is" in texts for name in NAMES)


async def test_second_process_waits_for_the_lease_and_then_goes_on(place: Place) -> None:
    place.hosts.facts["web-1"] = make_facts("web-1")
    first, second = place.open(owner="first"), place.open(owner="second")
    now, until = place.clock.now(), place.clock.now() + timedelta(seconds=180)
    run, _ = await first.runs.begin(trigger=Trigger.PERSON, by="anna", at=now, owner="first", until=until, tick=None)

    during = await second.patrol.advance(run.id)
    untouched = await second.patrol.get_run(run.id)
    place.clock.advance(181)
    while not await second.patrol.advance(run.id):
        pass

    assert during is True
    assert untouched.state is RunState.RUNNING
    assert (await second.patrol.get_run(run.id)).state is RunState.FINISHED


async def test_process_that_was_asleep_too_long_can_write_nothing_more(place: Place) -> None:
    place.hosts.facts["web-1"] = make_facts("web-1", filesystems=(make_disk("/var", used=0.97),))
    first, second = place.open(owner="first"), place.open(owner="second")
    place.hosts.hold = asyncio.Event()
    run, _ = await first.patrol.start(trigger=Trigger.PERSON, by="anna")
    async with asyncio.timeout(10):
        while not place.hosts.reads:
            await asyncio.sleep(0)
    place.clock.advance(200)
    held, place.hosts.hold = place.hosts.hold, None
    await second.patrol.start(trigger=Trigger.SCHEDULE, by="patrol")
    await second.starter.wait()
    held.set()
    await first.starter.wait()
    await second.notifications.deliver_due("dingtalk")

    ended = await second.patrol.get_run(run.id)
    assert (ended.state, ended.looked, ended.opened) == (RunState.FINISHED, 1, 1)
    assert len(second.titles) == 1


async def test_write_with_an_old_lease_is_refused(place: Place) -> None:
    desk = place.open()
    now, until = place.clock.now(), place.clock.now() + timedelta(seconds=180)
    run, _ = await desk.runs.begin(trigger=Trigger.PERSON, by="anna", at=now, owner="local", until=until, tick=None)
    taken = await desk.runs.take(run.id, owner="local", at=now, until=until)
    again = await desk.runs.take(run.id, owner="local", at=now, until=until)
    assert taken is not None
    assert again is not None

    with pytest.raises(LeaseLost):
        await desk.runs.move(taken[1], phase=run.phase)


async def test_tick_that_a_replica_has_served_is_not_served_again(place: Place) -> None:
    place.hosts.facts["web-1"] = make_facts("web-1")
    tick = place.clock.now()
    first, second = place.open(owner="first"), place.open(owner="second")
    ran, _ = await first.patrol.start(trigger=Trigger.SCHEDULE, by="patrol", tick=tick)
    await first.starter.wait()

    run, is_new = await second.patrol.start(trigger=Trigger.SCHEDULE, by="patrol", tick=tick)
    late, is_late_new = await second.patrol.start(
        trigger=Trigger.SCHEDULE, by="patrol", tick=tick + timedelta(seconds=300)
    )

    assert (run.id, is_new) == (ran.id, False)
    assert (late.id != ran.id, is_late_new) == (True, True)


async def test_run_that_fails_inside_ends_as_failed_and_blocks_nothing(place: Place) -> None:
    place.hosts.facts["web-1"] = make_facts("web-1")
    desk = place.open()

    async def explode(_hosts: object) -> list[object]:
        raise RuntimeError("a fault of ours")

    place.hosts.read = explode  # type: ignore[method-assign,assignment]  # a fault that no source may have
    failed = await desk.look()
    del place.hosts.read
    well = await desk.look()

    assert (failed.state, failed.problem) == (RunState.FAILED, "RuntimeError")
    assert well.state is RunState.FINISHED


@pytest.mark.parametrize(("interval", "expected"), [(300, "03:05:00"), (3600, "04:00:00"), (70, "03:00:10")])
def test_ticks_are_the_same_for_everybody(interval: int, expected: str) -> None:
    assert find_next_tick(NOW, interval_seconds=interval).strftime("%H:%M:%S") == expected
