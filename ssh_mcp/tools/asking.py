"""The question about one exact command on exact hosts, and what follows from its answer."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mcp.server.mcpserver import Context
from mcp_types import InputRequiredResult

from mcp_kit.confirmation import Decision, Question, confirm
from mcp_kit.errors import ErrorKind, KindedToolError
from ssh_mcp.commands.fleet import Target
from ssh_mcp.commands.judging import Judgement
from ssh_mcp.records.approvals import ApprovalUsed
from ssh_mcp.state import SshState

DECLINED = "The command was declined; nothing ran. Do not repeat it unless asked to."
NEEDS_APPROVAL = (
    "Nothing ran: this needs the approval of a person, and this client cannot ask one (no elicitation). The operator "
    "may set SSH_MCP_ALLOW_UNCONFIRMED=true."
)
_SHOWN_REASONS = 6

MAX_PREVIEW_CHARACTERS = 7_500
"""As ASCII JSON; the backend passes no larger one on."""
_PREVIEW_SIZES = ((_SHOWN_REASONS, 20), (2, 20), (1, 5))


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a person is asked to approve."""

    tool: str
    title: str
    """The first line of the question, with the exact command."""
    targets: Sequence[Target]
    judgement: Judgement
    details: dict[str, Any]  # Any: JSON
    """Everything else the approval is bound to; shown in the preview."""
    notes: Sequence[str] = ()
    reason: str | None = None
    """Why the caller wants it, in its own words."""


def digest_proposal(proposal: Proposal) -> str:
    """Stands for exactly this command on exactly these hosts, wherever their names lead."""
    content = {
        "tool": proposal.tool,
        "class": proposal.judgement.command_class.value,
        "targets": [_identify(target) for target in proposal.targets],
        **proposal.details,
    }
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


async def ask_person(ctx: Context[SshState], proposal: Proposal) -> Decision | InputRequiredResult:
    """The decision, or the question the call ends with. A yes is good for one run."""
    state = ctx.request_context.lifespan_context
    digest = digest_proposal(proposal)
    number = state.approvals.count(digest)

    async def write() -> Question:
        return Question(text=write_question(proposal, number=number), preview=write_preview(proposal, number=number))

    decision = await confirm(
        ctx, binding=f"{digest}:{number}", question=write, allow_unconfirmed=state.settings.allow_unconfirmed
    )
    if decision is Decision.APPROVED:
        try:
            state.approvals.claim(digest, number=number)
        except ApprovalUsed as error:
            raise KindedToolError(
                "Nothing ran: this approval was used already. Ask again if it is needed once more.",
                kind=ErrorKind.FORBIDDEN,
            ) from error
    return decision


def write_question(proposal: Proposal, *, number: int) -> str:
    lines = [_indent(proposal.title), *(f"  {_describe(target)}" for target in proposal.targets), *proposal.notes]
    reasons = proposal.judgement.reasons
    lines += [f"{reason.en} {reason.zh} ({reason.rule})" for reason in reasons[:_SHOWN_REASONS]]
    if len(reasons) > _SHOWN_REASONS:
        lines.append(f"… {len(reasons) - _SHOWN_REASONS} more reasons")
    if proposal.reason:
        lines.append(f"Asked for because: {' '.join(proposal.reason.split())}")
    if number:
        lines.append(f"Exactly this was approved {number} times within the last hours. 最近已批准过 {number} 次。")
    return "\n".join(lines)


def _indent(text: str) -> str:
    """A second line of a command must not pass for a line of the question."""
    return text.replace("\n", "\n  | ")


def write_preview(proposal: Proposal, *, number: int) -> dict[str, Any]:  # Any: JSON
    """The same for programs, with fewer reasons and hosts when it would be too large to be passed on."""
    document: dict[str, Any] = {}  # Any: JSON
    for reasons, hosts in _PREVIEW_SIZES:
        document = _make_preview(proposal, max_reasons=reasons, max_hosts=hosts)
        document |= {"why": " ".join((proposal.reason or "").split()), "approved_before": number}
        if len(json.dumps(document)) <= MAX_PREVIEW_CHARACTERS:
            return document
    # The question has the whole command; a part of it here could pass for the whole.
    return {key: value for key, value in document.items() if key != "command"}


def _make_preview(proposal: Proposal, *, max_reasons: int, max_hosts: int) -> dict[str, Any]:  # Any: JSON
    targets, reasons = proposal.targets, proposal.judgement.reasons
    return {
        "kind": "command",
        "object": ", ".join(target.asset.id for target in targets[:max_hosts]),
        "class": proposal.judgement.command_class.value,
        **proposal.details,
        "hosts": [_identify(target) | {"tier": target.asset.tier.value} for target in targets[:max_hosts]],
        "hosts_total": len(targets),
        "reasons": [
            {"rule": reason.rule, "en": reason.en, "zh": reason.zh, "excerpt": reason.excerpt[:80]}
            for reason in reasons[:max_reasons]
        ],
    }


def write_refusal(judgement: Judgement) -> str:
    reasons = "; ".join(reason.en for reason in judgement.reasons[:3])
    return f"Refused, nothing ran, and nobody can approve it: {reasons} Do not try to reach the same another way."


def _describe(target: Target) -> str:
    asset = target.asset
    address = f" at {asset.address}" if asset.address else ""
    return f"{asset.id} ({asset.tier.value}): {target.account.name}{address}"


def _identify(target: Target) -> dict[str, str]:
    return {"id": target.asset.id, "address": target.asset.address, "account": target.account.name}
