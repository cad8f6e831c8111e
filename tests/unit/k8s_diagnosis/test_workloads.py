"""Workloads that do not get where they should, and those that only look so."""

from __future__ import annotations

from typing import Any

import pytest

from k8s_diagnosis.objects.access import JsonObject
from tests.fakes.kubernetes_objects import (
    NAMESPACE,
    NOW,
    ago,
    condition,
    conditions_of,
    diagnose_objects,
    ended,
    make,
    make_deployment,
    make_event,
    make_node,
    make_pod,
    make_service,
    make_slice,
    pending,
    running,
    waiting,
)

PROGRESS_OVER = condition(
    "Progressing", False, reason="ProgressDeadlineExceeded", message='ReplicaSet "shop-2" has timed out progressing.'
)


def test_rollout_that_gives_up_without_a_known_reason_is_told() -> None:
    deployment = make_deployment(replicas=2, ready=1, status={"conditions": [PROGRESS_OVER]})

    (finding,) = diagnose_objects(deployment).findings

    assert finding.problem.condition == "rollout-stuck"
    assert finding.problem.object == f"Deployment/{NAMESPACE}/shop"


def test_rollout_that_still_moves_is_healthy() -> None:
    moving = condition("Progressing", True, reason="ReplicaSetUpdated")
    deployment = make_deployment(replicas=4, ready=3, status={"conditions": [moving], "updatedReplicas": 1})
    starting = make_pod(status=running(ready=False, minutes=0.5), age=0.5)

    assert conditions_of(deployment, starting) == []


def test_paused_deployment_without_a_waiting_change_is_healthy() -> None:
    deployment = make_deployment(spec={"paused": True})
    current = make(
        "ReplicaSet",
        "shop-1",
        owner="Deployment/shop",
        annotations={"deployment.kubernetes.io/revision": "1"},
        spec={"replicas": 1, "template": deployment["spec"]["template"]},
        status={"replicas": 1, "readyReplicas": 1},
    )

    assert conditions_of(deployment, current) == []


