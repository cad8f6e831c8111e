"""Questions about what is wrong: everywhere, in one namespace, or with one thing."""

from backend.agent.rule_planner.answers.general import answer_failures, answer_no_such_object, describe_failure
from backend.agent.rule_planner.answers.listing import to_table
from backend.agent.rule_planner.answers.markdown import choose, code, paragraphs, plural
from backend.agent.rule_planner.answers.problems import answer_problems, describe_scope
from backend.agent.rule_planner.calls import (
    DEPLOYMENTS,
    DESCRIBE,
    PODS,
    SERVICES,
    Answer,
    CallTools,
    Plan,
    describe_pod,
    diagnose,
    list_objects,
)
from backend.agent.rule_planner.diagnosing import Findings, build_cases, find_abnormal, plan_diagnosis
from backend.agent.rule_planner.intents import Explain, FindProblems, Kind, Overview, Scope
from backend.agent.rule_planner.matching import find_exact_rows, find_nearest, find_rows
from backend.agent.rule_planner.results import Row, TurnResults, workload_of
from backend.agent.rule_planner.root_causes import join, read_root_causes
from backend.vocabulary.language import Language

_LOOKED_AT = {
    None: (Kind.PODS, Kind.SERVICES, Kind.DEPLOYMENTS, Kind.NODES),
    Kind.PODS: (Kind.PODS,),
    Kind.SERVICES: (Kind.SERVICES, Kind.PODS),
    Kind.DEPLOYMENTS: (Kind.DEPLOYMENTS, Kind.PODS),
    Kind.NODES: (Kind.NODES,),
}
_MAX_OVERVIEW_CASES = 10
_CHINESE_KINDS = {
    Kind.PODS: " Pod ",
    Kind.SERVICES: " Service ",
    Kind.DEPLOYMENTS: " Deployment ",
    Kind.NODES: "节点",
}


def plan_problems(intent: FindProblems, results: TurnResults, *, language: Language) -> Plan:
    scope = intent.scope.or_everywhere()
    lists = [
        list_objects(kind, scope=scope, only_abnormal=kind is Kind.PODS)
        for kind in _LOOKED_AT[intent.kind]
        if kind is not Kind.NODES or intent.kind is Kind.NODES or scope.all_namespaces
    ]
    missing = results.missing([*lists, diagnose(scope=scope)])
    if missing:
        return CallTools(missing)
    findings = find_abnormal(results)
    place = describe_scope(scope.namespace, all_namespaces=scope.all_namespaces, language=language)
    return _answer_findings(findings, results, kind=intent.kind, place=place, language=language)


def plan_explanation(intent: Explain, results: TurnResults, *, language: Language) -> Plan:
    scope = intent.scope.or_everywhere()
    kinds = (Kind.PODS, Kind.DEPLOYMENTS, Kind.SERVICES)
    missing = results.missing(list_objects(kind, scope=scope) for kind in kinds)
    if missing:
        return CallTools(missing)
    if not any(results.table(tool) for tool in (PODS, DEPLOYMENTS, SERVICES)):
        return Answer(answer_failures(results.failures, language=language))
    meant = _find_meant(intent, results)
    if any(meant.values()):
        return _explain(meant, results, language=language)
    return _explain_instead(intent, results, scope=scope, language=language)


def is_unknown(intent: Explain, results: TurnResults) -> bool:
    """Whether everything was listed, and nothing there has the name."""
    lists = [results.table(tool) for tool in (PODS, DEPLOYMENTS, SERVICES)]
    namespaces = {row.namespace for table in lists if table is not None for row in table.rows}
    is_namespace = not namespaces.isdisjoint(intent.target.names)
    return (
        all(table is not None for table in lists)
        and not is_namespace
        and not any(_find_meant(intent, results).values())
    )


