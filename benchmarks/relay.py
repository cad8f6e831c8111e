"""What the backend adds between a model's first byte and the client's: `python -m benchmarks.relay`.

The same client asks the same scripted model directly and through the backend, in turn.
"""

import argparse
import asyncio
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx2

from benchmarks.backend_process import backend_process
from benchmarks.figures import describe_machine, describe_ms, percentile
from tests.fakes.openai_server import Hold, RecordedRequest, Reply, ScriptedModelServer, delta_chunk, stream, text_steps

_PAUSE_SECONDS = 0.08
_MODEL_BODY = {"model": "scripted", "stream": True, "messages": [{"role": "user", "content": "hello"}]}


@dataclass(slots=True)
class Stopwatch:
    """When the model began its newest answer."""

    answered_at: float = 0.0
    waits: list[float] = field(default_factory=list)
    firsts: list[float] = field(default_factory=list)

    def note(self, *, asked_at: float, first_at: float) -> None:
        self.waits.append(self.answered_at - asked_at)
        self.firsts.append(first_at - self.answered_at)


async def measure(*, rounds: int) -> None:
    watches = (direct, relayed) = (Stopwatch(), Stopwatch())

    def answer(_request: RecordedRequest) -> Reply:
        for watch in watches:
            watch.answered_at = time.perf_counter()
        return _begin_and_go_on()

    async with ScriptedModelServer(replies=answer) as model:
        with tempfile.TemporaryDirectory() as folder:
            manager = backend_process(Path(folder), model_url=model.base_url)
            address, _process = await asyncio.to_thread(manager.__enter__)
            try:
                async with httpx2.AsyncClient(timeout=20) as http:
                    for number in range(rounds + 5):
                        await _ask_model(http, model.base_url, watch=direct)
                        await _ask_backend(http, address, watch=relayed)
                        if number == 4:
                            _forget(*watches)
            finally:
                await asyncio.to_thread(manager.__exit__, None, None, None)
    _report(direct, relayed)


def _begin_and_go_on() -> Reply:
    """One word, and the rest after a pause: only what is passed on at once arrives at once."""
    hold = Hold()
    asyncio.get_running_loop().call_later(_PAUSE_SECONDS, hold.release.set)
    return stream(*text_steps("One"), hold, *text_steps(" two three."), delta_chunk({}, finish_reason="stop"))


def _forget(*watches: Stopwatch) -> None:
    """The first rounds open connections and load code."""
    for watch in watches:
        watch.waits.clear()
        watch.firsts.clear()


async def _ask_model(http: httpx2.AsyncClient, base_url: str, *, watch: Stopwatch) -> None:
    asked_at = time.perf_counter()
    async with http.stream("POST", f"{base_url}/chat/completions", json=_MODEL_BODY) as response:
        await _read(response, marker='"content": "One', watch=watch, asked_at=asked_at)


async def _ask_backend(http: httpx2.AsyncClient, address: str, *, watch: Stopwatch) -> None:
    session = (await http.post(f"{address}/api/v2/sessions", json={})).json()["id"]
    url, headers = f"{address}/api/v2/sessions/{session}/runs", {"Accept": "text/event-stream"}
    asked_at = time.perf_counter()
    async with http.stream("POST", url, json={"message": "hello"}, headers=headers) as response:
        await _read(response, marker='"delta":"One', watch=watch, asked_at=asked_at)


async def _read(response: httpx2.Response, *, marker: str, watch: Stopwatch, asked_at: float) -> None:
    first_at = 0.0
    async for line in response.aiter_lines():
        if not first_at and marker in line:
            first_at = time.perf_counter()
    if not first_at:
        raise RuntimeError(f"no answer; the response was HTTP {response.status_code}")
    watch.note(asked_at=asked_at, first_at=first_at)


def _report(direct: Stopwatch, relayed: Stopwatch) -> None:
    print(describe_machine())
    print(describe_ms("first text after the model began, direct", direct.firsts))
    print(describe_ms("first text after the model began, relayed", relayed.firsts))
    for percent in (50, 99):
        added = percentile(relayed.firsts, percent=percent) - percentile(direct.firsts, percent=percent)
        print(f"added by the relay, p{percent}: {added * 1000:.1f} ms")
    print(describe_ms("from the question to the model, direct", direct.waits))
    print(describe_ms("from the question to the model, relayed", relayed.waits))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=200)
    asyncio.run(measure(rounds=parser.parse_args().rounds))


if __name__ == "__main__":
    main()
