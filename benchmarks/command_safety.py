"""What judging a shell command costs: the labelled commands, and text of growing length.

python -m benchmarks.command_safety
"""

import argparse
import asyncio
import json
import time
from collections.abc import Iterable
from pathlib import Path

from benchmarks.figures import percentile
from command_safety import classify

LABELLED = Path(__file__).parents[1] / "tests" / "data" / "commands"
LENGTHS = (1_000, 2_000, 4_000, 8_000)
PIECES = {
    "a long pipe": "grep -v x | ",
    "many statements": "ls -l /var/log; ",
    "nested brackets": "$(",
    "quotes": "'a'\"b\"\\c ",
    "open here-documents": "<<A\n",
}


def read_commands() -> list[str]:
    lines = [line for name in ("given", "own") for line in (LABELLED / f"{name}.tsv").read_text().splitlines()[1:]]
    return [json.loads(line.split("\t")[1]) for line in lines]


def time_each(commands: Iterable[str], *, rounds: int) -> list[float]:
    """Microseconds per command, the best of some rounds: other programs share the machine."""
    best: list[float] = []
    for command in commands:
        taken = []
        for _ in range(rounds):
            started = time.perf_counter()
            classify(command)
            taken.append((time.perf_counter() - started) * 1e6)
        best.append(min(taken))
    return best


async def measure(*, rounds: int) -> None:
    started = time.perf_counter()
    classify("ls")
    print(f"rules loaded, first command judged: {(time.perf_counter() - started) * 1e3:.0f} ms")
    commands = read_commands()
    figures = time_each(commands, rounds=rounds)
    p50, p99, worst = (percentile(figures, percent=percent) for percent in (50, 99, 100))
    print(f"{len(commands)} labelled commands: p50 {p50:.0f} µs, p99 {p99:.0f} µs, worst {worst:.0f} µs")
    for name, piece in PIECES.items():
        times = time_each([(piece * length)[:length] for length in LENGTHS], rounds=rounds)
        shown = ", ".join(
            f"{length} characters {taken / 1e3:.1f} ms" for length, taken in zip(LENGTHS, times, strict=True)
        )
        print(f"{name}: {shown}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    asyncio.run(measure(rounds=parser.parse_args().rounds))


if __name__ == "__main__":
    main()
