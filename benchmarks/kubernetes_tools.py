"""Our Kubernetes server beside two others on clusters of growing size: `python -m benchmarks.kubernetes_tools`.

All read the same simulated API server with the same kubeconfig, one after the other. The peers are installed with npm
into a folder outside the repository (`--peers`). Prints Markdown.
"""

import argparse
import asyncio
import contextlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

from benchmarks.figures import describe_machine, percentile
from benchmarks.kubernetes_contenders import (
    Call,
    Contender,
    Target,
    environment_for,
    find_peers,
    install_peers,
    our_server,
)
from benchmarks.o200k_tokens import count_tokens
from benchmarks.process_tree import TreeMemory
from tests.fakes.product import ROOT, find_free_port

SIZES = (100, 1_000, 5_000, 10_000)
TRANSPORTS = ("stdio", "http")
QUESTIONS = ("all pods", "200 pods", "one pod", "100 log lines", "events")
_DEFAULT_PEERS = Path.home() / ".cache" / "ding-robot" / "kubernetes-peers"
_START_SECONDS = 60
_CALL_SECONDS = 120


@dataclass(slots=True)
class Answers:
    """One question, asked again and again in one connection."""

    first: float = 0.0
    later: list[float] = field(default_factory=list)
    text: str = ""
    structured: str = ""
    error: str = ""


@dataclass(slots=True)
class Run:
    """One server on one cluster over one transport."""

    contender: str
    size: int
    transport: str
    answers: dict[str, Answers] = field(default_factory=dict)
    tool_list: str = ""
    start_mebibytes: int = 0
    peak_mebibytes: int = 0


@dataclass(frozen=True, slots=True)
class Cluster:
    kubeconfig: Path
    process: int
    target: Target


@contextlib.asynccontextmanager
async def serve_cluster(size: int) -> AsyncIterator[Cluster]:
    with tempfile.TemporaryDirectory() as folder:
        kubeconfig = Path(folder) / "kubeconfig.yaml"
        command = [
            sys.executable,
            "-m",
            "simulator",
            "--pods",
            str(size),
            "--port",
            "0",
            "--kubeconfig",
            str(kubeconfig),
        ]
        process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
        try:
            async with asyncio.timeout(_START_SECONDS):
                ready = (await process.stdout.readline()).decode() if process.stdout else ""
            yield Cluster(kubeconfig, process.pid, await _choose_target(ready.split()[-1]))
        finally:
            process.terminate()
            await asyncio.wait_for(process.wait(), timeout=10)


async def _choose_target(url: str) -> Target:
    import httpx2

    async with httpx2.AsyncClient(base_url=url, timeout=30) as client:
        pods = (await client.get("/api/v1/namespaces/bench-00/pods")).json()["items"]
        events = (await client.get("/api/v1/events")).json()["items"]
    running = [
        pod for pod in pods if pod["status"]["phase"] == "Running" and pod["status"]["containerStatuses"][0]["ready"]
    ]
    places = [event["metadata"]["namespace"] for event in events]
    return Target("bench-00", running[0]["metadata"]["name"], max(set(places), key=places.count, default="bench-00"))


@contextlib.asynccontextmanager
async def connect(contender: Contender, cluster: Cluster, *, transport: str) -> AsyncIterator[Client]:
    environment = environment_for(contender, kubeconfig=cluster.kubeconfig)
    mode = "legacy" if contender.is_legacy else "auto"
    if transport == "stdio":
        command, *arguments = contender.command
        parameters = StdioServerParameters(command=command, args=arguments, env=environment, cwd=str(ROOT))
        with open("/dev/null", "w") as silence:  # noqa: ASYNC230 - not a file that can block
            async with Client(
                stdio_client(parameters, errlog=silence), mode=mode, read_timeout_seconds=_CALL_SECONDS
            ) as client:
                yield client
        return
    port = find_free_port()
    process = await asyncio.create_subprocess_exec(
        *contender.command,
        *contender.http_arguments(port),
        env={**environment, **contender.http_environment(port)},
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        await _wait_for(port)
        async with Client(f"http://127.0.0.1:{port}/mcp", mode=mode, read_timeout_seconds=_CALL_SECONDS) as client:
            yield client
    finally:
        process.terminate()
        await asyncio.wait_for(process.wait(), timeout=10)


async def _wait_for(port: int) -> None:
    async with asyncio.timeout(_START_SECONDS):
        while True:
            try:
                _reader, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.1)
            else:
                writer.close()
                return


