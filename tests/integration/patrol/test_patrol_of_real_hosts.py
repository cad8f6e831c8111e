"""Patrol with the real tool servers: this machine, simulated SSH hosts, and a simulated cluster with faults."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.fakes.product import ROOT
from tests.fakes.troubled_machine import MAY_MOUNT, file_server, may_mount, nearly_full_tmpfs, zombie
from tests.integration.patrol.processes import Json, wait_until

pytestmark = pytest.mark.timeout(240)


def patrol(folder: Path, *, servers: Mapping[str, Mapping[str, str]], looks_at_itself: bool = False) -> Json:
    """What `ding-robot patrol --once --json` says with these servers; values are their environments."""
    is_local = {"SSH_LOCAL": str(looks_at_itself).lower()}
    entries = {
        name: {
            "command": sys.executable,
            "args": ["-m", f"{name}_mcp.server", "--transport", "stdio"],
            "cwd": str(ROOT),
            "env": {"PATH": os.environ["PATH"], **environment, **is_local},
            "trusted": True,
        }
        for name, environment in servers.items()
    }
    config = folder / "mcp_config.json"
    config.write_text(json.dumps({"mcpServers": entries}))
    settings = {
        "MCP_CONFIG": str(config),
        "DATA_DIRECTORY": str(folder / "data"),
        "OPENAI_API_KEY": "",
        "PATROL_CONFIRM_SECONDS": "1",
    }
    done = subprocess.run(
        [sys.executable, "-m", "backend.cli", "patrol", "--once", "--json"],
        cwd=ROOT,
        env=os.environ | settings,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.stdout, done.stderr
    return dict(json.loads(done.stdout))


@contextmanager
def simulated_estate(folder: Path, *scenarios: str) -> Iterator[Mapping[str, Mapping[str, str]]]:
    """The environments of the two servers that reach it."""
    kubeconfig, inventory = folder / "kubeconfig", folder / "inventory.yaml"
    chosen = [part for name in scenarios for part in ("--scenario", name)] or ["--scenarios", "none"]
    simulator = subprocess.Popen(
        [
            *(sys.executable, "-m", "simulator", "--port", "0", "--kubeconfig", str(kubeconfig)),
            *("--ssh-port", "0", "--inventory", str(inventory), "--ends-with-stdin", *chosen),
        ],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        wait_until(lambda: kubeconfig.exists() and inventory.exists())
        yield {
            "k8s": {"KUBECONFIG_PATH": str(kubeconfig)},
            "ssh": {
                "SSH_INVENTORY": str(inventory),
                "SSH_MCP_DATA_DIRECTORY": str(folder / "ssh"),
            },
        }
    finally:
        simulator.kill()
        simulator.communicate(timeout=10)


FAULTS = {
    "host-certificate-expiring": ("gateway-1", "certificate-expiry"),
    "host-clock-drift": ("cache-1", "clock"),
    "host-deleted-file-open": ("gateway-1", "disk-usage"),
    "host-disk-full": ("db-1", "disk-usage"),
    "host-inodes-exhausted": ("app-1", "inode-usage"),
    "host-journal-large": ("backup-1", "disk-usage"),
    "host-load-high": ("app-1", "load"),
    "host-node-disk-full": ("node-3", "disk-usage"),
    "host-oom-kill": ("cache-1", "oom-kills"),
    "host-open-files": ("gateway-1", "open-files"),
    "host-port-taken": ("app-1", "failed-units"),
    "host-read-only": ("app-1", "read-only-mounts"),
    "host-swap-thrashing": ("gateway-1", "swap"),
    "host-unit-failed": ("db-1", "failed-units"),
    "host-zombies": ("app-1", "zombies"),
    "crash-missing-env": ("simulator", "crash-missing-env"),
}
CONSEQUENCES = {
    ("cache-1", "memory"),
    ("gateway-1", "memory"),
    ("simulator", "node-pressure"),
}
"""What the faults bring about besides."""


@dataclass(frozen=True)
class Trouble:
    """One patrol of this machine and of the simulated estate, and what was wrong with this machine meanwhile."""

    answer: Json
    zombies_parent: int
    server: int
    port: int
    full: Path | None

    def find(self, check: str, *, subject: str) -> Json:
        [found] = [
            one
            for one in self.answer["findings"]
            if (one["target"]["id"], one["check"]) == ("local", check) and subject in one["subject"]
        ]
        return dict(found)


@pytest.fixture(scope="module")
def trouble(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trouble]:
    folder = tmp_path_factory.mktemp("trouble")
    (folder / "served").mkdir()
    with ExitStack() as stack:
        parent = stack.enter_context(zombie())
        server, port = stack.enter_context(file_server(folder / "served"))
        full = stack.enter_context(nearly_full_tmpfs(folder)) if MAY_MOUNT else None
        servers = stack.enter_context(simulated_estate(folder, *FAULTS))
        answer = patrol(folder, servers=servers, looks_at_itself=True)
        yield Trouble(answer, zombies_parent=parent, server=server.pid, port=port, full=full)


def test_zombie_of_this_machine_is_found_and_laid_at_its_parents_door(trouble: Trouble) -> None:
    dead = trouble.find("zombies", subject=f"({trouble.zombies_parent})")

    assert dead["state"] == "open"
    assert f"kill -s CHLD {trouble.zombies_parent}" in [fix["command"] for fix in dead["fixes"]]
    assert "父进程" in dead["cause"]["zh"]


@may_mount
def test_nearly_full_tmpfs_of_this_machine_is_found_and_explained(trouble: Trouble) -> None:
    full = trouble.find("disk-usage", subject=str(trouble.full))

    assert full["state"] == "open"
    assert "memory" in full["cause"]["en"]
    assert any("du -xh" in fix["command"] for fix in full["fixes"])


def test_server_started_by_hand_on_this_machine_is_found_and_explained(trouble: Trouble) -> None:
    listener = trouble.find("makeshift-servers", subject=f"tcp {trouble.port}")

    assert listener["state"] == "open"
    assert f"PID {trouble.server}" in listener["title"]["zh"]
    assert "without a login" in listener["cause"]["en"]
    assert f"kill {trouble.server}" in [fix["command"] for fix in listener["fixes"]]


def test_every_fault_of_simulated_hosts_is_found_and_nothing_else(trouble: Trouble) -> None:
    answer = trouble.answer
    found = {(one["target"]["id"], one["check"]) for one in answer["findings"] if one["target"]["id"] != "local"}

    assert (answer["run"]["unknown"], answer["run"]["unreachable"]) == (0, 0)
    assert sorted(set(FAULTS.values()) - found) == []
    assert sorted(found - set(FAULTS.values()) - CONSEQUENCES) == []


def test_service_without_its_port_is_told_with_the_process_that_has_it(trouble: Trouble) -> None:
    [billing] = [one for one in trouble.answer["findings"] if one["subject"] == "billing.service"]

    assert "端口 8080 已被 PID" in billing["cause"]["zh"]
    assert "billing-test.jar" in billing["cause"]["en"]
    assert any("Address already in use" in line for line in billing["evidence"])


def test_healthy_hosts_and_cluster_give_no_findings(tmp_path: Path) -> None:
    with simulated_estate(tmp_path) as servers:
        answer = patrol(tmp_path, servers=servers)

    assert answer["run"]["targets"] > 5
    assert [(one["target"]["id"], one["check"], one["title"]["en"]) for one in answer["findings"]] == []


def test_every_host_scenario_stands_here() -> None:
    scenarios = {path.stem for path in (ROOT / "simulator" / "scenarios" / "hosts").glob("*.yaml")}

    assert scenarios - set(FAULTS) == set()
