"""Commands over SSH: `python -m benchmarks.ssh_commands`.

Real OpenSSH servers on loopback. Latency of a command on an open connection, in turn with the OpenSSH client over a
ControlMaster; one command on many hosts side by side; a gigabyte of output.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, redirect_stderr
from pathlib import Path
from typing import Any

import psutil
import yaml
from mcp import Client

from benchmarks.figures import describe_machine, describe_ms
from ssh_mcp.server import make_server
from ssh_mcp.settings import SshSettings
from tests.fakes.openssh import USER, KeyPair, SshServer, make_key, ssh_servers

_COMMAND = "uptime"
_HOSTS_PER_CALL = 20
_GIGABYTE = 1_000_000_000
_WARM_UP = 3

Hosts = list[dict[str, Any]]  # Any: JSON


async def measure(*, rounds: int, hosts: int, output_bytes: int) -> None:
    print(describe_machine())
    with tempfile.TemporaryDirectory() as folder:
        key = make_key(Path(folder) / "key")
        with ssh_servers(Path(folder), hosts, client_key=key) as servers:
            _write_inventory(Path(folder), servers, key=key)
            async with _open_client(Path(folder)) as client:
                await _compare_latency(client, servers[0], folder=Path(folder), key=key, rounds=rounds)
            async with _open_client(Path(folder)) as client:
                await _run_side_by_side(client, hosts=hosts)
                await _write_much(client, output_bytes=output_bytes)


async def _compare_latency(client: Client, server: SshServer, *, folder: Path, key: KeyPair, rounds: int) -> None:
    """All in turn, so that the load of the machine is the same for each."""
    ours: list[float] = []
    theirs: list[float] = []
    with _control_master(server, folder=folder, key=key) as command:
        for number in range(rounds + _WARM_UP):
            mine = await _time(lambda: _execute(client, ["host-1"], command=_COMMAND))
            other = await _time(lambda: asyncio.to_thread(_run, [*command, _COMMAND]))
            if number >= _WARM_UP:
                ours.append(mine)
                theirs.append(other)
    print(describe_ms("ssh-execute, open connection", ours))
    print(describe_ms("OpenSSH client over a ControlMaster", theirs))
    fifty = await _time(lambda: asyncio.gather(*(_execute(client, ["host-1"], command=_COMMAND) for _ in range(50))))
    print(f"50 commands on one host at once: {fifty:.2f} s")


async def _run_side_by_side(client: Client, *, hosts: int) -> None:
    names = [f"host-{number}" for number in range(1, hosts + 1)]
    for state in ("connections opened", "connections open"):
        seconds = await _time(lambda: _execute(client, names, command=_COMMAND))
        print(f"{hosts} hosts side by side, {state}: {seconds:.2f} s")


async def _write_much(client: Client, *, output_bytes: int) -> None:
    process = psutil.Process()
    before = process.memory_info().rss
    (host,) = await _execute(client, ["host-1"], command=f"head -c {output_bytes} /dev/zero", expected="output_limit")
    grown = (process.memory_info().rss - before) / 1e6
    print(f"{output_bytes / 1e6:.0f} MB of output: stopped after {host['bytes'] / 1e6:.1f} MB")
    print(f"  in {host['milliseconds']} ms, resident memory {grown:+.1f} MB")


async def _execute(client: Client, names: Sequence[str], *, command: str, expected: str = "done") -> Hosts:
    """The answers of all hosts; a call takes twenty of them."""
    calls = [names[start : start + _HOSTS_PER_CALL] for start in range(0, len(names), _HOSTS_PER_CALL)]
    results = await asyncio.gather(
        *(client.call_tool("ssh-execute", {"assets": list(part), "command": command}) for part in calls)
    )
    answers: Hosts = [host for result in results for host in (result.structured_content or {}).get("hosts", [])]
    if [host["status"] for host in answers] != [expected] * len(names):
        raise RuntimeError(f"the hosts answered {results}")
    return answers


async def _time(action: Callable[[], Awaitable[object]]) -> float:
    started = time.perf_counter()
    await action()
    return time.perf_counter() - started


@asynccontextmanager
async def _open_client(folder: Path) -> AsyncIterator[Client]:
    """Our server in this process, with its audit and a client that speaks the protocol."""
    settings = SshSettings(
        inventory=(folder / "hosts.yaml",), known_hosts=(folder / "known_hosts",), data_directory=folder / "data"
    )
    with redirect_stderr(io.StringIO()):
        async with Client(make_server(settings), read_timeout_seconds=120) as client:
            yield client


def _write_inventory(folder: Path, servers: Sequence[SshServer], *, key: KeyPair) -> None:
    accounts = [{"name": USER, "keys": [str(key.path)]}]
    hosts = [
        {"id": f"host-{number}", "address": "127.0.0.1", "port": server.port}
        for number, server in enumerate(servers, start=1)
    ]
    content = {"version": 1, "defaults": {"accounts": accounts, "tier": "test"}, "hosts": hosts}
    (folder / "hosts.yaml").write_text(yaml.safe_dump(content))
    (folder / "known_hosts").write_text("".join(server.known_hosts_line for server in servers))


@contextmanager
def _control_master(server: SshServer, *, folder: Path, key: KeyPair) -> Iterator[list[str]]:
    """The words of a client that shares one open connection."""
    options = [
        "ControlMaster=auto",
        f"ControlPath={folder}/master",
        "ControlPersist=60",
        f"UserKnownHostsFile={folder}/known_hosts",
    ]
    words = ["ssh", "-F", "none", "-i", str(key.path), "-p", str(server.port)]
    command = [*words, *(part for option in options for part in ("-o", option)), f"{USER}@127.0.0.1"]
    _run([*command, "true"])
    try:
        yield command
    finally:
        _run([*command[:-1], "-O", "exit", command[-1]])


def _run(command: Sequence[str]) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--hosts", type=int, default=50)
    given = parser.parse_args()
    asyncio.run(measure(rounds=given.rounds, hosts=given.hosts, output_bytes=_GIGABYTE))


if __name__ == "__main__":
    main()
