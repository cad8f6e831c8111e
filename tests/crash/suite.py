"""Random SIGKILLs of the whole backend while runs read, change and wait for approvals.

    python -m tests.crash.suite --kills 200

Real processes throughout: the backend, a chat-completions server, an MCP server that journals every change it
makes. At the end nothing may be lost, doubled or stuck; the exit code says so.
"""

import argparse
import asyncio
import json
import random
import re
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

from tests.fakes.openai_server import RecordedRequest, Reply, ScriptedCall, ScriptedModelServer, call_tools, say
from tests.fakes.product import find_free_port, kill_group, start, wait_until_healthy, write_fixture_config

SESSIONS_AT_ONCE = 6
QUESTION = re.compile(r"^set value (job-\d+)$")
SETTLE_SECONDS = 120


@dataclass
class Turn:
    """One question as the client knows it: `run_id` is set once the server has said that it took it."""

    name: str
    session_id: str
    run_id: str


@dataclass
class Report:
    """What came of the whole suite."""

    kills: int = 0
    turns: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    contradicted: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    evidence: list[Any] = field(default_factory=list)  # Any: JSON
    """The messages of turns whose change ran more than once."""
    outcomes: Counter[str] = field(default_factory=Counter)

    @property
    def is_clean(self) -> bool:
        return not (self.lost or self.doubled or self.contradicted or self.stuck)


def answer(request: RecordedRequest) -> Reply:
    """Read, then change, then report: chosen from the history alone, so that a repeated request gets the same reply."""
    questions = {
        number: found[1]
        for number, message in enumerate(request.messages)
        if message["role"] == "user" and (found := QUESTION.search(str(message["content"])))
    }
    question_at, name = max(questions.items())
    results = sum(1 for message in request.messages[question_at:] if message["role"] == "tool")
    if results == 0:
        return call_tools(ScriptedCall(name="echo", arguments={"text": name}), text="Looking first.")
    if results == 1:
        return call_tools(ScriptedCall(name="change-value", arguments={"value": name}))
    return say(f"Finished with {name}.")


