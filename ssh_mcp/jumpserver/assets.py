"""The assets that JumpServer grants to the caller."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from ssh_mcp.errors import HostError
from ssh_mcp.inventories.domain import Account, Asset, AssetKind, Endpoint, Inventory, Problem, Tier, read_tier
from ssh_mcp.jumpserver.api import Json, JumpServerApi

SOURCE = "jumpserver"
_ASSETS = "/api/v1/perms/users/self/assets/"
_FRESH_SECONDS = 60.0
# Accounts for which a person types user or password.
_MANUAL = frozenset({"@INPUT", "@ANON"})
_TIER_LABELS = frozenset({"tier", "env", "environment", "环境"})


class JumpServerAssets:
    """Keeps the list for a minute; accounts are asked for when an asset is used."""

    def __init__(
        self, api: JumpServerApi, *, endpoint: Endpoint, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._api = api
        self._endpoint = endpoint
        self._monotonic = monotonic
        self._known: tuple[float, Inventory] | None = None
        self._accounts: dict[str, tuple[float, tuple[Account, ...]]] = {}

    async def load(self) -> Inventory:
        if self._known is None or self._monotonic() - self._known[0] > _FRESH_SECONDS:
            self._known = self._monotonic(), await self._fetch()
        return self._known[1]

    async def complete(self, asset: Asset) -> Asset:
        """With the accounts that the caller may use there; raise HostUnreachable, AccessRefused."""
        known = self._accounts.get(asset.remote_id)
        if known is None or self._monotonic() - known[0] > _FRESH_SECONDS:
            detail = await self._api.get(f"{_ASSETS}{asset.remote_id}/")
            known = self._accounts[asset.remote_id] = self._monotonic(), _read_accounts(detail)
        return replace(asset, accounts=known[1])

    async def _fetch(self) -> Inventory:
        try:
            entries = await self._api.list_all(_ASSETS)
        except HostError as error:
            # The assets of a moment ago are better than none.
            known = self._known[1].assets if self._known else ()
            return Inventory(known, (Problem(SOURCE, str(error)),))
        return Inventory(tuple(self._make_asset(entry) for entry in entries if _is_host(entry)))

    def _make_asset(self, entry: Json) -> Asset:
        name = str(entry.get("name") or entry.get("id"))
        return Asset(
            id=name,
            name=str(entry.get("address") or name),
            source=SOURCE,
            kind=AssetKind.JUMPSERVER,
            endpoint=self._endpoint,
            tier=_find_tier(entry),
            groups=tuple(_read_names(entry.get("nodes"))),
            labels={"address": str(entry.get("address", "")), "organisation": str(entry.get("org_name", ""))},
            platform=_read_value(entry.get("platform"), "name"),
            remote_id=str(entry.get("id", "")),
        )


def _is_host(entry: Json) -> bool:
    """Databases, web sites and Windows machines are granted too, and have no shell."""
    category = _read_value(entry.get("category"), "value") or "host"
    kind = _read_value(entry.get("type"), "value")
    return bool(entry.get("id")) and entry.get("is_active", True) and category == "host" and kind != "windows"


def _read_accounts(detail: Json) -> tuple[Account, ...]:
    permed = detail.get("permed_accounts") or []
    names = [str(account.get("alias") or account.get("name") or "") for account in permed if isinstance(account, dict)]
    return tuple(Account(name) for name in dict.fromkeys(names) if name and name not in _MANUAL)


def _find_tier(entry: Json) -> Tier:
    """From a label such as `env: test`; nothing else says it."""
    for label in entry.get("labels") or []:
        text = _read_value(label, "name") if isinstance(label, dict) and "name" in label else ""
        value = _read_value(label, "value") if isinstance(label, dict) else ""
        name, value = (text, value) if value else tuple(str(label).partition(":")[::2])
        if name.strip().lower() in _TIER_LABELS:
            return read_tier(value)
    return Tier.PROD


def _read_names(values: object) -> list[str]:
    if not isinstance(values, list):
        return []
    return [_read_value(value, "name") or str(value) for value in values]


def _read_value(value: object, key: str) -> str:
    """`{"value": "host", "label": …}` and `"host"` are the same thing in different releases."""
    if isinstance(value, dict):
        return str(value.get(key) or "")
    return value if isinstance(value, str) else ""
