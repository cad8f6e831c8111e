"""Real MCP servers over stdio and HTTP for the tool source."""

import asyncio
import json
import os
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from backend.agent.domain import ToolOutcome
from backend.integrations.mcp_servers.source import McpToolSource

Entry: TypeAlias = dict[str, Any]  # Any: one entry of mcp_config.json
OpenSource: TypeAlias = Callable[..., AbstractAsyncContextManager[McpToolSource]]

PROJECT = Path(__file__).parents[3]


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """What the fixture servers did, one line each."""
    return tmp_path / "journal.txt"


@pytest.fixture
def stdio_entry(journal: Path) -> Entry:
    return {
        "command": sys.executable,
        "args": ["-m", "tests.fakes.mcp_fixture_server"],
        "cwd": str(PROJECT),
        "env": {"FIXTURE_JOURNAL": str(journal)},
        "trusted": True,
    }


@pytest.fixture
def open_source(tmp_path: Path) -> OpenSource:
    """Open a source on exactly these entries of `mcpServers`."""

    @asynccontextmanager
    async def open_source(**entries: Entry) -> AsyncIterator[McpToolSource]:
        path = tmp_path / "mcp_config.json"
        path.write_text(json.dumps({"mcpServers": entries}), encoding="utf-8")
        async with McpToolSource(config_path=path, environment=dict(os.environ)) as source:
            yield source

    return open_source


@pytest.fixture
def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def read_journal(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


async def call(source: McpToolSource, name: str, **arguments: object) -> ToolOutcome:
    outcome = await asyncio.wait_for(source.call(name, arguments=arguments), 20)
    assert isinstance(outcome, ToolOutcome)
    return outcome


async def until(is_true: Callable[[], bool]) -> None:
    """Wait, bounded, for something another process does."""
    async with asyncio.timeout(20):
        while not is_true():
            await asyncio.sleep(0.02)
