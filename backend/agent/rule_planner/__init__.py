"""Stands in for a language model: understands the common questions by rules and answers from tool results."""

from backend.agent.rule_planner.planner import RulePlanner

__all__ = ["RulePlanner"]
