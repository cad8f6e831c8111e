"""Jobs and CronJobs: how a Job ended, and when a CronJob was due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from k8s_diagnosis.objects.access import JsonObject, read_int, read_text
from k8s_diagnosis.objects.pods import condition_of, is_condition_true
from k8s_diagnosis.text.times import parse_time

# The library also knows a form with seconds, which Kubernetes refuses.
_FIELDS = 5
_MACROS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}


def is_complete(job: JsonObject) -> bool:
    """Whether it ended well; the counts are all there is when conditions were cut."""
    if is_condition_true(job, "Complete") or is_condition_true(job, "SuccessCriteriaMet"):
        return True
    wanted = read_int(job, "spec", "completions") or 1
    return read_int(job, "status", "succeeded") >= wanted


def failure_of(job: JsonObject) -> JsonObject:
    """The condition that says that the Job failed for good, or an empty object."""
    for kind in ("Failed", "FailureTarget"):
        condition = condition_of(job, kind)
        if read_text(condition, "status") == "True":
            return condition
    return {}


def started_at(job: JsonObject) -> datetime:
    started = parse_time(read_text(job, "status", "startTime")) or parse_time(
        read_text(job, "metadata", "creationTimestamp")
    )
    return started or datetime.min.replace(tzinfo=UTC)


def is_schedule_valid(schedule: str, zone: str) -> bool:
    """Whether the controller can read the schedule and its time zone."""
    try:
        ZoneInfo(zone or "UTC")
    except (ValueError, OSError, KeyError):
        return False
    if schedule.startswith("@every "):
        return True
    fields = _MACROS.get(schedule, schedule).upper()
    if len(fields.split()) != _FIELDS:
        return False
    try:
        CronSim(fields, datetime(2026, 1, 1, tzinfo=UTC))
    except CronSimError:
        return False
    return True


def last_due(schedule: str, zone: str, *, before: datetime, within: timedelta) -> datetime | None:
    """The latest time the schedule was due before the moment; None when it was not, or cannot be computed."""
    if schedule.startswith("@every ") or not is_schedule_valid(schedule, zone):
        return None
    local = before.astimezone(ZoneInfo(zone or "UTC"))
    try:
        due = next(CronSim(_MACROS.get(schedule, schedule).upper(), local, reverse=True))
    except (CronSimError, StopIteration):
        return None
    due = due.astimezone(UTC)
    return due if before - due <= within else None
