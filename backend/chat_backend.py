"""The backend a terminal chat talks to: the one that is named, the one that runs here, or one of its own."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2

from backend.data_directory import find_running
from backend.settings import Settings
from backend.vocabulary.language import Language, Text, choose_terminal_language

_START_SECONDS = 60.0
_TOOL_SECONDS = 15.0
_STOP_SECONDS = 10.0
_LOG = "chat-backend.log"

_STARTING = Text(
    en="No backend is running here; starting one for this chat …",
    zh="本机没有正在运行的后端,正在为本次会话启动一个……",
)
_DID_NOT_START = Text(
    en="The backend for this chat did not start. Its last words, from {log}:\n{words}",
    zh="为本次会话启动的后端未能启动。日志 {log} 的最后内容:\n{words}",
)


class NotStarted(Exception):
    """The backend of one's own ended before it could answer; the text says why."""


@contextmanager
def choose_backend(url: str | None, *, language: str | None) -> Iterator[str]:
    """The address to talk to, until the end of the block. Raise NotStarted."""
    if url is not None:
        yield url
        return
    settings = Settings()
    running = find_running(settings.data_directory) or f"http://127.0.0.1:{settings.port}"
    if _answers(running):
        yield running
        return
    spoken = choose_terminal_language(language, environment=os.environ)
    print(_STARTING.in_language(spoken), file=sys.stderr, flush=True)
    with _own_backend(settings.data_directory, language=spoken) as own:
        yield own


@contextmanager
def _own_backend(directory: Path, *, language: Language) -> Iterator[str]:
    directory.mkdir(parents=True, exist_ok=True)
    log = directory / _LOG
    address = f"http://127.0.0.1:{_find_free_port()}"
    # A session of its own, so that Ctrl-C reaches the chat alone; it ends with the pipe even if the chat is killed.
    with log.open("wb") as output:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "backend.cli", "web", "--ends-with-stdin"),
                *("--host", "127.0.0.1", "--port", address.rpartition(":")[2]),
            ],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _wait(process, address, log=log, language=language)
        yield address
    finally:
        _stop(process)


def _wait(process: subprocess.Popen[bytes], address: str, *, log: Path, language: Language) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not _answers(address):
        if process.poll() is not None or time.monotonic() > deadline:
            words = "\n".join(log.read_text(errors="replace").splitlines()[-5:])
            raise NotStarted(_DID_NOT_START.in_language(language).format(log=log, words=words))
        time.sleep(0.1)
    deadline = time.monotonic() + _TOOL_SECONDS
    while time.monotonic() < deadline and _is_connecting(address):
        time.sleep(0.1)


def _answers(address: str) -> bool:
    """Whether something listens. What it is, the chat finds out with its first request."""
    try:
        httpx2.get(f"{address}/healthz", timeout=2, trust_env=False)
    except httpx2.HTTPError:
        return False
    return True


def _is_connecting(address: str) -> bool:
    """Whether a tool server is still on its way: the first question would find no tools."""
    try:
        servers = httpx2.get(f"{address}/api/v2/tools", timeout=5, trust_env=False).json()["servers"]
    except (httpx2.HTTPError, ValueError, KeyError):
        return False
    return any(server.get("state") == "connecting" for server in servers)


def _find_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.stdin is not None:
        process.stdin.close()
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(timeout=_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(timeout=_STOP_SECONDS)
