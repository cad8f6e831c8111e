"""A backend in a process of its own, with nothing but a scripted model behind it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from tests.fakes.product import product

NO_SERVERS = json.dumps({"mcpServers": {}})


@contextmanager
def backend_process(folder: Path, *, model_url: str | None, **environment: str) -> Iterator[tuple[str, psutil.Process]]:
    """Its address and its process."""
    config = folder / "mcp_config.json"
    config.write_text(NO_SERVERS)
    settings = {"MCP_CONFIG": str(config), "ACCESS_RUNS_PER_MINUTE": "100000", **environment}
    if model_url is not None:
        settings |= {"LLM_BASE_URL": model_url, "OPENAI_API_KEY": "sk-benchmark"}
    with product("web", data=folder / "data", **settings) as (address, process):
        yield address, psutil.Process(process.pid)
