"""Lists, details, logs and events."""

from backend.agent.rule_planner.answers.general import answer_failures, answer_no_such_object, answer_which_object
from backend.agent.rule_planner.answers.listing import answer_details, answer_events, answer_list, answer_logs
from backend.agent.rule_planner.answers.markdown import paragraphs
from backend.agent.rule_planner.answers.problems import answer_problems, describe_scope
from backend.agent.rule_planner.calls import (
    DESCRIBE,
    EVENTS,
    LOGS,
    MANY,
    PODS,
    Answer,
    CallTools,
    Plan,
    describe_pod,
    list_events,
    list_objects,
    read_asked_logs,
)
from backend.agent.rule_planner.diagnosing import Findings, build_cases
from backend.agent.rule_planner.intents import Describe, Kind, ListObjects, ReadEvents, ReadLogs, Scope, Target
from backend.agent.rule_planner.matching import abnormal_first, find_nearest, find_rows
from backend.agent.rule_planner.results import Row, ToolResult, TurnResults, split_object, workload_of
from backend.vocabulary.language import Language

_LIST_LIMIT = 50


def plan_list(intent: ListObjects, results: TurnResults, *, language: Language) -> Plan:
    """A name beside the kind narrows the list: a namespace, or the workload of pods."""
    names = intent.target.names
    scope = intent.scope.or_everywhere() if names else intent.scope
    tool = f"k8s-get-{intent.kind.value}"
    missing = results.missing([list_objects(intent.kind, scope=scope, limit=MANY if names else _LIST_LIMIT)])
    if missing:
        return CallTools(missing)
    listed = results.table(tool)
    if listed is None:
        return Answer(answer_failures(results.of(tool), language=language))
    rows = listed.rows
    namespace = next((name for name in names if any(row.namespace == name for row in rows)), None)
    if namespace is not None:
        rows = tuple(row for row in rows if row.namespace == namespace)
        scope = Scope(namespace=namespace)
    elif names:
        rows = find_rows(intent.target, rows=rows)
    place = _place(scope, kind=intent.kind, language=language)
    if names and not rows:
        nearest = find_nearest(intent.target, names=[workload_of(row.name) for row in listed.rows])
        return Answer(answer_no_such_object(names[:1], nearest=nearest, place=place, language=language))
    return Answer(answer_list(intent.kind, listed, rows=rows, place=place, language=language))


def plan_details(intent: Describe, results: TurnResults, *, language: Language) -> Plan:
    found = _find_pod(intent.target, scope=intent.scope, results=results, language=language)
    if not isinstance(found, Row):
        return found
    missing = results.missing([describe_pod(name=found.name, namespace=found.namespace)])
    if missing:
        return CallTools(missing)
    details = results.of(DESCRIBE)[-1]
    if not details.is_ok or not details.structured:
        return Answer(answer_failures([details], language=language))
    text = answer_details(details, is_assumed=intent.target.is_assumed, language=language)
    cases = [case for case in build_cases(Findings(pods=(found,)), results) if case.problems]
    diagnosis = answer_problems(cases, heading="", notes=(), language=language) if cases else ""
    return Answer(paragraphs(text, diagnosis))


def plan_logs(intent: ReadLogs, results: TurnResults, *, language: Language) -> Plan:
    found = _find_pod(intent.target, scope=intent.scope, results=results, language=language)
    if not isinstance(found, Row):
        return found
    call = read_asked_logs(intent, pod=found.name, namespace=found.namespace, previous=intent.previous)
    if results.missing([call]):
        return CallTools((call,))
    logs = tuple(result for result in results.of(LOGS) if result.arguments.get("pod") == found.name)
    if _should_look_at_previous_run(intent, found, logs):
        call = read_asked_logs(intent, pod=found.name, namespace=found.namespace, previous=True)
        return CallTools((call,))
    usable = [result for result in logs if result.is_ok and result.structured]
    if not usable:
        return Answer(answer_failures(logs, language=language))
    return Answer(answer_logs(usable[-1], is_assumed=intent.target.is_assumed, language=language))


def plan_events(intent: ReadEvents, results: TurnResults, *, language: Language) -> Plan:
    """The tool looks for exact names only; a workload's events are those of its pods too, so they are picked here."""
    names = intent.target.names
    scope = intent.scope.or_everywhere() if names else intent.scope
    limit = 500 if names else _LIST_LIMIT
    missing = results.missing([list_events(scope=scope, only_warnings=intent.only_warnings, limit=limit)])
    if missing:
        return CallTools(missing)
    listed = results.table(EVENTS)
    if listed is None:
        return Answer(answer_failures(results.of(EVENTS), language=language))
    rows = tuple(row for row in listed.rows if not names or _is_about(row, names=names))
    place = _place(scope, kind=Kind.PODS, language=language)
    name = names[0] if names else ""
    return Answer(answer_events(listed, rows=rows, place=place, name=name, language=language))


def _find_pod(target: Target, *, scope: Scope, results: TurnResults, language: Language) -> Row | Plan:
    """The pod that is meant: of several of one workload, one that is not normal, else the first."""
    if not target.names:
        return Answer(answer_which_object(language))
    everywhere = scope.or_everywhere()
    missing = results.missing([list_objects(Kind.PODS, scope=everywhere)])
    if missing:
        return CallTools(missing)
    listed = results.table(PODS)
    if listed is None:
        return Answer(answer_failures(results.of(PODS), language=language))
    fitting = abnormal_first(find_rows(target, rows=listed.rows))
    if fitting:
        return fitting[0]
    names = [name for row in listed.rows for name in (row.name, workload_of(row.name))]
    nearest = find_nearest(target, names=names)
    place = _place(everywhere, kind=Kind.PODS, language=language)
    return Answer(answer_no_such_object(target.names[:1], nearest=nearest, place=place, language=language))


def _should_look_at_previous_run(intent: ReadLogs, pod: Row, logs: tuple[ToolResult, ...]) -> bool:
    """A container that just restarted has written nothing yet; what matters is what it wrote before."""
    only = logs[-1]
    has_restarted = pod["restarts"] not in {"", "0"}
    is_silent = not only.is_ok or not only.structured.get("lines")
    return len(logs) == 1 and not intent.previous and not intent.contains and has_restarted and is_silent


def _is_about(row: Row, *, names: tuple[str, ...]) -> bool:
    _, _, name = split_object(row["object"])
    return any(name == wanted or workload_of(name) == wanted or name.startswith(f"{wanted}-") for wanted in names)


def _place(scope: Scope, *, kind: Kind, language: Language) -> str:
    if kind is Kind.NODES:
        return describe_scope(None, all_namespaces=True, language=language)
    return describe_scope(scope.namespace, all_namespaces=scope.all_namespaces, language=language)
