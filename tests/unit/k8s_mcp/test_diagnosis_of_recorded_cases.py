"""The rules decide what a real cluster showed, with and without what only a single pod's view reads."""

from __future__ import annotations

import pytest

from k8s_diagnosis.diagnosing import diagnose_pod, diagnose_service
from k8s_diagnosis.objects.access import JsonObject, labels_of, name_of
from k8s_diagnosis.objects.events import read_event
from k8s_diagnosis.objects.nodes import measure_nodes
from k8s_diagnosis.problem import Problem
from k8s_diagnosis.snapshot import PodSnapshot, ServiceSnapshot
from tests.fakes.recorded_cluster import RecordedCase, case_names, read_case

FAULTS = [name for name in case_names() if read_case(name).condition]
SILENT = [name for name in case_names() if not read_case(name).condition]

# What the cause has to name, besides the condition being right.
NAMED = {
    "crash-missing-env": "ORDERS_DB_URL",
    "oom-own-limit": "64Mi",
    "image-wrong-tag": "1.27.42-bookworm9",
    "pending-insufficient-cpu": "6 CPU",
    "pending-insufficient-memory": "200Gi",
    "readiness-wrong-port": "asks port 8081, the container listens on 8080",
    "liveness-wrong-port": "asks port 9090, the container listens on 8080",
    "startup-probe-too-short": "gives up about 15 s after the start",
    "configmap-missing": "shipping-settings",
    "configmap-key-missing": "vat-table",
    "secret-volume-missing": "psp-client-cert",
    "exit-127-command-not-found": "gunicorn: not found",
    "init-failing": "no such file",
    "read-only-rootfs": "Read-only file system",
    "untolerated-taint": "dedicated: payments",
}


def diagnose(case: RecordedCase, *, is_list: bool = False) -> list[Problem]:
    return [problem for pod in case.content["pods"] for problem in diagnose_pod(snapshot(case, pod, is_list=is_list))]


def snapshot(case: RecordedCase, pod: JsonObject, *, is_list: bool) -> PodSnapshot:
    events = [event for event in map(read_event, case.content["events"]) if event.name == name_of(pod)]
    if is_list:
        return PodSnapshot(pod, case.recorded_at, [event for event in events if event.is_warning])
    tails = {key.split("/")[1]: lines for key, lines in case.content["logs"].items() if key.startswith(name_of(pod))}
    return PodSnapshot(
        pod,
        case.recorded_at,
        events,
        log_tails=tails,
        nodes=measure_nodes(case.content["nodes"], []),
        config_names={"ConfigMap": case.content["config_maps"], "Secret": case.content["secrets"]},
    )


@pytest.mark.parametrize("name", FAULTS)
def test_fault_is_named_with_its_cause(name: str) -> None:
    case = read_case(name)

    problems = diagnose(case)

    assert problems
    assert {problem.condition for problem in problems} == {case.condition}
    assert NAMED.get(name, "") in problems[0].cause.en
    assert problems[0].evidence
    assert problems[0].confidence >= 0.7


@pytest.mark.parametrize("name", FAULTS)
def test_list_view_agrees_or_says_the_less_exact_condition(name: str) -> None:
    case = read_case(name)

    conditions = {problem.condition for problem in diagnose(case, is_list=True)}

    assert conditions == ({"crash-exit-error"} if name == "crash-missing-env" else {case.condition})


@pytest.mark.parametrize("name", SILENT)
def test_healthy_pods_get_no_problem(name: str) -> None:
    case = read_case(name)

    assert diagnose(case) == []
    assert diagnose(case, is_list=True) == []


@pytest.mark.parametrize("name", FAULTS)
def test_both_languages_name_the_same_thing(name: str) -> None:
    problem = diagnose(read_case(name))[0]

    assert any("\u4e00" <= character <= "\u9fff" for character in problem.cause.zh)
    assert any("\u4e00" <= character <= "\u9fff" for character in problem.next_step.zh)
    assert not any("\u4e00" <= character <= "\u9fff" for character in problem.cause.en)


def test_missing_configmap_points_to_the_one_that_was_probably_meant() -> None:
    problem = diagnose(read_case("configmap-missing"))[0]

    assert "shipping-config exists" in problem.cause.en


def test_insufficient_cpu_compares_the_request_with_what_is_free() -> None:
    problem = diagnose(read_case("pending-insufficient-cpu"))[0]

    assert "pod requests cpu=6" in problem.evidence
    assert any("cpu free 2 of 2" in line for line in problem.evidence)


def diagnose_services(case: RecordedCase) -> list[Problem]:
    conditions = {
        name_of(pod): found[0].condition
        for pod in case.content["pods"]
        if (found := diagnose_pod(snapshot(case, pod, is_list=False)))
    }
    problems = []
    for service in case.content["services"]:
        slices = [
            each
            for each in case.content["endpoint_slices"]
            if labels_of(each).get("kubernetes.io/service-name") == name_of(service)
        ]
        view = ServiceSnapshot(service, case.content["pods"], slices, case.content["deployments"], conditions)
        problems += diagnose_service(view)
    return problems


def test_service_of_a_deployment_scaled_to_zero_is_not_blamed_on_its_selector() -> None:
    (problem,) = diagnose_services(read_case("scaled-to-zero"))

    assert problem.condition == "service-no-ready-endpoints"
    assert "scaled to 0" in problem.cause.en


def test_service_with_unready_pods_points_to_their_problem() -> None:
    (problem,) = diagnose_services(read_case("endpoints-not-ready"))

    assert problem.condition == "service-no-ready-endpoints"
    assert "readiness-failing" in problem.cause.en


@pytest.mark.parametrize("name", ["healthy-rolling-update", "healthy-completed-job", "service-wrong-target-port"])
def test_services_with_ready_endpoints_are_silent(name: str) -> None:
    assert diagnose_services(read_case(name)) == []


def test_selector_that_matches_nothing_names_the_nearest_labels() -> None:
    case = read_case("healthy-rolling-update")
    service = case.content["services"][0]
    service["spec"]["selector"] = {"app.kubernetes.io/name": "landing-pages"}

    (problem,) = diagnose_service(ServiceSnapshot(service, case.content["pods"], [], case.content["deployments"]))

    assert problem.condition == "service-selector-no-match"
    assert "app.kubernetes.io/name=landing-page" in problem.cause.en
    assert problem.object == "Service/landing/landing-page"
