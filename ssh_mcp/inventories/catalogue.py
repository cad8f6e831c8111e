"""All assets of all sources, read again when a source has changed."""

from __future__ import annotations

import asyncio
import getpass
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from ssh_mcp.inventories.domain import (
    LOCAL_ASSET,
    Account,
    Asset,
    AssetKind,
    Inventory,
    find_asset,
    merge_inventories,
)

_FRESH_SECONDS = 60.0


class Source(Protocol):
    """One inventory. What is wrong with it is told in its problems; nothing is raised."""

    async def load(self) -> Inventory: ...

    async def complete(self, asset: Asset) -> Asset:
        """The asset with what is only looked up when it is used; raise HostError."""
        ...


class LocalSource:
    """The machine of the server itself."""

    async def load(self) -> Inventory:
        account = Account(getpass.getuser())
        local = Asset(id=LOCAL_ASSET, name=LOCAL_ASSET, source=LOCAL_ASSET, kind=AssetKind.LOCAL, accounts=(account,))
        return Inventory((local,))

    async def complete(self, asset: Asset) -> Asset:
        return asset


class FileSource:
    """A file that is parsed again when it has changed, and now and then because of files that it includes."""

    def __init__(
        self, path: Path, read: Callable[[Path], Inventory], *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._path = path
        self._read = read
        self._monotonic = monotonic
        self._read_at = 0.0
        self._known: tuple[object, Inventory] | None = None

    async def load(self) -> Inventory:
        try:
            status = self._path.stat()
            stamp: object = (status.st_mtime_ns, status.st_size, status.st_ino)
        except OSError:
            stamp = None
        is_old = self._monotonic() - self._read_at > _FRESH_SECONDS
        if self._known is None or self._known[0] != stamp or is_old:
            self._read_at = self._monotonic()
            self._known = (stamp, await asyncio.to_thread(self._read, self._path))
        return self._known[1]

    async def complete(self, asset: Asset) -> Asset:
        return asset


class AssetCatalogue:
    """Looks assets up."""

    def __init__(self, sources: Mapping[str, Source]) -> None:
        self._sources = sources
        """By the name that their assets carry, in the order in which they win when two have the same id."""

    async def inventory(self) -> Inventory:
        return merge_inventories(await asyncio.gather(*(source.load() for source in self._sources.values())))

    async def find(self, names: Sequence[str]) -> list[Asset]:
        """Each once, in the order of the names; raise UnknownAsset, and HostError of a source that cannot be asked."""
        assets = (await self.inventory()).assets
        found = {asset.id: asset for asset in (find_asset(assets, name) for name in names)}
        return await asyncio.gather(*(self._sources[asset.source].complete(asset) for asset in found.values()))
