"""Hosts behind a JumpServer: granted assets, tokens, its rules' answers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from tests.fakes.jumpserver import KEY_ID, KEY_SECRET, FakeJumpServer, GrantedAsset, fake_jumpserver
from tests.integration.ssh_mcp.conftest import Estate, OpenTools, kind_of, structured, text_of


@pytest.fixture
async def bastion(estate: Estate) -> AsyncIterator[FakeJumpServer]:
    hosts = [GrantedAsset(f"id-{number}", f"web-{number}", f"10.0.0.{number}") for number in range(1, 13)]
    others = [
        GrantedAsset("id-db", "orders-db", "10.0.1.1", category="database", kind="mysql"),
        GrantedAsset("id-win", "pc", "10.0.1.2", kind="windows"),
        GrantedAsset(
            "id-test", "测试机", "10.0.1.3", accounts=["root", "ops"], labels=[{"name": "env", "value": "test"}]
        ),
    ]
    async with fake_jumpserver(*hosts, *others) as running:
        key = running.host_key.export_public_key("openssh").decode().strip()
        estate.known_hosts.write_text(f"[127.0.0.1]:{running.ssh_port} {key}\n")
        yield running


def settings_of(bastion: FakeJumpServer, **further: object) -> dict[str, Any]:  # Any: settings of any type
    return {
        "jumpserver_url": bastion.url,
        "jumpserver_key_id": KEY_ID,
        "jumpserver_key_secret": KEY_SECRET,
        "jumpserver_ssh": f"127.0.0.1:{bastion.ssh_port}",
        **further,
    }


async def test_granted_hosts_of_all_pages_are_listed(bastion: FakeJumpServer, open_tools: OpenTools) -> None:
    async with open_tools(**settings_of(bastion, jumpserver_organisation="org-1")) as tools:
        listed = structured(await tools.call("ssh-asset-list", source="jumpserver"))

    assets = {asset["id"]: asset for asset in listed["assets"]}
    assert len(assets) == 13
    assert (assets["测试机"]["tier"], assets["web-1"]["tier"]) == ("test", "prod")
    assert assets["web-1"]["groups"] == ["/Default/Shop"]
    assert bastion.organisation == "org-1"
    assert listed["problems"] == []


async def test_command_runs_with_a_token_and_reaches_the_bastion_as_it_is(
    bastion: FakeJumpServer, open_tools: OpenTools
) -> None:
    async with open_tools(**settings_of(bastion)) as tools:
        (first,) = await tools.execute("web-1", command="echo 'in'; exit 3")
        (second,) = await tools.execute("10.0.1.3", command="echo again", account="ops")

    assert (first["stdout"], first["exit_code"], first["account"]) == ("in", 3, "ops")
    assert second["stdout"] == "again"
    assert bastion.commands == ["ops@web-1: echo 'in'; exit 3", "ops@测试机: echo again"]
    assert first["replay"].startswith(f"{bastion.url}/luna/replay/")


async def test_wrong_key_is_told_and_other_sources_work(bastion: FakeJumpServer, open_tools: OpenTools) -> None:
    async with open_tools(**settings_of(bastion, jumpserver_key_secret="another-secret-altogether")) as tools:
        listed = structured(await tools.call("ssh-asset-list"))
        (host,) = await tools.execute("local", command="echo here")

    assert [asset["id"] for asset in listed["assets"]] == ["local"]
    assert "does not accept the access key: Invalid signature." in listed["problems"][0]
    assert host["stdout"] == "here"


@pytest.mark.parametrize(
    ("rule", "told"),
    [("reject", "ACL action is reject: office hours only"), ("face", "face check"), ("review", "waits in ticket")],
)
async def test_rules_of_the_bastion_refuse_entry(
    rule: str, told: str, bastion: FakeJumpServer, open_tools: OpenTools
) -> None:
    bastion.asset("id-1").rule = rule
    async with open_tools(**settings_of(bastion)) as tools:
        result = await tools.call("ssh-execute", assets=["web-1"], command="id")

    assert result.is_error
    assert kind_of(result) == "forbidden"
    assert told in text_of(result)
    assert bastion.commands == []


async def test_reviewed_entry_works_after_the_ticket_was_approved(
    bastion: FakeJumpServer, open_tools: OpenTools
) -> None:
    bastion.asset("id-1").rule = "review"
    async with open_tools(**settings_of(bastion)) as tools:
        await tools.call("ssh-execute", assets=["web-1"], command="echo 1")
        waiting = await tools.call("ssh-execute", assets=["web-1"], command="echo 2")
        bastion.decide_ticket("approved")
        (host,) = await tools.execute("web-1", command="echo 3")

    assert "waits in ticket" in text_of(waiting)
    assert len(bastion.tickets) == 1
    assert host["stdout"] == "3"


async def test_rejected_ticket_is_told(bastion: FakeJumpServer, open_tools: OpenTools) -> None:
    bastion.asset("id-1").rule = "review"
    async with open_tools(**settings_of(bastion)) as tools:
        await tools.call("ssh-execute", assets=["web-1"], command="echo 1")
        bastion.decide_ticket("rejected")
        result = await tools.call("ssh-execute", assets=["web-1"], command="echo 2")

    assert "was rejected" in text_of(result)


async def test_command_filter_of_the_bastion_counts_as_refused(bastion: FakeJumpServer, open_tools: OpenTools) -> None:
    bastion.asset("id-2").forbidden = r"^uptime"
    async with open_tools(**settings_of(bastion)) as tools:
        allowed, refused = await tools.execute("web-1", "web-2", command="uptime")

    assert allowed["status"] == "done"
    assert refused["status"] == "refused"
    assert "did not let the command through" in refused["note"]


async def test_unknown_account_is_told_with_those_that_are_granted(
    bastion: FakeJumpServer, open_tools: OpenTools
) -> None:
    async with open_tools(**settings_of(bastion)) as tools:
        result = await tools.call("ssh-execute", assets=["测试机"], command="id", account="oracle")

    assert "Accounts of its inventory: root, ops" in text_of(result)


async def test_host_key_of_the_bastion_is_checked(
    bastion: FakeJumpServer, open_tools: OpenTools, tmp_path: Path
) -> None:
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key("openssh").decode().strip()
    (tmp_path / "known_hosts").write_text(f"[127.0.0.1]:{bastion.ssh_port} {other}\n")
    async with open_tools(**settings_of(bastion)) as tools:
        result = await tools.call("ssh-execute", assets=["web-1"], command="id")

    assert "HOST KEY CHANGED" in text_of(result)
    assert bastion.commands == []


async def test_sessions_are_left_to_the_bastion(bastion: FakeJumpServer, open_tools: OpenTools) -> None:
    async with open_tools(**settings_of(bastion)) as tools:
        result = await tools.call("ssh-session-manager", action="open", asset="web-1")

    assert "open a terminal there" in text_of(result)


async def test_bastion_that_is_away_is_told(bastion: FakeJumpServer, open_tools: OpenTools) -> None:
    async with open_tools(**settings_of(bastion, jumpserver_url="http://127.0.0.1:1")) as tools:
        listed = structured(await tools.call("ssh-asset-list"))

    assert "JumpServer at http://127.0.0.1:1 does not answer" in listed["problems"][0]
