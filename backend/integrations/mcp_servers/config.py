"""Reads `mcp_config.json`: the `mcpServers` form of desktop clients, with a few keys of ours."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.alias_generators import to_camel

from backend.agent.domain import Risk
from backend.integrations.mcp_servers.environment import UnsetVariable, expand, has_reference

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class StdioTarget:
    """A server that the backend starts itself and talks to over its standard streams."""

    command: str
    args: tuple[str, ...]
    environment: Mapping[str, str] = field(repr=False)
    """Added to the few variables every child gets; may hold credentials."""
    working_directory: str | None = None


@dataclass(frozen=True, slots=True)
class HttpTarget:
    """A server reached over streamable HTTP."""

    url: str
    headers: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class ServerConfig:
    """One usable entry."""

    name: str
    target: StdioTarget | HttpTarget
    is_enabled: bool
    is_trusted: bool
    """Its annotations are believed, and it is trusted to ask before it changes something."""
    read_tools: frozenset[str]
    allowed_tools: frozenset[str] | None
    denied_tools: frozenset[str]
    timeout_seconds: float
    startup_timeout_seconds: float
    protocol: Literal["auto", "legacy"]
    replicas: tuple[HttpTarget, ...] = ()
    """Further addresses of the same server, beside `target`."""
    risk_overrides: Mapping[str, Risk] = field(default_factory=dict)
    """A higher risk than the server declares, by tool."""

    @property
    def targets(self) -> tuple[StdioTarget | HttpTarget, ...]:
        return (self.target, *self.replicas)

    def exposes(self, tool: str) -> bool:
        return tool not in self.denied_tools and (self.allowed_tools is None or tool in self.allowed_tools)

    def connects_like(self, other: "ServerConfig") -> bool:
        """Whether an open connection of the one serves the other; what remains is only our policy."""
        return (self.targets, self.protocol, self.timeout_seconds, self.startup_timeout_seconds) == (
            other.targets,
            other.protocol,
            other.timeout_seconds,
            other.startup_timeout_seconds,
        )


@dataclass(frozen=True, slots=True)
class InvalidServer:
    """An entry that cannot be used; `error` names the server and the field."""

    name: str
    error: str


@dataclass(frozen=True, slots=True)
class Configuration:
    """The whole file. `error` is set when the file itself cannot be read; then there are no servers."""

    servers: tuple[ServerConfig, ...] = ()
    invalid: tuple[InvalidServer, ...] = ()
    error: str | None = None


_Url: TypeAlias = Annotated[str, Field(pattern=r"^https?://[^/\s]+")]


class _Replica(BaseModel):
    """One address of a server that runs more than once; without headers of its own it gets those of the entry."""

    model_config = ConfigDict(extra="forbid", strict=True)

    url: _Url
    headers: dict[str, str] | None = None


class _Entry(BaseModel):
    """One entry as it stands in the file. Unknown keys are refused: a typo in a deny list must not grant rights."""

    model_config = ConfigDict(extra="forbid", strict=True, alias_generator=to_camel)

    type: Literal["stdio", "http", "streamable-http"] | None = None
    command: Annotated[str, Field(min_length=1)] | None = None
    args: list[str] = []
    env: dict[str, str] = {}
    cwd: str | None = None
    url: _Url | None = None
    replicas: Annotated[list[_Replica], Field(max_length=32)] | None = None
    headers: dict[str, str] = {}
    description: str = ""
    enabled: bool = True
    trusted: bool = False
    read_tools: list[str] = []
    allow_tools: list[str] | None = None
    deny_tools: list[str] = []
    risk_overrides: dict[str, Literal["read", "change", "destructive"]] = {}
    timeout_seconds: Annotated[float, Field(gt=0, le=3600)] = 60
    """How long one tool call may take. A minute: slower work belongs into a start/status pair of tools."""
    startup_timeout_seconds: Annotated[float, Field(gt=0, le=600)] = 30
    """How long start, handshake and the first listing may take together; cold starts on busy machines need seconds."""
    protocol: Literal["auto", "legacy"] = "auto"
    """`legacy` skips the probe for the current protocol, which a silent old server answers only by a time-out."""

    @model_validator(mode="after")
    def _check_target(self) -> Self:
        if [self.command is None, self.url is None, self.replicas is None].count(False) != 1:
            raise ValueError("give either command (stdio) or url (HTTP) or replicas (HTTP, several urls)")
        if self.replicas is not None:
            urls = [replica.url for replica in self.replicas]
            if not urls or len(set(urls)) != len(urls):
                raise ValueError("replicas needs at least one url, each only once")
        if self.command is None and (self.args or self.env or self.cwd):
            raise ValueError("args, env and cwd belong to command, not to url")
        if self.command is not None and self.headers:
            raise ValueError("headers belong to url, not to command")
        return self

    @model_validator(mode="after")
    def _check_overrides(self) -> Self:
        for tool, risk in self.risk_overrides.items():
            if risk == Risk.READ.value:
                raise ValueError(
                    f"riskOverrides.{tool}: an override can only raise a risk, and nothing is below read;"
                    " readTools names what an untrusted server only reads"
                )
        return self


def read_configuration(path: Path, *, environment: Mapping[str, str]) -> Configuration:
    """Read the file. Nothing is raised: what is wrong is told in the result, and the rest is usable."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        return Configuration(error=f"{path.name} cannot be read: {error}")
    return parse_configuration(text, source=path.name, environment=environment)


