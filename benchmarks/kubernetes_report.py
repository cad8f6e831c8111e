"""The figures of the Kubernetes servers as Markdown: the section "Kubernetes" of project_document/performance.md."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from benchmarks.figures import describe_machine, percentile

ALL, ONE_NAMESPACE, ONE_POD, LOGS, EVENTS = "all pods", "200 pods", "one pod", "100 log lines", "events"
DIAGNOSIS = "whole cluster diagnosed"
QUESTIONS = (ALL, ONE_NAMESPACE, ONE_POD, LOGS, EVENTS, DIAGNOSIS)
OURS, GO = "ding-robot", "kubernetes-mcp-server"
_TARGET_SIZE = 5_000

_HIDDEN = """\
What the figures hide: the API server is the simulator, in Python, on the same two cores; it answers from prepared
bytes (all 5 000 pods, 28 MB, in 0.05 s), so what is measured is what the servers do with an answer. A real one
needs longer, for all alike. *Warm* means that our server answers from the copy that a watch keeps up to date (it
says its age); the peers read anew each time, and nothing changes in this cluster meanwhile, so what following
changes costs does not show. An answer that names counts and what is abnormal is not the whole list: that takes
paging, 500 rows at a time. Memory is the largest sum over a server's processes (the npm wrapper and kubectl
included), shared pages counted for each; ours contains the diagnosis. Questions that take long are asked three to
five times only, so their p99 is their worst. Tokens are o200k; of our two forms of an answer a client gives a model
one."""


@dataclass(slots=True)
class Answers:
    """One question, asked again and again in one connection."""

    first: float = 0.0
    later: list[float] = field(default_factory=list)
    text: str = ""
    structured: str = ""
    error: str = ""
    first_processor: float = 0.0
    later_processor: float = 0.0
    """Processor seconds of the server and what it started: for the first answer, and for each of the later ones."""


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
class Figures:
    """All that was measured."""

    runs: Sequence[Run]
    cold: Mapping[str, Sequence[float]]
    tokens: Mapping[str, int]
    """By text; empty when nothing could count them."""
    rounds: int = 0
    seconds: int = 0

    @property
    def sizes(self) -> list[int]:
        return list(dict.fromkeys(run.size for run in self.runs))

    def find(self, contender: str, size: int, *, transport: str = "stdio") -> Run | None:
        wanted = (contender, size, transport)
        return next((run for run in self.runs if (run.contender, run.size, run.transport) == wanted), None)

    def count(self, text: str) -> str:
        return str(self.tokens.get(text, "–"))


def write_section(figures: Figures) -> str:
    lines = [
        "## Kubernetes",
        "",
        f"`python -m benchmarks.kubernetes_tools`, {figures.seconds} s in all ({describe_machine()} at the end): our",
        "server and two others over the same simulated API server with the same kubeconfig, one after another, by the",
        f"official Python client; up to {figures.rounds} calls after the first in one connection.",
        "",
        *_targets(figures),
        *_servers(figures),
        "First call, then p50 / p99 of the later ones, in milliseconds:",
        "",
        *_latencies(figures),
        "Characters and tokens of one answer:",
        "",
        *_sizes(figures),
        "Processor time of the servers by size of the cluster, over stdio, in milliseconds per call (in brackets per",
        "1 000 pods); unlike the latencies it hardly depends on what else the machine does:",
        "",
        *_curve(figures),
        _HIDDEN,
    ]
    return "\n".join(lines) + "\n"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(head)} |", "|---" * len(head) + "|", *(f"| {' | '.join(row)} |" for row in rows), ""]


def _servers(figures: Figures) -> list[str]:
    head = ["server", "start to tools/list, median (ms)", "tools", "tools/list tokens", "MiB after start"]
    rows = []
    for name, seconds in figures.cold.items():
        own = [run for run in figures.runs if run.contender == name and run.transport == "stdio"]
        rows.append(
            [
                name,
                f"{_middle(seconds):.0f} ({min(seconds) * 1000:.0f}–{max(seconds) * 1000:.0f})",
                str(len(json.loads(own[0].tool_list))),
                figures.count(own[0].tool_list),
                str(own[0].start_mebibytes),
                *(str(run.peak_mebibytes) for run in own),
            ]
        )
    return _table([*head, *(f"peak at {size} pods" for size in figures.sizes)], rows)


def _latencies(figures: Figures) -> list[str]:
    columns = list(dict.fromkeys((run.contender, run.transport) for run in figures.runs))
    found = {(run.contender, run.transport, run.size): run for run in figures.runs}
    rows = [
        [str(size), question, *(_show_latency(found[*column, size].answers.get(question)) for column in columns)]
        for size in figures.sizes
        for question in QUESTIONS
    ]
    return _table(["pods", "question", *(f"{name}, {transport}" for name, transport in columns)], rows)


def _show_latency(answers: Answers | None) -> str:
    if answers is None:
        return "–"
    if answers.error or not answers.later:
        return f"fails: {answers.error}"
    high = percentile(answers.later, percent=99) * 1000
    return f"{answers.first * 1000:.0f}, then {_middle(answers.later):.1f} / {high:.1f}"


def _sizes(figures: Figures) -> list[str]:
    names = list(figures.cold)
    rows = []
    for size in figures.sizes:
        own = {run.contender: run for run in figures.runs if run.size == size and run.transport == "stdio"}
        rows += [
            [str(size), question, *(_show_size(own[name].answers.get(question), figures) for name in names)]
            for question in QUESTIONS
        ]
    return _table(["pods", "question", *names], rows)


def _show_size(answers: Answers | None, figures: Figures) -> str:
    if answers is None:
        return "–"
    if answers.error:
        return "fails"
    shown = f"{len(answers.text)}, {figures.count(answers.text)} tokens"
    if not answers.structured:
        return shown
    return f"{shown}; structured {len(answers.structured)}, {figures.count(answers.structured)}"


def _curve(figures: Figures) -> list[str]:
    head = ["pods", *(f"{name}, all pods: first, later" for name in figures.cold), f"{OURS}, {DIAGNOSIS}"]
    rows = []
    for size in figures.sizes:
        cells = [_show_processor(figures.find(name, size), ALL, size=size) for name in figures.cold]
        rows.append([str(size), *cells, _show_processor(figures.find(OURS, size), DIAGNOSIS, size=size)])
    return _table(head, rows)


def _show_processor(run: Run | None, question: str, *, size: int) -> str:
    answers = run.answers.get(question) if run else None
    if answers is None or answers.error:
        return "–"
    parts = (answers.first_processor * 1000, answers.later_processor * 1000)
    return ", ".join(f"{part:.0f} ({part * 1000 / size:.0f})" for part in parts)


def _targets(figures: Figures) -> list[str]:
    """The targets of the project at 5 000 pods, each with what was measured."""
    ours = figures.find(OURS, _TARGET_SIZE)
    peers = [run for name in figures.cold if name != OURS and (run := figures.find(name, _TARGET_SIZE))]
    if ours is None or not peers:
        return []
    answers = [run.answers[ALL] for run in peers if not run.answers[ALL].error]
    warm = min(_middle(each.later) for each in answers)
    cold = min(each.first for each in answers) * 1000
    go = next((run.peak_mebibytes for run in peers if run.contender == GO), 0)
    mine, logs = ours.answers, _row_of_logs(figures)
    rows = [
        _target(
            "all pods, warm: ten times as fast as the faster peer",
            warm / _middle(mine[ALL].later),
            10,
            "{:.1f} ×",
            above=True,
        ),
        _target("all pods, first call: not slower than the faster peer", mine[ALL].first * 1000, cold, "{:.0f} ms"),
        *(
            _target(f"{question}: tokens", figures.tokens.get(mine[question].text, 0), most, "{:.0f}")
            for question, most in ((ALL, 2_500), (ONE_NAMESPACE, 1_500), (ONE_POD, 600))
        ),
        _target("tools/list: tokens", figures.tokens.get(ours.tool_list, 0), 4_000, "{:.0f}"),
        _target("log lines, 50 reads in a row: the last ten over the first ten", logs, 1.5, "{:.2f} ×"),
        _target("whole cluster diagnosed, warm", _middle(mine[DIAGNOSIS].later), 3_000, "{:.0f} ms"),
        _target("peak memory, of the Go peer's", ours.peak_mebibytes, go, "{:.0f} MiB"),
    ]
    return _table(["target at 5 000 pods", "wanted", "measured", "met"], rows)


def _target(name: str, measured: float, wanted: float, shape: str, *, above: bool = False) -> list[str]:
    is_met = measured >= wanted if above else measured <= wanted
    bound = "at least" if above else "at most"
    return [name, f"{bound} {shape.format(wanted)}", shape.format(measured), "yes" if is_met else "**no**"]


def _row_of_logs(figures: Figures) -> float:
    """How much slower the end of the longest row of log reads is than its beginning."""
    rows = [run.answers[LOGS].later for run in figures.runs if run.contender == OURS and run.transport == "stdio"]
    longest = max(rows, key=len)
    return _middle(longest[-10:]) / _middle(longest[:10])


def _middle(seconds: Sequence[float]) -> float:
    """The median in milliseconds."""
    return percentile(seconds, percent=50) * 1000
