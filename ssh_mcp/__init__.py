"""The SSH MCP server: commands and sessions on hosts, judged before they run."""