def test_rollout_that_blocks_itself_is_told_as_a_whole() -> None:
    waits = pending(
        "0/1 nodes are available: 1 node(s) didn't match pod anti-affinity rules.",
        name="shop-2-x",
        owner="ReplicaSet/shop-2",
        labels={"app": "shop"},
    )
    deployment = make_deployment(spec={"strategy": {"rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}}})
    sets = [make("ReplicaSet", f"shop-{at}", owner="Deployment/shop") for at in (1, 2)]
    old = make_pod("shop-1-x", owner="ReplicaSet/shop-1")

    (finding,) = diagnose_objects(deployment, waits, old, *sets, make_node()).findings

    assert finding.problem.condition == "rollout-contradiction"
    assert [effect.problem.condition for effect in finding.effects] == ["pending-anti-affinity"]


def test_workload_scaled_to_zero_behind_a_service_is_told() -> None:
    objects = (make_deployment(replicas=0), make_service(), make_slice(ready=0))

    (finding,) = diagnose_objects(*objects).findings

    assert finding.problem.condition == "scaled-to-zero"
    assert finding.problem.fix is not None
    assert finding.problem.fix.tool == "k8s-scale-deployment"


@pytest.mark.parametrize(
    "objects",
    [
        (make_deployment(replicas=0),),
        (make_deployment(replicas=0, labels={"scaledobject.keda.sh/name": "x"}), make_service(), make_slice(ready=0)),
        (
            make_deployment(replicas=0),
            make_service(),
            make_slice(ready=0),
            make("ScaledObject", "x", spec={"scaleTargetRef": {"name": "shop"}}),
        ),
    ],
    ids=["nobody calls it", "keda label", "keda object"],
)
def test_workload_at_rest_is_healthy(objects: tuple[JsonObject, ...]) -> None:
    assert conditions_of(*objects) == []


def stateful(**fields: Any) -> JsonObject:  # Any: fields of the StatefulSet
    spec = {"serviceName": "db", **fields.pop("spec", {})}
    return make_deployment("db", kind="StatefulSet", spec=spec, **fields)


def test_first_pod_of_a_statefulset_blocks_the_others() -> None:
    first = make_pod(
        "db-0",
        status=waiting("CreateContainerConfigError", 'secret "db-password" not found'),
        owner="StatefulSet/db",
        labels={"app": "db"},
    )
    service = make_service("db", selector={"app": "db"}, clusterIP="None")

    (finding,) = diagnose_objects(stateful(replicas=3, ready=0), first, service, make_slice("db", ready=0)).findings

    assert finding.problem.object == f"Secret/{NAMESPACE}/db-password"
    assert "statefulset-blocked" in {effect.problem.condition for effect in finding.effects}


def test_statefulset_without_its_service_names_the_service() -> None:
    (finding,) = diagnose_objects(stateful(), make_pod("db-0", owner="StatefulSet/db", labels={"app": "db"})).findings

    assert finding.problem.condition == "statefulset-service-missing"
    assert finding.problem.object == f"Service/{NAMESPACE}/db"


def test_daemonset_that_needs_no_control_plane_is_healthy() -> None:
    taint = {"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"}
    nodes = (make_node("node-1"), make_node("node-2"), make_node("cp", spec={"taints": [taint]}))
    status = {"desiredNumberScheduled": 2, "numberReady": 2, "currentNumberScheduled": 2}

    assert conditions_of(*nodes, make_deployment("agent", kind="DaemonSet", status=status)) == []


def job(name: str = "report", *, age: float = 30, **fields: Any) -> JsonObject:  # Any: fields of the Job
    return make(
        "Job",
        name,
        age=age,
        spec={"backoffLimit": 2, **fields.pop("spec", {})},
        status={"startTime": ago(age), **fields.pop("status", {})},
        **fields,
    )


def job_pod(name: str = "report-x", *, owner: str = "Job/report", **fields: Any) -> JsonObject:  # Any: of the pod
    spec = {"restartPolicy": "Never", **fields.pop("spec", {})}
    return make_pod(name, owner=owner, labels={"job-name": "report"}, spec=spec, **fields)


FAILED = {"conditions": [condition("Failed", True, reason="BackoffLimitExceeded")], "failed": 3}
COMPLETE = {"conditions": [condition("Complete", True)], "succeeded": 1}


def test_job_that_failed_quotes_its_last_pod() -> None:
    pod = job_pod(status={"ready": False, "state": ended(1, minutes=5)}, phase="Failed")

    (finding,) = diagnose_objects(job(status=FAILED), pod, logs={"report-x": "ValueError: bad month 13"}).findings

    assert (finding.problem.condition, finding.problem.object) == ("job-failed", f"Job/{NAMESPACE}/report")
    assert "bad month 13" in finding.problem.cause.en


def test_job_that_failed_for_a_reason_outside_of_it_stands_under_that_reason() -> None:
    pod = job_pod(status={"ready": False, "state": ended(137, reason="OOMKilled", minutes=5)}, phase="Failed")
    pod["spec"]["containers"][0]["resources"] = {"limits": {"memory": "64Mi"}}

    (finding,) = diagnose_objects(job(status=FAILED), pod).findings

    assert finding.problem.condition == "oom-killed"
    assert [effect.problem.condition for effect in finding.effects] == ["job-failed"]


def test_job_at_its_deadline_is_told_from_a_failing_program() -> None:
    late = {"conditions": [condition("Failed", True, reason="DeadlineExceeded", message="Job was active too long")]}

    assert conditions_of(job(spec={"activeDeadlineSeconds": 60}, status=late)) == ["job-deadline"]


@pytest.mark.parametrize(
    "objects",
    [
        (job(status=COMPLETE), job_pod(status={"ready": False, "state": ended(0)}, phase="Succeeded")),
        (
            job(status={**COMPLETE, "failed": 1}),
            job_pod("report-a", status={"ready": False, "state": ended(1)}, phase="Failed"),
            job_pod("report-b", status={"ready": False, "state": ended(0)}, phase="Succeeded"),
        ),
        (job(status={"active": 1, "ready": 1}), job_pod(status=running(minutes=20))),
        (job(spec={"suspend": True}, status={}),),
        (
            job(status={"active": 1, "failed": 1}),
            job_pod("report-a", status={"ready": False, "state": ended(1)}, phase="Failed"),
            job_pod("report-b", status=running(minutes=1)),
        ),
    ],
    ids=["complete", "complete after a retry", "long at work", "suspended", "first retry"],
)
def test_job_that_does_its_work_is_healthy(objects: tuple[JsonObject, ...]) -> None:
    assert conditions_of(*objects) == []


def test_job_at_work_with_a_moving_log_is_healthy() -> None:
    log = "\n".join(f"2026-11-21 11:5{at}:00 exported batch {name}" for at, name in enumerate("abcdefg"))

    assert conditions_of(job(status={"active": 1}), job_pod(status=running(minutes=20)), logs={"report-x": log}) == []


def test_job_that_repeats_that_it_waits_never_ends() -> None:
    log = "\n".join(f"2026-11-21 11:5{at}:00 waiting for lock /tmp/x held by 4711" for at in range(7))

    found = conditions_of(job(status={"active": 1}), job_pod(status=running(minutes=20)), logs={"report-x": log})

    assert found == ["job-never-ends"]


def test_sidecar_that_outlives_the_work_keeps_the_job_open() -> None:
    pod = job_pod(
        status={"ready": False, "state": ended(0, minutes=10)},
        phase="Running",
        more_containers=[{"name": "proxy"}],
        more_statuses=[{"name": "proxy", **running(minutes=20)}],
    )

    (finding,) = diagnose_objects(job(status={"active": 1}), pod).findings

    assert finding.problem.condition == "sidecar-keeps-job-open"
    assert "container proxy runs on" in finding.problem.cause.en


def cronjob(schedule: str = "*/5 * * * *", **fields: Any) -> JsonObject:  # Any: fields of the CronJob
    return make(
        "CronJob",
        "nightly",
        age=fields.pop("age", 5000),
        spec={"schedule": schedule, "concurrencyPolicy": "Allow", **fields.pop("spec", {})},
        status=fields.pop("status", {"lastScheduleTime": ago(0)}),
        **fields,
    )


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (cronjob(spec={"suspend": True}), "cronjob-suspended"),
        (cronjob("61 * * * *"), "cronjob-invalid-schedule"),
        (cronjob("*/5 * * *"), "cronjob-invalid-schedule"),
        (cronjob(spec={"timeZone": "Mars/Olympus"}), "cronjob-invalid-schedule"),
        (cronjob(status={"lastScheduleTime": ago(60)}), "cronjob-missed-runs"),
        (cronjob(status={}), "cronjob-missed-runs"),
    ],
)
def test_cronjob_that_does_not_run(source: JsonObject, expected: str) -> None:
    assert conditions_of(source) == [expected]


@pytest.mark.parametrize(
    "source",
    [
        cronjob(),
        cronjob("0 3 * * *", age=60, status={}),
        cronjob("@daily", status={"lastScheduleTime": "2026-11-21T00:00:00Z"}),
        cronjob("0 8 * * MON-FRI", spec={"timeZone": "Asia/Shanghai"}, status={"lastScheduleTime": ago(800)}),
        cronjob("0 3 * * *", status={"lastScheduleTime": "2026-11-21T03:00:00Z"}),
    ],
    ids=["just ran", "not due since it was made", "macro", "weekend", "daily"],
)
def test_cronjob_that_waits_for_its_time_is_healthy(source: JsonObject) -> None:
    assert NOW.isoformat().startswith("2026-11-21T12:00")
    assert conditions_of(source) == []


def test_run_that_blocks_the_next_is_named() -> None:
    source = cronjob(
        spec={"concurrencyPolicy": "Forbid"},
        status={"lastScheduleTime": ago(120), "active": [{"name": "nightly-1"}]},
    )

    (finding,) = diagnose_objects(source).findings

    assert "the run before (nightly-1) is still active" in finding.problem.cause.en


def test_cronjob_whose_last_run_failed_is_told_with_its_reason() -> None:
    pod = job_pod("n-1-x", owner="Job/n-1", status={"ready": False, "state": ended(2)}, phase="Failed")
    run = job("n-1", age=10, owner="CronJob/nightly", status=FAILED)

    (finding,) = diagnose_objects(cronjob(), run, pod, logs={"n-1-x": "boom: bad input"}).findings

    assert (finding.problem.condition, finding.problem.object) == ("cronjob-failing", f"CronJob/{NAMESPACE}/nightly")
    assert "boom: bad input" in finding.problem.cause.en


def test_cronjob_that_succeeded_since_is_healthy() -> None:
    bad = job_pod("n-1-x", owner="Job/n-1", status={"ready": False, "state": ended(2)}, phase="Failed")
    runs = (
        job("n-1", age=10, owner="CronJob/nightly", status=FAILED),
        job("n-2", age=5, owner="CronJob/nightly", status=COMPLETE),
    )

    assert conditions_of(cronjob(), *runs, bad) == []


def autoscaler(*conditions: JsonObject, **fields: Any) -> JsonObject:  # Any: fields of the autoscaler
    return make(
        "HorizontalPodAutoscaler",
        "shop",
        spec={
            "scaleTargetRef": {"kind": "Deployment", "name": fields.pop("target", "shop")},
            "minReplicas": 1,
            "maxReplicas": 5,
        },
        status={"currentReplicas": fields.pop("current", 1), "conditions": list(conditions)},
        **fields,
    )


@pytest.mark.parametrize(
    ("source", "expected", "at_fault"),
    [
        (autoscaler(target="shopp"), "hpa-target-missing", "HorizontalPodAutoscaler/prod/shop"),
        (
            autoscaler(
                condition("ScalingActive", False, reason="FailedGetResourceMetric", message="missing request for cpu")
            ),
            "hpa-no-requests",
            "Deployment/prod/shop",
        ),
        (
            autoscaler(
                condition(
                    "ScalingActive",
                    False,
                    reason="FailedGetPodsMetric",
                    message="unable to get metric http_requests: no metrics returned from custom metrics API",
                )
            ),
            "hpa-no-metrics",
            "HorizontalPodAutoscaler/prod/shop",
        ),
        (
            autoscaler(condition("ScalingLimited", True, reason="TooManyReplicas"), current=5),
            "hpa-at-maximum",
            "HorizontalPodAutoscaler/prod/shop",
        ),
    ],
)
def test_autoscaler_that_does_not_scale(source: JsonObject, expected: str, at_fault: str) -> None:
    (finding,) = diagnose_objects(source, make_deployment()).findings

    assert (finding.problem.condition, finding.problem.object) == (expected, at_fault)


@pytest.mark.parametrize(
    "source",
    [
        autoscaler(condition("ScalingActive", True, reason="ValidMetricFound")),
        autoscaler(condition("ScalingActive", False, reason="FailedGetResourceMetric", message="no metrics", age=1)),
        autoscaler(condition("ScalingActive", False, reason="ScalingDisabled", message="scaling is disabled")),
        autoscaler(condition("ScalingLimited", True, reason="TooFewReplicas")),
    ],
    ids=["at work", "just made", "target at zero", "at its minimum"],
)
def test_autoscaler_at_rest_is_healthy(source: JsonObject) -> None:
    assert conditions_of(source, make_deployment()) == []


def budget(selector: JsonObject, **fields: Any) -> JsonObject:  # Any: fields of the budget
    return make(
        "PodDisruptionBudget",
        "shop",
        spec={"minAvailable": 1, "selector": selector},
        status={"disruptionsAllowed": 0, "currentHealthy": 1, "desiredHealthy": 1, **fields},
    )


SELECTS_SHOP = {"matchLabels": {"app": "shop"}}


def test_budget_that_selects_nothing_is_told() -> None:
    assert conditions_of(budget({"matchLabels": {"app": "shopp"}}), make_pod(), make_deployment()) == [
        "pdb-selects-nothing"
    ]


def test_budget_that_holds_up_a_drain_is_told() -> None:
    draining = make_node("node-1", spec={"unschedulable": True})

    assert conditions_of(budget(SELECTS_SHOP), make_pod(), make_deployment(), draining) == ["pdb-blocks-drain"]


def test_budget_without_a_drain_is_healthy() -> None:
    assert conditions_of(budget(SELECTS_SHOP), make_pod(), make_deployment(), make_node()) == []


def test_pod_that_is_just_going_is_healthy() -> None:
    leaving = make_pod(deletionTimestamp=ago(0.5), status=running(ready=False))

    assert conditions_of(leaving, make_deployment()) == []


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"finalizers": ["acme.io/drain"]}, "keeps the finalizer acme.io/drain"),
        ({}, "still not released"),
    ],
)
def test_pod_that_does_not_go_is_told(fields: JsonObject, named: str) -> None:
    pod = make_pod(deletionTimestamp=ago(10), status=running(ready=False), **fields)

    (finding,) = diagnose_objects(pod, make_deployment()).findings

    assert finding.problem.condition == "stuck-terminating"
    assert named in finding.problem.cause.en


