"""Hosts as the SSH tools see them: which there are, and one look at several."""

import logging
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from backend.agent.domain import ConfirmationNeeded, Json, Risk, ServerState, ToolOutcome, ToolSpec, ToolStatus
from backend.agent.guarding.redaction import redact, redact_outcome
from backend.agent.interfaces import ToolSource
from backend.features.hosts.domain import HostLook, Listing, LookState, Target, TargetKind, choose_watched
from backend.integrations.mcp_servers.results import failed
from backend.vocabulary.errors import ErrorKind, Unavailable
from backend.vocabulary.language import Text
from host_facts.domain import HostFacts

LIST_TOOL = "ssh-asset-list"
FACTS_TOOL = "ssh-host-facts"
_MAX_PAGES = 100
_UNREACHABLE = frozenset({"unreachable", "timeout"})
"""The kinds of failure that speak of the host; all others (a refused key, an unknown host key) speak of us."""
_log = logging.getLogger(__name__)


class _Answer(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class _Asset(_Answer):
    id: str
    name: str = ""


class _AssetPage(_Answer):
    assets: list[_Asset]
    next_cursor: str | None = None
    problems: list[str] = []
    """Sources or entries that cannot be used: what they would add is missing."""


class _HostAnswer(_Answer):
    asset: str
    facts: dict[str, Any] | None = None  # Any: checked as HostFacts, host by host
    error: str | None = None
    error_kind: str | None = None


class _FactsAnswer(_Answer):
    hosts: list[_HostAnswer]


class McpHostFacts:
    """Implements HostFactsSource on the tool source. It calls only tools that are declared as reading."""

    def __init__(self, tools: ToolSource, *, watch: str = "*", skip: str = "") -> None:
        """`watch` and `skip` are patterns of asset ids or names, separated by commas."""
        self._tools = tools
        self._watch = watch
        self._skip = skip

    async def list_hosts(self) -> Listing:
        if is_offered_nowhere(self._tools, LIST_TOOL):
            return Listing(())
        targets: dict[str, Target] = {}
        problems: list[str] = []
        cursor: str | None = None
        for _page in range(_MAX_PAGES):
            arguments: Json = {} if cursor is None else {"cursor": cursor}
            outcome = await call_reading(self._tools, LIST_TOOL, arguments=arguments)
            if outcome.status is not ToolStatus.OK:
                raise _cannot_list(outcome)
            page = _read_page(outcome)
            for asset in page.assets:
                targets[asset.id] = Target(TargetKind.HOST, asset.id, asset.name or asset.id)
            problems += page.problems
            cursor = page.next_cursor
            if cursor is None:
                break
        watched = choose_watched(targets.values(), watch=self._watch, skip=self._skip)
        return Listing(watched, tuple(dict.fromkeys(problems)))

    async def read(self, hosts: Sequence[str]) -> Sequence[HostLook]:
        outcome = await call_reading(self._tools, FACTS_TOOL, arguments={"assets": list(hosts)})
        if len(hosts) > 1 and _is_too_large(outcome):
            half = len(hosts) // 2
            return [*await self.read(hosts[:half]), *await self.read(hosts[half:])]
        if outcome.status is not ToolStatus.OK or outcome.structured is None:
            return [HostLook(host, LookState.UNKNOWN, reason=outcome.text[:300]) for host in hosts]
        try:
            answer = _FactsAnswer.model_validate(outcome.structured)
        except ValidationError as error:
            _log.warning("%s answered in an unknown form: %s", FACTS_TOOL, error)
            reason = f"{FACTS_TOOL} answered in an unknown form"
            return [HostLook(host, LookState.UNKNOWN, reason=reason) for host in hosts]
        return [_read_look(host) for host in answer.hosts]


async def call_reading(tools: ToolSource, name: str, *, arguments: Json) -> ToolOutcome:
    """Call a tool that only reads. Anything else is refused here: nobody is there to be asked."""
    spec = find_tool(tools, name)
    if spec is None:
        return _refused(ErrorKind.TOOL_NOT_FOUND, f"no connected tool server offers {name}")
    if spec.risk is not Risk.READ:
        return _refused(ErrorKind.PERMISSION_DENIED, f"{name} is not declared as reading; patrol only reads")
    outcome = await tools.call(name, arguments=arguments)
    if isinstance(outcome, ConfirmationNeeded):
        return _refused(ErrorKind.PERMISSION_DENIED, f"{name} asks for an approval; patrol only reads")
    return redact_outcome(outcome)


def is_offered_nowhere(tools: ToolSource, name: str) -> bool:
    """Whether no configured server has this tool; while one is not connected, nobody knows."""
    settled = {ServerState.CONNECTED, ServerState.DISABLED}
    return find_tool(tools, name) is None and all(server.state in settled for server in tools.servers())


def find_tool(tools: ToolSource, name: str) -> ToolSpec | None:
    return next((spec for spec in tools.tools() if spec.name == name), None)


def _read_page(outcome: ToolOutcome) -> _AssetPage:
    try:
        return _AssetPage.model_validate(outcome.structured)
    except ValidationError as error:
        raise Unavailable(
            Text(
                en=f"{LIST_TOOL} answered in an unknown form.",
                zh=f"{LIST_TOOL} 的返回格式无法识别。",
            )
        ) from error


def _read_look(answer: _HostAnswer) -> HostLook:
    if answer.facts is None:
        reason = redact(answer.error or "no facts and no reason")[:300]
        is_silent = answer.error_kind in _UNREACHABLE
        return HostLook(answer.asset, LookState.UNREACHABLE if is_silent else LookState.UNKNOWN, reason=reason)
    try:
        facts = HostFacts.model_validate(answer.facts)
    except ValidationError as error:
        _log.warning("the facts of %s cannot be read: %s", answer.asset, error)
        return HostLook(answer.asset, LookState.UNKNOWN, reason="the facts came in an unknown form")
    return HostLook(answer.asset, LookState.READ, facts=facts)


def _is_too_large(outcome: ToolOutcome) -> bool:
    """Whether fewer hosts would have fitted: our servers say so, of others the structured form is left out."""
    if outcome.status is ToolStatus.OK:
        return outcome.structured is None
    return "larger than" in outcome.text


def _cannot_list(outcome: ToolOutcome) -> Unavailable:
    return Unavailable(
        Text(
            en=f"The hosts cannot be listed: {outcome.text[:300]}",
            zh=f"无法列出主机：{outcome.text[:300]}",
        )
    )


def _refused(kind: ErrorKind, message: str) -> ToolOutcome:
    return failed(kind, message)
