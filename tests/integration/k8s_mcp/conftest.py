"""A simulated cluster and the server as processes of their own, reached by a real MCP client."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

_START_SECONDS = 40
ROOT = Path(__file__).parents[3]


class StartFailed(RuntimeError):
    """The program did not say that it is ready; its output is in the text."""


@dataclass
class Program:
    """A running program whose output is kept."""

    process: subprocess.Popen[str]
    lines: list[str]
    found: str

    def stop(self, *, within_seconds: float) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=within_seconds)


def start(arguments: list[str], *, marker: str, environment: dict[str, str] | None = None) -> Program:
    """Start a Python module and wait for the line that begins with the marker."""
    process = subprocess.Popen(
        [sys.executable, "-m", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=ROOT,
        env={**os.environ, **(environment or {})},
    )
    lines: list[str] = []
    is_ready = threading.Event()

    def read() -> None:
        for line in process.stdout or ():
            lines.append(line.rstrip())
            if line.startswith(marker):
                is_ready.set()
        is_ready.set()

    threading.Thread(target=read, daemon=True).start()
    is_ready.wait(_START_SECONDS)
    found = next((line for line in lines if line.startswith(marker)), "")
    if not found:
        process.kill()
        raise StartFailed("\n".join(lines))
    return Program(process, lines, found)


@dataclass(frozen=True)
class SimulatedCluster:
    url: str
    kubeconfig: Path

    @property
    def environment(self) -> dict[str, str]:
        return {"KUBECONFIG_PATH": str(self.kubeconfig), "K8S_NAMESPACE": "", "READ_ONLY": ""}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatedCluster]:
    kubeconfig = tmp_path_factory.mktemp("cluster") / "kubeconfig.yaml"
    program = start(
        ["simulator", "--port", "0", "--kubeconfig", str(kubeconfig), "--scenarios", "demo"], marker="simulator ready"
    )
    yield SimulatedCluster(program.found.split()[-1], kubeconfig)
    program.stop(within_seconds=10)


@pytest.fixture(scope="module")
def http_server(cluster: SimulatedCluster) -> Iterator[str]:
    """The address of a Kubernetes server over HTTP."""
    program = start(
        ["k8s_mcp.server", "--transport", "http", "--port", "0"], marker="k8s ready", environment=cluster.environment
    )
    yield program.found.split()[-1]
    program.stop(within_seconds=10)
