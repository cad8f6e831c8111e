"""Patrol with the real tool servers: this machine, simulated SSH hosts, and a simulated cluster with faults."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.fakes.product import ROOT
from tests.fakes.troubled_machine import file_server, may_mount, nearly_full_tmpfs, zombie
from tests.integration.patrol.processes import Json, wait_until

pytestmark = pytest.mark.timeout(240)


def patrol(folder: Path, *, servers: Mapping[str, Mapping[str, str]]) -> Json:
    """What `ding-robot patrol --once --json` says with these servers; values are their environments."""
    entries = {
        name: {
            "command": sys.executable,
            "args": ["-m", f"{name}_mcp.server", "--transport", "stdio"],
            "cwd": str(ROOT),
            "env": {"PATH": os.environ["PATH"], **environment},
            "trusted": True,
        }
        for name, environment in servers.items()
    }
    config = folder / "mcp_config.json"
    config.write_text(json.dumps({"mcpServers": entries}))
    settings = {"MCP_CONFIG": str(config), "DATA_DIRECTORY": str(folder / "data"), "OPENAI_API_KEY": ""}
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


def find(answer: Json, check: str) -> list[Json]:
    return [finding for finding in answer["findings"] if finding["check"] == check]


@may_mount
def test_zombie_full_tmpfs_and_listener_of_this_machine_are_found_and_explained(tmp_path: Path) -> None:
    served = tmp_path / "served"
    served.mkdir()
    with zombie() as parent, nearly_full_tmpfs(tmp_path) as place, file_server(served) as (server, port):
        answer = patrol(tmp_path, servers={"ssh": {"SSH_MCP_DATA_DIRECTORY": str(tmp_path / "ssh")}})

    [full] = [one for one in find(answer, "disk-usage") if one["subject"] == str(place)]
    [dead] = [one for one in find(answer, "zombies") if one["subject"].endswith(f"({parent})")]
    [listener] = [one for one in find(answer, "makeshift-servers") if one["subject"] == f"tcp {port}"]
    assert {one["state"] for one in (full, dead, listener)} == {"open"}
    assert full["target"]["id"] == "local"
    assert "memory" in full["cause"]["en"]
    assert f"kill -s CHLD {parent}" in [fix["command"] for fix in dead["fixes"]]
    assert "父进程" in dead["cause"]["zh"]
    assert f"PID {server.pid}" in listener["title"]["zh"]
    assert "without a login" in listener["cause"]["en"]
    assert f"kill {server.pid}" in [fix["command"] for fix in listener["fixes"]]


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
                "SSH_LOCAL": "false",
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


def test_every_fault_of_simulated_hosts_is_found_and_nothing_else(tmp_path: Path) -> None:
    with simulated_estate(tmp_path, *FAULTS) as servers:
        answer = patrol(tmp_path, servers=servers)

    found = {(one["target"]["id"], one["check"]) for one in answer["findings"]}
    assert (answer["run"]["unknown"], answer["run"]["unreachable"]) == (0, 0)
    assert sorted(set(FAULTS.values()) - found) == []
    assert sorted(found - set(FAULTS.values()) - CONSEQUENCES) == []


def test_healthy_hosts_and_cluster_give_no_findings(tmp_path: Path) -> None:
    with simulated_estate(tmp_path) as servers:
        answer = patrol(tmp_path, servers=servers)

    assert answer["run"]["targets"] > 5
    assert [(one["target"]["id"], one["check"], one["title"]["en"]) for one in answer["findings"]] == []


def test_every_host_scenario_stands_here() -> None:
    scenarios = {path.stem for path in (ROOT / "simulator" / "scenarios" / "hosts").glob("*.yaml")}

    assert scenarios - set(FAULTS) == set()
