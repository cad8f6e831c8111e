"""Which rules apply, in which order: within a list the first answer wins, since the later ones are less exact."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from k8s_diagnosis.cases import ContainerCase, PodCase
from k8s_diagnosis.coverage import list_unknown
from k8s_diagnosis.index import ClusterIndex
from k8s_diagnosis.joining import Finding, join_problems
from k8s_diagnosis.objects.access import JsonObject, read_map, read_maps, read_text
from k8s_diagnosis.objects.jobs import failure_of, is_complete, started_at
from k8s_diagnosis.objects.pods import controller_of, is_condition_true, is_terminating
from k8s_diagnosis.problem import Problem
from k8s_diagnosis.rules import (
    access_rights,
    admission,
    autoscaling,
    configuration,
    crash,
    cronjobs,
    dependencies,
    image,
    ingress,
    jobs,
    memory,
    network,
    nodes,
    placement,
    pod_life,
    probes,
    scheduling,
    services,
    starting,
    storage,
    workloads,
)
from k8s_diagnosis.snapshot import ClusterSnapshot, Unread

PodRule = Callable[[PodCase], Problem | None]
ContainerRule = Callable[[ContainerCase], Problem | None]
ClusterRule = Callable[[ClusterIndex], Iterator[Problem]]

POD_RULES: tuple[PodRule, ...] = (
    memory.find_evicted,
    placement.find_gated,
    storage.find_unbound_volume,
    storage.find_volume_node_affinity,
    placement.find_node_selector,
    scheduling.find_insufficient,
    scheduling.find_too_many_pods,
    placement.find_cordoned,
    placement.find_untolerated_taint,
    placement.find_host_port,
    placement.find_anti_affinity,
    placement.find_topology_spread,
    placement.find_other_reason,
    placement.find_no_scheduler,
    placement.find_missing_node,
    configuration.find_configuration_missing,
    storage.find_mount_failing,
    pod_life.find_sandbox_failed,
    pod_life.find_gate_pending,
)

IMAGE_RULES: tuple[ContainerRule, ...] = (
    image.find_image_invalid_name,
    image.find_image_never_pull,
    image.find_image_platform,
    image.find_image_registry_unreachable,
    image.find_image_pull_secret_missing,
    image.find_image_pull_denied,
    image.find_image_not_found,
    image.find_image_pull_failing,
)

# What a Job's own failure would only repeat is left to the rule about Jobs.
EXACT_CRASH_RULES: tuple[ContainerRule, ...] = (
    memory.find_oom_killed,
    memory.find_oom_node,
    starting.find_wrong_architecture,
    starting.find_command_not_found,
    crash.find_missing_env,
    access_rights.find_rbac_forbidden,
    dependencies.find_dependency_unreachable,
)

# A container killed from outside must not be blamed on its program, so those rules come before the crash rules.
CONTAINER_RULES: tuple[ContainerRule, ...] = (
    *IMAGE_RULES,
    starting.find_root_refused,
    starting.find_hook_failing,
    memory.find_oom_killed,
    memory.find_oom_node,
    probes.find_restart_by_wrong_port,
    probes.find_restart_by_wrong_path,
    probes.find_startup_too_short,
    probes.find_liveness_too_aggressive,
    probes.find_restart_by_probe,
    starting.find_wrong_architecture,
    starting.find_command_not_found,
    starting.find_cannot_create,
    crash.find_missing_env,
    access_rights.find_rbac_forbidden,
    dependencies.find_dependency_unreachable,
    crash.find_known_ending,
    crash.find_exit_zero,
    crash.find_after_change,
    crash.find_exit_error,
    probes.find_readiness_wrong_port,
    probes.find_readiness_wrong_path,
    probes.find_readiness_failing,
    pod_life.find_init_hanging,
)

CLUSTER_RULES: tuple[ClusterRule, ...] = (
    admission.find_refused_pods,
    storage.find_claims,
    pod_life.find_stuck_terminating,
    jobs.find_jobs,
    cronjobs.find_cronjobs,
    workloads.find_deployments,
    workloads.find_statefulsets,
    workloads.find_daemonsets,
    autoscaling.find_autoscalers,
    autoscaling.find_disruption_budgets,
    services.find_services,
    ingress.find_ingresses,
    network.find_network,
    nodes.find_nodes,
    nodes.find_metrics,
)

_OWN_PODS = {"ReplicaSet", "StatefulSet", "DaemonSet", "ReplicationController"}
_FAILURES_OF_A_RUNNING_JOB = 2


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What is wrong, causes first, and what could not be judged."""

    findings: tuple[Finding, ...]
    unknown: tuple[Unread, ...]

    @property
    def is_healthy(self) -> bool:
        """Nothing was found; whether everything was looked at is another question."""
        return not self.findings


