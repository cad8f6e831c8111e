"""Scaling: find the deployment, ask for the change once, look again."""

from backend.agent.domain import ToolStatus
from backend.agent.rule_planner.answers.changes import ask_for_namespace
from backend.agent.rule_planner.answers.general import answer_failures, answer_no_such_object, answer_which_object
from backend.agent.rule_planner.answers.problems import describe_scope
from backend.agent.rule_planner.answers.scaling import (
    answer_already_there,
    answer_scaled,
    ask_for_number,
)
from backend.agent.rule_planner.calls import DEPLOYMENTS, PODS, SCALE, Answer, CallTools, Plan, list_objects, scale
from backend.agent.rule_planner.intents import Kind, ScaleDeployment, Scope, Target
from backend.agent.rule_planner.matching import find_exact_rows, find_nearest, find_rows
from backend.agent.rule_planner.results import Row, ToolResult, TurnResults, replicas_of
from backend.vocabulary.language import Language


def plan_scaling(intent: ScaleDeployment, results: TurnResults, *, language: Language) -> Plan:
    names = intent.target.names
    if not names:
        return Answer(answer_which_object(language))
    if intent.replicas is None and intent.change is None:
        return Answer(ask_for_number(names[0], language=language))
    done = results.last(SCALE)
    if done is not None:
        return _look_again(done, results, language=language)
    scope = intent.scope.or_everywhere()
    missing = results.missing([list_objects(Kind.DEPLOYMENTS, scope=scope)])
    if missing:
        return CallTools(missing)
    listed = results.table(DEPLOYMENTS)
    if listed is None:
        return Answer(answer_failures(results.of(DEPLOYMENTS), language=language))
    rows = find_exact_rows(intent.target, rows=listed.rows)
    if not rows:
        nearest = find_nearest(intent.target, names=[row.name for row in listed.rows])
        place = describe_scope(scope.namespace, all_namespaces=scope.all_namespaces, language=language)
        return Answer(answer_no_such_object(names[:1], nearest=nearest, place=place, language=language))
    if len(rows) > 1:
        return Answer(ask_for_namespace(rows, language=language))
    return _ask_for_change(intent, rows[0], language=language)


def _ask_for_change(intent: ScaleDeployment, row: Row, *, language: Language) -> Plan:
    counted = replicas_of(row["ready"])
    wanted = intent.replicas
    if wanted is None:
        if counted is None:
            return Answer(ask_for_number(row.name, language=language))
        wanted = max(0, counted[1] + (intent.change or 0))
    if counted is not None and counted[1] == wanted:
        return Answer(answer_already_there(row, replicas=wanted, language=language))
    return CallTools((scale(name=row.name, namespace=row.namespace, replicas=wanted),))


def _look_again(done: ToolResult, results: TurnResults, *, language: Language) -> Plan:
    """After a change, or one whose outcome is unknown, only the live state counts."""
    may_have_changed = done.outcome.status in {ToolStatus.OK, ToolStatus.UNKNOWN}
    name, namespace = str(done.arguments.get("name", "")), str(done.arguments.get("namespace", ""))
    if not may_have_changed:
        return Answer(answer_scaled(done, row=None, pods=(), language=language))
    scope, later = Scope(namespace=namespace), results.after(done)
    missing = later.missing(list_objects(kind, scope=scope) for kind in (Kind.DEPLOYMENTS, Kind.PODS))
    if missing:
        return CallTools(missing)
    rows = later.rows(DEPLOYMENTS)
    row = next((row for row in rows if row.name == name and row.namespace == namespace), None)
    pods = find_rows(Target(names=(name,), is_certain=True), rows=later.rows(PODS))
    return Answer(answer_scaled(done, row=row, pods=pods, language=language))
