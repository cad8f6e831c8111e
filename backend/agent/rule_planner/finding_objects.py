"""Finds the one object a question names, among the kinds it may be of."""

from collections.abc import Sequence
from dataclasses import dataclass

from backend.agent.rule_planner.answers.changes import ask_for_namespace
from backend.agent.rule_planner.answers.general import answer_failures, answer_no_such_object
from backend.agent.rule_planner.answers.problems import describe_scope
from backend.agent.rule_planner.calls import Answer, CallTools, Plan, PlannedCall, list_kind, list_objects
from backend.agent.rule_planner.intents import Kind, Scope, Target
from backend.agent.rule_planner.matching import find_exact_rows, find_nearest
from backend.agent.rule_planner.results import Row, TurnResults
from backend.vocabulary.language import Language

COMMON_KINDS: dict[str, Kind] = {
    "Deployment": Kind.DEPLOYMENTS,
    "Service": Kind.SERVICES,
    "Pod": Kind.PODS,
    "Node": Kind.NODES,
}
"""Kinds with a list tool of their own."""
PLURALS = {
    "StatefulSet": "statefulsets",
    "DaemonSet": "daemonsets",
    "ConfigMap": "configmaps",
    "Ingress": "ingresses",
}


@dataclass(frozen=True, slots=True)
class FoundObject:
    kind: str
    namespace: str
    name: str


def find_object(
    target: Target, *, scope: Scope, kinds: Sequence[str], results: TurnResults, language: Language
) -> FoundObject | Plan:
    """The one object named exactly, of the first of the kinds that has it; else the next step to find or ask for it.

    Deployments are looked through alone first, since they are what is meant nearly always.
    """
    everywhere = scope.or_everywhere()
    names: list[str] = []
    for step in (kinds[:1], kinds[1:]):
        calls = {kind: _list(kind, scope=everywhere) for kind in step}
        missing = results.missing(calls.values()) if calls else ()
        if missing:
            return CallTools(missing)
        for kind, call in calls.items():
            rows = _rows_of(call, results)
            found = find_exact_rows(target, rows=rows)
            if len(found) > 1:
                return Answer(ask_for_namespace(found, language=language))
            if found:
                return FoundObject(kind, found[0].namespace, found[0].name)
            names += [row.name for row in rows]
    if not names and results.failures:
        return Answer(answer_failures(results.failures, language=language))
    nearest = find_nearest(target, names=names)
    place = describe_scope(everywhere.namespace, all_namespaces=everywhere.all_namespaces, language=language)
    return Answer(answer_no_such_object(target.names[:1], nearest=nearest, place=place, language=language))


def _list(kind: str, *, scope: Scope) -> PlannedCall:
    common = COMMON_KINDS.get(kind)
    return list_objects(common, scope=scope) if common else list_kind(PLURALS.get(kind, kind), scope=scope)


def _rows_of(call: PlannedCall, results: TurnResults) -> tuple[Row, ...]:
    found = [result for result in results.of(call.tool) if result.arguments == call.arguments and result.table]
    return found[-1].table.rows if found and found[-1].table else ()
