"""Real trouble on the machine that runs the tests: a zombie, a nearly full tmpfs, a server started by hand."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.fakes.product import find_free_port

MAY_MOUNT = os.geteuid() == 0 and shutil.which("mount") is not None
may_mount = pytest.mark.skipif(not MAY_MOUNT, reason="mounts a tmpfs")

_ZOMBIE_MAKER = """
import os, sys
if os.fork() == 0:
    os._exit(0)
print("ready", flush=True)
sys.stdin.read()
"""


@contextmanager
def zombie() -> Iterator[int]:
    """The process id of a parent that does not take note of its dead child."""
    parent = subprocess.Popen(
        [sys.executable, "-c", _ZOMBIE_MAKER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "ready\n"
        yield parent.pid
    finally:
        parent.kill()
        parent.communicate(timeout=10)


@contextmanager
def nearly_full_tmpfs(folder: Path) -> Iterator[Path]:
    place = folder / "full"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=20m", "tmpfs", str(place)], check=True)
    try:
        (place / "filler").write_bytes(bytes(19 * 1024 * 1024))
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True)


@contextmanager
def file_server(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Python's own file server on an empty folder, and its port."""
    port = find_free_port()
    arguments = [sys.executable, "-u", "-m", "http.server", str(port), "--bind", "127.0.0.1"]
    process = subprocess.Popen(arguments, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        assert process.stdout is not None
        assert b"Serving" in process.stdout.readline()
        yield process, port
    finally:
        process.kill()
        process.wait(timeout=10)
