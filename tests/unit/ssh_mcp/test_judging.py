"""What the SSH server adds to the rules of commands."""

from __future__ import annotations

import pytest

from command_safety import CommandClass
from host_facts.collection import build_script
from ssh_mcp.commands.domain import Command
from ssh_mcp.commands.judging import Policy, judge_command
from ssh_mcp.commands.wrapping import find_bash_syntax
from ssh_mcp.inventories.domain import Asset, Tier

LAB = Asset("lab", "lab", "hosts", tier=Tier.DEV)


def judge(text: str, *, policy: Policy | None = None, asset: Asset = LAB) -> tuple[CommandClass, list[str]]:
    judgement = judge_command(text, assets=[asset], policy=policy or Policy())
    return judgement.command_class, [reason.rule for reason in judgement.reasons]


@pytest.mark.parametrize(
    "text",
    [
        "sh -c '[[ a > /etc/passwd ]]'",
        's""h -c \'[\'"[ a > /tmp/b ]]"',
        "busybox sh -c '((1>2))'",
        "ls | xargs -I{} dash -c '[[ {} > b ]]'",
    ],
)
def test_bash_for_another_shell_is_never_only_reading(text: str) -> None:
    assert judge(text)[0] is not CommandClass.READONLY


@pytest.mark.parametrize(
    "text",
    ["[[ -e /etc/passwd ]] && df -h", "bash -c '[[ a > b ]]; uptime'", "sh -c 'df -h; echo $((1 + 2))'", "(cd /; ls)"],
)
def test_bash_for_bash_and_plain_sh_are_judged_by_the_rules_alone(text: str) -> None:
    assert judge(text) == (CommandClass.READONLY, [])


def test_sudo_is_judged_with_what_it_runs() -> None:
    reading, writing = Command("df -h", is_sudo=True), Command("rm -rf /", is_sudo=True)

    assert judge(reading.effective_text)[0] is CommandClass.READONLY
    assert judge(writing.effective_text)[0] is CommandClass.BLOCKED


def test_policies_block_what_a_person_could_approve_elsewhere() -> None:
    prod = Asset("db", "db", "hosts")

    assert judge("touch /tmp/x")[0] is CommandClass.CONFIRM
    assert judge("touch /tmp/x", policy=Policy(is_read_only=True)) == (
        CommandClass.BLOCKED,
        ["read-only", "C-file-change"],
    )
    assert judge("touch /tmp/x", policy=Policy(read_only_tiers=(Tier.PROD,)), asset=prod)[0] is CommandClass.BLOCKED
    assert judge("touch /tmp/x", policy=Policy(read_only_tiers=(Tier.PROD,)))[0] is CommandClass.CONFIRM
    assert judge("df", policy=Policy(is_read_only=True))[0] is CommandClass.READONLY


def test_script_of_host_facts_needs_no_bash() -> None:
    assert find_bash_syntax(build_script(tag="0123456789abcdef")) is None
