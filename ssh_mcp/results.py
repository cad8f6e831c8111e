"""The structured form of every answer. Field names are a contract with the programs that read them."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from command_safety import Reason
from host_facts.domain import HostFacts

ClassName = Literal["readonly", "confirm", "blocked"]


class ReasonView(BaseModel):
    """Why a command is not simply run."""

    rule: str
    en: str
    zh: str
    excerpt: str


class AssetView(BaseModel):
    id: str
    name: str
    address: str
    accounts: list[str]
    groups: list[str]
    labels: dict[str, str]
    tier: Literal["prod", "staging", "test", "dev"]
    source: str
    platform: str
    read_only: bool
    jump: list[str]
    reachable: str = Field(description="ok, the reason why not, or empty when it was not looked at")


class AssetListResult(BaseModel):
    kind: Literal["AssetList"] = "AssetList"
    assets: list[AssetView]
    total: int
    shown: int
    next_cursor: str | None
    pending_host_keys: list[str]
    problems: list[str] = Field(description="sources or entries that cannot be used")


HostStatus = Literal["done", "timed_out", "output_limit", "unreachable", "refused", "unknown"]


class HostResult(BaseModel):
    """What one host made of the command."""

    asset: str
    account: str
    status: HostStatus = Field(description="unknown: the connection broke, it may have taken effect")
    exit_code: int | None = None
    signal: str | None = None
    stdout: str = ""
    stderr: str = ""
    truncated: bool = False
    bytes: int = 0
    milliseconds: int = 0
    classification: ClassName
    audit_id: int | None = None
    output_id: str | None = Field(default=None, description="ssh-read-output reads what was left out")
    replay: str = Field(default="", description="where the bastion's recording can be watched")
    note: str = ""


class CommandResult(BaseModel):
    kind: Literal["CommandResult"] = "CommandResult"
    status: Literal["done", "declined", "needs_approval", "blocked"]
    command: str
    classification: ClassName
    reasons: list[ReasonView]
    hosts: list[HostResult]
    succeeded: int = Field(description="hosts with exit code 0")
    failed: int
    message: str


class SessionView(BaseModel):
    session: str
    asset: str
    account: str
    state: Literal["idle", "running", "closed"]
    open_seconds: int


class SessionResult(BaseModel):
    kind: Literal["Session"] = "Session"
    status: Literal["idle", "running", "closed", "listed", "declined", "needs_approval", "blocked"] = Field(
        description="of the session; running: a program runs and may wait for input"
    )
    session: str | None = None
    asset: str | None = None
    output: str = Field(default="", description="what came since the last look")
    truncated: bool = False
    exit_code: int | None = Field(default=None, description="of the command that ended")
    directory: str = ""
    classification: ClassName | None = None
    reasons: list[ReasonView] = []
    sessions: list[SessionView] = []
    message: str = ""


class HostFactsView(BaseModel):
    asset: str
    facts: HostFacts | None = None
    error: str | None = None
    error_kind: str | None = Field(default=None, description="unreachable and timeout speak of the host")


class HostFactsResult(BaseModel):
    kind: Literal["HostFacts"] = "HostFacts"
    hosts: list[HostFactsView]


class OutputResult(BaseModel):
    kind: Literal["Output"] = "Output"
    output_id: str
    stream: Literal["stdout", "stderr"]
    text: str
    offset: int
    next_offset: int | None
    total_bytes: int


class TrustResult(BaseModel):
    kind: Literal["HostKey"] = "HostKey"
    status: Literal["trusted", "declined", "needs_approval"]
    asset: str
    host: str
    fingerprint: str
    message: str


def view_reasons(reasons: tuple[Reason, ...]) -> list[ReasonView]:
    return [
        ReasonView(rule=reason.rule, en=reason.en, zh=reason.zh, excerpt=reason.excerpt[:200]) for reason in reasons
    ]
