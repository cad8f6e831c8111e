"""Which rules apply, in which order: within a chain the first answer wins, since the later ones are less exact."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from k8s_diagnosis.objects.access import read_text
from k8s_diagnosis.objects.pods import is_terminating
from k8s_diagnosis.problem import Problem
from k8s_diagnosis.rules import configuration, crash, image, memory, probes, scheduling, services
from k8s_diagnosis.snapshot import ContainerCase, PodSnapshot, ServiceSnapshot

PodRule = Callable[[PodSnapshot], Problem | None]
ContainerRule = Callable[[ContainerCase], Problem | None]
ServiceRule = Callable[[ServiceSnapshot], Problem | None]

POD_RULES: tuple[PodRule, ...] = (
    scheduling.find_insufficient_cpu,
    scheduling.find_insufficient_memory,
    scheduling.find_unschedulable,
    configuration.find_configmap_missing,
    configuration.find_secret_missing,
)

# A container killed from outside must not be blamed on its program, so those rules come before the crash rules.
CONTAINER_RULES: tuple[ContainerRule, ...] = (
    image.find_image_pull_denied,
    image.find_image_not_found,
    memory.find_oom_killed,
    probes.find_liveness_wrong_port,
    probes.find_liveness_too_aggressive,
    probes.find_liveness_failing,
    crash.find_missing_env,
    crash.find_exit_error,
    probes.find_readiness_wrong_port,
    probes.find_readiness_failing,
)

SERVICE_RULES: tuple[ServiceRule, ...] = (
    services.find_selector_no_match,
    services.find_no_ready_endpoints,
)


def diagnose_pod(snapshot: PodSnapshot) -> list[Problem]:
    """Problems of one pod: one of the pod as a whole, or else one per container. Healthy pods have none."""
    if read_text(snapshot.pod, "status", "phase") == "Succeeded" or is_terminating(snapshot.pod):
        return []
    for rule in POD_RULES:
        problem = rule(snapshot)
        if problem is not None:
            return [problem]
    found = (_first(CONTAINER_RULES, case) for case in snapshot.cases())
    return _unique(problem for problem in found if problem is not None)


def diagnose_service(snapshot: ServiceSnapshot) -> list[Problem]:
    for rule in SERVICE_RULES:
        problem = rule(snapshot)
        if problem is not None:
            return [problem]
    return []


def _first(rules: Iterable[ContainerRule], case: ContainerCase) -> Problem | None:
    for rule in rules:
        problem = rule(case)
        if problem is not None:
            return problem
    return None


def _unique(problems: Iterable[Problem]) -> list[Problem]:
    return list({(problem.condition, problem.object, problem.cause.en): problem for problem in problems}.values())
