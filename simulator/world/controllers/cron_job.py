"""The CronJob controller: a Job at every time of the schedule, as far as its rules allow."""

import copy
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from simulator.api.admission import apply_defaults
from simulator.api.admission.policies import check_new
from simulator.api.status_errors import ApiError
from simulator.api_resources import CRONJOBS, JOBS
from simulator.store import ChangeKind, JsonObject
from simulator.world.agenda import WorkQueue
from simulator.world.engine import Engine
from simulator.world.events import EventSource
from simulator.world.shapes import (
    controller_of,
    find_condition,
    instant_of,
    is_terminating,
    key_of,
    owner_reference,
    timestamp,
)

SOURCE = EventSource("cronjob-controller")
MANY_MISSED = 100
ALIASES = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}


class BadSchedule(ValueError):
    """The schedule or its time zone cannot be understood, or names no time at all."""


class CronJobController:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._queue = WorkQueue(agenda=engine.agenda, reconcile=self._reconcile)
        engine.state.watch(CRONJOBS, self._cron_job_changed)
        engine.state.watch(JOBS, self._job_changed)

    def _cron_job_changed(self, kind: ChangeKind, old: JsonObject | None, item: JsonObject) -> None:
        is_same = old is not None and old["metadata"]["generation"] == item["metadata"]["generation"]
        if kind != "DELETED" and not is_same:
            self._queue.add(key_of(item))

    def _job_changed(self, _kind: ChangeKind, _old: JsonObject | None, job: JsonObject) -> None:
        owner = controller_of(job)
        if owner is not None and owner["kind"] == "CronJob":
            self._queue.add(f"{job['metadata']['namespace']}/{owner['name']}")

    def _reconcile(self, key: str) -> None:
        item = self._engine.state.find(CRONJOBS, key)
        if item is None or is_terminating(item):
            return
        jobs = self._engine.state.owned(item["metadata"]["uid"], JOBS)
        self._report_jobs(key, item, jobs)
        self._forget_old(item, jobs)
        if item["spec"].get("suspend"):
            return
        try:
            self._follow_schedule(key, item, jobs)
        except BadSchedule as error:
            message = f'unparseable schedule: "{item["spec"]["schedule"]}" : {error}'
            self._say(item, "UnparseableSchedule", message, warning=True)

    def _follow_schedule(self, key: str, item: JsonObject, jobs: list[JsonObject]) -> None:
        due = self._due_times(item)
        if due:
            self._start(key, item, jobs, due=due)
        upcoming = next_time(item["spec"], after=self._engine.now)
        self._queue.add(key, after=max(0.1, upcoming - self._engine.now + 0.1))

    def _due_times(self, item: JsonObject) -> list[float]:
        """Times since the last run (or since the CronJob is there) that have come, newest last."""
        last = (item.get("status") or {}).get("lastScheduleTime") or item["metadata"]["creationTimestamp"]
        earliest = instant_of(last)
        deadline = item["spec"].get("startingDeadlineSeconds")
        if deadline is not None:
            earliest = max(earliest, self._engine.now - deadline)
        found: list[float] = []
        moment = next_time(item["spec"], after=earliest)
        while moment <= self._engine.now and len(found) <= MANY_MISSED:
            found.append(moment)
            moment = next_time(item["spec"], after=moment)
        if len(found) > MANY_MISSED:
            message = "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew"
            self._say(item, "TooManyMissedTimes", message, warning=True)
        return found

    def _start(self, key: str, item: JsonObject, jobs: list[JsonObject], *, due: list[float]) -> None:
        active = [job for job in jobs if not is_finished(job)]
        policy = item["spec"].get("concurrencyPolicy", "Allow")
        if policy == "Forbid" and active:
            self._say(
                item,
                "JobAlreadyActive",
                "Not starting job because prior execution is running and concurrency policy is Forbid",
            )
            return
        if policy == "Replace":
            for job in active:
                self._delete(job, of=item)
        job = self._new_job(item, at=due[-1])
        if self._engine.state.find(JOBS, key_of(job)) is not None:
            return
        try:
            check_new(self._engine.state.store, JOBS, job)
            created = self._engine.state.store.create(JOBS, job)
        except ApiError as error:
            self._say(item, "FailedCreate", f"Error creating job: {error}", warning=True)
            return
        self._say(item, "SuccessfulCreate", f"Created job {created['metadata']['name']}")
        current = self._engine.state.find(CRONJOBS, key) or item
        status = {**(current.get("status") or {}), "lastScheduleTime": timestamp(due[-1])}
        status["active"] = [*(status.get("active") or []), _reference(created)]
        self._engine.state.set_status(CRONJOBS, key, status)

    def _new_job(self, item: JsonObject, *, at: float) -> JsonObject:
        metadata, template = item["metadata"], item["spec"]["jobTemplate"]
        given = template.get("metadata") or {}
        annotations = {
            **(given.get("annotations") or {}),
            "batch.kubernetes.io/cronjob-scheduled-timestamp": timestamp(at),
        }
        job: JsonObject = {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": {
                "name": f"{metadata['name']}-{int(at) // 60}",
                "namespace": metadata["namespace"],
                "annotations": annotations,
                "ownerReferences": [owner_reference(item, api_version="batch/v1", kind="CronJob")],
            },
            "spec": copy.deepcopy(template["spec"]),
        }
        if given.get("labels"):
            job["metadata"]["labels"] = dict(given["labels"])
        apply_defaults(JOBS, job, is_new=False, random=self._engine.identities.source)
        return job

    def _report_jobs(self, key: str, item: JsonObject, jobs: list[JsonObject]) -> None:
        before = item.get("status") or {}
        active = [_reference(job) for job in jobs if not is_finished(job)]
        successes = [job["status"]["completionTime"] for job in jobs if (job.get("status") or {}).get("completionTime")]
        status = {name: value for name, value in before.items() if name != "active"}
        if active:
            status["active"] = active
        if successes:
            status["lastSuccessfulTime"] = max([*successes, before.get("lastSuccessfulTime", "")])
        known = {entry["name"] for entry in before.get("active") or []}
        for job in jobs:
            if job["metadata"]["name"] in known and is_finished(job):
                word = "Complete" if find_condition(job, "Complete") else "Failed"
                self._say(item, "SawCompletedJob", f"Saw completed job: {job['metadata']['name']}, condition: {word}")
        if status != before:
            self._engine.state.set_status(CRONJOBS, key, status)

    def _forget_old(self, item: JsonObject, jobs: list[JsonObject]) -> None:
        for kind, field, default in (
            ("Complete", "successfulJobsHistoryLimit", 3),
            ("Failed", "failedJobsHistoryLimit", 1),
        ):
            ended = [job for job in jobs if find_condition(job, kind) is not None]
            ended.sort(key=lambda job: str(job["metadata"]["creationTimestamp"]))
            limit = int(item["spec"].get(field, default))
            for job in ended[: max(0, len(ended) - limit)]:
                self._delete(job, of=item)

    def _delete(self, job: JsonObject, *, of: JsonObject) -> None:
        self._engine.state.delete(JOBS, key_of(job))
        self._say(of, "SuccessfulDelete", f"Deleted job {job['metadata']['name']}")

    def _say(self, item: JsonObject, reason: str, message: str, *, warning: bool = False) -> None:
        self._engine.events.record(item, reason=reason, message=message, source=SOURCE, warning=warning)


def next_time(spec: JsonObject, *, after: float) -> float:
    """The next moment of a schedule after another one; raise BadSchedule."""
    schedule = ALIASES.get(spec["schedule"]) or str(spec["schedule"])
    try:
        zone = ZoneInfo(spec.get("timeZone") or "UTC")
        moment = next(CronSim(schedule, datetime.fromtimestamp(after, UTC).astimezone(zone)))
    except (CronSimError, ZoneInfoNotFoundError, ValueError) as error:
        raise BadSchedule(str(error)) from error
    except StopIteration as error:
        raise BadSchedule("it names a time that never comes") from error
    return moment.timestamp()


def is_finished(job: JsonObject) -> bool:
    return any(find_condition(job, kind) is not None for kind in ("Complete", "Failed"))


def _reference(job: JsonObject) -> JsonObject:
    metadata = job["metadata"]
    return {
        "kind": "Job",
        "namespace": metadata["namespace"],
        "name": metadata["name"],
        "uid": metadata["uid"],
        "apiVersion": "batch/v1",
        "resourceVersion": metadata["resourceVersion"],
    }
