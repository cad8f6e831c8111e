"""Starts the whole product as its user starts it, in processes of its own."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
START_SECONDS = 60


def find_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_healthy(address: str, *, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, "the product ended while starting"
        try:
            with urllib.request.urlopen(f"{address}/api/v2/health", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise AssertionError(f"{address} did not become healthy")


def start(*arguments: str, port: int, data: Path, **environment: str) -> subprocess.Popen[bytes]:
    """`ding-robot …` in a process group of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "backend.cli", *arguments, "--port", str(port)],
        cwd=ROOT,
        env=os.environ | {"DATA_DIRECTORY": str(data)} | environment,
        start_new_session=True,
    )


@contextmanager
def product(*arguments: str, data: Path, **environment: str) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """`ding-robot …` on a free port with its own data; everything it started is gone afterwards."""
    port = find_free_port()
    address = f"http://127.0.0.1:{port}"
    process = start(*arguments, port=port, data=data, **environment)
    try:
        wait_until_healthy(address, process=process)
        yield address, process
    finally:
        process.terminate()
        try:
            process.wait(timeout=15)
        finally:
            kill_group(process)


@asynccontextmanager
async def running_product(
    *arguments: str, data: Path, **environment: str
) -> AsyncIterator[tuple[str, subprocess.Popen[bytes]]]:
    """`product` for asynchronous tests: neither its start nor its end blocks what else runs."""
    manager = product(*arguments, data=data, **environment)
    started = await asyncio.to_thread(manager.__enter__)
    try:
        yield started
    finally:
        await asyncio.to_thread(manager.__exit__, None, None, None)


def write_fixture_config(folder: Path) -> Path:
    """An `mcp_config.json` with the fixture server, trusted, which writes what it changes into `journal` beside it."""
    config = folder / "mcp_config.json"
    entry = {
        "command": sys.executable,
        "args": ["-m", "tests.fakes.mcp_fixture_server"],
        "cwd": str(ROOT),
        "env": {"FIXTURE_JOURNAL": str(folder / "journal")},
        "trusted": True,
    }
    config.write_text(json.dumps({"mcpServers": {"fixture": entry}}))
    return config


def kill_group(process: subprocess.Popen[bytes]) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    process.wait(timeout=10)
