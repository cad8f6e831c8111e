"""The calls of the SSH tools."""

from collections.abc import Sequence

from backend.agent.rule_planner.calls import PlannedCall

ASSETS = "ssh-asset-list"
FACTS = "ssh-host-facts"
EXECUTE = "ssh-execute"
MAX_HOSTS = 10
"""Hosts per call: the tools take twenty, but every part of so many may not fit one answer."""
MAX_RUN_HOSTS = 20
"""Hosts per command."""


def list_assets() -> PlannedCall:
    return PlannedCall(ASSETS, {"limit": 100})


def read_facts(hosts: Sequence[str], *, parts: Sequence[str]) -> PlannedCall:
    """Only the parts a question is about: the whole of many hosts would not fit one answer."""
    return PlannedCall(FACTS, {"assets": list(hosts), "parts": list(parts)})


def execute(command: str, *, hosts: Sequence[str]) -> PlannedCall:
    return PlannedCall(EXECUTE, {"assets": list(hosts), "command": command})
