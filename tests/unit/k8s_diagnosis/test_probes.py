"""Probes asked in the wrong place, answered with an error, or given too little time."""

from __future__ import annotations

import pytest

from k8s_diagnosis.objects.access import JsonObject
from tests.fakes.kubernetes_objects import (
    NAMESPACE,
    condition,
    conditions_of,
    diagnose_objects,
    ended,
    looping,
    make_deployment,
    make_event,
    make_pod,
    make_service,
    running,
)

POD = "shop-7d9c5b6f4-abcde"
OWNER = f"Deployment/{NAMESPACE}/shop"
REFUSED = 'probe failed: Get "http://10.244.0.9:9090/healthz": dial tcp 10.244.0.9:9090: connect: connection refused'
UNAUTHORIZED = "probe failed: HTTP probe failed with statuscode: 401"
UNKNOWN_PORT = 'probe errored: strconv.Atoi: parsing "web": invalid syntax'
NOT_FOUND = "probe failed: HTTP probe failed with statuscode: 404"


def probed(kind: str, *, port: int | str = 8080, path: str = "/healthz", **timing: int) -> JsonObject:
    probe = {"httpGet": {"port": port, "path": path}, "periodSeconds": 5, "failureThreshold": 3, **timing}
    return {f"{kind}Probe": probe, "ports": [{"containerPort": 8080, "name": "http"}]}


def failure(kind: str, message: str) -> JsonObject:
    return make_event(f"Pod/{POD}", "Unhealthy", f"{kind.capitalize()} {message}", count=9)


def killed_by(kind: str) -> JsonObject:
    message = f"Container shop failed {kind} probe, will be restarted"
    return make_event(f"Pod/{POD}", "Killing", message, type="Normal", count=6)


@pytest.mark.parametrize(
    ("kind", "container", "message", "expected"),
    [
        ("liveness", probed("liveness", port=9090), REFUSED, "liveness-wrong-port"),
        ("startup", probed("startup", port=9090), REFUSED, "startup-wrong-port"),
        ("liveness", probed("liveness", path="/livez"), NOT_FOUND, "liveness-wrong-path"),
        ("startup", probed("startup", path="/livez"), NOT_FOUND, "startup-wrong-path"),
        ("liveness", probed("liveness"), "probe failed: HTTP probe failed with statuscode: 500", "liveness-failing"),
        ("startup", probed("startup"), "probe failed: HTTP probe failed with statuscode: 503", "startup-failing"),
        ("startup", probed("startup"), REFUSED.replace("9090", "8080"), "startup-probe-too-short"),
        ("liveness", probed("liveness"), REFUSED.replace("9090", "8080"), "liveness-too-aggressive"),
    ],
)
def test_probe_that_restarts_its_container(kind: str, container: JsonObject, message: str, expected: str) -> None:
    pod = make_pod(status=looping(143, seconds=16), container=container)

    (finding,) = diagnose_objects(pod, failure(kind, message), killed_by(kind), make_deployment(ready=0)).findings

    assert (finding.problem.condition, finding.problem.object) == (expected, OWNER)


@pytest.mark.parametrize(
    ("container", "message", "expected"),
    [
        (probed("readiness", port=9090), REFUSED, "readiness-wrong-port"),
        (probed("readiness", port="web"), UNKNOWN_PORT, "readiness-wrong-port"),
        (probed("readiness", path="/ready"), NOT_FOUND, "readiness-wrong-path"),
        (probed("readiness", path="/ready"), UNAUTHORIZED, "readiness-wrong-path"),
        (probed("readiness"), "probe failed: HTTP probe failed with statuscode: 503", "readiness-failing"),
        (probed("readiness"), "probe failed: context deadline exceeded", "readiness-failing"),
    ],
)
def test_probe_that_keeps_its_container_from_traffic(container: JsonObject, message: str, expected: str) -> None:
    pod = make_pod(status=running(ready=False, minutes=10), container=container)

    assert conditions_of(pod, failure("readiness", message), make_deployment(ready=0)) == [expected]


