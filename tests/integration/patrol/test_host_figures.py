"""Hosts are looked at often only while somebody watches, and their figures are kept as long as the settings say."""

import asyncio
from datetime import timedelta

from backend.features.hosts.domain import Point, SeriesKey, TargetKind, downsample
from backend.features.hosts.service import HostService
from backend.features.hosts.settings import HostSettings
from tests.fakes.watching import NOW, make_disk, make_facts
from tests.integration.patrol.conftest import Desk, Place

ON_BOTH_DATABASES = True
DISK = SeriesKey(TargetKind.HOST, "web-1", "disk", "/")


def fill(place: Place, used: float) -> None:
    place.hosts.facts["web-1"] = make_facts("web-1", filesystems=(make_disk("/", used=used),))


async def test_nobody_watching_means_no_looks_and_a_viewer_brings_them(place: Place, desk: Desk) -> None:
    fill(place, 0.5)
    service = HostService(
        source=place.hosts, figures=desk.figures, clock=place.clock, settings=HostSettings(sample_seconds=5)
    )
    service.start()
    await asyncio.sleep(0.05)
    unwatched = len(place.hosts.reads)
    service.note_viewer()
    async with asyncio.timeout(10):
        while not await desk.figures.list_targets():
            await asyncio.sleep(0.01)
    await service.stop()

    assert unwatched == 0
    assert len(place.hosts.reads) == 1


async def test_sample_keeps_figures_and_leaves_findings_alone(place: Place, desk: Desk) -> None:
    fill(place, 0.97)

    read = await desk.hosts.sample()

    [history] = await desk.hosts.read_history("web-1", metrics=frozenset({"disk"}), since=None, limit=100)
    assert read == 1
    assert [point.value for point in history.points] == [0.97]
    assert await desk.all_findings() == []


async def test_day_old_figures_become_hours_and_old_hours_go(place: Place, desk: Desk) -> None:
    start = place.clock.now()
    for number in range(24):
        fill(place, 0.5 + number / 100)
        await desk.hosts.sample()
        place.clock.advance(300)
    now = place.clock.now()

    await desk.figures.roll_up(before=now - timedelta(hours=1), hourly_before=now - timedelta(days=30))
    await desk.figures.roll_up(before=now - timedelta(hours=1), hourly_before=now - timedelta(days=30))
    rolled = await desk.figures.read_series(DISK, since=start, until=now)
    await desk.figures.roll_up(before=now, hourly_before=now + timedelta(hours=1))
    gone = await desk.figures.read_series(DISK, since=start - timedelta(days=1), until=start + timedelta(minutes=59))

    assert len(rolled) == 1 + 12
    assert round(rolled[0].value, 3) == 0.555
    assert [round(point.value, 2) for point in rolled[1:]] == [round(0.5 + number / 100, 2) for number in range(12, 24)]
    assert gone == []


async def test_old_runs_findings_and_log_are_forgotten(place: Place, desk: Desk) -> None:
    for used in (0.97, 0.3, 0.3):
        fill(place, used)
        await desk.look()
    place.clock.advance(100 * 86400)
    await desk.look()

    assert len(await desk.patrol.list_runs(before=None, limit=50)) == 1
    assert await desk.all_findings() == []
    assert len(await desk.log.read(after=0, limit=100)) == 4


async def test_values_that_are_no_numbers_are_left_out(place: Place, desk: Desk) -> None:
    place.hosts.facts["web-1"] = make_facts("web-1", open_files_ratio=float("nan"))

    await desk.hosts.sample()

    assert await desk.hosts.read_history("web-1", metrics=frozenset({"open_files"}), since=None, limit=10) == []


def test_pictures_show_the_peaks() -> None:
    points = [Point(NOW + timedelta(seconds=30 * number), 1.0 if number == 777 else 0.1) for number in range(2880)]

    shown = downsample(points, since=NOW, until=NOW + timedelta(days=1), limit=100)

    assert len(shown) <= 101
    assert max(point.value for point in shown) == 1.0
    assert shown == sorted(shown, key=lambda point: point.at)
