"""`ding-robot chat` alone on a host, without backend, cluster or model: real processes, ports and terminal."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.data_directory import DirectoryTaken, find_running, hold_directory
from tests.fakes.product import find_free_port

pytestmark = pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals")


@pytest.fixture
def listener() -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    port = find_free_port()
    arguments = [sys.executable, "-u", "-m", "http.server", str(port), "--bind", "127.0.0.1"]
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdout is not None
    assert b"Serving" in process.stdout.readline()
    yield process, port
    process.kill()
    process.wait(timeout=10)


def converse(process: subprocess.Popen[bytes], port: int, folder: Path) -> None:
    from tests.fakes.pseudo_terminal import run_in_terminal

    environment = {
        "LC_ALL": "C.UTF-8",
        "XDG_STATE_HOME": str(folder),
        "DATA_DIRECTORY": str(folder / "data"),
        "PORT": str(find_free_port()),
        "KUBECONFIG_PATH": str(folder / "none"),
        "OPENAI_API_KEY": "",
        "LLM_BASE_URL": "",
    }
    arguments = [sys.executable, "-m", "backend.cli", "chat", "--language", "zh"]
    with run_in_terminal(arguments, environment=environment) as terminal:
        terminal.expect("/help")
        terminal.type(f"帮我看看 {port} 端口被谁占用了?\r")
        terminal.expect(f"PID 是 {process.pid}")
        terminal.type("杀掉它\r")
        terminal.expect(f"kill {process.pid}")
        assert process.poll() is None
        terminal.type("y\r")
        terminal.expect(f"端口 {port} 已释放")
        terminal.type("/quit\r")
        assert terminal.wait() == 0


async def test_a_port_is_explained_at_once_and_its_process_ends_only_after_a_yes(
    listener: tuple[subprocess.Popen[bytes], int], tmp_path: Path
) -> None:
    process, port = listener

    await asyncio.to_thread(converse, process, port, tmp_path)

    assert process.wait(timeout=10) == -signal.SIGTERM
    assert find_running(tmp_path / "data") is None


def test_a_directory_is_held_by_one_backend_and_says_where_it_listens(tmp_path: Path) -> None:
    with hold_directory(tmp_path, url="http://127.0.0.1:8899"):
        held = find_running(tmp_path)
        with pytest.raises(DirectoryTaken, match=r"8899.*DATA_DIRECTORY"), hold_directory(tmp_path, url="elsewhere"):
            raise AssertionError("unreachable")

    assert held == "http://127.0.0.1:8899"
    assert find_running(tmp_path) is None


def test_an_empty_directory_has_no_backend(tmp_path: Path) -> None:
    assert find_running(tmp_path / "nothing") is None