def plan_overview(intent: Overview, results: TurnResults, *, language: Language) -> Plan:
    scope = intent.scope.or_everywhere()
    kinds = (*([Kind.NODES] if scope.all_namespaces else []), Kind.PODS, Kind.DEPLOYMENTS, Kind.SERVICES)
    missing = results.missing([*(list_objects(kind, scope=scope) for kind in kinds), diagnose(scope=scope)])
    if missing:
        return CallTools(missing)
    if not any(results.table(f"k8s-get-{kind.value}") for kind in Kind):
        return Answer(answer_failures(results.failures, language=language))
    place = describe_scope(scope.namespace, all_namespaces=scope.all_namespaces, language=language)
    cases = build_cases(find_abnormal(results), results)
    notes = _failure_notes(results, language=language)
    if len(cases) > _MAX_OVERVIEW_CASES:
        rest = len(cases) - _MAX_OVERVIEW_CASES
        notes.append(choose(language, en=f"{rest} more problems are not shown.", zh=f"另有 {rest} 个问题未列出。"))
    ranked = sorted(cases, key=lambda case: case.rank)[:_MAX_OVERVIEW_CASES]
    heading = _count_everything(results, place=place, found=len(cases), language=language)
    return Answer(answer_problems(ranked, heading=heading, notes=notes, language=language))


def _answer_findings(
    findings: Findings, results: TurnResults, *, kind: Kind | None, place: str, language: Language
) -> Plan:
    notes = _failure_notes(results, language=language)
    cases = join((), read_root_causes(results), kind=kind)
    if not findings and not cases:
        if results.failures and not any(results.table(f"k8s-get-{each.value}") for each in Kind):
            return Answer(answer_failures(results.failures, language=language))
        return Answer(paragraphs(_say_nothing_found(kind, place=place, language=language), *notes))
    pods = results.table(PODS)
    if pods is not None and pods.has_more:
        text = choose(language, en="There are more pods than were read.", zh="Pod 数量超过一次读取的上限，未全部检查。")
        notes.append(text)
    heading = _say_found(findings, place=place, language=language) if findings else ""
    return plan_diagnosis(findings, results, heading=heading, notes=notes, language=language, kind=kind)


def _find_meant(intent: Explain, results: TurnResults) -> dict[str, tuple[Row, ...]]:
    """Deployments and services of the name, and the pods of the name or of the deployment."""
    return {
        PODS: find_rows(intent.target, rows=results.rows(PODS)),
        DEPLOYMENTS: find_exact_rows(intent.target, rows=results.rows(DEPLOYMENTS)),
        SERVICES: find_exact_rows(intent.target, rows=results.rows(SERVICES)),
    }


def _explain(meant: dict[str, tuple[Row, ...]], results: TurnResults, *, language: Language) -> Plan:
    findings = Findings(
        pods=tuple(row for row in meant[PODS] if row.is_abnormal),
        services=tuple(row for row in meant[SERVICES] if row.is_abnormal),
        deployments=tuple(row for row in meant[DEPLOYMENTS] if row.is_abnormal),
    )
    notes = _failure_notes(results, language=language)
    first = next(row for rows in (meant[DEPLOYMENTS], meant[PODS], meant[SERVICES]) for row in rows)
    name = code(f"{first.namespace}/{workload_of(first.name) if meant[PODS] else first.name}")
    if findings:
        heading = choose(language, en=f"{name} is not normal:", zh=f"{name} 不正常：")
        return plan_diagnosis(findings, results, heading=heading, notes=notes, language=language)
    missing = results.missing(describe_pod(name=pod.name, namespace=pod.namespace) for pod in meant[PODS][:1])
    if missing:
        return CallTools(missing)
    heading = choose(
        language,
        en=f"{name} looks normal: nothing about it is abnormal right now.",
        zh=f"{name} 目前看起来正常，没有发现异常。",
    )
    tables = [
        to_table(table, rows=meant[tool])
        for tool in (DEPLOYMENTS, PODS, SERVICES)
        if meant[tool] and (table := results.table(tool)) is not None
    ]
    return Answer(paragraphs(heading, *tables, *notes))


