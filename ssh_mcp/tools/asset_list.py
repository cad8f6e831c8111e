"""ssh-asset-list: which hosts there are."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated

from mcp.server.mcpserver import Context
from mcp_types import CallToolResult
from pydantic import Field

from mcp_kit.errors import ErrorKind, KindedToolError
from mcp_kit.results import structured_result
from ssh_mcp.errors import HostError
from ssh_mcp.inventories.domain import Asset, choose_account
from ssh_mcp.results import AssetListResult, AssetView
from ssh_mcp.state import SshState
from ssh_mcp.tools.arguments import AssetName

TOOL = "ssh-asset-list"

_MAX_PROBLEMS = 20
_CHECKED_AT_ONCE = 10


async def list_assets(
    ctx: Context[SshState],
    query: Annotated[
        str | None, Field(max_length=200, description="Only assets with this in id, name, address, group or label.")
    ] = None,
    group: Annotated[AssetName | None, Field(description="Only assets of this group.")] = None,
    source: Annotated[str | None, Field(max_length=100, description="Only assets of this inventory.")] = None,
    check_reachable: Annotated[bool, Field(description="True connects to each shown asset.")] = False,
    limit: Annotated[int, Field(ge=1, le=100, description="Assets per page.")] = 50,
    cursor: Annotated[AssetName | None, Field(description="next_cursor of the page before.")] = None,
) -> Annotated[CallToolResult, AssetListResult]:
    """List the hosts (assets, servers, machines) that ssh-execute can reach: id, address, accounts, groups, tier. An
    asset whose tier is not known counts as prod. Also names host keys that wait for approval."""
    state = ctx.request_context.lifespan_context
    inventory = await state.assets.inventory()
    found = [asset for asset in inventory.assets if _matches(asset, query=query, group=group, source=source)]
    start = _find_start(found, cursor)
    page = found[start : start + limit]
    reachable = await _check_all(state, page) if check_reachable else [""] * len(page)
    result = AssetListResult(
        assets=[_view(asset, reachable=state_of) for asset, state_of in zip(page, reachable, strict=True)],
        total=len(found),
        shown=len(page),
        next_cursor=page[-1].id if start + limit < len(found) else None,
        pending_host_keys=[f"{key.host} {key.algorithm} {key.fingerprint}" for key in state.host_keys.pending()[-20:]],
        problems=[f"{problem.source}: {problem.text}"[:300] for problem in inventory.problems[:_MAX_PROBLEMS]],
    )
    return structured_result(result, text=_write(result))


def _matches(asset: Asset, *, query: str | None, group: str | None, source: str | None) -> bool:
    if group is not None and group not in asset.groups:
        return False
    if source is not None and source != asset.source:
        return False
    if not query:
        return True
    labels = [f"{key}={value}" for key, value in asset.labels.items()]
    texts = [asset.id, asset.name, asset.address, asset.tier.value, *asset.groups, *labels]
    return any(query.lower() in text.lower() for text in texts)


def _find_start(assets: Sequence[Asset], cursor: str | None) -> int:
    """Behind the asset that the cursor names."""
    if cursor is None:
        return 0
    for position, asset in enumerate(assets):
        if asset.id == cursor:
            return position + 1
    raise KindedToolError(
        "The cursor fits no asset of this list (it changed, or other filters were given). Start without one.",
        kind=ErrorKind.BAD_ARGUMENTS,
    )


async def _check_all(state: SshState, assets: Sequence[Asset]) -> list[str]:
    limit = asyncio.Semaphore(_CHECKED_AT_ONCE)

    async def check(asset: Asset) -> str:
        async with limit:
            try:
                (whole,) = await state.assets.find([asset.id])
                await state.hosts.check(whole, choose_account(whole, None))
            except HostError as error:
                return str(error)[:300]
        return "ok"

    return await asyncio.gather(*map(check, assets))


def _view(asset: Asset, *, reachable: str) -> AssetView:
    return AssetView(
        id=asset.id,
        name=asset.name,
        address=asset.address,
        accounts=[account.name for account in asset.accounts],
        groups=list(asset.groups),
        labels=dict(asset.labels),
        tier=asset.tier.value,
        source=asset.source,
        platform=asset.platform,
        read_only=asset.is_read_only,
        jump=[str(hop.endpoint) for hop in asset.route],
        reachable=reachable,
    )


def _write(result: AssetListResult) -> str:
    lines = [_write_asset(asset) for asset in result.assets] or ["No asset matches."]
    if result.next_cursor is not None:
        lines.append(f"{result.total - result.shown} of {result.total} not shown; cursor={result.next_cursor}")
    lines += [f"Host key waits for approval: {key}" for key in result.pending_host_keys]
    lines += [f"Problem: {problem}" for problem in result.problems]
    return "\n".join(lines)


def _write_asset(asset: AssetView) -> str:
    parts = [asset.id, asset.address or "this machine", asset.tier, "accounts " + (",".join(asset.accounts) or "none")]
    if asset.groups:
        parts.append("groups " + ",".join(asset.groups))
    if asset.jump:
        parts.append("via " + " > ".join(asset.jump))
    if asset.read_only:
        parts.append("read only")
    if asset.reachable:
        parts.append("reachable" if asset.reachable == "ok" else asset.reachable)
    return " | ".join(parts)
