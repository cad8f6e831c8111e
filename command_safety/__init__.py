"""Judges a shell command before it runs: readonly, confirm or blocked, with the reasons. Pure functions, no IO."""

from command_safety.classifying import classify
from command_safety.domain import CommandClass, Reason, Verdict

__all__ = ["CommandClass", "Reason", "Verdict", "classify"]
