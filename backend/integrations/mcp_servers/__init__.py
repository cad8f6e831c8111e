"""Tools from MCP servers: configuration, supervised connections, and the catalogue the agent sees."""

from backend.integrations.mcp_servers.source import McpToolSource

__all__ = ["McpToolSource"]
