"""Images that cannot be had and containers that cannot be started, in the words of several runtimes and registries."""

from __future__ import annotations

import pytest

from tests.fakes.kubernetes_objects import (
    NAMESPACE,
    conditions_of,
    diagnose_objects,
    ended,
    looping,
    make,
    make_deployment,
    make_event,
    make_node,
    make_pod,
    read_messages,
    running,
    waiting,
)

POD = "shop-7d9c5b6f4-abcde"
OWNER = f"Deployment/{NAMESPACE}/shop"


@pytest.mark.parametrize(("message", "condition"), read_messages("image_pulls", "message", "condition"))
def test_answer_of_the_registry_is_told_apart(message: str, condition: str) -> None:
    pod = make_pod(status=waiting("ErrImagePull", message))

    (finding,) = diagnose_objects(pod, make_deployment(ready=0)).findings

    assert (finding.problem.condition, finding.problem.object) == (condition, OWNER)


def test_older_kubelets_keep_the_answer_of_the_registry_in_events() -> None:
    pod = make_pod(status=waiting("ImagePullBackOff", 'Back-off pulling image "shop:9"'))
    event = make_event(f"Pod/{POD}", "Failed", 'Failed to pull image "shop:9": manifest for shop:9 not found')

    assert conditions_of(pod, event) == ["image-not-found"]


def test_missing_pull_secret_is_named_with_the_similar_one() -> None:
    message = "failed to authorize: failed to fetch oauth token: 401 Unauthorized"
    pod = make_pod(status=waiting("ImagePullBackOff", message), spec={"imagePullSecrets": [{"name": "registry-login"}]})

    (finding,) = diagnose_objects(pod, make("Secret", "registry-logins")).findings

    assert finding.problem.condition == "image-pull-secret-missing"
    assert finding.problem.object == f"Secret/{NAMESPACE}/registry-login"
    assert "registry-logins exists" in finding.problem.cause.en


def test_pull_secret_that_exists_is_not_called_missing() -> None:
    pod = make_pod(status=waiting("ErrImagePull", "401 Unauthorized"), spec={"imagePullSecrets": [{"name": "login"}]})

    assert conditions_of(pod, make("Secret", "login")) == ["image-pull-denied"]


def test_start_that_takes_more_memory_than_the_limit_names_the_limit() -> None:
    message = "failed to create containerd task: OCI runtime create failed: container init was OOM-killed"
    pod = make_pod(status=looping(128, reason="StartError", message=message))

    (finding,) = diagnose_objects(pod, make_deployment(ready=0)).findings

    assert finding.problem.condition == "container-cannot-be-created"
    assert "resources.limits.memory" in finding.problem.next_step.en


@pytest.mark.parametrize(
    ("reason", "message", "condition"),
    [
        ("InvalidImageName", 'couldn\'t parse image name "Shop:1": invalid reference format', "image-invalid-name"),
        ("ErrImageNeverPull", 'Container image "shop:1" is not present with pull policy of Never', "image-never-pull"),
        (
            "CreateContainerConfigError",
            'container has runAsNonRoot and image will run as root (pod: "x", container: shop)',
            "container-runs-as-root",
        ),
        (
            "CreateContainerConfigError",
            "container has runAsNonRoot and image has non-numeric user (app), cannot verify user is non-root",
            "container-runs-as-root",
        ),
        ("CreateContainerError", "context deadline exceeded", "container-cannot-be-created"),
        (
            "CreateContainerError",
            'failed to generate container "x" spec: failed to generate spec: no command specified',
            "crash-command-not-found",
        ),
    ],
)
def test_waiting_reason_decides(reason: str, message: str, condition: str) -> None:
    assert conditions_of(make_pod(status=waiting(reason, message))) == [condition]


@pytest.mark.parametrize(("message", "named"), read_messages("start_errors", "message", "names"))
def test_program_that_cannot_be_started_is_named(message: str, named: str) -> None:
    status = looping(128, reason="StartError", message=message)

    (finding,) = diagnose_objects(make_pod(status=status)).findings

    assert finding.problem.condition == "crash-command-not-found"
    assert named in finding.problem.cause.en


@pytest.mark.parametrize(
    ("exit_code", "line", "named"),
    [
        (127, "/bin/sh: 1: node: not found", "node"),
        (127, "sh: line 1: python3: command not found", "python3"),
        (127, "/entrypoint.sh: line 12: envsubst: command not found", "envsubst"),
        (126, "sh: ./run.sh: Permission denied", "may not be executed"),
    ],
)
def test_program_that_a_shell_does_not_find_is_named(exit_code: int, line: str, named: str) -> None:
    (finding,) = diagnose_objects(make_pod(status=looping(exit_code)), logs={POD: line}).findings

    assert finding.problem.condition == "crash-command-not-found"
    assert named in finding.problem.cause.en


@pytest.mark.parametrize(
    "log",
    ["exec /app/server: exec format error", "/bin/sh: /app/server: cannot execute binary file: Exec format error"],
)
def test_program_of_another_processor_is_told_from_a_missing_one(log: str) -> None:
    (finding,) = diagnose_objects(make_pod(status=looping(1)), make_node(), logs={POD: log}).findings

    assert finding.problem.condition == "image-wrong-architecture"
    assert "amd64" in finding.problem.cause.en


def test_hook_that_fails_is_told_from_a_crash() -> None:
    status = looping(137)
    event = make_event(f"Pod/{POD}", "FailedPostStartHook", "PostStartHook failed: command '/hook' exited with 1")

    assert conditions_of(make_pod(status=status), event) == ["container-hook-failing"]


def test_container_that_runs_with_old_failures_of_its_image_is_healthy() -> None:
    event = make_event(f"Pod/{POD}", "Failed", "Failed to pull image: not found", age=20)

    assert conditions_of(make_pod(status=running(lastState=ended(0, minutes=600))), event) == []
