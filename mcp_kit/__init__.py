"""What every MCP server of this product shares: strict tools, budgets, confirmation, audit, transports."""
