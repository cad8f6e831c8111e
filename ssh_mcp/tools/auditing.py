"""Audit records of commands: what was asked, judged, approved, refused, and how it ended."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from command_safety import CommandClass
from mcp_kit.audit import AuditLog
from mcp_kit.redaction import redact
from ssh_mcp.commands.domain import Command
from ssh_mcp.commands.fleet import HostRun, Target, digest_output
from ssh_mcp.commands.judging import Judgement


@dataclass(frozen=True, slots=True)
class CommandAudit:
    """Records about one command."""

    log: AuditLog
    tool: str
    command: Command
    judgement: Judgement

    def refused(self, targets: Sequence[Target]) -> None:
        self._write("command_refused", {"assets": _name_all(targets)}, is_durable=True)

    def approved(self, targets: Sequence[Target]) -> None:
        self._write("command_approved", {"assets": _name_all(targets)}, is_durable=True)

    def ended(self, run: HostRun) -> int | None:
        """Returns the number of the record."""
        details: dict[str, Any] = {"asset": _name(run.target)}  # Any: JSON
        if run.ending is not None:
            details |= {
                "end": run.ending.kind.value,
                "exit_code": run.ending.exit.code,
                "signal": run.ending.exit.signal,
                "milliseconds": run.ending.milliseconds,
            }
        if run.error is not None:
            details |= {"end": type(run.error).__name__, "error": str(run.error)[:300]}
        if run.streams is not None:
            details |= {
                "bytes": sum(stream.total_bytes for stream in run.streams.values()),
                "output_sha256": digest_output(run.streams),
            }
        return self._write("command_ended", details, is_durable=self._is_change)

    @property
    def _is_change(self) -> bool:
        return self.judgement.command_class is not CommandClass.READONLY

    def _write(self, event: str, details: dict[str, Any], *, is_durable: bool) -> int | None:  # Any: JSON
        text = self.command.effective_text
        record = {
            "event": event,
            "tool": self.tool,
            "command": redact(text)[:1000],
            "command_sha256": hashlib.sha256(text.encode()).hexdigest(),
            "class": self.judgement.command_class.value,
            "rules": [reason.rule for reason in self.judgement.reasons[:10]],
            **details,
        }
        return self.log.write(record, is_durable=is_durable)


def _name_all(targets: Sequence[Target]) -> list[str]:
    return [_name(target) for target in targets]


def _name(target: Target) -> str:
    asset = target.asset
    return f"{target.account.name}@{asset.id}" + (f" ({asset.address})" if asset.address else "")
