"""Kubernetes tools over MCP: a program of its own, useful from any MCP client."""
