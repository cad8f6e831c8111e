"""Tools from MCP servers: configuration, supervised connections, and the catalogue the agent sees."""
