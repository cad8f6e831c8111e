"""The backend: sessions, runs, the agent loop, approvals, and the HTTP API in front of them."""
