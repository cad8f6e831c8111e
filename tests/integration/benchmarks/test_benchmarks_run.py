"""Every benchmark runs with small sizes; nothing is asserted about time."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from benchmarks import (
    command_safety,
    event_log,
    idle,
    kubernetes_tools,
    patrol,
    relay,
    sessions,
    ssh_commands,
    streams,
    tool_routing,
)
from benchmarks.figures import percentile

Run = Callable[[], Coroutine[Any, Any, None]]  # Any: send and yield types of a coroutine

CASES: list[tuple[str, Run, list[str]]] = [
    (
        "sessions",
        lambda: sessions.measure(session_count=20, turns_per_session=2, rounds=2, url=None),
        ["20 sessions, 80 messages", "open a session", "search, zh, 2 characters, common (20 found)"],
    ),
    (
        "event log",
        lambda: event_log.measure(events=20, runs=3, url=None),
        ["one run, one event per write", "3 runs at once", "read 20 events back", "bytes per ordinary run"],
    ),
    (
        "command safety",
        lambda: command_safety.measure(rounds=1),
        ["labelled commands: p50", "a long pipe: 1000 characters"],
    ),
    (
        "ssh commands",
        lambda: ssh_commands.measure(rounds=2, hosts=2, output_bytes=10_000_000),
        ["over a ControlMaster", "2 hosts side by side, connections open", "stopped after 4.2 MB"],
    ),
    ("tool routing", lambda: tool_routing.measure(rounds=2), ["added per call"]),
    (
        "kubernetes tools",
        lambda: kubernetes_tools.measure(sizes=[10], rounds=1, starts=1, peers=None),
        ["| 10 | all pods |", "| 10 | whole cluster diagnosed |", "peak at 10 pods", "What the figures hide"],
    ),
    ("relay", lambda: relay.measure(rounds=2), ["added by the relay, p50", "from the question to the model"]),
    (
        "patrol",
        lambda: patrol.measure(hosts=12, rounds=1, source="fixture"),
        ["12 hosts, fixture", "12 looks (0 unknown, 2 opened)"],
    ),
    (
        "streams",
        lambda: streams.measure(streams=4, runs=2, per_second=20, seconds=0.5),
        ["4 streams over 2 runs, 10 words each; 0 refused", "words missing: 0 of 40"],
    ),
]


@pytest.mark.parametrize(("name", "run", "lines"), CASES, ids=[name for name, _run, _lines in CASES])
async def test_benchmark_prints_its_figures(
    name: str, run: Run, lines: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    await run()

    printed = capsys.readouterr().out
    assert [line for line in lines if line not in printed] == [], name


async def test_idle_benchmark_prints_its_figures(capsys: pytest.CaptureFixture[str]) -> None:
    await asyncio.to_thread(idle.measure, starts=1, seconds=0.2)

    assert "resident memory" in capsys.readouterr().out


def test_percentiles_are_measured_values() -> None:
    values = [float(number) for number in range(1, 101)]

    assert [percentile(values, percent=percent) for percent in (50, 99, 100)] == [50.0, 99.0, 100.0]
    assert percentile([7.0], percent=50) == 7.0


def test_section_of_a_document_is_replaced_and_the_others_stay() -> None:
    document = "# Performance\n\n## Chat\n\na\n\n## Kubernetes\n\nold\n\n## Hosts\n\nb\n"

    written = kubernetes_tools.replace_section(document, "## Kubernetes\n\nnew\n")

    assert written == document.replace("old", "new")
    assert kubernetes_tools.replace_section("# A\n", "## B\n\nb\n") == "# A\n\n## B\n\nb\n"
