"""An MCP server with the tools that patrol calls: `python -m tests.fakes.watch_mcp_server`.

What they answer is in the JSON file named by WATCH_WORLD, read at every call:
`{"hosts": {"web-1": {HostFacts} | {"error", "error_kind"}}, "findings": […], "unknown": […], "delay": seconds,
"pods": {state: number}}`. It has no `k8s-get-nodes` and no `k8s-top`.
"""

import asyncio
import json
import os
from pathlib import Path
from typing import Any

from mcp.server import MCPServer
from mcp.types import ToolAnnotations

READ = ToolAnnotations(read_only_hint=True)
PAGE = 100


def read_world() -> dict[str, Any]:  # Any: JSON
    return dict(json.loads(Path(os.environ["WATCH_WORLD"]).read_text(encoding="utf-8")))


async def list_assets(cursor: str | None = None) -> dict[str, Any]:  # Any: JSON
    """List the hosts."""
    names = list(read_world()["hosts"])
    start = int(cursor or 0)
    following = start + PAGE
    return {
        "assets": [{"id": name, "name": name} for name in names[start:following]],
        "next_cursor": str(following) if following < len(names) else None,
    }


async def read_facts(assets: list[str]) -> dict[str, Any]:  # Any: JSON
    """Read hosts."""
    world = read_world()
    await asyncio.sleep(world.get("delay", 0))
    return {"hosts": [_answer(name, world["hosts"].get(name)) for name in assets]}


def _answer(name: str, known: dict[str, Any] | None) -> dict[str, Any]:  # Any: JSON
    if known is None:
        return {"asset": name, "facts": None, "error": "no such asset", "error_kind": "not_found"}
    if "error" in known:
        return {"asset": name, "facts": None, **known}
    return {"asset": name, "facts": known, "error": None}


async def list_clusters() -> dict[str, Any]:  # Any: JSON
    """List the clusters."""
    rows = [["prod", "yes"], ["old", ""]] if "findings" in read_world() else []
    return {"columns": ["name", "is_default"], "rows": rows}


async def diagnose(all_namespaces: bool = False, cluster: str | None = None) -> dict[str, Any]:  # Any: JSON
    """Diagnose a cluster."""
    world = read_world()
    return {"findings": world.get("findings", []), "unknown": world.get("unknown", []), "healthy": False}


async def list_pods(all_namespaces: bool = False, limit: int = 50) -> dict[str, Any]:  # Any: JSON
    """List the pods."""
    counts: dict[str, int] = read_world().get("pods", {})
    total = sum(counts.values())
    return {
        "columns": ["name", "status"],
        "rows": [],
        "total": total,
        "counts": counts,
        "abnormal": total - counts.get("Running", 0),
    }


def main() -> None:
    server: MCPServer[Any] = MCPServer("watch", log_level="WARNING")  # Any: no lifespan state
    for name, function in (
        ("ssh-asset-list", list_assets),
        ("ssh-host-facts", read_facts),
        ("k8s-list-clusters", list_clusters),
        ("k8s-diagnose", diagnose),
        ("k8s-get-pods", list_pods),
    ):
        server.add_tool(function, name=name, annotations=READ)
    server.run("stdio")


if __name__ == "__main__":
    main()
