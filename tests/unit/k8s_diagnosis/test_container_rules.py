"""Borders between the rules about containers, and what they must not say."""

from __future__ import annotations

import pytest

from k8s_diagnosis.diagnosing import diagnose_pod
from k8s_diagnosis.index import ClusterIndex
from k8s_diagnosis.objects.access import JsonObject
from k8s_diagnosis.objects.placement import Reason, split_reasons
from k8s_diagnosis.problem import Problem
from k8s_diagnosis.rules.image import split_image
from tests.fakes.kubernetes_objects import (
    NOW,
    condition,
    diagnose_objects,
    ended,
    looping,
    make_event,
    make_pod,
    make_snapshot,
    running,
)

POD = "shop-7d9c5b6f4-abcde"


def diagnose_one(pod: JsonObject, *events: JsonObject, log: str = "") -> list[Problem]:
    return diagnose_pod(ClusterIndex(make_snapshot(pod, *events, logs={POD: log, f"{POD}:previous": log})), pod)


def conditions(pod: JsonObject, *events: JsonObject, log: str = "") -> list[str]:
    return [problem.condition for problem in diagnose_one(pod, *events, log=log)]


def unhealthy(message: str, *, count: int = 5) -> JsonObject:
    return make_event(f"Pod/{POD}", "Unhealthy", message, count=count)


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
    (problem,) = diagnose_one(make_pod(status=looping(1)), log=f"starting\n{line}")

    assert problem.condition == "crash-missing-env"
    assert variable in problem.cause.en
    assert variable in problem.cause.zh


@pytest.mark.parametrize(
    "line", ["GET /health 404", "user BOB is not set as admin", "KeyError: 'USER_ID'", "HTTP it is"]
)
def test_other_log_lines_are_no_missing_variable(line: str) -> None:
    assert conditions(make_pod(status=looping(1)), log=line) == ["crash-exit-error"]


def test_variable_that_is_listed_lowers_the_confidence() -> None:
    env = [{"name": "ORDERS_DB_URL", "valueFrom": {"secretKeyRef": {"name": "db"}}}]

    (problem,) = diagnose_one(
        make_pod(status=looping(1), container={"env": env}), log="environment variable ORDERS_DB_URL is not set"
    )

    assert problem.condition == "crash-missing-env"
    assert problem.confidence < 0.7


def test_single_old_restart_of_a_running_container_is_no_crash() -> None:
    assert conditions(make_pod(status=running(restarts=1, minutes=9, lastState=ended(1, minutes=9)))) == []


def test_restarts_at_the_beginning_that_healed_are_no_crash() -> None:
    assert conditions(make_pod(status=running(restarts=3, minutes=4, lastState=ended(1, minutes=4.2, seconds=3)))) == []


def test_container_caught_between_two_crashes_is_crashing() -> None:
    status = running(ready=False, restarts=4, minutes=0.2, lastState=ended(1, minutes=0.5, seconds=10))

    assert conditions(make_pod(status=status), log="boom") == ["crash-exit-error"]


def test_clean_exit_in_a_loop_is_a_one_shot_program() -> None:
    assert conditions(make_pod(status=looping(0)), log="done") == ["crash-exit-zero"]


def test_oom_kill_long_ago_is_no_problem_now() -> None:
    last = ended(137, reason="OOMKilled", minutes=1500)
    pod = make_pod(status=running(minutes=1500, restarts=1, lastState=last), container=limited("64Mi"))

    assert conditions(pod) == []


def limited(memory: str) -> JsonObject:
    return {"resources": {"limits": {"memory": memory}}}


def test_oom_kill_without_own_limit_is_blamed_on_the_node_and_less_certain() -> None:
    (problem,) = diagnose_one(make_pod(status=looping(137, reason="OOMKilled")))

    assert problem.condition == "oom-node"
    assert problem.confidence < 0.7


@pytest.mark.parametrize(
    ("message", "age", "expected"),
    [
        ("Memory cgroup out of memory: Killed process 9912 (java) anon-rss:204000kB", 1, "oom-killed"),
        ("Out of memory: Killed process 9912 (java) anon-rss:204000kB", 1, "oom-node"),
        ("Memory cgroup out of memory: Killed process 17 (other)", 40, "crash-exit-error"),
    ],
    ids=["its own limit", "the node", "another container, earlier"],
)
def test_kill_that_only_the_kernel_explains(message: str, age: float, expected: str) -> None:
    pod = make_pod(status=looping(137, reason="Error"), container=limited("64Mi"))
    event = make_event("Node/node-1", "OOMKilling", message, age=age)

    assert [found.problem.condition for found in diagnose_objects(pod, event).findings] == [expected]


