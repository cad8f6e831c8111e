"""The tool catalogue with its switches, and the tool servers."""

from fastapi import APIRouter

from backend.agent.domain import ToolStatistics
from backend.features.operations.domain import CatalogueEntry
from backend.web.schemas.tools import (
    AcceptTool,
    Server,
    ServerList,
    Tool,
    ToolList,
    read_server,
    read_status,
    read_tool,
)
from backend.web.services import PrincipalDep, Services, ServicesDep

router = APIRouter(prefix="/api/v2", tags=["operations"])


@router.get("/tools", operation_id="list_tools")
async def list_tools(services: ServicesDep) -> ToolList:
    """Every tool, the hidden ones with the reason, and how the servers stand."""
    statistics = services.tools.statistics()
    entries = services.operations.list_tools()
    listed = {entry.spec.name for entry in entries}
    own = [spec for spec in services.tools.tools() if spec.name not in listed]
    return ToolList(
        items=[
            *(read_tool(spec, statistics.get(spec.name, ToolStatistics())) for spec in own),
            *(_read_entry(entry, services=services) for entry in entries),
        ],
        servers=[read_status(status) for status in services.tools.servers()],
    )


@router.post("/tools/{name}/enable", operation_id="enable_tool")
async def enable_tool(name: str, principal: PrincipalDep, services: ServicesDep) -> Tool:
    """Take back a `disable`; other reasons to hide a tool remain."""
    entry = await services.operations.set_tool_enabled(name, is_enabled=True, by=principal.name)
    return _read_entry(entry, services=services)


@router.post("/tools/{name}/disable", operation_id="disable_tool")
async def disable_tool(name: str, principal: PrincipalDep, services: ServicesDep) -> Tool:
    """Hide a tool from the model until it is enabled again, over restarts too."""
    entry = await services.operations.set_tool_enabled(name, is_enabled=False, by=principal.name)
    return _read_entry(entry, services=services)


@router.post("/tools/{name}/accept", operation_id="accept_tool")
async def accept_tool(
    name: str, principal: PrincipalDep, services: ServicesDep, body: AcceptTool | None = None
) -> Tool:
    """Accept the present description and schema of a foreign server's tool; 409 when it changed again."""
    fingerprint = None if body is None else body.fingerprint
    entry = await services.operations.accept_tool(name, fingerprint=fingerprint, by=principal.name)
    return _read_entry(entry, services=services)


@router.get("/servers", operation_id="list_servers")
async def list_servers(services: ServicesDep) -> ServerList:
    """Every configured tool server with its replicas and statistics."""
    return ServerList(items=[read_server(detail) for detail in services.operations.list_servers()])


@router.post("/servers/{name}/reconnect", status_code=202, operation_id="reconnect_server")
async def reconnect_server(name: str, principal: PrincipalDep, services: ServicesDep) -> Server:
    """Replace the connections of a server; calls under way are finished on the old ones."""
    return read_server(await services.operations.reconnect(name, by=principal.name))


def _read_entry(entry: CatalogueEntry, *, services: Services) -> Tool:
    statistics = services.operations.read_statistics().get(entry.spec.name, ToolStatistics())
    return read_tool(entry.spec, statistics, entry=entry)
