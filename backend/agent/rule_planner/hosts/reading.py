"""Reads the structured results of the SSH tools. What does not have the agreed form is not guessed at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from backend.agent.rule_planner.results import ToolResult
from backend.vocabulary.language import Text
from host_facts.domain import HostFacts


@dataclass(frozen=True, slots=True)
class Asset:
    """One host that can be reached."""

    id: str
    name: str
    address: str
    tier: str
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HostLook:
    """What one look at a host brought: facts, or why there are none."""

    host: str
    facts: HostFacts | None
    error: str = ""


@dataclass(frozen=True, slots=True)
class HostRun:
    """What one host made of a command."""

    host: str
    status: str
    exit_code: int | None
    stdout: str
    stderr: str
    is_truncated: bool
    note: str


@dataclass(frozen=True, slots=True)
class CommandRun:
    """The result of one command."""

    status: str
    command: str
    reasons: tuple[Text, ...]
    hosts: tuple[HostRun, ...]
    message: str


def read_assets(result: ToolResult) -> tuple[Asset, ...]:
    return tuple(
        Asset(
            id=_text(item, "id"),
            name=_text(item, "name"),
            address=_text(item, "address"),
            tier=_text(item, "tier"),
            groups=tuple(str(group) for group in item.get("groups") or ()),
        )
        for item in _dicts(result.structured.get("assets"))
        if item.get("id")
    )


def read_looks(result: ToolResult) -> tuple[HostLook, ...]:
    """One look per host that was asked for; a failed call is a failed look at each."""
    asked = [str(host) for host in result.arguments.get("assets") or ()]
    if not result.is_ok:
        return tuple(HostLook(host, None, result.outcome.text) for host in asked)
    return tuple(_read_look(item) for item in _dicts(result.structured.get("hosts")))


def _read_look(item: Mapping[str, Any]) -> HostLook:  # Any: JSON
    host = _text(item, "asset")
    if not item.get("facts"):
        return HostLook(host, None, _text(item, "error") or "no facts")
    try:
        return HostLook(host, HostFacts.model_validate(item["facts"]))
    except ValidationError:
        return HostLook(host, None, "the facts have an unknown form")


def read_run(result: ToolResult) -> CommandRun:
    found = result.structured
    return CommandRun(
        status=_text(found, "status"),
        command=_text(found, "command") or str(result.arguments.get("command", "")),
        reasons=tuple(Text(en=_text(item, "en"), zh=_text(item, "zh")) for item in _dicts(found.get("reasons"))),
        hosts=tuple(_read_host_run(item) for item in _dicts(found.get("hosts"))),
        message=_text(found, "message"),
    )


def _read_host_run(item: Mapping[str, Any]) -> HostRun:  # Any: JSON
    code = item.get("exit_code")
    return HostRun(
        host=_text(item, "asset"),
        status=_text(item, "status"),
        exit_code=code if isinstance(code, int) else None,
        stdout=_text(item, "stdout"),
        stderr=_text(item, "stderr"),
        is_truncated=bool(item.get("truncated")),
        note=_text(item, "note"),
    )


def _text(item: Mapping[str, Any], key: str) -> str:  # Any: JSON
    value = item.get(key)
    return "" if value is None else str(value)


def _dicts(value: object) -> Sequence[Mapping[str, Any]]:  # Any: JSON
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