async def ask_everything(contender: Contender, cluster: Cluster, *, size: int, transport: str, rounds: int) -> Run:
    run = Run(contender.name, size, transport)
    memory = TreeMemory(excluded=[cluster.process])
    with memory:
        async with connect(contender, cluster, transport=transport) as client:
            listed = (await client.list_tools()).tools
            run.tool_list = _as_json(
                [tool.model_dump(mode="json", by_alias=True, exclude_none=True) for tool in listed]
            )
            await asyncio.sleep(0.2)
            run.start_mebibytes = memory.peak_mebibytes
            for question, call in contender.calls(cluster.target).items():
                repeat = max(rounds, 50) if question == "100 log lines" and rounds > 1 else rounds
                run.answers[question] = await ask(client, call, rounds=repeat)
    run.peak_mebibytes = memory.peak_mebibytes
    return run


async def ask(client: Client, call: Call, *, rounds: int) -> Answers:
    """The first answer and the later ones, back to back."""
    answers = Answers()
    name, arguments = call
    for number in range(rounds + 1):
        started = time.perf_counter()
        try:
            result = await client.call_tool(name, arguments)
        except Exception as error:  # noqa: BLE001 - whatever a peer does, the others are measured
            answers.error = str(error)[:80] or type(error).__name__
            return answers
        seconds = time.perf_counter() - started
        if number:
            answers.later.append(seconds)
        else:
            answers.first = seconds
    answers.text = "\n".join(block.text for block in result.content if block.type == "text")
    answers.structured = _as_json(result.structured_content) if result.structured_content else ""
    answers.error = answers.text[:80] if result.is_error else ""
    return answers


async def measure_cold_start(contender: Contender, cluster: Cluster, *, starts: int) -> list[float]:
    """Seconds from the start of the process to the reply to tools/list."""
    seconds = []
    for _ in range(starts):
        started = time.perf_counter()
        async with connect(contender, cluster, transport="stdio") as client:
            await client.list_tools()
            seconds.append(time.perf_counter() - started)
    return seconds


def _as_json(value: Any) -> str:  # Any: JSON
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


async def measure(
    *, sizes: Sequence[int], rounds: int, starts: int, peers: Path | None, transports: Sequence[str] = TRANSPORTS
) -> None:
    """`peers` None measures our own server alone, and no tokens."""
    contenders = [our_server()]
    if peers is not None:
        contenders += find_peers(install_peers(peers))
    runs: list[Run] = []
    cold: dict[str, list[float]] = {}
    for size in sizes:
        async with serve_cluster(size) as cluster:
            for contender in contenders:
                if contender.name not in cold:
                    cold[contender.name] = await measure_cold_start(contender, cluster, starts=starts)
                for transport in transports:
                    run = await ask_everything(contender, cluster, size=size, transport=transport, rounds=rounds)
                    print(f"measured {contender.name}, {size} pods, {transport}", file=sys.stderr)
                    runs.append(run)
    tokens = _count(runs, packages=peers)
    print(f"{describe_machine()}; {rounds} calls after the first in each connection\n")
    print_servers(runs, cold, tokens)
    print_latencies(runs)
    print_sizes(runs, tokens)


def _count(runs: Sequence[Run], *, packages: Path | None) -> dict[str, int]:
    """Tokens by text; empty when nothing can count them."""
    texts = {text for run in runs for each in run.answers.values() for text in (each.text, each.structured)}
    texts |= {run.tool_list for run in runs}
    if packages is None:
        return {}
    ordered = sorted(texts)
    return dict(zip(ordered, count_tokens(ordered, packages=packages), strict=True))