def test_oom_kill_at_its_limit_names_the_limit() -> None:
    (problem,) = diagnose_one(make_pod(status=looping(137, reason="OOMKilled"), container=limited("64Mi")))

    assert problem.condition == "oom-killed"
    assert "64Mi" in problem.cause.en


def test_kill_by_the_liveness_probe_is_not_blamed_on_the_program() -> None:
    probe = {"httpGet": {"port": 8080, "path": "/"}, "periodSeconds": 5, "failureThreshold": 1, "timeoutSeconds": 1}
    pod = make_pod(status=looping(137), container={"livenessProbe": probe, "ports": [{"containerPort": 8080}]})

    found = conditions(
        pod, unhealthy('Liveness probe failed: Get "http://10.0.0.1:8080/": context deadline exceeded'), log="ERROR x"
    )

    assert found == ["liveness-too-aggressive"]


def test_liveness_answered_with_an_error_is_told_apart_from_impatience() -> None:
    container = {"livenessProbe": {"httpGet": {"port": 8080}}, "ports": [{"containerPort": 8080}]}
    pod = make_pod(status=looping(137), container=container)

    assert conditions(pod, unhealthy("Liveness probe failed: HTTP probe failed with statuscode: 500")) == [
        "liveness-failing"
    ]


def test_refused_probe_without_declared_ports_is_no_proof_of_a_wrong_port() -> None:
    pod = make_pod(status=running(ready=False, minutes=10), container={"readinessProbe": {"httpGet": {"port": 8081}}})

    assert conditions(pod, unhealthy("Readiness probe failed: dial tcp 10.0.0.1:8081: connection refused")) == [
        "readiness-failing"
    ]


def test_port_that_the_log_announces_tells_the_wrong_one_even_when_it_is_declared() -> None:
    container = {"readinessProbe": {"tcpSocket": {"port": 8081}}, "ports": [{"containerPort": 8081}]}
    pod = make_pod(status=running(ready=False, minutes=10), container=container)

    (problem,) = diagnose_one(
        pod, unhealthy("Readiness probe failed: dial tcp 10.0.0.1:8081: connection refused"), log="listening on :9000"
    )

    assert problem.condition == "readiness-wrong-port"
    assert "asks port 8081, the container listens on 9000" in problem.cause.en


def test_port_of_a_sidecar_counts_as_declared() -> None:
    container = {"readinessProbe": {"httpGet": {"port": 8081}}, "ports": [{"containerPort": 8080}]}
    sidecar = {"name": "proxy", "ports": [{"containerPort": 8081}]}
    pod = make_pod(status=running(ready=False, minutes=0.5), container=container, more_containers=[sidecar])

    assert conditions(pod, unhealthy("Readiness probe failed: dial tcp 10.0.0.1:8081: connection refused")) == []


def test_pod_that_only_just_started_is_given_time() -> None:
    container = {"readinessProbe": {"httpGet": {"port": 8080}}, "ports": [{"containerPort": 8080}]}
    pod = make_pod(status=running(ready=False, minutes=0.5), container=container)

    assert conditions(pod, unhealthy("Readiness probe failed: connection refused")) == []


def test_single_failed_check_at_the_end_of_a_pod_is_no_restart_by_its_probe() -> None:
    container = {"livenessProbe": {"httpGet": {"port": 8080}}, "ports": [{"containerPort": 8080}]}
    status = running(restarts=1, minutes=20, lastState=ended(143, minutes=20))

    assert (
        conditions(make_pod(status=status, container=container), unhealthy("Liveness probe failed: x", count=1)) == []
    )


def test_terminating_and_finished_pods_have_no_problem() -> None:
    terminating = make_pod(status=looping(1), deletionTimestamp="2026-11-21T11:59:50Z")
    finished = make_pod(status={"state": ended(0)}, phase="Succeeded", conditions=[condition("Ready", False)])

    assert conditions(terminating) == []
    assert conditions(finished) == []


def test_malformed_objects_are_survived() -> None:
    pod: JsonObject = {"metadata": None, "spec": {"containers": [None, {"name": 3}]}, "status": {"conditions": "x"}}

    assert diagnose_pod(ClusterIndex(make_snapshot({"kind": "Pod", **pod})), pod) == []


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

    assert split_reasons(message) == [Reason("Insufficient cpu", 1), Reason("Insufficient nvidia.com/gpu", 2)]


def test_present_is_the_moment_of_the_snapshot() -> None:
    assert ClusterIndex(make_snapshot()).now == NOW
