"""Connects the tool servers that mcp_config.json names."""

import logging

from backend.agent.domain import Json
from backend.agent.interfaces import AuditTrail, Telemetry
from backend.integrations.mcp_servers import McpToolSource
from backend.integrations.mcp_servers.tool_memory import FileToolMemory
from backend.settings import Settings, read_server_environment
from backend.vocabulary.errors import Unavailable

_log = logging.getLogger(__name__)


def make_tool_source(settings: Settings, *, audit: AuditTrail, telemetry: Telemetry) -> McpToolSource:
    """Enter it to connect."""
    return McpToolSource(
        config_path=settings.mcp_config,
        environment=read_server_environment(settings),
        is_read_only=settings.read_only,
        memory=FileToolMemory(settings.data_directory / "tools.json"),
        telemetry=telemetry,
        on_reload=lambda edit: _audit_reload(audit, settings.mcp_config.name, edit=edit),
    )


async def _audit_reload(audit: AuditTrail, file: str, *, edit: Json) -> None:
    """The edit is in force when it is noticed; an audit that cannot be written must not undo it."""
    try:
        await audit.record("config.reloaded", actor="system", subject=file, details=edit)
    except Unavailable:
        _log.exception("the new %s is not in the audit: %s", file, edit)