def print_servers(runs: Sequence[Run], cold: dict[str, list[float]], tokens: dict[str, int]) -> None:
    sizes = list(dict.fromkeys(run.size for run in runs))
    print("| server | cold start, median of runs (ms) | tools | tools/list tokens | memory after start (MiB) |", end="")
    print("".join(f" peak at {size} pods |" for size in sizes))
    print("|---" * (5 + len(sizes)) + "|")
    for name, seconds in cold.items():
        own = [run for run in runs if run.contender == name and run.transport == "stdio"]
        count = len(json.loads(own[0].tool_list))
        cells = [
            name,
            f"{percentile(seconds, percent=50) * 1000:.0f} ({min(seconds) * 1000:.0f}–{max(seconds) * 1000:.0f})",
            str(count),
            _show_tokens(own[0].tool_list, tokens),
            str(own[0].start_mebibytes),
            *(str(run.peak_mebibytes) for run in own),
        ]
        print(f"| {' | '.join(cells)} |")
    print()


def print_latencies(runs: Sequence[Run]) -> None:
    """First call, then median and 99th percentile of the later ones, in milliseconds."""
    columns = list(dict.fromkeys((run.contender, run.transport) for run in runs))
    print("| pods | question |" + "".join(f" {name}, {transport} |" for name, transport in columns))
    print("|---" * (2 + len(columns)) + "|")
    for size in dict.fromkeys(run.size for run in runs):
        for question in QUESTIONS:
            found = {(run.contender, run.transport): run.answers[question] for run in runs if run.size == size}
            cells = [_show_latency(found[column]) for column in columns]
            print(f"| {size} | {question} | {' | '.join(cells)} |")
    print()


def _show_latency(answers: Answers) -> str:
    if answers.error or not answers.later:
        return f"fails: {answers.error}"
    middle, high = (percentile(answers.later, percent=percent) * 1000 for percent in (50, 99))
    return f"{answers.first * 1000:.0f}, then {middle:.1f} / {high:.1f}"


def print_sizes(runs: Sequence[Run], tokens: dict[str, int]) -> None:
    """Characters and tokens of an answer; ours in both of its forms, of which a client gives a model one."""
    names = list(dict.fromkeys(run.contender for run in runs))
    print("| pods | question |" + "".join(f" {name} |" for name in names))
    print("|---" * (2 + len(names)) + "|")
    for size in dict.fromkeys(run.size for run in runs):
        for question in QUESTIONS:
            own = {
                run.contender: run.answers[question] for run in runs if run.size == size and run.transport == "stdio"
            }
            print(f"| {size} | {question} | {' | '.join(_show_size(own[name], tokens) for name in names)} |")


def _show_size(answers: Answers, tokens: dict[str, int]) -> str:
    if answers.error:
        return "fails"
    shown = f"{len(answers.text)} chars, {_show_tokens(answers.text, tokens)} tokens"
    if not answers.structured:
        return shown
    return f"{shown}; structured {len(answers.structured)}, {_show_tokens(answers.structured, tokens)}"


def _show_tokens(text: str, tokens: dict[str, int]) -> str:
    return str(tokens[text]) if text in tokens else "–"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES), metavar="PODS")
    parser.add_argument("--rounds", type=int, default=20, help="calls after the first one")
    parser.add_argument("--starts", type=int, default=5, help="cold starts of each server")
    parser.add_argument("--peers", type=Path, default=_DEFAULT_PEERS, help="where the peers are installed")
    parser.add_argument("--alone", action="store_true", help="measure our own server only")
    parsed = parser.parse_args()
    asyncio.run(
        measure(
            sizes=parsed.sizes,
            rounds=parsed.rounds,
            starts=parsed.starts,
            peers=None if parsed.alone else parsed.peers,
        )
    )


if __name__ == "__main__":
    main()
