"""The durable engine in a process of its own: order, crashes, orderly stops."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[3]
PATIENCE_SECONDS = 30


@contextmanager
def host(folder: Path, *runs: str, seconds: float = 0.01) -> Iterator[subprocess.Popen[str]]:
    arguments = [f"sqlite:///{folder / 'runs.db'}", str(folder / "effects"), str(seconds), *runs]
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.fakes.durable_host", *arguments],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process
    finally:
        process.kill()
        process.wait(timeout=10)


def wait_for_line(folder: Path, line: str) -> list[str]:
    """The effects so far, once this line is among them."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        lines = (folder / "effects").read_text().splitlines()
        if line in lines:
            return lines
        time.sleep(0.02)
    raise AssertionError(f"{line!r} did not appear: {lines}")


def test_runs_of_one_session_are_serial_and_sessions_are_not(tmp_path: Path) -> None:
    with host(tmp_path, "s1/a", "s1/b", "s2/c", seconds=0.2):
        lines = wait_for_line(tmp_path, "end b 3")

    assert lines.index("end a 3") < lines.index("start b 1")
    assert lines.index("start c 1") < lines.index("end a 3")


def test_killed_process_resumes_at_the_advance_that_was_cut(tmp_path: Path) -> None:
    with host(tmp_path, "s1/a", "s1/b", seconds=0.3) as process:
        wait_for_line(tmp_path, "start a 2")
        process.kill()
        process.wait(timeout=10)

    with host(tmp_path, seconds=0.01):
        lines = wait_for_line(tmp_path, "end b 3")

    assert [line for line in lines if line.startswith("end a")] == ["end a 1", "end a 2", "end a 3"]
    assert lines.count("start a 2") == 2


def test_orderly_stop_leaves_the_run_to_the_next_start(tmp_path: Path) -> None:
    with host(tmp_path, "s1/a", seconds=1.0) as process:
        wait_for_line(tmp_path, "start a 1")
        process.communicate("", timeout=10)

    with host(tmp_path, seconds=0.01):
        lines = wait_for_line(tmp_path, "end a 3")

    assert process.returncode == 0
    assert lines.count("end a 3") == 1
