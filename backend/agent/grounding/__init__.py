"""No answer from nothing, and none against the results: code compares what is said with what the tools returned."""

from backend.agent.grounding.refusal import write_refusal_to_guess

__all__ = ["write_refusal_to_guess"]
