"""Tools of servers that nobody vouches for: what they once said of themselves is what counts."""

import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from backend.features.operations.domain import CatalogueEntry, HiddenReason
from backend.integrations.mcp_servers.source import McpToolSource
from backend.integrations.mcp_servers.tool_memory import FileToolMemory, MemoryDamaged
from backend.vocabulary.errors import AlreadyDecided, ErrorKind, InvalidInput, NotFound
from tests.integration.backend_mcp.conftest import Entry, call, until


@asynccontextmanager
async def start(tmp_path: Path, **entries: Entry) -> AsyncIterator[McpToolSource]:
    """A backend on the same data directory as the one before it."""
    path = tmp_path / "mcp_config.json"
    path.write_text(json.dumps({"mcpServers": entries}), encoding="utf-8")
    memory = FileToolMemory(tmp_path / "data" / "tools.json")
    async with McpToolSource(config_path=path, environment=dict(os.environ), memory=memory) as source:
        yield source


def find(source: McpToolSource, name: str) -> CatalogueEntry:
    return next(entry for entry in source.entries() if entry.spec.name == name)


def reason(source: McpToolSource, name: str) -> HiddenReason | None:
    hidden = find(source, name).hidden
    return None if hidden is None else hidden.reason


async def test_a_rewritten_description_hides_the_tool_until_it_is_accepted(tmp_path: Path, stdio_entry: Entry) -> None:
    async with start(tmp_path, foreign=stdio_entry | {"trusted": False}) as source:
        first = find(source, "echo").fingerprint
        await source.call("rewrite-tool", arguments={})
        await until(lambda: reason(source, "echo") is HiddenReason.CHANGED)
        refused = await call(source, "echo", text="hi")
        status = source.servers()[0].error or ""
        with pytest.raises(AlreadyDecided):
            await source.accept("echo", fingerprint=first)
        accepted = await source.accept("echo", fingerprint=find(source, "echo").fingerprint)
        answered = await call(source, "echo", text="hi")

    assert refused.failure is not None
    assert refused.failure.kind is ErrorKind.PERMISSION_DENIED
    assert "an administrator has to accept it" in status
    assert accepted.hidden is None
    assert answered.text == "hi"


async def test_what_was_seen_first_and_switched_off_outlives_a_restart(tmp_path: Path, stdio_entry: Entry) -> None:
    foreign = stdio_entry | {"trusted": False}
    async with start(tmp_path, foreign=foreign) as source:
        await source.call("rewrite-tool", arguments={})
        await until(lambda: reason(source, "echo") is HiddenReason.CHANGED)
        await source.accept("echo", fingerprint=None)
        await source.set_enabled("get-pid", is_enabled=False)
    # A new process describes echo as it did before the rewriting, which is not what was accepted.
    async with start(tmp_path, foreign=foreign) as source:
        reasons = {name: reason(source, name) for name in ("echo", "get-pid", "fail")}

    assert reasons == {"echo": HiddenReason.CHANGED, "get-pid": HiddenReason.DISABLED, "fail": None}


async def test_a_trusted_server_may_describe_its_tools_anew(tmp_path: Path, stdio_entry: Entry) -> None:
    async with start(tmp_path, own=stdio_entry) as source:
        first = find(source, "echo").fingerprint
        await source.call("rewrite-tool", arguments={})
        await until(lambda: find(source, "echo").fingerprint != first)
        with pytest.raises(InvalidInput):
            await source.accept("echo", fingerprint=None)
        with pytest.raises(NotFound):
            await source.accept("no-such-tool", fingerprint=None)

    assert reason(source, "echo") in {None, HiddenReason.SERVER_DOWN}


async def test_a_hidden_tool_leaves_its_name_to_nobody(tmp_path: Path, stdio_entry: Entry) -> None:
    async with start(tmp_path, first=stdio_entry, second=stdio_entry | {"trusted": False}) as source:
        await source.set_enabled("echo", is_enabled=False)
        owners = {entry.spec.server: entry.hidden for entry in source.entries() if entry.spec.name == "echo"}
        names = [spec.name for spec in source.tools()]

    assert {server: hidden.reason for server, hidden in owners.items() if hidden} == {
        "first": HiddenReason.DISABLED,
        "second": HiddenReason.NAME_TAKEN,
    }
    assert "echo" not in names


def test_a_damaged_memory_is_not_taken_for_an_empty_one(tmp_path: Path) -> None:
    path = tmp_path / "tools.json"
    path.write_text('{"disabled": ', encoding="utf-8")

    with pytest.raises(MemoryDamaged, match="switched off"):
        FileToolMemory(path)


def test_a_server_that_invents_names_without_end_does_not_fill_the_memory(tmp_path: Path) -> None:
    memory = FileToolMemory(tmp_path / "tools.json")

    known = memory.pin_new("foreign", {f"tool-{number}": "0" * 64 for number in range(2000)})

    assert len(known) == 500
    assert memory.pin_new("foreign", {"one-more": "1" * 64}) == {}
