"""What may be done with a command on these assets: run it, ask a person, or refuse it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from command_safety import CommandClass, Reason, classify
from ssh_mcp.inventories.domain import Asset, Tier

MAX_SHOWN_COMMAND = 3_000
"""A person decides about what is in the question, so a longer command cannot be asked about."""

_READ_ONLY = Reason(
    rule="read-only",
    en="Only commands that read may run here.",
    zh="此处只允许执行只读命令。",
)
_TOO_LONG = Reason(
    rule="too-long-to-ask",
    en=f"More than {MAX_SHOWN_COMMAND} characters cannot be shown to a person: do it in smaller steps.",
    zh=f"命令超过 {MAX_SHOWN_COMMAND} 个字符，无法完整展示给审批人，请分步执行。",
)


@dataclass(frozen=True, slots=True)
class Policy:
    """Where only reading is allowed, whatever a person would approve."""

    is_read_only: bool = False
    read_only_tiers: Collection[Tier] = ()

    def forbids_changes(self, asset: Asset) -> bool:
        return self.is_read_only or asset.is_read_only or asset.tier in self.read_only_tiers


@dataclass(frozen=True, slots=True)
class Judgement:
    command_class: CommandClass
    reasons: tuple[Reason, ...] = ()


def judge_command(text: str, *, assets: Sequence[Asset], policy: Policy) -> Judgement:
    """Classify what the shell gets; what would need a yes is blocked where only reading is allowed."""
    verdict = classify(text)
    return raise_to_policy(Judgement(verdict.command_class, verdict.reasons), text=text, assets=assets, policy=policy)


def raise_to_policy(judgement: Judgement, *, text: str, assets: Sequence[Asset], policy: Policy) -> Judgement:
    if judgement.command_class is not CommandClass.CONFIRM:
        return judgement
    protected = [asset.id for asset in assets if policy.forbids_changes(asset)]
    if protected:
        reason = Reason(_READ_ONLY.rule, _READ_ONLY.en, _READ_ONLY.zh, excerpt=", ".join(protected[:5]))
        return Judgement(CommandClass.BLOCKED, (reason, *judgement.reasons))
    if len(text) > MAX_SHOWN_COMMAND:
        return Judgement(CommandClass.BLOCKED, (_TOO_LONG, *judgement.reasons))
    return judgement
