"""Our Kubernetes server beside two others on clusters of growing size: `python -m benchmarks.kubernetes_tools`.

All read the same simulated API server with the same kubeconfig, one after the other. The peers are installed with npm
into a folder outside the repository (`--peers`); one of them needs kubectl. Prints the section "Kubernetes" of
project_document/performance.md, and writes it there with `--write`.
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
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client

from benchmarks.kubernetes_contenders import (
    Call,
    Contender,
    Target,
    environment_for,
    find_peers,
    install_peers,
    our_server,
)
from benchmarks.kubernetes_report import LOGS, Answers, Figures, Run, write_section
from benchmarks.o200k_tokens import count_tokens
from benchmarks.process_tree import TreeMemory
from tests.fakes.product import ROOT, find_free_port

SIZES = (100, 1_000, 5_000, 10_000)
TRANSPORTS = ("stdio", "http")
_ROW_OF_LOGS = 50
"""Log reads in a row on the first cluster: a client's own limit on requests shows only after some."""

_QUESTION_SECONDS = 6.0
"""After that a question is asked no more, once it has been asked three times: slow peers would take an hour."""

_DEFAULT_PEERS = Path.home() / ".cache" / "ding-robot" / "kubernetes-peers"
_START_SECONDS = 60
_CALL_SECONDS = 120


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
        # Our client would refuse what one of the peers answers for 5 000 pods.
        http = streamable_http_client(f"http://127.0.0.1:{port}/mcp", max_sse_event_size=None)
        async with Client(http, mode=mode, read_timeout_seconds=_CALL_SECONDS) as client:
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


async def ask_everything(
    contender: Contender, cluster: Cluster, *, size: int, transport: str, rounds: int, log_rounds: int
) -> Run:
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
                if question == LOGS and log_rounds:
                    run.answers[question] = await ask(
                        client, call, tree=memory, rounds=log_rounds, seconds=_CALL_SECONDS
                    )
                else:
                    run.answers[question] = await ask(
                        client, call, tree=memory, rounds=rounds, seconds=_QUESTION_SECONDS
                    )
    run.peak_mebibytes = memory.peak_mebibytes
    return run


async def ask(client: Client, call: Call, *, tree: TreeMemory, rounds: int, seconds: float) -> Answers:
    """The first answer and the later ones, back to back; no more after so many seconds, but two at least."""
    answers = Answers()
    name, arguments = call
    ends_at = time.perf_counter() + seconds
    used = [tree.processor_seconds()]
    for number in range(rounds + 1):
        if number > 2 and time.perf_counter() > ends_at:
            break
        started = time.perf_counter()
        try:
            result = await client.call_tool(name, arguments)
        except Exception as error:  # noqa: BLE001 - whatever a peer does, the others are measured
            answers.error = _last_words(str(error)) or type(error).__name__
            return answers
        took = time.perf_counter() - started
        if not number:
            used.append(tree.processor_seconds())
        if number:
            answers.later.append(took)
        else:
            answers.first = took
    used.append(tree.processor_seconds())
    answers.first_processor = used[1] - used[0]
    answers.later_processor = (used[-1] - used[1]) / max(1, len(answers.later))
    answers.text = "\n".join(block.text for block in result.content if block.type == "text")
    answers.structured = _as_json(result.structured_content) if result.structured_content else ""
    answers.error = (_last_words(answers.text) or "no reason given") if result.is_error else ""
    return answers


def _last_words(error: str) -> str:
    """The innermost reason of a chain, fit for a cell of a table."""
    return " ".join(error.replace("|", "/").split()).rpartition(": ")[2][:80]


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
    print(await make_section(sizes=sizes, rounds=rounds, starts=starts, peers=peers, transports=transports))


async def make_section(
    *, sizes: Sequence[int], rounds: int, starts: int, peers: Path | None, transports: Sequence[str]
) -> str:
    """The text of the section in performance.md."""
    contenders = [our_server()]
    if peers is not None:
        contenders += find_peers(install_peers(peers))
    began_at = time.perf_counter()
    runs: list[Run] = []
    cold: dict[str, list[float]] = {}
    for size in sizes:
        log_rounds = _ROW_OF_LOGS if size == sizes[0] and rounds > 1 else 0
        async with serve_cluster(size) as cluster:
            for contender in contenders:
                if contender.name not in cold:
                    cold[contender.name] = await measure_cold_start(contender, cluster, starts=starts)
                for transport in transports:
                    run = await ask_everything(
                        contender, cluster, size=size, transport=transport, rounds=rounds, log_rounds=log_rounds
                    )
                    print(f"measured {contender.name}, {size} pods, {transport}", file=sys.stderr)
                    runs.append(run)
    figures = Figures(
        runs, cold, _count(runs, packages=peers), rounds=rounds, seconds=int(time.perf_counter() - began_at)
    )
    return write_section(figures)


def _count(runs: Sequence[Run], *, packages: Path | None) -> dict[str, int]:
    """Tokens by text; empty when nothing can count them."""
    texts = {text for run in runs for each in run.answers.values() for text in (each.text, each.structured)}
    texts |= {run.tool_list for run in runs}
    if packages is None:
        return {}
    ordered = sorted(texts)
    return dict(zip(ordered, count_tokens(ordered, packages=packages), strict=True))


def replace_section(document: str, section: str) -> str:
    """The document with the section of the same heading replaced, or with it at the end."""
    heading = section.partition("\n")[0]
    before, found, after = document.partition(f"{heading}\n")
    _old, next_heading, rest = after.partition("\n## ")
    if not found:
        return f"{document.rstrip()}\n\n{section.rstrip()}\n"
    return f"{before}{section.rstrip()}\n{next_heading}{rest}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES), metavar="PODS")
    parser.add_argument("--rounds", type=int, default=10, help="calls after the first one")
    parser.add_argument("--starts", type=int, default=5, help="cold starts of each server")
    parser.add_argument("--peers", type=Path, default=_DEFAULT_PEERS, help="where the peers are installed")
    parser.add_argument("--alone", action="store_true", help="measure our own server only")
    parser.add_argument("--write", action="store_true", help="also into project_document/performance.md")
    parsed = parser.parse_args()
    section = asyncio.run(
        make_section(
            sizes=parsed.sizes,
            rounds=parsed.rounds,
            starts=parsed.starts,
            peers=None if parsed.alone else parsed.peers,
            transports=TRANSPORTS,
        )
    )
    print(section)
    if parsed.write:
        path = ROOT / "project_document" / "performance.md"
        path.write_text(replace_section(path.read_text(encoding="utf-8"), section), encoding="utf-8")


if __name__ == "__main__":
    main()