def test_namespace_that_does_not_go_says_what_is_left_in_it() -> None:
    left = condition("NamespaceContentRemaining", True, message="Some resources are remaining: widgets.acme.io has 1")
    namespace = make("Namespace", "old", deletionTimestamp=ago(30), status={"conditions": [left]})

    (finding,) = diagnose_objects(namespace).findings

    assert (finding.problem.condition, finding.problem.object) == ("stuck-terminating", "Namespace//old")
    assert "widgets.acme.io has 1" in finding.problem.cause.en


def test_evicted_pods_are_told_with_what_was_lacking() -> None:
    message = "The node was low on resource: ephemeral-storage. Threshold quantity: 1Gi, available: 900Mi."
    pod = make_pod(
        status={"ready": False, "state": ended(137)},
        phase="Failed",
        pod_status={"reason": "Evicted", "message": message},
    )

    (finding,) = diagnose_objects(pod, make_deployment(ready=0)).findings

    assert finding.problem.condition == "evicted"
    assert "ran low on ephemeral-storage" in finding.problem.cause.en


def test_eviction_long_ago_of_a_workload_that_is_well_is_no_finding() -> None:
    pod = make_pod(
        status={"ready": False, "state": ended(137, minutes=600)},
        phase="Failed",
        pod_status={"reason": "Evicted", "message": "The node was low on resource: memory."},
    )

    assert conditions_of(pod, make_pod("shop-7d9c5b6f4-fresh"), make_deployment()) == []


