"""The Job controller: pods until enough of them have succeeded, or too many have failed."""

from simulator.api_resources import JOBS, PODS
from simulator.store import ChangeKind, JsonObject
from simulator.world.agenda import WorkQueue
from simulator.world.controllers.pod_counts import is_active, restarts_of
from simulator.world.controllers.pod_template import CreationRefused, create_pod, delete_pod, pod_from_template
from simulator.world.engine import Engine
from simulator.world.events import EventSource
from simulator.world.shapes import (
    controller_of,
    find_condition,
    instant_of,
    is_ready,
    is_terminating,
    key_of,
    owner_reference,
    timestamp,
)

SOURCE = EventSource("job-controller")
FIRST_RETRY_SECONDS = 10.0
LONGEST_RETRY_SECONDS = 360.0
COMPLETED = ("SuccessCriteriaMet", "Complete", "CompletionsReached", "Reached expected number of succeeded pods")
FAILED = ("FailureTarget", "Failed", "BackoffLimitExceeded", "Job has reached the specified backoff limit")
TOO_LONG = ("FailureTarget", "Failed", "DeadlineExceeded", "Job was active longer than specified deadline")


class JobController:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._retry_at: dict[str, float] = {}
        self._queue = WorkQueue(agenda=engine.agenda, reconcile=self._reconcile)
        engine.state.watch(JOBS, self._job_changed)
        engine.state.watch(PODS, self._pod_changed)

    def _job_changed(self, kind: ChangeKind, old: JsonObject | None, item: JsonObject) -> None:
        is_same = old is not None and old["metadata"]["generation"] == item["metadata"]["generation"]
        if kind != "DELETED" and not is_same:
            self._queue.add(key_of(item))

    def _pod_changed(self, _kind: ChangeKind, _old: JsonObject | None, pod: JsonObject) -> None:
        owner = controller_of(pod)
        if owner is not None and owner["kind"] == "Job":
            self._queue.add(f"{pod['metadata']['namespace']}/{owner['name']}")

    def _reconcile(self, key: str) -> None:
        job = self._engine.state.find(JOBS, key)
        if job is None or is_terminating(job) or _is_finished(job):
            return
        if not (job["spec"].get("selector") or {}).get("matchLabels"):
            job = self._label(key, job)
        pods = self._engine.state.owned(job["metadata"]["uid"], PODS)
        succeeded = [pod for pod in pods if pod["status"].get("phase") == "Succeeded"]
        failed = [pod for pod in pods if pod["status"].get("phase") == "Failed"]
        active = [pod for pod in pods if is_active(pod)]
        wanted = int(job["spec"].get("completions", 1))
        verdict = self._judge(key, job, succeeded=len(succeeded), failed=len(failed), active=active)
        if verdict is None and job["spec"].get("suspend"):
            for pod in active:
                delete_pod(self._engine, pod, owner=job, source=SOURCE)
        elif verdict is None:
            active += self._fill(key, job, active=len(active), failed=len(failed), left=wanted - len(succeeded))
        if verdict is not None:
            for pod in active:
                delete_pod(self._engine, pod, owner=job, source=SOURCE)
        counts = {"active": 0 if verdict else len(active), "succeeded": len(succeeded), "failed": len(failed)}
        ready = 0 if verdict else sum(1 for pod in active if is_ready(pod))
        self._report(key, job, counts=counts, ready=ready, verdict=verdict)

    def _judge(
        self, key: str, job: JsonObject, *, succeeded: int, failed: int, active: list[JsonObject]
    ) -> tuple[str, ...] | None:
        """Whether the job is over, and how; None while it goes on."""
        spec = job["spec"]
        if succeeded >= int(spec.get("completions", 1)):
            return COMPLETED
        restarts = (
            sum(restarts_of(pod) for pod in active) if spec["template"]["spec"]["restartPolicy"] == "OnFailure" else 0
        )
        if failed > int(spec.get("backoffLimit", 6)) or restarts > int(spec.get("backoffLimit", 6)):
            return FAILED
        started = (job.get("status") or {}).get("startTime")
        deadline = spec.get("activeDeadlineSeconds")
        if deadline is None or spec.get("suspend"):
            return None
        left = (instant_of(started) if started else self._engine.now) + deadline - self._engine.now
        if left <= 0:
            return TOO_LONG
        self._queue.add(key, after=left + 0.1)
        return None

    def _fill(self, key: str, job: JsonObject, *, active: int, failed: int, left: int) -> list[JsonObject]:
        missing = min(int(job["spec"].get("parallelism", 1)), left) - active
        if missing <= 0:
            return []
        pause = min(LONGEST_RETRY_SECONDS, FIRST_RETRY_SECONDS * 2 ** (failed - 1)) if failed else 0.0
        due = self._retry_at.get(key, 0.0)
        if failed and due <= 0.0:
            self._retry_at[key] = self._engine.now + pause
            self._queue.add(key, after=pause + 0.1)
            return []
        if due > self._engine.now:
            self._queue.add(key, after=due - self._engine.now + 0.1)
            return []
        self._retry_at.pop(key, None)
        made: list[JsonObject] = []
        try:
            while len(made) < missing:
                made.append(create_pod(self._engine, self._new_pod(job), owner=job, source=SOURCE))
        except CreationRefused:
            self._queue.retry(key)
        else:
            self._queue.forget(key)
        return made

    def _label(self, key: str, job: JsonObject) -> JsonObject:
        """The API server's part: a selector by uid, so that two Jobs never count each other's pods."""
        uid, name = job["metadata"]["uid"], job["metadata"]["name"]

        def change(draft: JsonObject) -> None:
            draft["spec"]["selector"] = {"matchLabels": {"batch.kubernetes.io/controller-uid": uid}}
            labels = draft["spec"]["template"].setdefault("metadata", {}).setdefault("labels", {})
            labels |= {
                "batch.kubernetes.io/controller-uid": uid,
                "batch.kubernetes.io/job-name": name,
                "controller-uid": uid,
                "job-name": name,
            }
            # A job without labels of its own shows those of its pods.
            draft["metadata"].setdefault("labels", dict(labels))

        return self._engine.state.change(JOBS, key, change) or job

    def _new_pod(self, job: JsonObject) -> JsonObject:
        reference = owner_reference(job, api_version="batch/v1", kind="Job")
        namespace = job["metadata"]["namespace"]
        pod = pod_from_template(job["spec"]["template"], namespace=namespace, owner_reference=reference)
        pod["metadata"] = {"generateName": f"{job['metadata']['name']}-", **pod["metadata"]}
        return pod

    def _report(
        self, key: str, job: JsonObject, *, counts: dict[str, int], ready: int, verdict: tuple[str, ...] | None
    ) -> None:
        now = timestamp(self._engine.now)
        before = job.get("status") or {}
        status: JsonObject = {"startTime": before.get("startTime", now)}
        if verdict is not None:
            status["conditions"] = [
                {
                    "type": kind,
                    "status": "True",
                    "lastProbeTime": now,
                    "lastTransitionTime": now,
                    "reason": verdict[2],
                    "message": verdict[3],
                }
                for kind in verdict[:2]
            ]
        if verdict is COMPLETED:
            status["completionTime"] = now
        status |= {name: count for name, count in counts.items() if count}
        status |= {"terminating": 0, "uncountedTerminatedPods": {}, "ready": ready}
        if job["spec"].get("suspend") and verdict is None:
            status.pop("startTime")
            status["conditions"] = [find_condition(job, "Suspended") or _suspended(now)]
        if status != before:
            self._engine.state.set_status(JOBS, key, status)
        ttl = job["spec"].get("ttlSecondsAfterFinished")
        if verdict is not None and ttl is not None:
            self._engine.agenda.after(ttl, lambda: self._engine.state.delete(JOBS, key))
        if verdict is COMPLETED:
            self._engine.events.record(job, reason="Completed", message="Job completed", source=SOURCE)
        elif verdict is not None:
            self._engine.events.record(job, reason=verdict[2], message=verdict[3], source=SOURCE, warning=True)


def _suspended(now: str) -> JsonObject:
    return {
        "type": "Suspended",
        "status": "True",
        "lastProbeTime": now,
        "lastTransitionTime": now,
        "reason": "JobSuspended",
        "message": "Job suspended",
    }


def _is_finished(job: JsonObject) -> bool:
    return any(find_condition(job, kind) is not None for kind in ("Complete", "Failed"))
