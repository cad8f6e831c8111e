"""Usage, relations, revisions, clusters and other kinds."""

from backend.agent.rule_planner.answers.further import (
    answer_clusters,
    answer_history,
    answer_kind,
    answer_object,
    answer_relations,
    answer_usage,
)
from backend.agent.rule_planner.answers.general import answer_failures
from backend.agent.rule_planner.answers.problems import describe_scope
from backend.agent.rule_planner.calls import (
    CLUSTERS,
    DESCRIBE_OBJECT,
    HISTORY,
    RELATIONS,
    TOP,
    Answer,
    CallTools,
    Plan,
    PlannedCall,
    list_kind,
)
from backend.agent.rule_planner.finding_objects import FoundObject, find_object
from backend.agent.rule_planner.intents import (
    DescribeObject,
    ListClusters,
    ListKind,
    ShowHistory,
    ShowRelations,
    ShowUsage,
)
from backend.agent.rule_planner.plan_changes import WORKLOADS
from backend.agent.rule_planner.results import ToolResult, TurnResults
from backend.vocabulary.language import Language

_SHOWN = 30
_RELATED_KINDS = ("Deployment", "Service", "StatefulSet", "DaemonSet", "ConfigMap", "Ingress", "Pod")


def plan_kind(intent: ListKind, results: TurnResults, *, language: Language) -> Plan:
    scope = intent.scope.or_everywhere()
    made = _ask(list_kind(intent.kind, scope=scope, limit=_SHOWN), results, language=language)
    if not isinstance(made, ToolResult):
        return made
    place = describe_scope(scope.namespace, all_namespaces=scope.all_namespaces, language=language)
    return Answer(answer_kind(made, kind=intent.kind, place=place, language=language))


def plan_clusters(_intent: ListClusters, results: TurnResults, *, language: Language) -> Plan:
    made = _ask(PlannedCall(CLUSTERS, {}), results, language=language)
    return Answer(answer_clusters(made, language=language)) if isinstance(made, ToolResult) else made


def plan_usage(intent: ShowUsage, results: TurnResults, *, language: Language) -> Plan:
    scope = intent.scope.or_everywhere()
    where = scope.as_arguments() if intent.subject == "pods" else {}
    call = PlannedCall(TOP, {"of": intent.subject, **where, "sort_by": intent.by, "limit": _SHOWN})
    made = _ask(call, results, language=language)
    if not isinstance(made, ToolResult):
        return made
    place = describe_scope(scope.namespace, all_namespaces=scope.all_namespaces, language=language)
    return Answer(answer_usage(made, subject=intent.subject, place=place, language=language))


def plan_object(intent: DescribeObject, results: TurnResults, *, language: Language) -> Plan:
    found = find_object(intent.target, scope=intent.scope, kinds=(intent.kind,), results=results, language=language)
    if not isinstance(found, FoundObject):
        return found
    place = {"namespace": found.namespace} if found.namespace else {}
    made = _ask(
        PlannedCall(DESCRIBE_OBJECT, {"kind": found.kind, "name": found.name, **place}), results, language=language
    )
    return Answer(answer_object(made)) if isinstance(made, ToolResult) else made


def plan_relations(intent: ShowRelations, results: TurnResults, *, language: Language) -> Plan:
    found = find_object(intent.target, scope=intent.scope, kinds=_RELATED_KINDS, results=results, language=language)
    if not isinstance(found, FoundObject):
        return found
    call = PlannedCall(RELATIONS, {"kind": found.kind, "name": found.name, "namespace": found.namespace})
    made = _ask(call, results, language=language)
    return Answer(answer_relations(made, language=language)) if isinstance(made, ToolResult) else made


def plan_history(intent: ShowHistory, results: TurnResults, *, language: Language) -> Plan:
    found = find_object(intent.target, scope=intent.scope, kinds=WORKLOADS, results=results, language=language)
    if not isinstance(found, FoundObject):
        return found
    call = PlannedCall(HISTORY, {"name": found.name, "kind": found.kind, "namespace": found.namespace})
    made = _ask(call, results, language=language)
    return Answer(answer_history(made, language=language)) if isinstance(made, ToolResult) else made


def _ask(call: PlannedCall, results: TurnResults, *, language: Language) -> ToolResult | Plan:
    """The answer to one call, or the next step to get it."""
    if results.missing([call]):
        return CallTools((call,))
    made = [result for result in results.of(call.tool) if result.arguments == call.arguments][-1]
    return made if made.is_ok and made.structured else Answer(answer_failures([made], language=language))