def diagnose(snapshot: ClusterSnapshot) -> Diagnosis:
    """Apply every rule to a snapshot and join what they find."""
    index = ClusterIndex(snapshot)
    return Diagnosis(tuple(join_problems(find_problems(index))), tuple(list_unknown(index)))


def narrow_to_namespace(diagnosis: Diagnosis, namespace: str) -> Diagnosis:
    """Only findings that have to do with the namespace, be it by one of their effects."""
    return replace(diagnosis, findings=tuple(f for f in diagnosis.findings if _concerns_namespace(f, namespace)))


def _concerns_namespace(finding: Finding, namespace: str) -> bool:
    paths = [path for each in finding.walk() for path in (each.problem.object, *each.subjects, *each.pods)]
    return any(path.split("/", 2)[1] == namespace or path == f"Namespace//{namespace}" for path in paths)


def find_problems(index: ClusterIndex) -> Iterator[Problem]:
    """Every problem, one by one and unjoined."""
    for pod in index.all("Pod"):
        yield from diagnose_pod(index, pod)
    for rule in CLUSTER_RULES:
        yield from rule(index)


def diagnose_pod(index: ClusterIndex, pod: JsonObject) -> list[Problem]:
    """Problems of one pod: one of the pod as a whole, or else one per container. Healthy pods have none."""
    if _is_quiet(pod) or is_terminating(pod):
        return []
    case = PodCase(index, pod)
    for rule in POD_RULES:
        problem = rule(case)
        if problem is not None:
            return [_with_pod(problem, case)]
    rules = _rules_for(case)
    found: list[Problem] = []
    for container in case.containers if rules else ():
        problem = _first(rules, container)
        if problem is not None:
            found.append(_with_pod(problem, case))
            if container.is_init:
                break
    return found


def diagnose_service(index: ClusterIndex, service: JsonObject) -> list[Problem]:
    problem = services.judge_service(index, service)
    return [problem] if problem is not None else []


def _is_quiet(pod: JsonObject) -> bool:
    """A quick look that spares healthy pods, the many, all rules."""
    phase = read_text(pod, "status", "phase")
    if phase == "Succeeded":
        return True
    if phase != "Running" or not is_condition_true(pod, "Ready"):
        return False
    statuses = [*read_maps(pod, "status", "containerStatuses"), *read_maps(pod, "status", "initContainerStatuses")]
    return not any(read_map(status, "lastState") for status in statuses)


def _rules_for(case: PodCase) -> Sequence[ContainerRule]:
    """A pod that has ended for good says something only about what ran it to its end."""
    kind, owner = _direct_owner(case)
    if kind == "Job":
        return _rules_for_job(case, owner)
    if read_text(case.pod, "status", "phase") == "Failed" and kind in _OWN_PODS:
        return ()
    return CONTAINER_RULES


def _rules_for_job(case: PodCase, job: JsonObject | None) -> Sequence[ContainerRule]:
    if job is None:
        return () if _has_succeeded(case) else CONTAINER_RULES
    if is_complete(job) or _was_followed_by_success(case.index, job):
        return ()
    if read_text(case.pod, "status", "phase") != "Failed":
        return CONTAINER_RULES
    if failure_of(job):
        return EXACT_CRASH_RULES
    failed = job.get("status", {}).get("failed")
    return CONTAINER_RULES if isinstance(failed, int) and failed >= _FAILURES_OF_A_RUNNING_JOB else ()


def _has_succeeded(case: PodCase) -> bool:
    """Whether another pod of a Job that was not read has done its work."""
    kind, name = controller_of(case.pod)
    pods = case.index.pods_of(f"{kind}/{case.namespace}/{name}")
    return any(read_text(pod, "status", "phase") == "Succeeded" for pod in pods)


def _was_followed_by_success(index: ClusterIndex, job: JsonObject) -> bool:
    owner = index.owner_path_of("Job", job)
    begun = started_at(job)
    return any(is_complete(other) and started_at(other) > begun for other in index.children_of("Job", owner=owner))


def _direct_owner(case: PodCase) -> tuple[str, JsonObject | None]:
    kind, name = controller_of(case.pod)
    return kind, case.index.find(kind, case.namespace, name)


def _first(rules: Iterable[ContainerRule], case: ContainerCase) -> Problem | None:
    for rule in rules:
        problem = rule(case)
        if problem is not None:
            return problem
    return None


def _with_pod(problem: Problem, case: PodCase) -> Problem:
    return replace(problem, pods=(case.path,), subject=problem.subject or case.workload)
