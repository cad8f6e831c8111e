"""Which tools the agent sees, and what each may do."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from mcp_types import Tool

from backend.agent.domain import Risk, ToolSpec
from backend.integrations.mcp_servers.config import ServerConfig
from backend.integrations.mcp_servers.text import clean_text

_USABLE_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""What every model provider accepts as a function name."""
_MAX_DESCRIPTION = 2000


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The tools of all servers under names that are unique; `hidden` says per server what is left out and why."""

    tools: tuple[ToolSpec, ...]
    hidden: Mapping[str, tuple[str, ...]]

    def find(self, name: str) -> ToolSpec | None:
        return next((spec for spec in self.tools if spec.name == name), None)


def build_catalogue(listings: Iterable[tuple[ServerConfig, Sequence[Tool]]], *, is_read_only: bool) -> Catalogue:
    """Take the servers in their order: the first one keeps a name that two of them use."""
    owners: dict[str, str] = {}
    specs: list[ToolSpec] = []
    hidden: dict[str, tuple[str, ...]] = {}
    for config, tools in listings:
        reasons: list[str] = []
        for tool in sorted(tools, key=lambda tool: tool.name):
            reason = _why_hidden(tool.name, config=config, owners=owners)
            if reason is not None:
                reasons.append(reason)
                continue
            spec = _to_spec(tool, config=config)
            if config.exposes(tool.name) and not (is_read_only and spec.risk is not Risk.READ):
                owners[tool.name] = config.name
                specs.append(spec)
        hidden[config.name] = tuple(reasons)
    return Catalogue(tools=tuple(specs), hidden=hidden)


def judge_risk(tool: Tool, *, config: ServerConfig) -> Risk:
    """Annotations count only from a trusted server; what is not known to read, changes."""
    if tool.name in config.read_tools:
        return Risk.READ
    hints = tool.annotations
    if not config.is_trusted or hints is None:
        return Risk.CHANGE
    if hints.read_only_hint:
        return Risk.READ
    return Risk.DESTRUCTIVE if hints.destructive_hint else Risk.CHANGE


def _why_hidden(name: str, *, config: ServerConfig, owners: Mapping[str, str]) -> str | None:
    if not config.exposes(name):
        return None
    if not _USABLE_NAME.fullmatch(name):
        return f"tool {clean_text(name, limit=80)!r} is hidden: models cannot call a name like this"
    if name in owners:
        return f"tool {name!r} is hidden: server {owners[name]!r} already has a tool of this name"
    return None


def _to_spec(tool: Tool, *, config: ServerConfig) -> ToolSpec:
    risk = judge_risk(tool, config=config)
    title = tool.title or (tool.annotations.title if tool.annotations else None) or ""
    return ToolSpec(
        name=tool.name,
        server=config.name,
        description=clean_text(tool.description or "", limit=_MAX_DESCRIPTION),
        input_schema=tool.input_schema,
        risk=risk,
        title=clean_text(title, limit=200),
        asks_itself=config.is_trusted and risk is not Risk.READ,
    )
