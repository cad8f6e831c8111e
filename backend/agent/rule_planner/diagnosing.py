"""From abnormal rows to explained cases: look closer at each, then answer."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from backend.agent.rule_planner.answers.problems import Case, answer_problems
from backend.agent.rule_planner.calls import (
    DEPLOYMENTS,
    DESCRIBE,
    LOGS,
    NODES,
    PODS,
    SERVICES,
    Answer,
    CallTools,
    Plan,
    PlannedCall,
    describe_pod,
    read_logs,
)
from backend.agent.rule_planner.intents import Kind
from backend.agent.rule_planner.matching import group_by_workload
from backend.agent.rule_planner.results import Problem, Row, ToolResult, TurnResults, read_problems
from backend.agent.rule_planner.root_causes import join, read_root_causes
from backend.vocabulary.language import Language

MAX_DESCRIBED = 8
MAX_LOGS = 3
NO_READY_ENDPOINTS = "service-no-ready-endpoints"


@dataclass(frozen=True, slots=True)
class Findings:
    """The rows that are not normal."""

    pods: tuple[Row, ...] = ()
    services: tuple[Row, ...] = ()
    deployments: tuple[Row, ...] = ()
    nodes: tuple[Row, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.pods or self.services or self.deployments or self.nodes)


def find_abnormal(results: TurnResults, *, namespace: str | None = None) -> Findings:
    """All abnormal rows of the lists read so far, of one namespace or of all."""

    def pick(tool: str) -> tuple[Row, ...]:
        rows = (row for row in results.rows(tool) if row.is_abnormal)
        return tuple(row for row in rows if namespace is None or row.namespace == namespace)

    nodes = pick(NODES) if namespace is None else ()
    return Findings(pods=pick(PODS), services=pick(SERVICES), deployments=pick(DEPLOYMENTS), nodes=nodes)


def plan_diagnosis(
    findings: Findings,
    results: TurnResults,
    *,
    heading: str,
    notes: Sequence[str],
    language: Language,
    kind: Kind | None = None,
) -> Plan:
    """Describe one pod per workload, read the logs of those still unexplained, then answer."""
    groups = group_by_workload(findings.pods)
    closer_looks = results.missing(
        describe_pod(name=rows[0].name, namespace=namespace)
        for (namespace, _), rows in list(groups.items())[:MAX_DESCRIBED]
    )
    if closer_looks:
        return CallTools(closer_looks)
    cases = build_cases(findings, results, kind=kind)
    logs = results.missing(list(_logs_of_unexplained(findings.pods, cases))[:MAX_LOGS])
    if logs:
        return CallTools(logs)
    return Answer(answer_problems(cases, heading=heading, notes=notes, language=language))


def build_cases(findings: Findings, results: TurnResults, *, kind: Kind | None = None) -> list[Case]:
    """One case per workload, service and node; a deployment whose pods are a case is not told twice.

    `kind` narrows what is added from the diagnosis of the whole place.
    """
    known = _listed_problems(results)
    cases = [
        _pod_case(namespace, workload, rows, results=results, known=known)
        for (namespace, workload), rows in group_by_workload(findings.pods).items()
    ]
    told = {(case.namespace, case.name) for case in cases}
    services = [_row_case("Service", row, status=row["endpoints"], known=known) for row in findings.services]
    cases = [_add_affected(case, services) for case in cases]
    consequences = {(case.namespace, name) for case in cases for name in case.affected_services}
    cases += [
        _row_case("Deployment", row, status=row["ready"], known=known)
        for row in findings.deployments
        if (row.namespace, row.name) not in told
    ]
    cases += [case for case in services if (case.namespace, case.name) not in consequences]
    cases += [_row_case("Node", row, status=row["status"], known=known) for row in findings.nodes]
    return join(cases, read_root_causes(results), kind=kind)


def _pod_case(
    namespace: str, workload: str, rows: Sequence[Row], *, results: TurnResults, known: Sequence[Problem]
) -> Case:
    names = tuple(row.name for row in rows)
    details = _find(results.of(DESCRIBE), namespace=namespace, key="name", names=names)
    logs = _find(results.of(LOGS), namespace=namespace, key="pod", names=names)
    described = details.problems if details else ()
    listed = [
        item
        for item in known
        if item.kind != "Service" and item.namespace == namespace and item.name in {workload, *names}
    ]
    problems = _merge(described, listed)
    owner = next((item.kind for item in problems if item.name == workload), "Workload")
    return Case(
        kind="Pod" if names == (workload,) else owner,
        namespace=namespace,
        name=workload,
        status=_pod_status(rows[0]),
        pods=names,
        restarts=rows[0]["restarts"],
        problems=problems,
        log_lines=_log_lines(logs),
        detail_error=details.outcome.text if details and not details.is_ok else "",
    )


def _pod_status(row: Row) -> str:
    """A pod that runs but is not ready looks healthy by its status alone."""
    return f"{row['status']} ({row['ready']})" if row["status"] == "Running" else row["status"]


def _row_case(kind: str, row: Row, *, status: str, known: Iterable[Problem]) -> Case:
    problems = [item for item in known if item.kind in {kind, ""} and (item.namespace, item.name) == _place(row)]
    return Case(kind=kind, namespace=row.namespace, name=row.name, status=status, problems=_merge((), problems))


def _add_affected(case: Case, services: Sequence[Case]) -> Case:
    """A service without ready pods is the consequence of its pods' trouble, not a trouble of its own."""
    names = tuple(
        service.name
        for service in services
        if service.namespace == case.namespace
        and {problem.condition for problem in service.problems} == {NO_READY_ENDPOINTS}
        and any(_mentions(problem, pods=case.pods) for problem in service.problems)
    )
    return replace(case, affected_services=names)


def _mentions(problem: Problem, *, pods: Sequence[str]) -> bool:
    return any(pod in item for item in problem.evidence for pod in pods)


def _place(row: Row) -> tuple[str, str]:
    return row.namespace, row.name


def _merge(described: Sequence[Problem], listed: Sequence[Problem]) -> tuple[Problem, ...]:
    """What the closer look found, then what only the list knew."""
    seen = {problem.condition for problem in described}
    extra: list[Problem] = []
    for problem in listed:
        if problem.condition not in seen:
            seen.add(problem.condition)
            extra.append(problem)
    return (*described, *extra)


def _listed_problems(results: TurnResults) -> list[Problem]:
    return [
        problem
        for tool in (PODS, DEPLOYMENTS, SERVICES, NODES)
        for result in results.of(tool)
        for problem in read_problems(result.structured.get("problems"))
    ]


def _logs_of_unexplained(pods: Sequence[Row], cases: Sequence[Case]) -> Iterable[PlannedCall]:
    by_name = {row.name: row for row in pods}
    for case in cases:
        row = by_name.get(case.pods[0]) if case.pods else None
        if row is None or case.problems or case.detail_error or row["status"] in {"Pending", "ContainerCreating"}:
            continue
        yield read_logs(pod=row.name, namespace=row.namespace, previous=row["restarts"] not in {"", "0"}, tail=20)


def _find(results: Sequence[ToolResult], *, namespace: str, key: str, names: Sequence[str]) -> ToolResult | None:
    return next(
        (
            result
            for result in results
            if result.arguments.get("namespace") == namespace and result.arguments.get(key) in names
        ),
        None,
    )


def _log_lines(logs: ToolResult | None) -> tuple[str, ...]:
    if logs is None or not logs.is_ok:
        return ()
    lines = logs.structured.get("lines")
    return tuple(str(line) for line in lines) if isinstance(lines, list) else ()
