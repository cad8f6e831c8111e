"""Restart, roll back, cordon, delete a pod: find the object, ask for the change once, tell what came of it."""

from collections.abc import Callable
from typing import Any

from backend.agent.rule_planner.answers.changes import answer_change, ask_which_node
from backend.agent.rule_planner.answers.general import answer_which_object
from backend.agent.rule_planner.calls import CORDON, DELETE, Answer, CallTools, Plan, PlannedCall
from backend.agent.rule_planner.finding_objects import FoundObject, find_object
from backend.agent.rule_planner.intents import ChangeWorkload, CordonNode, DeletePod, Scope, Target, WorkloadChange
from backend.agent.rule_planner.results import TurnResults
from backend.vocabulary.language import Language

WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet")
Make = Callable[[FoundObject], PlannedCall]


def plan_workload_change(intent: ChangeWorkload, results: TurnResults, *, language: Language) -> Plan:
    def make(found: FoundObject) -> PlannedCall:
        arguments: dict[str, Any] = {"name": found.name, "kind": found.kind, "namespace": found.namespace}  # Any: JSON
        if intent.change is WorkloadChange.ROLL_BACK and intent.revision is not None:
            arguments["to_revision"] = intent.revision
        return PlannedCall(intent.change.value, arguments)

    if not intent.target.names:
        return Answer(answer_which_object(language))
    return _plan(
        intent.change.value, intent.target, scope=intent.scope, kinds=WORKLOADS, make=make, results=results, to=language
    )


def plan_cordon(intent: CordonNode, results: TurnResults, *, language: Language) -> Plan:
    action = "cordon" if intent.is_cordoned else "uncordon"

    def make(found: FoundObject) -> PlannedCall:
        return PlannedCall(CORDON, {"name": found.name, "action": action})

    if not intent.target.names:
        return Answer(ask_which_node(language))
    return _plan(CORDON, intent.target, scope=Scope(), kinds=("Node",), make=make, results=results, to=language)


def plan_pod_deletion(intent: DeletePod, results: TurnResults, *, language: Language) -> Plan:
    """Only a pod that is named exactly: a workload's name is not taken for one of its pods."""

    def make(found: FoundObject) -> PlannedCall:
        return PlannedCall(DELETE, {"kind": "Pod", "name": found.name, "namespace": found.namespace})

    if not intent.target.names:
        return Answer(answer_which_object(language))
    return _plan(DELETE, intent.target, scope=intent.scope, kinds=("Pod",), make=make, results=results, to=language)


def _plan(
    tool: str, target: Target, *, scope: Scope, kinds: tuple[str, ...], make: Make, results: TurnResults, to: Language
) -> Plan:
    """Nothing is asked for twice: once the tool has answered, its answer is told."""
    done = results.last(tool)
    if done is not None:
        return Answer(answer_change(done, language=to))
    found = find_object(target, scope=scope, kinds=kinds, results=results, language=to)
    return CallTools((make(found),)) if isinstance(found, FoundObject) else found
