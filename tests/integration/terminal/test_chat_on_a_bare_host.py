"""`ding-robot chat` alone on a host, without backend, cluster or model: real processes, ports and terminal."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from backend.data_directory import DirectoryTaken, find_running, hold_directory
from tests.fakes.product import find_free_port
from tests.fakes.pseudo_terminal import PseudoTerminal, run_in_terminal
from tests.fakes.troubled_machine import file_server, may_mount, nearly_full_tmpfs, zombie

pytestmark = pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals")


@contextmanager
def chat(folder: Path) -> Iterator[PseudoTerminal]:
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
        yield terminal
        terminal.type("/quit\r")
        assert terminal.wait() == 0


def talk_about_port(process: subprocess.Popen[bytes], port: int, folder: Path) -> None:
    with chat(folder) as terminal:
        terminal.type(f"帮我看看 {port} 端口被谁占用了?\r")
        terminal.expect(f"PID 是 {process.pid}")
        terminal.expect("http.server")
        terminal.expect("只有本机能访问它")
        terminal.type("杀掉它\r")
        terminal.expect(f"kill {process.pid}")
        assert process.poll() is None
        terminal.type("y\r")
        terminal.expect(f"端口 {port} 已释放")


def talk_about_trouble(parent: int, place: Path, folder: Path) -> None:
    with chat(folder) as terminal:
        terminal.type("这台机器上有僵尸进程吗?怎么处理?\r")
        terminal.expect("没有回收其退出状态")
        terminal.expect(f"kill -s CHLD {parent}")
        terminal.type("which disk is almost full and what should I do?\r")
        terminal.expect(f"{place.name} is 9")
        terminal.expect("Files in a tmpfs live in memory")
        terminal.expect("du -xh")


@pytest.mark.timeout(120)
async def test_a_port_is_explained_at_once_and_its_process_ends_only_after_a_yes(tmp_path: Path) -> None:
    with file_server(tmp_path) as (process, port):
        await asyncio.to_thread(talk_about_port, process, port, tmp_path)

        assert process.wait(timeout=10) == -signal.SIGTERM

    assert find_running(tmp_path / "data") is None


@may_mount
@pytest.mark.timeout(120)
async def test_zombie_and_full_tmpfs_of_this_machine_are_explained(tmp_path: Path) -> None:
    with zombie() as parent, nearly_full_tmpfs(tmp_path) as place:
        await asyncio.to_thread(talk_about_trouble, parent, place, tmp_path)


def test_a_directory_is_held_by_one_backend_and_says_where_it_listens(tmp_path: Path) -> None:
    with hold_directory(tmp_path, url="http://127.0.0.1:8899"):
        held = find_running(tmp_path)
        with pytest.raises(DirectoryTaken, match=r"8899.*DATA_DIRECTORY"), hold_directory(tmp_path, url="elsewhere"):
            raise AssertionError("unreachable")

    assert held == "http://127.0.0.1:8899"
    assert find_running(tmp_path) is None


def test_an_empty_directory_has_no_backend(tmp_path: Path) -> None:
    assert find_running(tmp_path / "nothing") is None
