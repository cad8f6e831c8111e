"""The calls of the SSH tools."""

from collections.abc import Sequence

from backend.agent.rule_planner.calls import PlannedCall

ASSETS = "ssh-asset-list"
FACTS = "ssh-host-facts"
EXECUTE = "ssh-execute"
MAX_HOSTS = 20
"""Hosts per call, as the tools take them."""


def list_assets() -> PlannedCall:
    return PlannedCall(ASSETS, {"limit": 100})


def read_facts(hosts: Sequence[str]) -> PlannedCall:
    return PlannedCall(FACTS, {"assets": list(hosts)})


def execute(host: str, command: str) -> PlannedCall:
    return PlannedCall(EXECUTE, {"assets": [host], "command": command})