class Suite:
    """Drives one data directory through many lives of the backend."""

    def __init__(self, folder: Path, *, seed: int) -> None:
        self._folder = folder
        self._random = random.Random(seed)  # kills need no cryptography
        self._turns: list[Turn] = []
        self._finished: set[str] = set()
        self._asked = 0
        self.report = Report()

    async def run(self, *, kills: int) -> Report:
        async with ScriptedModelServer(replies=answer) as model:
            for _ in range(kills):
                await self._live_and_die(model)
            await self._settle(model)
        self._check_journal()
        return self.report

    async def _live_and_die(self, model: ScriptedModelServer) -> None:
        address, process = await self._start(model)
        worker = asyncio.create_task(self._work(address))
        await asyncio.sleep(self._random.uniform(0.05, 1.2))
        await asyncio.to_thread(kill_group, process)
        self.report.kills += 1
        worker.cancel()
        await asyncio.gather(worker, return_exceptions=True)

    async def _start(self, model: ScriptedModelServer) -> tuple[str, subprocess.Popen[bytes]]:
        config = write_fixture_config(self._folder)
        port = find_free_port()
        process = start(
            "web",
            port=port,
            data=self._folder / "data",
            MCP_CONFIG=str(config),
            LLM_BASE_URL=model.base_url,
            OPENAI_API_KEY="sk-test",
            LOG_LEVEL="ERROR",
        )
        address = f"http://127.0.0.1:{port}"
        await asyncio.to_thread(wait_until_healthy, address, process=process)
        return address, process

    async def _work(self, address: str) -> None:
        """Keep some turns going and approve what asks, until the backend dies."""
        async with httpx2.AsyncClient(base_url=address, timeout=5) as http:
            try:
                while True:
                    await self._approve_all(http)
                    await self._note_finished(http)
                    if len(self._turns) - len(self._finished) < SESSIONS_AT_ONCE:
                        await self._ask(http)
                    await asyncio.sleep(0.01)
            except (httpx2.TransportError, json.JSONDecodeError, KeyError):
                return

    async def _ask(self, http: httpx2.AsyncClient) -> None:
        # A number is never used again: a question whose answer the kill swallowed may be at work all the same.
        self._asked += 1
        name = f"job-{self._asked:04d}"
        session = (await http.post("/api/v2/sessions", json={"title": name})).json()
        started = await http.post(f"/api/v2/sessions/{session['id']}/runs", json={"message": f"set value {name}"})
        self._turns.append(Turn(name=name, session_id=session["id"], run_id=started.json()["run_id"]))

    @staticmethod
    async def _approve_all(http: httpx2.AsyncClient) -> None:
        for approval in (await http.get("/api/v2/approvals?state=pending")).json()["items"]:
            await http.post(f"/api/v2/approvals/{approval['id']}", json={"decision": "approve"})

    async def _note_finished(self, http: httpx2.AsyncClient) -> None:
        for turn in self._turns:
            if turn.name not in self._finished and _is_over(await _read_answer(http, turn)):
                self._finished.add(turn.name)

    async def _settle(self, model: ScriptedModelServer) -> None:
        """One last life in which everything that was taken must come to its end."""
        address, process = await self._start(model)
        try:
            async with httpx2.AsyncClient(base_url=address, timeout=10) as http:
                try:
                    async with asyncio.timeout(SETTLE_SECONDS):
                        while len(self._finished) < len(self._turns):
                            await self._approve_all(http)
                            await self._note_finished(http)
                            await asyncio.sleep(0.1)
                except TimeoutError:
                    self.report.stuck = [turn.name for turn in self._turns if turn.name not in self._finished]
                for turn in self._turns:
                    self._judge(turn, await _read_answer(http, turn))
        finally:
            await asyncio.to_thread(kill_group, process)

    def _judge(self, turn: Turn, message: Any) -> None:  # Any: JSON
        self.report.turns += 1
        if message is None:
            self.report.lost.append(turn.name)
            return
        statuses = {block["name"]: block["status"] for block in message["blocks"] if block["type"] == "tool_call"}
        outcome = statuses.get("change-value", "none")
        self.report.outcomes[outcome] += 1
        changes = self._read_changes()[turn.name]
        if changes > 1:
            self.report.evidence.append(message)
        if outcome not in {"ok", "unknown"} or (outcome == "ok" and changes != 1):
            self.report.contradicted.append(f"{turn.name}: said {outcome}, {changes} changes, {message['error']}")

    def _read_changes(self) -> Counter[str]:
        path = self._folder / "journal"
        lines = path.read_text().splitlines() if path.exists() else []
        return Counter(line.removeprefix("changed ") for line in lines if line.startswith("changed "))

    def _check_journal(self) -> None:
        self.report.doubled = [name for name, count in self._read_changes().items() if count > 1]


def _is_over(message: Any) -> bool:  # Any: JSON
    return message is not None and message["state"] in {"complete", "failed", "cancelled"}


async def _read_answer(http: httpx2.AsyncClient, turn: Turn) -> Any:  # Any: JSON
    page = (await http.get(f"/api/v2/sessions/{turn.session_id}/messages")).json()
    return next((message for message in page["items"] if message["role"] == "assistant"), None)


async def run_suite(*, kills: int, seed: int) -> Report:
    with tempfile.TemporaryDirectory(prefix="ding-robot-crash-") as folder:
        return await Suite(Path(folder), seed=seed).run(kills=kills)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args()
    report = asyncio.run(run_suite(kills=arguments.kills, seed=arguments.seed))
    print(
        f"kills {report.kills}, turns {report.turns}, changes {dict(report.outcomes)}, lost {report.lost}, "
        f"doubled {report.doubled}, contradicted {report.contradicted}, stuck {report.stuck}"
    )
    for message in report.evidence:
        print(json.dumps(message, indent=1, ensure_ascii=False))
    return 0 if report.is_clean else 1


if __name__ == "__main__":
    sys.exit(main())
