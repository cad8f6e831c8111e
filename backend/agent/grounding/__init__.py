"""No answer from nothing, and none against the results: code compares what is said with what the tools returned."""

from backend.agent.grounding.checking import JudgedStatement, Standing, judge_answer, to_wire
from backend.agent.grounding.refusal import write_refusal_to_guess

__all__ = ["JudgedStatement", "Standing", "judge_answer", "to_wire", "write_refusal_to_guess"]
