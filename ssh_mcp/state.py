"""What every tool call finds ready."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from mcp_kit.audit import AuditLog
from ssh_mcp.commands.fleet import Fleet
from ssh_mcp.commands.judging import Policy
from ssh_mcp.commands.running import Reaper
from ssh_mcp.connections.directory import HostDirectory
from ssh_mcp.connections.host_keys import HostKeys
from ssh_mcp.inventories.catalogue import AssetCatalogue
from ssh_mcp.jumpserver.access import JumpServerAccess
from ssh_mcp.records.approvals import ApprovalLedger
from ssh_mcp.records.outputs import OutputStore
from ssh_mcp.settings import SshSettings
from ssh_mcp.terminals.open_sessions import OpenSessions


@dataclass(frozen=True, slots=True)
class SshState:
    settings: SshSettings
    assets: AssetCatalogue
    hosts: HostDirectory
    host_keys: HostKeys
    fleet: Fleet
    reaper: Reaper
    outputs: OutputStore
    approvals: ApprovalLedger
    sessions: OpenSessions
    audit: AuditLog
    jumpserver: JumpServerAccess | None
    now: Callable[[], datetime]

    @property
    def policy(self) -> Policy:
        return Policy(self.settings.read_only, self.settings.read_only_tiers)