def test_path_that_the_log_shows_to_work_is_proposed() -> None:
    pod = make_pod(status=running(ready=False, minutes=10), container=probed("readiness", path="/ready"))
    log = '10.0.0.1 "GET /health HTTP/1.1" 200 -\n10.0.0.1 "GET /ready HTTP/1.1" 404 -'

    (finding,) = diagnose_objects(
        pod, failure("readiness", NOT_FOUND), make_deployment(ready=0), logs={POD: log}
    ).findings

    assert "/health answers 200" in finding.problem.cause.en


@pytest.mark.parametrize(
    ("log", "said"),
    [
        ("INFO Running on http://127.0.0.1:8080", "listens on the loopback address only"),
        ("ERROR dial tcp: lookup payments on 10.96.0.10:53: no such host", "no Service payments exists"),
    ],
)
def test_log_explains_why_the_program_does_not_answer(log: str, said: str) -> None:
    pod = make_pod(status=running(ready=False, minutes=10), container=probed("readiness"))
    refused = failure("readiness", REFUSED.replace("9090", "8080"))

    (finding,) = diagnose_objects(
        pod, refused, make_deployment(ready=0), make_service("x", selector={}), logs={POD: log}
    ).findings

    assert finding.problem.condition == "readiness-failing"
    assert said in finding.problem.cause.en


def test_probe_command_that_is_not_in_the_image_is_told() -> None:
    container = {"readinessProbe": {"exec": {"command": ["curl", "localhost"]}}}
    pod = make_pod(status=running(ready=False, minutes=10), container=container)
    message = 'probe errored: rpc error: exec: "curl": executable file not found in $PATH'

    (finding,) = diagnose_objects(pod, failure("readiness", message), make_deployment(ready=0)).findings

    assert "The command of the probe is not in the image" in finding.problem.cause.en


def test_probe_of_the_other_scheme_is_told() -> None:
    pod = make_pod(status=running(ready=False, minutes=10), container=probed("readiness"))
    message = "probe failed: Get https://x: http: server gave HTTP response to HTTPS client"

    (finding,) = diagnose_objects(pod, failure("readiness", message), make_deployment(ready=0)).findings

    assert "differ in HTTP and HTTPS" in finding.problem.cause.en


def test_program_that_ran_well_for_long_before_is_not_called_slow_to_start() -> None:
    pod = make_pod(status=looping(137, seconds=4000), container=probed("liveness", timeoutSeconds=5))
    events = (failure("liveness", "probe failed: context deadline exceeded"), killed_by("liveness"))

    assert conditions_of(pod, *events, make_deployment(ready=0)) == ["liveness-failing"]


@pytest.mark.parametrize("minutes", [0.5, 20])
def test_failed_checks_during_the_start_are_healthy(minutes: float) -> None:
    status = running(ready=minutes > 1, minutes=minutes)
    pod = make_pod(status=status, container=probed("readiness"), age=minutes)

    assert conditions_of(pod, failure("readiness", REFUSED), make_deployment(ready=1)) == []


def test_restart_by_a_probe_that_was_corrected_since_is_healthy() -> None:
    last = ended(143, minutes=30)
    pod = make_pod(status=running(restarts=6, minutes=29, lastState=last), container=probed("liveness"))
    old = make_event(f"Pod/{POD}", "Unhealthy", f"Liveness {REFUSED}", age=30)

    assert conditions_of(pod, old, make_deployment()) == []


def test_readiness_gate_that_nobody_fulfils_is_told() -> None:
    gate = {"readinessGates": [{"conditionType": "target-health.elbv2.k8s.aws/tg"}]}
    conditions = [condition("ContainersReady", True), condition("Ready", False), condition("PodScheduled", True)]
    pod = make_pod(conditions=conditions, spec=gate)

    assert conditions_of(pod, make_deployment(ready=0)) == ["readiness-gate-pending"]


def test_missing_key_of_a_secret_names_the_secret() -> None:
    message = "couldn't find key password in Secret prod/db"
    state = {"waiting": {"reason": "CreateContainerConfigError", "message": message}}
    pod = make_pod(status={"ready": False, "restartCount": 0, "state": state})

    (finding,) = diagnose_objects(pod, make_deployment(ready=0)).findings

    assert (finding.problem.condition, finding.problem.object) == ("secret-key-missing", f"Secret/{NAMESPACE}/db")
