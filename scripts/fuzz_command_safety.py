"""Feeds `command_safety.classify` with text that a coverage-guided fuzzer makes up.

atheris is no dependency of the project: `pip install atheris` first, then

    python scripts/fuzz_command_safety.py -max_total_time=300 [corpus folder]

It stops at the first text that raises, takes longer than a second, is readonly with a reason, or is readonly although a
deletion of the root stands behind it. The labelled commands are the first corpus.
"""

import json
import sys
import tempfile
import time
from pathlib import Path

import atheris

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

with atheris.instrument_imports(include=["command_safety"]):
    from command_safety import CommandClass, classify

LONGEST_SECONDS = 1.0


def check_one(data: bytes) -> None:
    command = data.decode("utf-8", "replace")
    started = time.process_time()
    verdict = classify(command)
    seconds = time.process_time() - started
    if seconds > LONGEST_SECONDS:
        raise RuntimeError(f"{seconds:.1f} seconds for {command!r}")
    if bool(verdict.reasons) == (verdict.command_class is CommandClass.READONLY):
        raise RuntimeError(f"{verdict} for {command!r}")
    if verdict.command_class is CommandClass.READONLY:
        beside = classify("rm -rf /\n" + command)
        if beside.command_class is not CommandClass.BLOCKED:
            raise RuntimeError(f"{beside} for a deletion before {command!r}")


def write_corpus(folder: Path) -> None:
    for name in ("given", "own"):
        lines = (ROOT / "tests" / "data" / "commands" / f"{name}.tsv").read_text().splitlines()[1:]
        for number, line in enumerate(lines):
            (folder / f"{name}-{number}").write_text(json.loads(line.split("\t")[1]))


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        write_corpus(Path(folder))
        atheris.Setup([*sys.argv, folder], check_one)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
