"""The collection script runs in the shells there are and its output becomes facts of this very machine."""

import shutil
import subprocess
from datetime import UTC, datetime

import psutil
import pytest

from host_facts.collection import build_script
from host_facts.domain import HostFacts
from host_facts.parsing import parse_facts

TAG = "0123456789abcdef"


def collect(*shell: str) -> HostFacts:
    script = build_script(tag=TAG, look_seconds=0)
    ran = subprocess.run([*shell, "-c", script], capture_output=True, timeout=30, check=True)
    output = ran.stdout.decode(errors="replace")
    return parse_facts(output, host="here", tag=TAG, taken_at=datetime.now(UTC))


@pytest.mark.parametrize("shell", ["dash", "bash"])
def test_every_common_shell_gives_the_main_facts(shell: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")

    facts = collect(shell)

    assert facts.memory is not None
    assert facts.memory.total_bytes == psutil.virtual_memory().total
    assert facts.cpu is not None
    assert facts.filesystems
    assert facts.top_processes
    assert facts.zombies is not None


def test_the_disk_figures_are_those_of_the_system() -> None:
    facts = collect("sh")

    usage = psutil.disk_usage("/")
    root = next(item for item in facts.filesystems or () if item.mount_point == "/")
    assert root.size_bytes == pytest.approx(usage.total, rel=0.001)
    assert root.used_ratio == pytest.approx(usage.percent / 100, abs=0.01)