def _explain_instead(intent: Explain, results: TurnResults, *, scope: Scope, language: Language) -> Plan:
    """No object has that name: it may be a namespace, or an ordinary word."""
    rows = [*results.rows(PODS), *results.rows(DEPLOYMENTS), *results.rows(SERVICES)]
    namespace = next((name for name in intent.target.names if any(row.namespace == name for row in rows)), None)
    place = describe_scope(scope.namespace, all_namespaces=scope.all_namespaces, language=language)
    if namespace is not None:
        place = describe_scope(namespace, all_namespaces=False, language=language)
        findings = find_abnormal(results, namespace=namespace)
        return _answer_findings(findings, results, kind=None, place=place, language=language)
    names = {row.name for row in rows} | {workload_of(row.name) for row in results.rows(PODS)}
    nearest = find_nearest(intent.target, names=names)
    if intent.target.is_certain or nearest:
        missing = answer_no_such_object(intent.target.names[:1], nearest=nearest, place=place, language=language)
        return Answer(paragraphs(missing, *_failure_notes(results, language=language)))
    return _answer_findings(find_abnormal(results), results, kind=None, place=place, language=language)


def _failure_notes(results: TurnResults, *, language: Language) -> list[str]:
    listed = [result for result in results.failures if result.tool != DESCRIBE]
    if not listed:
        return []
    heading = choose(language, en="Not everything could be read:", zh="有些内容没能读取：")
    return ["\n".join([heading, *(f"- {describe_failure(result, language=language)}" for result in listed)])]


def _say_found(findings: Findings, *, place: str, language: Language) -> str:
    parts: list[str] = []
    workloads = len({(row.namespace, workload_of(row.name)) for row in findings.pods})
    if findings.pods:
        parts.append(
            choose(
                language,
                en=f"{plural(len(findings.pods), 'pod')} of {plural(workloads, 'workload')}",
                zh=f"{len(findings.pods)} 个 Pod（分属 {workloads} 个工作负载）",
            )
        )
    others = ((findings.services, "Service"), (findings.nodes, "Node"))
    parts += [
        choose(language, en=plural(len(rows), kind.lower()), zh=f"{len(rows)} 个 {kind}")
        for rows, kind in others
        if rows
    ]
    if not parts:
        parts = [
            choose(
                language,
                en=plural(len(findings.deployments), "deployment"),
                zh=f"{len(findings.deployments)} 个 Deployment",
            )
        ]
    listed = choose(language, en=", ", zh="、").join(parts)
    return choose(language, en=f"Not normal {place}: {listed}.", zh=f"{place}不正常的有：{listed}。")


def _say_nothing_found(kind: Kind | None, *, place: str, language: Language) -> str:
    if kind is None:
        return choose(language, en=f"I found no abnormal objects {place}.", zh=f"{place}没有发现异常对象。")
    return choose(
        language,
        en=f"All {kind.value} {place} look normal.",
        zh=f"{place}的{_CHINESE_KINDS[kind]}都正常，没有发现异常。",
    )


def _count_everything(results: TurnResults, *, place: str, found: int, language: Language) -> str:
    title = (
        choose(
            language, en=f"Health {place}: {plural(found, 'problem')}.", zh=f"{place}的健康概览：发现 {found} 个问题。"
        )
        if found
        else choose(language, en=f"Health {place}: no problems found.", zh=f"{place}的健康概览：没有发现问题。")
    )
    lines: list[str] = []
    for kind in Kind:
        table = results.table(f"k8s-get-{kind.value}")
        if table is None:
            continue
        total = len(table.rows) if table.total is None else table.total
        abnormal = sum(1 for row in table.rows if row.is_abnormal)
        counts = ", ".join(f"{name} {count}" for name, count in table.counts.items())
        state = choose(language, en=f"{abnormal} not normal", zh=f"{abnormal} 个不正常") if abnormal else "OK"
        lines.append(f"- **{kind.value}**: {total} ({state})" + (f" — {counts}" if counts else ""))
    return "\n".join([title, "", *lines])
