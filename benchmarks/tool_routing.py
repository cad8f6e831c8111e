"""What the backend's tool source adds to a tool call: `python -m benchmarks.tool_routing`.

Both clients speak to the same server process over streamable HTTP, in turn.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from mcp import Client

from backend.integrations.mcp_servers import McpToolSource
from benchmarks.figures import describe_machine, describe_ms, percentile
from tests.fakes.product import ROOT, find_free_port

_ARGUMENTS = {"text": "hello"}


async def measure(*, rounds: int) -> None:
    port = find_free_port()
    command = [sys.executable, "-m", "tests.fakes.mcp_fixture_server", "--transport", "http", "--port", str(port)]
    server = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stderr=subprocess.DEVNULL)
    try:
        await _wait_for(port)
        await _compare(f"http://127.0.0.1:{port}/mcp", rounds=rounds)
    finally:
        server.terminate()
        await asyncio.wait_for(server.wait(), timeout=10)


async def _wait_for(port: int) -> None:
    async with asyncio.timeout(30):
        while True:
            try:
                _reader, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.1)
            else:
                writer.close()
                return


async def _compare(url: str, *, rounds: int) -> None:
    direct, routed = [], []
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "mcp_config.json"
        config.write_text(json.dumps({"mcpServers": {"fixture": {"url": url, "trusted": True}}}))
        async with McpToolSource(config_path=config, environment={}) as source, Client(url) as client:
            for number in range(rounds + 10):
                started = time.perf_counter()
                await client.call_tool("echo", _ARGUMENTS)
                between = time.perf_counter()
                outcome = await source.call("echo", arguments=_ARGUMENTS)
                ended = time.perf_counter()
                if getattr(outcome, "text", "") != "hello":
                    raise RuntimeError(f"the tool source answered {outcome}")
                if number >= 10:
                    direct.append(between - started)
                    routed.append(ended - between)
    print(describe_machine())
    print(describe_ms("mcp.Client directly", direct))
    print(describe_ms("through the tool source", routed))
    paired = sorted(after - before for before, after in zip(direct, routed, strict=True))
    print(f"added per call, median of the pairs: {percentile(paired, percent=50) * 1000:.2f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=300)
    asyncio.run(measure(rounds=parser.parse_args().rounds))


if __name__ == "__main__":
    main()
