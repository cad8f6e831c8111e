"""The real backend, with a scripted model and the fixture tools, for the terminal client to talk to."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from tests.fakes.openai_server import ScriptedModelServer
from tests.fakes.product import running_product, write_fixture_config

StartBackend = Callable[[ScriptedModelServer], AbstractAsyncContextManager[str]]


@pytest.fixture
def start_backend(tmp_path: Path) -> StartBackend:
    @asynccontextmanager
    async def start(model: ScriptedModelServer) -> AsyncIterator[str]:
        config = write_fixture_config(tmp_path)
        environment = {"MCP_CONFIG": str(config), "LLM_BASE_URL": model.base_url, "OPENAI_API_KEY": "sk-test"}
        async with running_product("web", data=tmp_path / "data", **environment) as (address, _process):
            yield address

    return start
