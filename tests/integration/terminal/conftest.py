"""The real backend, with a scripted model and the fixture tools, for the terminal client to talk to."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from tests.fakes.openai_server import ScriptedModelServer
from tests.fakes.product import ROOT, product

StartBackend = Callable[[ScriptedModelServer], AbstractAsyncContextManager[str]]


@pytest.fixture
def start_backend(tmp_path: Path) -> StartBackend:
    @asynccontextmanager
    async def start(model: ScriptedModelServer) -> AsyncIterator[str]:
        config = tmp_path / "mcp_config.json"
        entry = {
            "command": sys.executable,
            "args": ["-m", "tests.fakes.mcp_fixture_server"],
            "cwd": str(ROOT),
            "env": {"FIXTURE_JOURNAL": str(tmp_path / "journal")},
            "trusted": True,
        }
        config.write_text(json.dumps({"mcpServers": {"fixture": entry}}))
        environment = {"MCP_CONFIG": str(config), "LLM_BASE_URL": model.base_url, "OPENAI_API_KEY": "sk-test"}
        manager = product("web", data=tmp_path / "data", **environment)
        address, _process = await asyncio.to_thread(manager.__enter__)
        try:
            yield address
        finally:
            await asyncio.to_thread(manager.__exit__, None, None, None)

    return start
