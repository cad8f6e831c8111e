"""Judges a shell command before it runs: readonly, confirm or blocked, with the reasons. Pure functions, no IO."""

from command_safety.domain import CommandClass, Reason, Verdict

__all__ = ["CommandClass", "Reason", "Verdict", "classify"]


def classify(command: str) -> Verdict:
    """Until the rules are there, nothing counts as known."""
    reason = Reason("unknown", "Nobody can tell what this does.", "无法判断该命令的作用。", command[:80])
    return Verdict(CommandClass.CONFIRM, (reason,))
