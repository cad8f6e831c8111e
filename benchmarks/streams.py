"""Many followed event streams on one worker: `python -m benchmarks.streams`.

Scripted models write at a steady rate; every word carries the moment it was due. A client in a process of its own
follows the runs and measures from that moment to the word's arrival, through model protocol, event log and stream.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import psutil

from benchmarks.backend_process import backend_process
from benchmarks.figures import describe_machine, describe_ms
from benchmarks.stamping_model import StampingModel
from tests.fakes.product import ROOT

_PATIENCE_SECONDS = 120


async def measure(*, streams: int, runs: int, per_second: float, seconds: float) -> None:
    events = int(per_second * seconds)
    async with StampingModel(events=events, per_second=per_second) as model:
        with tempfile.TemporaryDirectory() as folder:
            limits = {"CHAT_MAX_PARALLEL_RUNS": str(runs), "LLM_FIRST_TOKEN_SECONDS": "300", "LLM_IDLE_SECONDS": "300"}
            manager = backend_process(Path(folder), model_url=model.base_url, **limits)
            address, process = await asyncio.to_thread(manager.__enter__)
            try:
                run_ids = await _start_runs(address, count=runs, model=model)
                await _follow(address, process, model=model, run_ids=run_ids, streams=streams, events=events)
            finally:
                await asyncio.to_thread(manager.__exit__, None, None, None)


async def _start_runs(address: str, *, count: int, model: StampingModel) -> list[str]:
    run_ids = []
    async with httpx2.AsyncClient(base_url=f"{address}/api/v2", timeout=60) as http:
        for _ in range(count):
            session = (await http.post("/sessions", json={})).json()["id"]
            run_ids.append((await http.post(f"/sessions/{session}/runs", json={"message": "go"})).json()["run_id"])
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while model.asked < count:
            await asyncio.sleep(0.05)
    return run_ids


async def _follow(
    address: str, process: psutil.Process, *, model: StampingModel, run_ids: list[str], streams: int, events: int
) -> None:
    url = urlsplit(address)
    before = process.memory_info().rss
    client = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.stream_client"),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=2**28,
    )
    if client.stdin is None or client.stdout is None:
        raise RuntimeError("the client has no pipes")
    chosen = [run_ids[number % len(run_ids)] for number in range(streams)]
    client.stdin.write("\n".join([f"{url.hostname} {url.port}", *chosen]).encode())
    client.stdin.close()
    async with asyncio.timeout(_PATIENCE_SECONDS):
        await client.stdout.readline()
        memory = (process.memory_info().rss - before) / streams / 1024
        cpu, started = sum(process.cpu_times()[:2]), time.perf_counter()
        model.begin.set()
        result = json.loads(await client.stdout.readline())
        cpu, took = sum(process.cpu_times()[:2]) - cpu, time.perf_counter() - started
        await client.wait()
    print(describe_machine())
    print(f"{streams} streams over {len(run_ids)} runs, {events} words each; {result['refused']} refused")
    print(describe_ms("from when a word was due to its arrival", result["delays"]))
    missing = sum(events - count for count in result["counts"])
    print(f"words missing: {missing} of {events * streams}")
    delivered = len(result["delays"]) or 1
    print(f"memory per stream: {memory:.1f} KiB; backend in all {process.memory_info().rss / 1e6:.0f} MB")
    print(f"backend: {cpu / took:.0%} of a core, {cpu / delivered * 1e6:.0f} µs of processor time per delivered word")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--streams", type=int, default=500)
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--per-second", type=float, default=20.0)
    parser.add_argument("--seconds", type=float, default=20.0)
    given = parser.parse_args()
    asyncio.run(measure(streams=given.streams, runs=given.runs, per_second=given.per_second, seconds=given.seconds))


if __name__ == "__main__":
    main()