def parse_configuration(text: str, *, source: str, environment: Mapping[str, str]) -> Configuration:
    """Parse the text of a configuration; `source` names it in errors."""
    try:
        document = json.loads(text, object_pairs_hook=_refuse_duplicates)
    except json.JSONDecodeError as error:
        return Configuration(error=f"{source} line {error.lineno} column {error.colno}: {error.msg}")
    except _DuplicateKey as error:
        return Configuration(error=f"{source}: {error}")
    entries = document.get("mcpServers") if isinstance(document, dict) else None
    if not isinstance(entries, dict):
        return Configuration(error=f'{source}: expected {{"mcpServers": {{…}}}}')
    parsed = [_parse_server(name, entry, environment=environment) for name, entry in entries.items()]
    return Configuration(
        servers=tuple(item for item in parsed if isinstance(item, ServerConfig)),
        invalid=tuple(item for item in parsed if isinstance(item, InvalidServer)),
    )


class _DuplicateKey(Exception):
    """JSON lets a later key silently win; two servers of one name are a mistake."""


def _refuse_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:  # Any: JSON
    result = dict(pairs)
    if len(result) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _DuplicateKey(f"{twice!r} stands there twice")
    return result


def _parse_server(name: str, entry: object, *, environment: Mapping[str, str]) -> ServerConfig | InvalidServer:
    if not _NAME.fullmatch(name):
        return InvalidServer(name, f"server {name!r}: a name has letters, digits, - and _, at most 32")
    try:
        parsed = _Entry.model_validate(_expand_all(entry, path="", environment=environment))
    except ValidationError as error:
        return InvalidServer(name, f"server {name!r}: {_describe(error)}")
    except _UnsetAt as error:
        return InvalidServer(name, f"server {name!r}: {error}")
    return _to_config(name, parsed)


def _to_config(name: str, entry: _Entry) -> ServerConfig:
    target: StdioTarget | HttpTarget
    replicas: list[HttpTarget] = []
    if entry.replicas is not None:
        target, *replicas = [_to_target(replica, shared=entry.headers) for replica in entry.replicas]
    elif entry.url is not None:
        target = HttpTarget(url=entry.url, headers=entry.headers)
    else:
        target = StdioTarget(
            command=entry.command or "",
            args=tuple(entry.args),
            environment=entry.env,
            working_directory=entry.cwd,
        )
    return ServerConfig(
        name=name,
        target=target,
        is_enabled=entry.enabled,
        is_trusted=entry.trusted,
        read_tools=frozenset(entry.read_tools),
        allowed_tools=None if entry.allow_tools is None else frozenset(entry.allow_tools),
        denied_tools=frozenset(entry.deny_tools),
        timeout_seconds=entry.timeout_seconds,
        startup_timeout_seconds=entry.startup_timeout_seconds,
        protocol=entry.protocol,
        replicas=tuple(replicas),
        risk_overrides={tool: Risk(risk) for tool, risk in entry.risk_overrides.items()},
    )


def _to_target(replica: _Replica, *, shared: Mapping[str, str]) -> HttpTarget:
    return HttpTarget(url=replica.url, headers=shared if replica.headers is None else replica.headers)


class _UnsetAt(Exception):
    """Where in an entry an unset variable stands."""


def _expand_all(value: object, *, path: str, environment: Mapping[str, str]) -> object:
    """Expand references in all strings; an `env` entry that expands to nothing is left out, as if never set."""
    if isinstance(value, str):
        try:
            return expand(value, environment=environment)
        except UnsetVariable as error:
            raise _UnsetAt(f"{path or 'value'}: {error}") from error
    if isinstance(value, list):
        return [_expand_all(item, path=f"{path}[{index}]", environment=environment) for index, item in enumerate(value)]
    if isinstance(value, dict):
        expanded = {
            key: _expand_all(item, path=f"{path}.{key}" if path else str(key), environment=environment)
            for key, item in value.items()
        }
        if path != "env":
            return expanded
        return {key: item for key, item in expanded.items() if item or not _is_reference(value[key])}
    return value


def _is_reference(value: object) -> bool:
    return isinstance(value, str) and has_reference(value)


def _describe(error: ValidationError) -> str:
    """The first fault, without the offending value: it may be a credential."""
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    message = first["msg"].removeprefix("Value error, ")
    return f"{place}: {message}" if place else message
