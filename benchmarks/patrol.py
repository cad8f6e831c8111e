"""A patrol of many hosts: `python -m benchmarks.patrol`.

By default the hosts are simulated SSH hosts behind the real SSH server; `--source fixture` puts a small MCP server that
answers from a file in their place, which shows what patrol itself costs.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from backend.features.patrol.domain import PatrolRun, Trigger
from backend.features.patrol.service import PatrolProcess
from backend.settings import Settings
from backend.watch_program import TaskStarter, open_watch
from backend.web.watch import Watch
from benchmarks.figures import describe_machine
from tests.fakes.product import ROOT
from tests.fakes.watching import make_disk, make_facts

_MEGABYTE = 1e6
_READY_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Cost:
    """Processor seconds and resident bytes of this process and of its tool servers."""

    own_cpu: float
    servers_cpu: float
    own_bytes: int
    servers_bytes: int


async def measure(*, hosts: int, rounds: int, source: str) -> None:
    with tempfile.TemporaryDirectory() as folder, _serve(source, Path(folder), hosts=hosts) as config:
        settings = Settings(mcp_config=config, data_directory=Path(folder) / "data")
        async with open_watch(settings, process=PatrolProcess(owner="benchmark")) as (watch, starter):
            print(f"{hosts} hosts, {source}; {describe_machine()}")
            for number in range(1, rounds + 1):
                print(await _patrol_once(watch, starter, number=number))


async def _patrol_once(watch: Watch, starter: TaskStarter, *, number: int) -> str:
    before, began = read_cost(), time.perf_counter()
    run, _is_new = await watch.patrol.start(trigger=Trigger.COMMAND, by="benchmark")
    await starter.wait()
    wall, after = time.perf_counter() - began, read_cost()
    return _describe(await watch.patrol.get_run(run.id), number=number, wall=wall, before=before, after=after)


def _describe(run: PatrolRun, *, number: int, wall: float, before: Cost, after: Cost) -> str:
    return (
        f"patrol {number}: {wall:6.2f} s for {run.looked} looks ({run.unknown} unknown, {run.opened} opened); "
        f"CPU own {after.own_cpu - before.own_cpu:5.2f} s, "
        f"tool servers {after.servers_cpu - before.servers_cpu:5.2f} s; "
        f"memory own {after.own_bytes / _MEGABYTE:4.0f} MB, tool servers {after.servers_bytes / _MEGABYTE:4.0f} MB"
    )


def read_cost() -> Cost:
    """What was used so far. The simulator is no child of this process, so it is not counted."""
    own = psutil.Process()
    servers = [child for child in own.children(recursive=True) if "simulator" not in " ".join(child.cmdline())]
    times = own.cpu_times()
    return Cost(
        own_cpu=times.user + times.system,
        servers_cpu=sum(child.cpu_times().user + child.cpu_times().system for child in servers),
        own_bytes=own.memory_info().rss,
        servers_bytes=sum(child.memory_info().rss for child in servers),
    )


@contextmanager
def _serve(source: str, folder: Path, *, hosts: int) -> Iterator[Path]:
    """The path of an mcp_config.json with one server that reaches so many hosts."""
    if source == "fixture":
        yield _write_config(folder, module="tests.fakes.watch_mcp_server", WATCH_WORLD=str(_write_world(folder, hosts)))
        return
    inventory = folder / "inventory.yaml"
    command = [
        *(sys.executable, "-m", "simulator", "--port", "0", "--ssh-port", "0", "--scenarios", "none"),
        *("--hosts", str(hosts), "--inventory", str(inventory), "--ends-with-stdin"),
    ]
    simulator = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        _wait_for(inventory, simulator)
        ssh = {"SSH_INVENTORY": str(inventory), "SSH_LOCAL": "false", "SSH_MCP_DATA_DIRECTORY": str(folder / "ssh")}
        yield _write_config(folder, module="ssh_mcp.server", **ssh)
    finally:
        simulator.kill()
        simulator.wait(timeout=10)


def _write_config(folder: Path, *, module: str, **environment: str) -> Path:
    entry = {
        "command": sys.executable,
        "args": ["-m", module],
        "cwd": str(ROOT),
        "env": {"PATH": os.environ["PATH"], **environment},
        "trusted": True,
    }
    path = folder / "mcp_config.json"
    path.write_text(json.dumps({"mcpServers": {"hosts": entry}}))
    return path


def _write_world(folder: Path, hosts: int) -> Path:
    """Hosts of which every tenth has a full disk."""
    known = {}
    for number in range(hosts):
        name, used = f"host-{number:04d}", 0.97 if number % 10 == 0 else 0.4
        known[name] = make_facts(name, filesystems=(make_disk("/"), make_disk("/var", used=used))).model_dump(
            mode="json"
        )
    path = folder / "world.json"
    path.write_text(json.dumps({"hosts": known}))
    return path


def _wait_for(path: Path, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while not path.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            sys.exit("the simulated hosts did not start")
        time.sleep(0.1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hosts", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--source", choices=("simulator", "fixture"), default="simulator")
    given = parser.parse_args()
    asyncio.run(measure(hosts=given.hosts, rounds=given.rounds, source=given.source))


if __name__ == "__main__":
    main()
