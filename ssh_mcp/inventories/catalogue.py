"""All assets of all sources, read again when a source has changed."""

from __future__ import annotations

import asyncio
import getpass
from collections.abc import Callable, Sequence
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


class Source(Protocol):
    """One inventory. What is wrong with it is told in its problems; nothing is raised."""

    async def load(self) -> Inventory: ...


class LocalSource:
    """The machine of the server itself."""

    async def load(self) -> Inventory:
        account = Account(getpass.getuser())
        local = Asset(id=LOCAL_ASSET, name=LOCAL_ASSET, source=LOCAL_ASSET, kind=AssetKind.LOCAL, accounts=(account,))
        return Inventory((local,))


class FileSource:
    """A file that is parsed again when it, or a file it includes, has changed."""

    def __init__(self, path: Path, read: Callable[[Path], Inventory]) -> None:
        self._path = path
        self._read = read
        self._known: tuple[object, Inventory] | None = None

    async def load(self) -> Inventory:
        try:
            status = self._path.stat()
            stamp: object = (status.st_mtime_ns, status.st_size, status.st_ino)
        except OSError:
            stamp = None
        if self._known is None or self._known[0] != stamp:
            self._known = (stamp, await asyncio.to_thread(self._read, self._path))
        return self._known[1]


class AssetCatalogue:
    """Looks assets up."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self._sources = sources

    async def inventory(self) -> Inventory:
        return merge_inventories(await asyncio.gather(*(source.load() for source in self._sources)))

    async def find(self, names: Sequence[str]) -> list[Asset]:
        """Each once, in the order of the names; raise UnknownAsset."""
        assets = (await self.inventory()).assets
        found = [find_asset(assets, name) for name in names]
        return list({asset.id: asset for asset in found}.values())
