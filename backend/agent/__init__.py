"""The agent: model calls, tool calls, approvals and budgets, free of any framework or vendor."""
