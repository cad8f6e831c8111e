"""Names and fields of the SSH tools that other programs rely on; a change here breaks them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from mcp import Client

from ssh_mcp.server import make_server
from ssh_mcp.settings import SshSettings

TOOLS = {
    "ssh-asset-list": {"query", "group", "source", "check_reachable", "limit", "cursor"},
    "ssh-host-facts": {"assets", "account", "certificate_paths", "parts"},
    "ssh-execute": {"assets", "command", "account", "timeout_seconds", "sudo", "reason"},
    "ssh-session-manager": {
        *("action", "asset", "account", "session", "command", "text", "enter", "signal", "timeout_seconds", "reason"),
    },
    "ssh-read-output": {"output_id", "stream", "offset"},
    "ssh-trust-host": {"asset", "fingerprint"},
}
READING = {"ssh-asset-list", "ssh-host-facts", "ssh-read-output"}
HOST_FIELDS = (
    "asset account status exit_code signal stdout stderr truncated bytes milliseconds classification audit_id "
    "output_id replay note"
)


@pytest.fixture
def settings(tmp_path: Path) -> SshSettings:
    return SshSettings(data_directory=tmp_path, known_hosts=())


async def answer(settings: SshSettings, tool: str, arguments: dict[str, object]) -> dict[str, Any]:  # Any: JSON
    async with Client(make_server(settings), read_timeout_seconds=20) as client:
        result = await client.call_tool(tool, arguments)
    assert not result.is_error, result.content
    assert isinstance(result.structured_content, dict)
    return result.structured_content


async def test_tools_have_their_names_arguments_and_risk(settings: SshSettings) -> None:
    async with Client(make_server(settings)) as client:
        listed = {tool.name: tool for tool in (await client.list_tools()).tools}

    assert {name: set(tool.input_schema["properties"]) for name, tool in listed.items()} == TOOLS
    for name, tool in listed.items():
        assert tool.annotations is not None
        assert tool.annotations.read_only_hint is (name in READING)
        assert tool.annotations.destructive_hint is (None if name in READING else True)
        assert tool.input_schema["additionalProperties"] is False


async def test_read_only_server_has_reading_tools_alone(settings: SshSettings) -> None:
    async with Client(make_server(settings.model_copy(update={"read_only": True}))) as client:
        listed = {tool.name: tool for tool in (await client.list_tools()).tools}

    assert set(listed) == set(TOOLS) - {"ssh-trust-host"}
    assert all(tool.annotations is not None and tool.annotations.read_only_hint for tool in listed.values())


async def test_tool_list_fits_its_budget(settings: SshSettings) -> None:
    async with Client(make_server(settings)) as client:
        tools = (await client.list_tools()).tools

    listed = [{"name": t.name, "description": t.description, "input": t.input_schema} for t in tools]
    assert len(json.dumps(listed, separators=(",", ":"))) < 8_000


async def test_asset_list_has_its_fields(settings: SshSettings) -> None:
    content = await answer(settings, "ssh-asset-list", {})

    assert " ".join(content) == "kind assets total shown next_cursor pending_host_keys problems"
    assert " ".join(content["assets"][0]) == (
        "id name address accounts groups labels tier source platform read_only jump reachable"
    )


async def test_command_answer_has_its_fields(settings: SshSettings) -> None:
    content = await answer(settings, "ssh-execute", {"assets": ["local"], "command": "echo hi"})
    asked = await answer(settings, "ssh-execute", {"assets": ["local"], "command": "touch /nowhere/x"})

    assert " ".join(content) == "kind status command classification reasons hosts succeeded failed message"
    assert " ".join(content["hosts"][0]) == HOST_FIELDS
    assert (content["kind"], content["status"]) == ("CommandResult", "done")
    assert asked["status"] == "needs_approval"
    assert set(asked["reasons"][0]) == {"rule", "en", "zh", "excerpt"}


async def test_fact_answer_has_its_fields(settings: SshSettings) -> None:
    content = await answer(settings, "ssh-host-facts", {"assets": ["nowhere"]})

    assert " ".join(content) == "kind hosts"
    assert " ".join(content["hosts"][0]) == "asset facts error error_kind"
