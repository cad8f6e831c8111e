"""Which tools the agent sees, what each may do, and why the others are hidden."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from mcp_types import Tool

from backend.agent.domain import Risk, ToolSpec
from backend.features.operations.domain import CatalogueEntry, Hidden, HiddenReason
from backend.integrations.mcp_servers.config import ServerConfig
from backend.integrations.mcp_servers.fingerprints import fingerprint_tool
from backend.integrations.mcp_servers.text import clean_text
from backend.integrations.mcp_servers.tool_memory import ToolMemory, TransientToolMemory

_USABLE_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""What every model provider accepts as a function name."""
_MAX_DESCRIPTION = 2000
_ORDER = (Risk.READ, Risk.CHANGE, Risk.DESTRUCTIVE)
_NOTED = frozenset({HiddenReason.UNUSABLE_NAME, HiddenReason.NAME_TAKEN, HiddenReason.CHANGED})
"""Reasons that somebody should look at; the others were chosen on purpose."""
_KEEPS_NAME = frozenset({HiddenReason.CHANGED, HiddenReason.DISABLED, HiddenReason.READ_ONLY})
"""Hidden tools whose name no other server may take meanwhile."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The tools of all servers; those that are not hidden have unique names. `notes` per server say what is amiss."""

    entries: tuple[CatalogueEntry, ...]
    notes: Mapping[str, tuple[str, ...]]

    @property
    def tools(self) -> tuple[ToolSpec, ...]:
        return tuple(entry.spec for entry in self.entries if entry.hidden is None)

    def find(self, name: str) -> CatalogueEntry | None:
        """The tool that has this name or would have it; one that only lost the name to it comes last."""
        found = [entry for entry in self.entries if entry.spec.name == name]
        return min(found, key=_distance, default=None)


def build_catalogue(
    listings: Iterable[tuple[ServerConfig, Sequence[Tool]]], *, is_read_only: bool, memory: ToolMemory | None = None
) -> Catalogue:
    """Take the servers in their order: the first one keeps a name that two of them use."""
    remembered = memory or TransientToolMemory()
    owners: dict[str, str] = {}
    entries: list[CatalogueEntry] = []
    notes: dict[str, tuple[str, ...]] = {}
    for config, tools in listings:
        listed = _list_server(config, tools, owners=owners, is_read_only=is_read_only, memory=remembered)
        entries += listed
        amiss = [entry.hidden.message for entry in listed if entry.hidden and entry.hidden.reason in _NOTED]
        notes[config.name] = (*amiss, *_check_overrides(tools, config=config))
    return Catalogue(entries=tuple(entries), notes=notes)


def judge_risk(tool: Tool, *, config: ServerConfig) -> Risk:
    """Annotations count only from a trusted server; what is not known to read, changes. Overrides only raise."""
    declared = _declared_risk(tool, config=config)
    return max(declared, config.risk_overrides.get(tool.name, declared), key=_ORDER.index)


def _declared_risk(tool: Tool, *, config: ServerConfig) -> Risk:
    if tool.name in config.read_tools:
        return Risk.READ
    hints = tool.annotations
    if not config.is_trusted or hints is None:
        return Risk.CHANGE
    if hints.read_only_hint:
        return Risk.READ
    return Risk.DESTRUCTIVE if hints.destructive_hint else Risk.CHANGE


def _check_overrides(tools: Sequence[Tool], *, config: ServerConfig) -> list[str]:
    """What an override asks for in vain: a typo there must not pass for protection."""
    listed = {tool.name: tool for tool in tools}
    faults: list[str] = []
    for name, risk in config.risk_overrides.items():
        if name not in listed:
            if listed:
                faults.append(f"riskOverrides names {name!r}, which the server does not offer")
            continue
        declared = _declared_risk(listed[name], config=config)
        if _ORDER.index(risk) < _ORDER.index(declared):
            faults.append(
                f"riskOverrides cannot loosen {name!r} from {declared.value} to {risk.value}; it stays {declared.value}"
            )
    return faults


def _list_server(
    config: ServerConfig,
    tools: Sequence[Tool],
    *,
    owners: dict[str, str],
    is_read_only: bool,
    memory: ToolMemory,
) -> list[CatalogueEntry]:
    entries = [
        CatalogueEntry(spec=_to_spec(tool, config=config), fingerprint=fingerprint_tool(tool))
        for tool in sorted(tools, key=lambda tool: tool.name)
    ]
    pins: Mapping[str, str] | None = None
    if not config.is_trusted:
        pins = memory.pin_new(config.name, {entry.spec.name: entry.fingerprint for entry in entries})
    listed: list[CatalogueEntry] = []
    for entry in entries:
        hidden = _why_hidden(entry.spec, config=config, owners=owners)
        if hidden is None:
            hidden = _why_switched_off(entry, pins=pins, is_read_only=is_read_only, memory=memory)
        if hidden is None or hidden.reason in _KEEPS_NAME:
            owners[entry.spec.name] = config.name
        listed.append(replace(entry, hidden=hidden))
    return listed


def _why_hidden(spec: ToolSpec, *, config: ServerConfig, owners: Mapping[str, str]) -> Hidden | None:
    name = spec.name
    if not config.exposes(name):
        return Hidden(HiddenReason.DENIED, f"allowTools or denyTools of server {config.name!r} leaves {name!r} out")
    if not _USABLE_NAME.fullmatch(name):
        shown = clean_text(name, limit=80)
        return Hidden(HiddenReason.UNUSABLE_NAME, f"tool {shown!r} is hidden: models cannot call a name like this")
    if name in owners:
        return Hidden(
            HiddenReason.NAME_TAKEN,
            f"tool {name!r} is hidden: server {owners[name]!r} already has a tool of this name",
        )
    return None


def _why_switched_off(
    entry: CatalogueEntry, *, pins: Mapping[str, str] | None, is_read_only: bool, memory: ToolMemory
) -> Hidden | None:
    """The first reason that holds. `pins` is None for a trusted server, which may describe its tools anew."""
    spec = entry.spec
    if memory.is_disabled(spec.server, spec.name):
        return Hidden(HiddenReason.DISABLED, f"tool {spec.name!r} was switched off by a person")
    if is_read_only and spec.risk is not Risk.READ:
        return Hidden(HiddenReason.READ_ONLY, f"tool {spec.name!r} changes something and the product is read-only")
    if pins is not None and pins.get(spec.name) != entry.fingerprint:
        return Hidden(
            HiddenReason.CHANGED,
            f"tool {spec.name!r} is hidden: its description or schema is not the one first seen;"
            " an administrator has to accept it",
        )
    return None


def _distance(entry: CatalogueEntry) -> int:
    if entry.hidden is None:
        return 0
    return 1 if entry.hidden.reason in _KEEPS_NAME else 2


def _to_spec(tool: Tool, *, config: ServerConfig) -> ToolSpec:
    title = tool.title or (tool.annotations.title if tool.annotations else None) or ""
    # A tool that declares itself as reading does not ask, even where our configuration counts it as changing.
    asks = config.is_trusted and _declared_risk(tool, config=config) is not Risk.READ
    return ToolSpec(
        name=tool.name,
        server=config.name,
        description=clean_text(tool.description or "", limit=_MAX_DESCRIPTION),
        input_schema=tool.input_schema,
        risk=judge_risk(tool, config=config),
        title=clean_text(title, limit=200),
        asks_itself=asks,
    )
