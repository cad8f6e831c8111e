"""Chooses the next step for an intent from what the tools have said so far."""

from collections.abc import Callable
from typing import TypeAlias, assert_never

from backend.agent.rule_planner.answers.general import answer_help, answer_missing_tools, answer_not_understood
from backend.agent.rule_planner.calls import Answer, CallTools, Plan
from backend.agent.rule_planner.hosts.intents import HostIntent
from backend.agent.rule_planner.hosts.judging import JudgeHost, judge_nothing
from backend.agent.rule_planner.hosts.planning import plan_host
from backend.agent.rule_planner.intents import (
    AskForHelp,
    Describe,
    Explain,
    FindProblems,
    Intent,
    ListObjects,
    NotUnderstood,
    Overview,
    ReadEvents,
    ReadLogs,
    ScaleDeployment,
)
from backend.agent.rule_planner.plan_objects import plan_details, plan_events, plan_list, plan_logs
from backend.agent.rule_planner.plan_problems import plan_explanation, plan_overview, plan_problems
from backend.agent.rule_planner.plan_scaling import plan_scaling
from backend.agent.rule_planner.results import TurnResults
from backend.vocabulary.language import Language

LookingIntent: TypeAlias = (
    FindProblems | Explain | Overview | ListObjects | Describe | ReadLogs | ReadEvents | ScaleDeployment
)
"""Intents that need tools."""


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
    plan = (
        plan_host(intent, results, judge=judge_host, language=language)
        if isinstance(intent, HostIntent)
        else _plan(intent, results, language=language)
    )
    if isinstance(plan, Answer):
        return plan
    calls = tuple(call for call in plan.calls if is_available(call.tool))
    if calls:
        return CallTools(calls)
    missing = dict.fromkeys(call.tool for call in plan.calls)
    return Answer(answer_missing_tools(missing, language=language))


def _plan(intent: LookingIntent, results: TurnResults, *, language: Language) -> Plan:
    match intent:
        case FindProblems():
            return plan_problems(intent, results, language=language)
        case Explain():
            return plan_explanation(intent, results, language=language)
        case Overview():
            return plan_overview(intent, results, language=language)
        case ListObjects():
            return plan_list(intent, results, language=language)
        case Describe():
            return plan_details(intent, results, language=language)
        case ReadLogs():
            return plan_logs(intent, results, language=language)
        case ReadEvents():
            return plan_events(intent, results, language=language)
        case ScaleDeployment():
            return plan_scaling(intent, results, language=language)
        case _:
            assert_never(intent)
