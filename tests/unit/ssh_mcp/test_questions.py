"""What a person is asked, and the same for programs."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from command_safety import CommandClass, Reason
from ssh_mcp.commands.fleet import Target
from ssh_mcp.commands.judging import MAX_SHOWN_COMMAND, Judgement
from ssh_mcp.inventories.domain import Account, Asset, Endpoint, Tier
from ssh_mcp.tools.asking import MAX_PREVIEW_CHARACTERS, Proposal, digest_proposal, write_preview, write_question

REASON = Reason("C-service-change", "Changes a service.", "更改服务状态,可能造成短暂中断。", "systemctl restart nginx")


def target(number: int) -> Target:
    asset = Asset(f"web-{number}", f"web-{number}", "hosts", endpoint=Endpoint(f"10.0.0.{number}"), tier=Tier.STAGING)
    return Target(asset, Account("ops"))


def propose(command: str, *, hosts: int, reasons: int = 1) -> Proposal:
    return Proposal(
        tool="ssh-execute",
        title=f"Run on {hosts} hosts: {command}",
        targets=[target(number) for number in range(1, hosts + 1)],
        judgement=Judgement(CommandClass.CONFIRM, (REASON,) * reasons),
        details={"command": command, "sudo": False, "timeout_seconds": 60},
    )


def test_question_names_command_hosts_reasons_and_earlier_approvals() -> None:
    question = write_question(propose("systemctl restart nginx", hosts=2, reasons=8), number=1)

    assert question.splitlines()[:3] == [
        "Run on 2 hosts: systemctl restart nginx",
        "  web-1 (staging): ops at 10.0.0.1",
        "  web-2 (staging): ops at 10.0.0.2",
    ]
    assert "Changes a service. 更改服务状态" in question
    assert "2 more reasons" in question
    assert "approved 1 times" in question


@pytest.mark.parametrize(
    ("command", "hosts"), [("id", 1), ("x" * MAX_SHOWN_COMMAND, 20), ("删" * MAX_SHOWN_COMMAND, 20)]
)
def test_preview_is_never_too_large_and_never_shows_half_a_command(command: str, hosts: int) -> None:
    preview = write_preview(propose(command, hosts=hosts, reasons=10), number=2)

    assert len(json.dumps(preview)) <= MAX_PREVIEW_CHARACTERS
    assert preview.get("command", command) == command
    assert preview["hosts_total"] == hosts
    assert preview["reasons"]
    assert preview["approved_before"] == 2


def test_digest_stands_for_everything_that_was_asked_about() -> None:
    proposal = propose("id", hosts=2)
    moved = replace(target(2), asset=replace(target(2).asset, endpoint=Endpoint("10.9.9.9")))
    others = [
        propose("id ", hosts=2),
        propose("id", hosts=1),
        replace(proposal, targets=[target(1), replace(target(2), account=Account("root"))]),
        replace(proposal, targets=[target(1), moved]),
        replace(proposal, details={**proposal.details, "sudo": True}),
        replace(proposal, tool="ssh-session-manager"),
    ]

    digests = {digest_proposal(each) for each in [proposal, *others]}

    assert len(digests) == 1 + len(others)
    assert digest_proposal(replace(proposal, reason="another reason")) == digest_proposal(proposal)
