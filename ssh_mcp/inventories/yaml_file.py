"""Our own inventory file. Strict: an unknown key is an error, since a typo must not loosen a rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ssh_mcp.inventories.domain import (
    DEFAULT_PORT,
    LOCAL_ASSET,
    Account,
    Asset,
    Endpoint,
    Hop,
    Inventory,
    Problem,
    Tier,
)

MAX_HOSTS = 10_000
_VARIABLE = r"^[A-Za-z_][A-Za-z0-9_]*$"
Name = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\s-][^\s]*$")]
TierName = Literal["prod", "staging", "test", "dev"]
Port = Annotated[int, Field(ge=1, le=65535)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Login(_Strict):
    """How an account proves itself. Passwords stand in the environment, never in the file."""

    keys: list[str] = []
    certificates: list[str] = []
    passphrase_env: Annotated[str, Field(pattern=_VARIABLE)] | None = None
    password_env: Annotated[str, Field(pattern=_VARIABLE)] | None = None
    agent: bool = False


class _Account(_Login):
    name: Name


class _Defaults(_Strict):
    accounts: list[Name | _Account] = []
    login: _Login = _Login()
    port: Port = DEFAULT_PORT
    tier: TierName = "prod"
    jump: Name | list[Name] = []
    read_only: bool = False


class _Host(_Strict):
    id: Name
    address: Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[^\s-][^\s]*$")]
    name: Annotated[str, Field(max_length=200)] | None = None
    port: Port | None = None
    accounts: list[Name | _Account] | None = None
    jump: Name | list[Name] | None = None
    host_keys: list[str] = []
    tier: TierName | None = None
    groups: list[str] = []
    labels: dict[str, str] = {}
    platform: str = ""
    read_only: bool | None = None


class _Document(_Strict):
    version: Literal[1]
    defaults: _Defaults = _Defaults()
    hosts: Annotated[list[Any], Field(max_length=MAX_HOSTS)] = []  # Any: each is checked by itself


def read_yaml_inventory(path: Path, *, source: str) -> Inventory:
    """Read the file; what is wrong is told in the problems, the usable hosts are there."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        return Inventory(problems=(Problem(source, f"{path} cannot be read: {error}"),))
    return parse_yaml_inventory(text, source=source, folder=path.parent)


def parse_yaml_inventory(text: str, *, source: str, folder: Path) -> Inventory:
    """`folder` is where relative key paths start."""
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        return Inventory(problems=(Problem(source, f"no valid YAML: {' '.join(str(error).split())[:300]}"),))
    try:
        document = _Document.model_validate({} if content is None else content)
    except ValidationError as error:
        return Inventory(problems=(Problem(source, describe_faults(error)),))
    return _Reader(document.defaults, source=source, folder=folder).read(document.hosts)


class _Reader:
    """Turns the entries of one file into assets."""

    def __init__(self, defaults: _Defaults, *, source: str, folder: Path) -> None:
        self._defaults = defaults
        self._source = source
        self._folder = folder

    def read(self, entries: Sequence[object]) -> Inventory:
        hosts: dict[str, _Host] = {}
        problems: list[Problem] = []
        for number, entry in enumerate(entries):
            label = _label(entry, number)
            try:
                host = _Host.model_validate(entry)
            except ValidationError as error:
                problems.append(Problem(self._source, f"{label}: {describe_faults(error)}"))
                continue
            if host.id in hosts or host.id == LOCAL_ASSET:
                problems.append(Problem(self._source, f"{label}: the id is taken"))
                continue
            hosts[host.id] = host
        return self._connect(hosts, problems)

    def _connect(self, hosts: Mapping[str, _Host], problems: list[Problem]) -> Inventory:
        assets = {host.id: self._make_asset(host) for host in hosts.values()}
        connected: list[Asset] = []
        for host in hosts.values():
            try:
                route = self._find_route(host, assets=assets, hosts=hosts, below=())
            except _NoRoute as error:
                problems.append(Problem(self._source, f"host {host.id!r}: jump: {error}"))
                continue
            connected.append(replace(assets[host.id], route=route))
        return Inventory(tuple(connected), tuple(problems))

    def _find_route(
        self, host: _Host, *, assets: Mapping[str, Asset], hosts: Mapping[str, _Host], below: tuple[str, ...]
    ) -> tuple[Hop, ...]:
        """One jump host is reached over its own; a list of several is the whole way."""
        jump = _jump_of(host, self._defaults)
        for name in jump:
            if name in below or name == host.id:
                raise _NoRoute(f"{name!r} would be reached over itself")
            if name not in assets:
                raise _NoRoute(f"no usable host {name!r} in this file")
            if not assets[name].accounts:
                raise _NoRoute(f"{name!r} has no account")
        hops = tuple(Hop(assets[name].endpoint, assets[name].accounts[0]) for name in jump)
        if len(jump) != 1:
            return hops
        return (*self._find_route(hosts[jump[0]], assets=assets, hosts=hosts, below=(*below, host.id)), *hops)

    def _make_asset(self, host: _Host) -> Asset:
        defaults = self._defaults
        accounts = defaults.accounts if host.accounts is None else host.accounts
        return Asset(
            id=host.id,
            name=host.name or host.id,
            source=self._source,
            endpoint=Endpoint(host.address, host.port or defaults.port, tuple(host.host_keys)),
            accounts=tuple(self._make_account(account) for account in accounts),
            tier=Tier(host.tier or defaults.tier),
            groups=tuple(host.groups),
            labels=host.labels,
            platform=host.platform,
            is_read_only=defaults.read_only if host.read_only is None else host.read_only,
        )

    def _make_account(self, account: str | _Account) -> Account:
        """An account that says nothing of its login uses the default one."""
        if isinstance(account, str):
            return self._with_login(account, self._defaults.login)
        says_something = account.model_fields_set - {"name"}
        return self._with_login(account.name, account if says_something else self._defaults.login)

    def _with_login(self, name: str, login: _Login) -> Account:
        return Account(
            name=name,
            keys=tuple(self._path(key) for key in login.keys),
            certificates=tuple(self._path(certificate) for certificate in login.certificates),
            passphrase_env=login.passphrase_env,
            password_env=login.password_env,
            use_agent=login.agent,
        )

    def _path(self, text: str) -> Path:
        return self._folder / Path(text).expanduser()


class _NoRoute(Exception):
    """A jump host is missing, or the way runs in a circle."""


def _jump_of(host: _Host, defaults: _Defaults) -> list[str]:
    if host.jump is not None:
        return [host.jump] if isinstance(host.jump, str) else host.jump
    names = [defaults.jump] if isinstance(defaults.jump, str) else defaults.jump
    # The default way leads over the jump host itself, which is reached directly.
    return [] if host.id in names else names


def _label(entry: object, number: int) -> str:
    name = entry.get("id") if isinstance(entry, dict) else None
    return f"host {name!r}" if isinstance(name, str) else f"host number {number + 1}"


def describe_faults(error: ValidationError) -> str:
    """The first three faults, without values: one may be a secret in the wrong place."""
    faults = error.errors(include_url=False, include_input=False)
    described = [f"{'.'.join(str(part) for part in fault['loc']) or 'file'}: {fault['msg']}" for fault in faults[:3]]
    return "; ".join(described) + (f"; {len(faults) - 3} more" if len(faults) > 3 else "")
