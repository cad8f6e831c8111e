"""Commands on hosts through the backend's tool source: reading ones run at once, others wait for a person's yes."""

import sys
from pathlib import Path

import pytest

from backend.agent.domain import ConfirmationNeeded, Risk, ToolOutcome, ToolStatus
from tests.integration.backend_mcp.conftest import PROJECT, Entry, OpenSource, call

STATE_KEY = "a-key-of-the-tests-that-is-long-enough-for-sealing"


@pytest.fixture
def ssh_entry(tmp_path: Path) -> Entry:
    return {
        "command": sys.executable,
        "args": ["-m", "ssh_mcp.server", "--transport", "stdio"],
        "cwd": str(PROJECT),
        "env": {"SSH_MCP_DATA_DIRECTORY": str(tmp_path / "ssh"), "MCP_REQUEST_STATE_KEY": STATE_KEY},
        "trusted": True,
    }


async def test_reading_command_runs_without_a_question(open_source: OpenSource, ssh_entry: Entry) -> None:
    async with open_source(ssh=ssh_entry) as source:
        specs = {spec.name: spec for spec in source.tools()}
        outcome = await call(source, "ssh-execute", assets=["local"], command="df -h")

    assert outcome.status is ToolStatus.OK
    assert "Mounted on" in outcome.text
    assert specs["ssh-execute"].risk is Risk.DESTRUCTIVE
    assert specs["ssh-execute"].asks_itself
    assert specs["ssh-asset-list"].risk is Risk.READ


async def test_change_runs_once_after_a_yes_even_from_another_process(
    open_source: OpenSource, ssh_entry: Entry, tmp_path: Path
) -> None:
    arguments = {"assets": ["local"], "command": f"echo run >> {tmp_path}/runs"}
    async with open_source(ssh=ssh_entry) as source:
        asked = await source.call("ssh-execute", arguments=arguments)
    assert isinstance(asked, ConfirmationNeeded)
    before = (tmp_path / "runs").exists()

    async with open_source(ssh=ssh_entry) as source:
        outcome = await source.confirm("ssh-execute", arguments=arguments, state=asked.state)
        again = await source.confirm("ssh-execute", arguments=arguments, state=asked.state)

    assert asked.question.startswith(f"Run on local: echo run >> {tmp_path}/runs\n")
    assert asked.preview is not None
    assert asked.preview["kind"] == "command"
    assert asked.preview["class"] == "confirm"
    assert asked.preview["hosts"][0]["id"] == "local"
    assert not before
    assert outcome.status is ToolStatus.OK
    assert again.status is not ToolStatus.OK
    assert (tmp_path / "runs").read_text() == "run\n"


async def test_destructive_command_is_declined_without_a_question(open_source: OpenSource, ssh_entry: Entry) -> None:
    async with open_source(ssh=ssh_entry) as source:
        outcome = await call(source, "ssh-execute", assets=["local"], command="rm -rf /")

    assert outcome.status is ToolStatus.DECLINED
    assert "nobody can approve it" in outcome.text


async def test_read_only_server_offers_commands_as_reading_and_refuses_changes(
    open_source: OpenSource, ssh_entry: Entry, tmp_path: Path
) -> None:
    ssh_entry["env"]["READ_ONLY"] = "true"
    async with open_source(ssh=ssh_entry) as source:
        risks = {spec.name: spec.risk for spec in source.tools()}
        outcome = await call(source, "ssh-execute", assets=["local"], command=f"touch {tmp_path}/ran")
        reading = await source.call("ssh-execute", arguments={"assets": ["local"], "command": "uptime"})

    assert set(risks.values()) == {Risk.READ}
    assert outcome.status is ToolStatus.DECLINED
    assert isinstance(reading, ToolOutcome)
    assert reading.status is ToolStatus.OK
    assert not (tmp_path / "ran").exists()
