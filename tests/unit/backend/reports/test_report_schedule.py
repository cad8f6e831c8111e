"""When reports are due."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from backend.features.notifications.settings import NotificationSettings
from backend.features.reports.service import find_due, find_next
from backend.features.reports.settings import ReportSettings

EIGHT_HOURLY = ReportSettings().schedule
SHANGHAI = ZoneInfo("Asia/Shanghai")


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}:00+00:00")


@pytest.mark.parametrize(
    ("now", "zone", "expected"),
    [
        ("2026-11-21T03:00", UTC, "2026-11-21T08:05"),
        ("2026-11-21T03:00", SHANGHAI, "2026-11-21T08:05"),
        ("2026-11-21T16:05", UTC, "2026-11-22T00:05"),
        ("2026-11-21T15:00", SHANGHAI, "2026-11-21T16:05"),
    ],
)
def test_reports_come_every_eight_hours_of_the_readers_clock(now: str, zone: ZoneInfo, expected: str) -> None:
    assert find_next(EIGHT_HOURLY, after=at(now), zone=zone) == at(expected)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-11-21T08:05", "2026-11-21T08:05"),
        ("2026-11-21T08:50", "2026-11-21T08:05"),
        ("2026-11-21T09:06", "2026-11-21T16:05"),
    ],
    ids=["just now", "missed a little", "missed for long"],
)
def test_report_that_was_just_missed_is_still_due_at_a_start(now: str, expected: str) -> None:
    assert find_due(EIGHT_HOURLY, now=at(now), zone=UTC) == at(expected)


@pytest.mark.parametrize("wrong", ["every day", "99 * * * *", ""])
def test_schedule_that_is_no_cron_expression_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="no cron expression"):
        ReportSettings(schedule=wrong)


def test_unknown_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="write it as Asia/Shanghai"):
        NotificationSettings(timezone="Mars/Olympus")
