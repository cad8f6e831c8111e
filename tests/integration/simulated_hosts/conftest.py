"""A fleet behind real SSH in a process of its own, as a user starts it."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

START_SECONDS = 40


class ServedFleet:
    """The files a launched simulator has written."""

    def __init__(self, inventory: Path) -> None:
        self.inventory = inventory
        self.key = inventory.with_suffix(".key")
        self.known_hosts = inventory.with_suffix(".known_hosts")
        self.hosts = {host["id"]: host for host in yaml.safe_load(inventory.read_text(encoding="utf-8"))["hosts"]}

    def ssh(self, host: str, *words: str, user: str = "root") -> list[str]:
        """The command line of the OpenSSH client."""
        options = [f"UserKnownHostsFile={self.known_hosts}", "StrictHostKeyChecking=yes", "BatchMode=yes"]
        flags = [part for option in options for part in ("-o", option)]
        port = str(self.hosts[host]["port"])
        return ["ssh", "-F", "none", "-i", str(self.key), *flags, "-p", port, f"{user}@127.0.0.1", *words]


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedFleet]:
    inventory = tmp_path_factory.mktemp("fleet") / "hosts.yaml"
    arguments = ["--port", "0", "--ssh-port", "0", "--inventory", str(inventory), "--scenarios", "demo"]
    process = subprocess.Popen(
        [sys.executable, "-m", "simulator", *arguments, "--ends-with-stdin"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("simulator ready ")
        yield ServedFleet(inventory)
    finally:
        process.terminate()
        process.wait(timeout=START_SECONDS)
