"""Borders between the rules, and what they must not say."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from k8s_diagnosis.diagnosing import diagnose_pod
from k8s_diagnosis.objects.access import JsonObject
from k8s_diagnosis.objects.events import EventFacts
from k8s_diagnosis.rules.image import split_image
from k8s_diagnosis.rules.scheduling import lacking_nodes
from k8s_diagnosis.snapshot import PodSnapshot

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
STARTED = "2026-11-21T11:50:00Z"


def make_pod(*, status: JsonObject, **spec: Any) -> JsonObject:  # Any: fields of a container
    return {
        "metadata": {"name": "shop-1", "namespace": "prod"},
        "spec": {"containers": [{"name": "shop", "image": "shop:1", **spec}]},
        "status": {"phase": "Running", "containerStatuses": [{"name": "shop", **status}]},
    }


def looping(exit_code: int, *, reason: str = "Error", **times: str) -> JsonObject:
    ended = {"exitCode": exit_code, "reason": reason, **times}
    return {"restartCount": 4, "state": {"waiting": {"reason": "CrashLoopBackOff"}}, "lastState": {"terminated": ended}}


def unhealthy(message: str) -> EventFacts:
    return EventFacts("prod", "Pod", "shop-1", "shop", "Warning", "Unhealthy", message, 5, NOW, NOW)


def conditions(pod: JsonObject, *, events: list[EventFacts] | None = None, log: list[str] | None = None) -> list[str]:
    found = diagnose_pod(PodSnapshot(pod, NOW, events or [], {"shop": log or []}))
    return [problem.condition for problem in found]


@pytest.mark.parametrize(
    ("line", "variable"),
    [
        ("required environment variable ORDERS_DB_URL is not set", "ORDERS_DB_URL"),
        ("raise KeyError(key) from None, os.environ[\"ORDERS_DB_URL\"]: KeyError: 'ORDERS_DB_URL'", "ORDERS_DB_URL"),
        ("Error: Missing required environment variable: API_BASE", "API_BASE"),
        ("panic: required key REDIS_ADDR missing value", "REDIS_ADDR"),
        ("FATAL config: DATABASE_URL must be set", "DATABASE_URL"),
        ("env var SMTP_HOST is empty", "SMTP_HOST"),
        ("缺少环境变量 ORDERS_DB_URL", "ORDERS_DB_URL"),
        ("环境变量：ORDERS_DB_URL 未设置", "ORDERS_DB_URL"),
    ],
)
def test_missing_variable_is_read_from_many_wordings(line: str, variable: str) -> None:
    found = diagnose_pod(PodSnapshot(make_pod(status=looping(1)), NOW, [], {"shop": ["starting", line]}))

    assert [problem.condition for problem in found] == ["crash-missing-env"]
    assert variable in found[0].cause.en
    assert variable in found[0].cause.zh


@pytest.mark.parametrize(
    "line", ["GET /health 404 Not Found", "user BOB is not set as admin", "KeyError: 'USER_ID'", "HTTP is required"]
)
def test_other_log_lines_are_no_missing_variable(line: str) -> None:
    assert conditions(make_pod(status=looping(1)), log=[line]) == ["crash-exit-error"]


def test_variable_that_is_listed_lowers_the_confidence() -> None:
    pod = make_pod(status=looping(1), env=[{"name": "ORDERS_DB_URL", "valueFrom": {"secretKeyRef": {"name": "db"}}}])

    (problem,) = diagnose_pod(PodSnapshot(pod, NOW, [], {"shop": ["environment variable ORDERS_DB_URL is not set"]}))

    assert problem.condition == "crash-missing-env"
    assert problem.confidence < 0.7


def test_single_old_restart_of_a_running_container_is_no_crash() -> None:
    status = looping(1)
    status.update(ready=True, state={"running": {"startedAt": STARTED}})

    assert conditions(make_pod(status=status)) == []


def test_clean_exit_in_a_loop_is_not_called_an_error() -> None:
    assert conditions(make_pod(status=looping(0, reason="Completed"))) == []


def test_oom_kill_long_ago_is_no_problem_now() -> None:
    status = looping(137, reason="OOMKilled", finishedAt="2026-11-20T11:00:00Z")
    status.update(ready=True, state={"running": {"startedAt": "2026-11-20T11:00:05Z"}})

    assert conditions(make_pod(status=status)) == []


def test_oom_kill_without_own_limit_is_less_certain() -> None:
    (problem,) = diagnose_pod(PodSnapshot(make_pod(status=looping(137, reason="OOMKilled")), NOW))

    assert problem.condition == "oom-killed"
    assert problem.confidence < 0.7


def test_kill_by_the_liveness_probe_is_not_blamed_on_the_program() -> None:
    probe = {"httpGet": {"port": 8080, "path": "/"}, "periodSeconds": 5, "failureThreshold": 1, "timeoutSeconds": 1}
    pod = make_pod(status=looping(137), livenessProbe=probe, ports=[{"containerPort": 8080}])
    events = [unhealthy('Liveness probe failed: Get "http://10.0.0.1:8080/": context deadline exceeded')]

    assert conditions(pod, events=events) == ["liveness-too-aggressive"]


def test_liveness_answered_with_an_error_is_told_apart_from_impatience() -> None:
    pod = make_pod(status=looping(137), livenessProbe={"httpGet": {"port": 8080}}, ports=[{"containerPort": 8080}])
    events = [unhealthy("Liveness probe failed: HTTP probe failed with statuscode: 500")]

    assert conditions(pod, events=events) == ["liveness-failing"]


def test_refused_probe_without_declared_ports_is_no_proof_of_a_wrong_port() -> None:
    status = {"ready": False, "restartCount": 0, "state": {"running": {"startedAt": STARTED}}}
    pod = make_pod(status=status, readinessProbe={"httpGet": {"port": 8081}})
    events = [unhealthy("Readiness probe failed: dial tcp 10.0.0.1:8081: connect: connection refused")]

    assert conditions(pod, events=events) == ["readiness-failing"]


def test_port_of_a_sidecar_counts_as_declared() -> None:
    status = {"ready": False, "restartCount": 0, "state": {"running": {"startedAt": "2026-11-21T11:59:30Z"}}}
    pod = make_pod(status=status, readinessProbe={"httpGet": {"port": 8081}}, ports=[{"containerPort": 8080}])
    pod["spec"]["containers"].append({"name": "proxy", "ports": [{"containerPort": 8081}]})
    events = [unhealthy("Readiness probe failed: dial tcp 10.0.0.1:8081: connect: connection refused")]

    assert conditions(pod, events=events) == []


def test_pod_that_only_just_started_is_given_time() -> None:
    status = {"ready": False, "restartCount": 0, "state": {"running": {"startedAt": "2026-11-21T11:59:30Z"}}}
    pod = make_pod(status=status, readinessProbe={"httpGet": {"port": 8080}}, ports=[{"containerPort": 8080}])

    assert conditions(pod, events=[unhealthy("Readiness probe failed: connection refused")]) == []


def test_terminating_and_finished_pods_have_no_problem() -> None:
    terminating = make_pod(status=looping(1))
    terminating["metadata"]["deletionTimestamp"] = STARTED
    finished = make_pod(status={"state": {"terminated": {"exitCode": 0, "reason": "Completed"}}})
    finished["status"]["phase"] = "Succeeded"

    assert conditions(terminating) == []
    assert conditions(finished) == []


def test_malformed_objects_are_survived() -> None:
    pod: JsonObject = {"metadata": None, "spec": {"containers": [None, {"name": 3}]}, "status": {"conditions": "x"}}

    assert diagnose_pod(PodSnapshot(pod, NOW)) == []


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("nginx", ("nginx", "latest")),
        ("localhost:5000/shop/web", ("localhost:5000/shop/web", "latest")),
        ("localhost:5000/shop/web:1.2", ("localhost:5000/shop/web", "1.2")),
        ("shop/web@sha256:ab", ("shop/web", "sha256:ab")),
    ],
)
def test_image_names_are_split_at_the_tag(image: str, expected: tuple[str, str]) -> None:
    assert split_image(image) == expected


def test_what_preemption_would_find_is_not_counted() -> None:
    message = (
        "0/3 nodes are available: 1 Insufficient cpu, 2 Insufficient nvidia.com/gpu. preemption: 3 Insufficient cpu."
    )

    assert lacking_nodes(message) == {"cpu": 1, "nvidia.com/gpu": 2}
