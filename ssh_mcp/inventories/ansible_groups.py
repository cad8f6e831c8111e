"""Hosts and groups as Ansible combines them: variables of groups, of their parents, and of the hosts themselves."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

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
    read_tier,
)

Variables = dict[str, str]

_EVERY_HOST = "all"
_UNGROUPED = "ungrouped"
_TIER_VARIABLES = ("tier", "env", "environment")
_PASSWORDS = ("ansible_password", "ansible_ssh_pass", "ansible_ssh_password")
_JUMP = re.compile(r"(?:-J\s*|-o\s*ProxyJump[= ]\s*)([^\s\"']+)")
_RANGE = re.compile(r"\[([A-Za-z0-9]+):([A-Za-z0-9]+)(?::(\d+))?\]")
_MAX_RANGE = 10_000


@dataclass(slots=True)
class Group:
    hosts: dict[str, None] = field(default_factory=dict)
    children: dict[str, None] = field(default_factory=dict)
    variables: Variables = field(default_factory=dict)


@dataclass(slots=True)
class Groups:
    """Everything an inventory says, before it is combined."""

    groups: dict[str, Group] = field(default_factory=dict)
    hosts: dict[str, Variables] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def group(self, name: str) -> Group:
        return self.groups.setdefault(name, Group())

    def add_host(self, name: str, *, group: str, variables: Variables) -> None:
        self.hosts.setdefault(name, {}).update(variables)
        self.group(group).hosts[name] = None


def expand_range(pattern: str) -> Iterator[str]:
    """`web[01:03]` is web01, web02, web03; `db-[a:c]` works too. Raise ValueError for what is none."""
    found = _RANGE.search(pattern)
    if found is None:
        yield pattern
        return
    first, last, step = found[1], found[2], int(found[3] or 1)
    for middle in _count(first, last, step=step):
        yield from expand_range(f"{pattern[: found.start()]}{middle}{pattern[found.end() :]}")


def _count(first: str, last: str, *, step: int) -> Iterator[str]:
    if step < 1:
        raise ValueError(f"step {step} of a range")
    if first.isdigit() and last.isdigit():
        if int(last) - int(first) > _MAX_RANGE:
            raise ValueError(f"range {first}:{last} is longer than {_MAX_RANGE}")
        width = len(first) if first.startswith("0") else 0
        yield from (str(number).zfill(width) for number in range(int(first), int(last) + 1, step))
    elif len(first) == len(last) == 1:
        yield from (chr(code) for code in range(ord(first), ord(last) + 1, step))
    else:
        raise ValueError(f"range {first}:{last}")


def combine(groups: Groups, *, source: str, folder: Path) -> Inventory:
    """Assets of all hosts; `folder` is where relative key paths start."""
    parents = _find_parents(groups)
    problems = [Problem(source, text) for text in groups.problems]
    assets: list[Asset] = []
    for name, own in groups.hosts.items():
        membership = _list_groups(name, groups=groups, parents=parents)
        variables: Variables = {}
        for group in [_EVERY_HOST, *membership]:
            variables.update(groups.groups.get(group, Group()).variables)
        variables.update(own)
        if variables.get("ansible_connection") == "local" or name in {"localhost", LOCAL_ASSET}:
            problems.append(Problem(source, f"host {name!r} is this machine; it is the asset {LOCAL_ASSET!r}"))
            continue
        try:
            asset = _make_asset(name, variables, membership=membership, source=source, folder=folder)
        except ValueError as error:
            problems.append(Problem(source, f"host {name!r}: {error}"))
            continue
        assets.append(asset)
        if any(variables.get(password) for password in _PASSWORDS):
            problems.append(Problem(source, f"host {name!r}: its password is not used; passwords belong into no file"))
    return Inventory(tuple(assets), tuple(problems))


def _find_parents(groups: Groups) -> Mapping[str, list[str]]:
    parents: dict[str, list[str]] = {}
    for name, group in groups.groups.items():
        for child in group.children:
            parents.setdefault(child, []).append(name)
    return parents


def _list_groups(host: str, *, groups: Groups, parents: Mapping[str, list[str]]) -> list[str]:
    """Outer groups first, so that inner ones override them."""
    depths: dict[str, int] = {}
    waiting = [(name, 0) for name, group in groups.groups.items() if host in group.hosts]
    while waiting:
        name, depth = waiting.pop()
        # A group that contains itself would be followed for ever.
        if depths.get(name, -1) >= depth or depth > len(groups.groups):
            continue
        depths[name] = depth
        waiting += [(parent, depth + 1) for parent in parents.get(name, ())]
    named = [name for name in depths if name not in {_EVERY_HOST, _UNGROUPED}]
    return sorted(named, key=lambda name: (-depths[name], name))


def _make_asset(name: str, variables: Variables, *, membership: list[str], source: str, folder: Path) -> Asset:
    unknown = [key for key, value in variables.items() if key.startswith("ansible_") and "{{" in value]
    if unknown:
        raise ValueError(f"{unknown[0]} is a template, which is not evaluated")
    account = _make_account(variables, folder=folder)
    return Asset(
        id=name,
        name=name,
        source=source,
        endpoint=Endpoint(variables.get("ansible_host") or name, _read_port(variables)),
        accounts=(account,) if account else (),
        route=_read_route(variables, account=account),
        tier=_find_tier(variables, membership),
        groups=tuple(membership),
    )


def _make_account(variables: Variables, *, folder: Path) -> Account | None:
    user = variables.get("ansible_user") or variables.get("ansible_ssh_user")
    if not user:
        return None
    key = variables.get("ansible_ssh_private_key_file") or variables.get("ansible_private_key_file")
    if key:
        return Account(user, keys=(folder / Path(key).expanduser(),))
    defaults = [Path(f"~/.ssh/{name}").expanduser() for name in ("id_ed25519", "id_ecdsa", "id_rsa")]
    return Account(user, keys=tuple(path for path in defaults if path.is_file()))


def _read_port(variables: Variables) -> int:
    text = variables.get("ansible_port") or variables.get("ansible_ssh_port") or str(DEFAULT_PORT)
    if not text.isdigit() or not 1 <= int(text) <= 65535:
        raise ValueError(f"{text!r} is no port")
    return int(text)


def _read_route(variables: Variables, *, account: Account | None) -> tuple[Hop, ...]:
    """Jump hosts from the arguments for ssh; they are entered with the same key."""
    arguments = " ".join(variables.get(key, "") for key in ("ansible_ssh_common_args", "ansible_ssh_extra_args"))
    if "ProxyCommand" in arguments:
        raise ValueError("it is reached by a ProxyCommand, which is not run; use ProxyJump")
    found = _JUMP.search(arguments)
    if found is None:
        return ()
    hops: list[Hop] = []
    for jump in found[1].split(","):
        user, _, rest = jump.rpartition("@")
        host, _, port = rest.partition(":")
        name = user or (account.name if account else "")
        if not name:
            raise ValueError(f"jump host {jump!r} has no user")
        keys = account.keys if account else ()
        hops.append(Hop(Endpoint(host, int(port) if port.isdigit() else DEFAULT_PORT), Account(name, keys=keys)))
    return tuple(hops)


def _find_tier(variables: Variables, membership: list[str]) -> Tier:
    """What a variable says, else what the names of its groups say when they agree."""
    for name in _TIER_VARIABLES:
        if variables.get(name):
            return read_tier(variables[name])
    told = {read_tier(group) for group in membership if read_tier(group) is not Tier.PROD}
    says_prod = any(group.lower() in {"prod", "production", "live"} for group in membership)
    return told.pop() if len(told) == 1 and not says_prod else Tier.PROD


def split_words(line: str) -> list[str]:
    """Words of an INI line; a comment ends it. Raise ValueError for an open quote."""
    return shlex.split(line, comments=True)
