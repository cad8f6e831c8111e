"""CronJobs, Jobs and autoscalers: what happens as time passes."""

from simulator.api_resources import CRONJOBS, HORIZONTALPODAUTOSCALERS, JOBS
from simulator.store import JsonObject
from simulator.world import load_scenarios
from simulator.world.scenario import Step
from tests.fakes.simulated_world import LivingWorld

HOUR = 3600


def _cron(living: LivingWorld, *, image: str = "reporting/quick-import:1.0", **spec: object) -> None:
    container = {"name": "run", "image": image, "resources": {"requests": {"cpu": "10m"}}}
    template = {"spec": {"restartPolicy": "Never", "containers": [container]}}
    body = {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": "tidy", "namespace": "data"},
        "spec": {"schedule": "*/10 * * * *", **spec, "jobTemplate": {"spec": {"template": template}}},
    }
    living.world.carry_out([Step(create=body)])


def _runs(living: LivingWorld) -> list[JsonObject]:
    jobs = living.store.list_objects(JOBS, namespace="data")
    return [job for job in jobs if job["metadata"]["name"].startswith("tidy-")]


def test_a_cron_job_runs_at_its_times_and_keeps_three_runs() -> None:
    living = LivingWorld()
    _cron(living)

    living.pass_time(HOUR + 60, step=5)

    cron = living.store.get(CRONJOBS, namespace="data", name="tidy")
    assert cron["status"]["lastScheduleTime"] == "2026-11-21T10:30:00Z"
    assert len(_runs(living)) == 3
    assert {event["reason"] for event in living.events("tidy", namespace="data")} >= {
        "SuccessfulCreate",
        "SawCompletedJob",
        "SuccessfulDelete",
    }


def test_a_cron_job_that_forbids_company_waits_for_its_run() -> None:
    living = LivingWorld()
    _cron(living, image="reporting/long-export:1.0", concurrencyPolicy="Forbid")

    living.pass_time(HOUR, step=5)

    assert len(_runs(living)) == 1
    assert "JobAlreadyActive" in {event["reason"] for event in living.events("tidy", namespace="data")}


def test_a_cron_job_that_replaces_ends_the_run_before() -> None:
    living = LivingWorld()
    _cron(living, image="reporting/long-export:1.0", concurrencyPolicy="Replace")

    living.pass_time(HOUR + 60, step=5)

    assert [job["metadata"]["name"] for job in _runs(living)] == ["tidy-29920950"]


def test_a_suspended_cron_job_does_not_run() -> None:
    living = LivingWorld()
    _cron(living, suspend=True)

    living.pass_time(HOUR, step=5)

    assert _runs(living) == []


def _autoscaled(living: LivingWorld, *, millis: str) -> JsonObject:
    """The video service under its autoscaler, with so much work for all replicas together."""
    scenario = load_scenarios(["hpa-at-maximum"])[0]
    living.world.carry_out(scenario.setting)
    living.world.carry_out(
        [Step(target="HorizontalPodAutoscaler/video/transcoder", patch={"spec": {"maxReplicas": 8}})]
    )
    living.pass_time(120, step=1)
    _work(living, millis)
    living.pass_time(300, step=1)
    return living.store.get(HORIZONTALPODAUTOSCALERS, namespace="video", name="transcoder")


def _work(living: LivingWorld, millis: str) -> None:
    container = {"name": "transcoder", "env": [{"name": "WORK_MILLIS", "value": millis}]}
    patch = {"spec": {"template": {"spec": {"containers": [container]}}}}
    living.world.carry_out([Step(target="Deployment/video/transcoder", patch=patch)])


def test_an_autoscaler_grows_with_the_work_and_says_why() -> None:
    living = LivingWorld()

    autoscaler = _autoscaled(living, millis="700")

    assert living.deployment("transcoder", namespace="video")["spec"]["replicas"] > 4
    assert autoscaler["status"]["currentMetrics"][0]["resource"]["name"] == "cpu"
    rescaled = [event for event in living.events("transcoder") if event["reason"] == "SuccessfulRescale"]
    assert "cpu resource utilization (percentage of request) above target" in rescaled[0]["message"]


def test_an_autoscaler_shrinks_only_after_five_calm_minutes() -> None:
    living = LivingWorld()
    _autoscaled(living, millis="700")
    grown = living.deployment("transcoder", namespace="video")["spec"]["replicas"]

    _work(living, "50")
    living.pass_time(240, step=1)
    assert living.deployment("transcoder", namespace="video")["spec"]["replicas"] == grown
    living.pass_time(300, step=1)
    assert living.deployment("transcoder", namespace="video")["spec"]["replicas"] == 1
