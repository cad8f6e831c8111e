"""Assets: hosts with their accounts, the way to them, and how careful one has to be there."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from ssh_mcp.errors import UnknownAccount, UnknownAsset

DEFAULT_PORT = 22
LOCAL_ASSET = "local"
_SHOWN_CANDIDATES = 5


class Tier(StrEnum):
    """What a mistake costs. Whatever is not known to be less counts as production."""

    PROD = "prod"
    STAGING = "staging"
    TEST = "test"
    DEV = "dev"


_TIER_WORDS = {
    "staging": Tier.STAGING,
    "stage": Tier.STAGING,
    "stg": Tier.STAGING,
    "uat": Tier.STAGING,
    "pre": Tier.STAGING,
    "preprod": Tier.STAGING,
    "test": Tier.TEST,
    "testing": Tier.TEST,
    "qa": Tier.TEST,
    "dev": Tier.DEV,
    "develop": Tier.DEV,
    "development": Tier.DEV,
    "sandbox": Tier.DEV,
}


def read_tier(word: str | None) -> Tier:
    """The tier that a word of an inventory means."""
    return _TIER_WORDS.get((word or "").strip().lower(), Tier.PROD)


class AssetKind(StrEnum):
    LOCAL = "local"
    SSH = "ssh"
    JUMPSERVER = "jumpserver"


@dataclass(frozen=True, slots=True)
class Account:
    """A login name and what proves it. Secrets are never here, only where they are found."""

    name: str
    keys: tuple[Path, ...] = ()
    certificates: tuple[Path, ...] = ()
    """Each belongs to the key of the same position."""
    passphrase_env: str | None = None
    password_env: str | None = None
    """Environment variable that holds the password."""
    use_agent: bool = False


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a server listens, and the host keys or fingerprints (`SHA256:…`) it must show, when pinned."""

    address: str
    port: int = DEFAULT_PORT
    host_keys: tuple[str, ...] = ()
    host_key_alias: str | None = None
    """The name under which a known_hosts file has the key, when it is not the address."""

    def __str__(self) -> str:
        host = f"[{self.address}]" if ":" in self.address else self.address
        return host if self.port == DEFAULT_PORT else f"{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Hop:
    """One jump host on the way."""

    endpoint: Endpoint
    account: Account


@dataclass(frozen=True, slots=True)
class Asset:
    """One host."""

    id: str
    name: str
    source: str
    """The inventory it comes from."""
    kind: AssetKind = AssetKind.SSH
    endpoint: Endpoint = Endpoint("")
    accounts: tuple[Account, ...] = ()
    """The first one is used unless a call names another."""
    route: tuple[Hop, ...] = ()
    """Jump hosts, the nearest first."""
    tier: Tier = Tier.PROD
    groups: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    platform: str = ""
    is_read_only: bool = False
    """Only commands that read may run here."""
    remote_id: str = ""
    """What the inventory's own system calls it."""

    @property
    def address(self) -> str:
        return "" if self.kind is AssetKind.LOCAL else str(self.endpoint)


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a source, or one entry of it, cannot be used."""

    source: str
    text: str


@dataclass(frozen=True, slots=True)
class Inventory:
    """What one source has; a bad entry is a problem, the others are assets."""

    assets: tuple[Asset, ...] = ()
    problems: tuple[Problem, ...] = ()


def choose_account(asset: Asset, name: str | None) -> Account:
    """The account of a call; raise UnknownAccount."""
    if name is None:
        if asset.accounts:
            return asset.accounts[0]
        raise UnknownAccount(f"{asset.id} has no account in its inventory; give `account`.")
    for account in asset.accounts:
        if account.name == name:
            return account
    known = ", ".join(account.name for account in asset.accounts) or "none"
    raise UnknownAccount(f"{asset.id} cannot be entered as {name!r}. Accounts of its inventory: {known}.")


def find_asset(assets: Sequence[Asset], name: str) -> Asset:
    """By id, else by name, else by address; raise UnknownAsset with the nearest ones."""
    for matches in (
        [asset for asset in assets if asset.id == name],
        [asset for asset in assets if asset.name == name],
        [asset for asset in assets if name and name in {asset.endpoint.address, str(asset.endpoint)}],
    ):
        if len(matches) == 1:
            return matches[0]
        if matches:
            listed = ", ".join(asset.id for asset in matches[:_SHOWN_CANDIDATES])
            raise UnknownAsset(f"{name!r} means {len(matches)} assets: {listed}. Use the id.")
    raise UnknownAsset(f"No asset {name[:80]!r}{_nearest(assets, name)}. ssh-asset-list shows all.")


def _nearest(assets: Iterable[Asset], name: str) -> str:
    folded = {asset.id.lower(): asset.id for asset in assets}
    near = difflib.get_close_matches(name.lower(), list(folded), n=_SHOWN_CANDIDATES, cutoff=0.5)
    containing = [low for low in folded if name and name.lower() in low]
    found = [folded[low] for low in dict.fromkeys([*near, *containing])][:_SHOWN_CANDIDATES]
    return f"; nearest: {', '.join(found)}" if found else ""


def merge_inventories(inventories: Iterable[Inventory]) -> Inventory:
    """All assets under ids of their own: a name that a second source uses too is written `source/name` there."""
    taken: dict[str, Asset] = {}
    problems: list[Problem] = []
    for inventory in inventories:
        problems.extend(inventory.problems)
        for asset in inventory.assets:
            asset_id = asset.id if asset.id not in taken else f"{asset.source}/{asset.id}"
            if asset_id in taken:
                problems.append(Problem(asset.source, f"{asset.id!r} stands there twice; the first one is used"))
                continue
            taken[asset_id] = replace(asset, id=asset_id)
    return Inventory(tuple(taken.values()), tuple(problems))