def test_init_container_that_waits_for_a_service_that_exists_stands_under_its_problem() -> None:
    waits = make_pod(status=waiting("PodInitializing"), age=20)
    waits["spec"]["initContainers"] = [
        {"name": "wait", "command": ["sh", "-c", "until nc -z db 5432; do sleep 1; done"]}
    ]
    waits["status"]["initContainerStatuses"] = [{"name": "wait", **running(ready=False, minutes=18)}]
    database = make_deployment("db", replicas=0)
    service = make_service("db", selector={"app": "db"}, ports=[{"port": 5432}])

    (finding,) = diagnose_objects(
        waits, make_deployment(ready=0), database, service, make_slice("db", ready=0)
    ).findings

    assert finding.problem.condition == "scaled-to-zero"
    assert "init-hanging" in {effect.problem.condition for effect in finding.effects}


def test_init_container_that_is_still_at_work_is_healthy() -> None:
    pod = make_pod(status=waiting("PodInitializing"), age=5)
    pod["spec"]["initContainers"] = [{"name": "migrate", "command": ["migrate"]}]
    pod["status"]["initContainerStatuses"] = [{"name": "migrate", **running(ready=False, minutes=4)}]

    assert (
        conditions_of(pod, make_deployment(age=5, ready=0), logs={f"{pod['metadata']['name']}/migrate": "step 3"}) == []
    )


def test_event_about_an_earlier_object_of_the_same_name_is_not_mixed_up() -> None:
    pod = make_pod(uid="new")
    event = make_event(f"Pod/{pod['metadata']['name']}", "FailedMount", "secret x not found", involved={"uid": "old"})

    assert conditions_of(pod, event) == []
