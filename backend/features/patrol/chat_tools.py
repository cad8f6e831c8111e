"""The tools `patrol-list-findings` and `patrol-run`: what patrol knows, for chats. A source without a server."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from backend.agent.domain import (
    ConfirmationNeeded,
    Json,
    Risk,
    ServerStatus,
    ToolOutcome,
    ToolSpec,
    ToolStatistics,
    ToolStatus,
)
from backend.features.hosts.domain import LookState, WatchedTarget
from backend.features.hosts.service import HostService
from backend.features.patrol.domain import Finding, FindingState, PatrolRun, Trigger
from backend.features.patrol.findings import FindingService
from backend.features.patrol.interfaces import FindingFilter
from backend.features.patrol.service import PatrolService
from backend.vocabulary.errors import ErrorKind, Failure
from backend.vocabulary.severity import Severity

LOCAL_SERVER = "local"
LIST = "patrol-list-findings"
RUN = "patrol-run"
_WAIT_SECONDS = 90.0
_LOOK_SECONDS = 0.5
_SHOWN_UNKNOWN = 20


class _ListArguments(BaseModel):
    """Which findings to list."""

    model_config = ConfigDict(extra="forbid", strict=True)

    target: str | None = Field(None, max_length=253, description="only of this host or cluster")
    only_critical: bool = Field(False, description="leave out warnings")
    include_closed: bool = Field(False, description="also those that are gone")
    limit: int = Field(20, ge=1, le=50)


class _NoArguments(BaseModel):
    model_config = ConfigDict(extra="forbid")


_ARGUMENTS: Mapping[str, type[BaseModel]] = {LIST: _ListArguments, RUN: _NoArguments}
_SPECS = (
    ToolSpec(
        name=LIST,
        server=LOCAL_SERVER,
        title="List patrol findings",
        description="What patrol found wrong with hosts and clusters (disks, memory, load, zombies, services, crashing"
        " workloads …), with cause, commands to look and to mend, and what could not be looked at.",
        input_schema=_ListArguments.model_json_schema(),
        risk=Risk.READ,
    ),
    ToolSpec(
        name=RUN,
        server=LOCAL_SERVER,
        title="Patrol now",
        description="Look at all hosts and clusters now, wait for the end, and list what is wrong.",
        input_schema=_NoArguments.model_json_schema(),
        risk=Risk.READ,
    ),
)


class PatrolTools:
    """Implements ToolSource."""

    def __init__(self, *, patrol: PatrolService, findings: FindingService, hosts: HostService) -> None:
        self._patrol = patrol
        self._findings = findings
        self._hosts = hosts

    def tools(self) -> Sequence[ToolSpec]:
        return _SPECS

    def servers(self) -> Sequence[ServerStatus]:
        """The backend itself stands in the list already."""
        return []

    def statistics(self) -> Mapping[str, ToolStatistics]:
        return {}

    async def call(self, name: str, *, arguments: Json) -> ToolOutcome | ConfirmationNeeded:
        try:
            given = _ARGUMENTS[name].model_validate(arguments)
        except ValidationError as error:
            return _refuse(name, error)
        if isinstance(given, _ListArguments):
            return await self._list(given, run=None)
        run, _is_new = await self._patrol.start(trigger=Trigger.PERSON, by="chat")
        return await self._list(_ListArguments(), run=await self._wait(run))

    async def confirm(self, name: str, *, arguments: Json, state: Json) -> ToolOutcome:
        raise AssertionError(f"{name} never asks")

    async def _wait(self, run: PatrolRun) -> PatrolRun:
        """The run when it is over, or as far as it came in the time."""
        loop = asyncio.get_running_loop()
        until = loop.time() + _WAIT_SECONDS
        while not run.is_over and loop.time() < until:
            await asyncio.sleep(_LOOK_SECONDS)
            run = await self._patrol.get_run(run.id)
        return run

    async def _list(self, wanted: _ListArguments, *, run: PatrolRun | None) -> ToolOutcome:
        found = await self._find(wanted)
        counts = await self._findings.count_open()
        unknown = [one for one in await self._hosts.list_targets() if one.state is not LookState.READ]
        last = run or next((one for one in await self._patrol.list_runs(before=None, limit=5) if one.is_over), None)
        answer = {
            "kind": "FindingList",
            "patrol": None if last is None else _write_run(last),
            "open": {severity.value: count for severity, count in counts.items() if count},
            "findings": [_write_finding(finding) for finding in found[: wanted.limit]],
            "has_more": len(found) > wanted.limit,
            "unknown": [_write_unknown(one) for one in unknown[:_SHOWN_UNKNOWN]],
        }
        return ToolOutcome(status=ToolStatus.OK, text=_write_text(answer), structured=answer)

    async def _find(self, wanted: _ListArguments) -> Sequence[Finding]:
        """One more than wanted, when there is: open ones worst first, with closed ones newest first."""
        severity = Severity.CRITICAL if wanted.only_critical else None
        if wanted.include_closed:
            states = frozenset({FindingState.OPEN, FindingState.CLOSED})
            sought = FindingFilter(states=states, severity=severity, target=wanted.target)
            return await self._findings.list_page(sought, before=None, limit=wanted.limit + 1)
        return [
            finding
            for finding in await self._findings.list_open()
            if severity in {None, finding.severity} and wanted.target in {None, finding.target.id, finding.target.name}
        ][: wanted.limit + 1]


def _write_run(run: PatrolRun) -> dict[str, Any]:  # Any: JSON
    return {
        "state": run.state.value,
        "started_at": run.started_at.isoformat(),
        "looked": run.looked,
        "targets": run.targets,
        "problem": run.problem,
    }


def _write_finding(finding: Finding) -> dict[str, Any]:  # Any: JSON
    return {
        "id": finding.id,
        "target": str(finding.target),
        "check": finding.check,
        "subject": finding.subject,
        "severity": finding.severity.value,
        "state": finding.state.value,
        "title": asdict(finding.title),
        "cause": asdict(finding.cause),
        "evidence": list(finding.evidence),
        "fixes": [
            {"text": asdict(fix.text), "command": fix.command, "is_change": fix.is_change} for fix in finding.fixes
        ],
        "since": (finding.opened_at or finding.first_seen_at).isoformat(),
    }


def _write_unknown(watched: WatchedTarget) -> dict[str, str]:
    return {"target": str(watched.target), "state": watched.state.value, "reason": watched.reason}


def _write_text(answer: Mapping[str, Any]) -> str:  # Any: JSON
    lines = [_write_head(answer)]
    for finding in answer["findings"]:
        lines.append(
            f"{finding['severity']} | {finding['target']} | {finding['check']} | {finding['title']['en']} |"
            f" {finding['state']} since {finding['since'][:16]}"
        )
        lines.append(f"  cause: {finding['cause']['en']}")
        lines += [f"  evidence: {line}" for line in finding["evidence"][:2]]
        lines += [f"  to do: {fix['text']['en']} {fix['command']}".rstrip() for fix in finding["fixes"][:3]]
    if answer["has_more"]:
        lines.append("There are more: narrow with target or only_critical, or raise limit.")
    lines += [f"not known: {one['target']} ({one['state']}: {one['reason']})" for one in answer["unknown"]]
    return "\n".join(lines)


def _write_head(answer: Mapping[str, Any]) -> str:  # Any: JSON
    run = answer["patrol"]
    if run is None:
        return "No patrol has ended yet; patrol-run looks now."
    counts = ", ".join(f"{count} {severity}" for severity, count in answer["open"].items()) or "none"
    ended = "is still at work" if run["state"] == "running" else run["state"]
    problem = f"; {run['problem']}" if run["problem"] else ""
    looked = f"{run['looked']} of {run['targets']} looked at{problem}"
    return f"Open findings: {counts}. Patrol of {run['started_at'][:16]} UTC {ended}: {looked}."


def _refuse(name: str, error: ValidationError) -> ToolOutcome:
    reasons = "; ".join(f"`{'.'.join(map(str, one['loc']))}`: {one['msg']}" for one in error.errors()[:3])
    message = f"{name}: {reasons}"
    failure = Failure(kind=ErrorKind.TOOL_BAD_ARGUMENTS, message=message)
    return ToolOutcome(status=ToolStatus.ERROR, text=message, failure=failure)
