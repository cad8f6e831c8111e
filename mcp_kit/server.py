"""Assembles an MCP server by the rules of this product."""

from __future__ import annotations

import hmac
import logging
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from mcp.server import MCPServer
from mcp.server.auth.provider import AccessToken
from mcp.server.auth.settings import AuthSettings
from mcp.server.caching import CacheHint
from mcp.server.lowlevel.server import NotificationOptions
from mcp.server.mcpserver import RequestStateSecurity
from mcp.server.mcpserver.tools import Tool
from pydantic import AnyHttpUrl, SecretStr
from starlette.requests import Request
from starlette.responses import JSONResponse

from mcp_kit.audit import AuditLog, AuditMiddleware
from mcp_kit.tools import check_tools

StateT = TypeVar("StateT")

# An approval may wait for a person; the caller sets its own, shorter expiry.
_REQUEST_STATE_SECONDS = 3600.0
_TOOL_LIST_FRESH_MS = 60_000


@dataclass(frozen=True, slots=True)
class ServerIdentity:
    """What a client learns about the server before it lists the tools."""

    name: str
    title: str
    version: str
    instructions: str


class StaticTokenVerifier:
    """One shared bearer token; no OAuth metadata is served, so clients do not try to log in."""

    def __init__(self, token: SecretStr) -> None:
        self._token = token

    async def verify_token(self, token: str) -> AccessToken | None:
        expected = self._token.get_secret_value().encode()
        if not hmac.compare_digest(token.encode(), expected):
            return None
        return AccessToken(token=token, client_id="bearer", scopes=[])


def build_server(
    identity: ServerIdentity,
    *,
    tools: Sequence[Tool],
    lifespan: Callable[[MCPServer[StateT]], AbstractAsyncContextManager[StateT]],
    audit: AuditLog,
    request_state_key: SecretStr | None = None,
    auth_token: SecretStr | None = None,
) -> MCPServer[StateT]:
    """Make a server whose tools are checked, whose calls are audited and whose questions survive a restart.

    Raises ToolRuleBroken for a tool that breaks the rules.
    """
    _log_to_stderr()
    server = MCPServer(
        identity.name,
        title=identity.title,
        version=identity.version,
        instructions=identity.instructions,
        tools=check_tools(tools),
        lifespan=lifespan,
        log_level="WARNING",
        middleware=[AuditMiddleware(audit)],
        request_state_security=_request_state_security(request_state_key, audience=identity.name),
        cache_hints={"tools/list": CacheHint(_TOOL_LIST_FRESH_MS, "private")},
        token_verifier=StaticTokenVerifier(auth_token) if auth_token else None,
        auth=_static_token_auth() if auth_token else None,
    )
    _announce_list_changes(server)
    _answer_health_checks(server)
    return server


def _request_state_security(key: SecretStr | None, *, audience: str) -> RequestStateSecurity:
    if key is None:
        return RequestStateSecurity.ephemeral(ttl=_REQUEST_STATE_SECONDS, audience=audience)
    return RequestStateSecurity(keys=[key.get_secret_value()], ttl=_REQUEST_STATE_SECONDS, audience=audience)


def _static_token_auth() -> AuthSettings:
    # The issuer is required by the type and unused: without a resource URL no OAuth metadata is published.
    return AuthSettings(issuer_url=AnyHttpUrl("http://localhost"), resource_server_url=None)


def _announce_list_changes(server: MCPServer[StateT]) -> None:
    """Let clients of the older revisions know that the tool list may change; the SDK says it does not."""
    # The SDK offers no public way to set this capability.
    low_level = server._lowlevel_server
    options = NotificationOptions(tools_changed=True)
    low_level.create_initialization_options = partial(  # type: ignore[method-assign]  # as the comment above says
        low_level.create_initialization_options, options
    )


def _answer_health_checks(server: MCPServer[StateT]) -> None:
    async def answer(_: Request) -> JSONResponse:
        return JSONResponse({"status": "ok", "server": server.name})

    server.custom_route("/healthz", methods=["GET"])(answer)


def _log_to_stderr() -> None:
    """Configure logging before the SDK does: it would log every request, in colour, at INFO."""
    if not logging.getLogger().handlers:
        logging.basicConfig(level="WARNING", stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")
