"""Restart, roll back, cordon, delete a pod: find the object, ask for the change once, tell what came of it."""

from collections.abc import Mapping
from typing import Any

from backend.agent.rule_planner.answers.changes import answer_change, ask_for_namespace, ask_which_node
from backend.agent.rule_planner.answers.general import answer_failures, answer_no_such_object, answer_which_object
from backend.agent.rule_planner.answers.problems import describe_scope
from backend.agent.rule_planner.calls import Answer, CallTools, Plan, PlannedCall, list_objects
from backend.agent.rule_planner.intents import (
    ChangeWorkload,
    CordonNode,
    DeletePod,
    Kind,
    Scope,
    Target,
    WorkloadChange,
)
from backend.agent.rule_planner.matching import find_exact_rows, find_nearest
from backend.agent.rule_planner.results import Row, TurnResults
from backend.vocabulary.language import Language

CORDON = "k8s-cordon-node"
DELETE = "k8s-delete-resource"
WORKLOAD_KINDS = ("StatefulSet", "DaemonSet")
"""Kinds looked through after Deployments."""


def plan_workload_change(intent: ChangeWorkload, results: TurnResults, *, language: Language) -> Plan:
    done = results.last(intent.change.value)
    if done is not None:
        return Answer(answer_change(done, language=language))
    if not intent.target.names:
        return Answer(answer_which_object(language))
    found = _find_one(Kind.DEPLOYMENTS, intent.target, scope=intent.scope, results=results, language=language)
    if not isinstance(found, Row):
        return found
    arguments: dict[str, Any] = {"name": found.name, "namespace": found.namespace}  # Any: JSON
    if intent.change is WorkloadChange.ROLL_BACK and intent.revision is not None:
        arguments["to_revision"] = intent.revision
    return CallTools((PlannedCall(intent.change.value, arguments),))


def plan_cordon(intent: CordonNode, results: TurnResults, *, language: Language) -> Plan:
    done = results.last(CORDON)
    if done is not None:
        return Answer(answer_change(done, language=language))
    if not intent.target.names:
        return Answer(ask_which_node(language))
    found = _find_one(Kind.NODES, intent.target, scope=Scope(), results=results, language=language)
    if not isinstance(found, Row):
        return found
    action = "cordon" if intent.is_cordoned else "uncordon"
    return CallTools((PlannedCall(CORDON, {"name": found.name, "action": action}),))


def plan_pod_deletion(intent: DeletePod, results: TurnResults, *, language: Language) -> Plan:
    """Only a pod that is named exactly: a workload's name is not taken for one of its pods."""
    done = results.last(DELETE)
    if done is not None:
        return Answer(answer_change(done, language=language))
    if not intent.target.names:
        return Answer(answer_which_object(language))
    found = _find_one(Kind.PODS, intent.target, scope=intent.scope, results=results, language=language)
    if not isinstance(found, Row):
        return found
    arguments: Mapping[str, str] = {"kind": "Pod", "name": found.name, "namespace": found.namespace}
    return CallTools((PlannedCall(DELETE, arguments),))


def _find_one(kind: Kind, target: Target, *, scope: Scope, results: TurnResults, language: Language) -> Row | Plan:
    """The one row that is named exactly, or the next step to find it."""
    everywhere = scope.or_everywhere()
    call = list_objects(kind, scope=everywhere)
    if results.missing([call]):
        return CallTools((call,))
    listed = results.table(call.tool)
    if listed is None:
        return Answer(answer_failures(results.of(call.tool), language=language))
    rows = find_exact_rows(target, rows=listed.rows)
    if len(rows) == 1:
        return rows[0]
    if rows:
        return Answer(ask_for_namespace(rows, language=language))
    nearest = find_nearest(target, names=[row.name for row in listed.rows])
    place = describe_scope(everywhere.namespace, all_namespaces=everywhere.all_namespaces, language=language)
    return Answer(answer_no_such_object(target.names[:1], nearest=nearest, place=place, language=language))
