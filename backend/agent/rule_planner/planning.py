"""Chooses the next step for an intent from what the tools have said so far."""

from collections.abc import Callable
from typing import TypeAlias

from backend.agent.rule_planner.answers.general import answer_help, answer_missing_tools, answer_not_understood
from backend.agent.rule_planner.calls import Answer, CallTools, Plan
from backend.agent.rule_planner.hosts.calls import ASSETS
from backend.agent.rule_planner.hosts.intents import HostIntent
from backend.agent.rule_planner.hosts.judging import JudgeHost, judge_nothing
from backend.agent.rule_planner.hosts.planning import plan_host, plan_named_host
from backend.agent.rule_planner.intents import (
    AskForHelp,
    ChangeWorkload,
    CordonNode,
    DeletePod,
    Describe,
    DescribeObject,
    Explain,
    FindProblems,
    Intent,
    ListClusters,
    ListKind,
    ListObjects,
    NotUnderstood,
    Overview,
    ReadEvents,
    ReadLogs,
    ScaleDeployment,
    ShowHistory,
    ShowRelations,
    ShowUsage,
)
from backend.agent.rule_planner.plan_changes import plan_cordon, plan_pod_deletion, plan_workload_change
from backend.agent.rule_planner.plan_further import (
    plan_clusters,
    plan_history,
    plan_kind,
    plan_object,
    plan_relations,
    plan_usage,
)
from backend.agent.rule_planner.plan_objects import plan_details, plan_events, plan_list, plan_logs
from backend.agent.rule_planner.plan_problems import is_unknown, plan_explanation, plan_overview, plan_problems
from backend.agent.rule_planner.plan_scaling import plan_scaling
from backend.agent.rule_planner.results import TurnResults
from backend.vocabulary.language import Language

LookingIntent: TypeAlias = (
    FindProblems
    | Explain
    | Overview
    | ListObjects
    | Describe
    | ReadLogs
    | ReadEvents
    | ScaleDeployment
    | ListKind
    | ListClusters
    | ShowUsage
    | ShowRelations
    | ShowHistory
    | DescribeObject
    | ChangeWorkload
    | CordonNode
    | DeletePod
)
"""Intents that need the cluster's tools."""

# Each planner takes its own intent only, which a dictionary's type cannot say.
_PLANNERS: dict[type, Callable[..., Plan]] = {
    FindProblems: plan_problems,
    Explain: plan_explanation,
    Overview: plan_overview,
    ListObjects: plan_list,
    Describe: plan_details,
    ReadLogs: plan_logs,
    ReadEvents: plan_events,
    ScaleDeployment: plan_scaling,
    ListKind: plan_kind,
    ListClusters: plan_clusters,
    ShowUsage: plan_usage,
    ShowRelations: plan_relations,
    ShowHistory: plan_history,
    DescribeObject: plan_object,
    ChangeWorkload: plan_workload_change,
    CordonNode: plan_cordon,
    DeletePod: plan_pod_deletion,
}


def plan_next(
    intent: Intent,
    results: TurnResults,
    *,
    is_available: Callable[[str], bool],
    language: Language,
    judge_host: JudgeHost = judge_nothing,
) -> Plan:
    """The next calls, limited to tools that exist, or the answer."""
    if isinstance(intent, AskForHelp):
        return Answer(answer_help(language))
    if isinstance(intent, NotUnderstood):
        return Answer(answer_not_understood(language))
    plan = None
    if isinstance(intent, HostIntent):
        plan = plan_host(intent, results, judge=judge_host, language=language)
    elif isinstance(intent, Explain) and is_available(ASSETS) and is_unknown(intent, results):
        plan = plan_named_host(intent.target.names, results, judge=judge_host, language=language)
    plan = plan or _PLANNERS[type(intent)](intent, results, language=language)
    if isinstance(plan, Answer):
        return plan
    calls = tuple(call for call in plan.calls if is_available(call.tool))
    if calls:
        return CallTools(calls)
    missing = dict.fromkeys(call.tool for call in plan.calls)
    return Answer(answer_missing_tools(missing, language=language))
