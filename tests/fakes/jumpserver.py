"""A JumpServer: the HTTP routes that a client needs, with real signature checks, and its SSH service koko.

Written from the wire facts of JumpServer v3/v4; it shares no code with the client.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import asyncssh
from aiohttp import web

Json = dict[str, Any]  # Any: JSON
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

KEY_ID = "5f2b1c1e-0d3f-4f0a-9d9c-1f2e3d4c5b6a"
KEY_SECRET = "a-secret-that-only-both-sides-know"
_PARAMETER = re.compile(r'(\w+)="([^"]*)"')
_MAX_PAGE = 5


@dataclass
class GrantedAsset:
    id: str
    name: str
    address: str
    accounts: list[str] = field(default_factory=lambda: ["ops"])
    rule: str = "accept"
    """accept, reject, review or face."""
    category: str = "host"
    kind: str = "linux"
    labels: list[Json] = field(default_factory=list)
    forbidden: str = ""
    """Commands that match are refused by koko, as its command filter does: on the raw text."""


@dataclass
class FakeJumpServer:
    """State of the bastion; tests change it."""

    assets: list[GrantedAsset]
    url: str = ""
    ssh_port: int = 0
    host_key: asyncssh.SSHKey = field(default_factory=lambda: asyncssh.generate_private_key("ssh-ed25519"))
    tokens: dict[str, Json] = field(default_factory=dict)
    tickets: dict[str, str] = field(default_factory=dict)
    sessions: list[Json] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    organisation: str | None = None
    """The X-JMS-ORG header of the newest request."""

    def asset(self, asset_id: str) -> GrantedAsset:
        return next(asset for asset in self.assets if asset.id == asset_id)

    def decide_ticket(self, state: str) -> None:
        """A reviewer answers every open ticket."""
        self.tickets = {ticket: state for ticket in self.tickets}


@asynccontextmanager
async def fake_jumpserver(*assets: GrantedAsset) -> AsyncIterator[FakeJumpServer]:
    state = FakeJumpServer(list(assets))
    runner = web.AppRunner(_make_app(state))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    koko = await asyncssh.listen(
        "127.0.0.1",
        0,
        server_factory=lambda: _Koko(state),
        server_host_keys=[state.host_key],
        process_factory=lambda process: _serve(state, process),
        encoding=None,
    )
    state.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    state.ssh_port = koko.get_port()
    try:
        yield state
    finally:
        koko.close()
        await runner.cleanup()


def _make_app(state: FakeJumpServer) -> web.Application:
    @web.middleware
    async def check_signature(request: web.Request, handler: Handler) -> web.StreamResponse:
        state.requests.append(f"{request.method} {request.path}")
        state.organisation = request.headers.get("X-JMS-ORG")
        fault = _find_signature_fault(request)
        if fault is not None:
            return web.json_response({"detail": fault}, status=401)
        return await handler(request)

    app = web.Application(middlewares=[check_signature])
    routes = _Routes(state)
    app.router.add_get("/api/v1/perms/users/self/assets/", routes.list_assets)
    app.router.add_get("/api/v1/perms/users/self/assets/{id}/", routes.show_asset)
    app.router.add_post("/api/v1/authentication/connection-token/", routes.make_token)
    app.router.add_get("/api/v1/tickets/tickets/{id}/", routes.show_ticket)
    app.router.add_get("/api/v1/terminal/sessions/", routes.list_sessions)
    return app


def _find_signature_fault(request: web.Request) -> str | None:
    """As the HTTP Signatures draft and JumpServer's settings have it: request target and date must be signed."""
    scheme, _, rest = request.headers.get("Authorization", "").partition(" ")
    given = dict(_PARAMETER.findall(rest))
    names = given.get("headers", "").split()
    if scheme != "Signature" or given.get("algorithm") != "hmac-sha256":
        return "Authentication credentials were not provided."
    if given.get("keyId") != KEY_ID or not {"(request-target)", "date"} <= set(names):
        return "Invalid signature."
    wanted = []
    for name in names:
        if name == "(request-target)":
            wanted.append(f"(request-target): {request.method.lower()} {request.raw_path}")
        else:
            wanted.append(f"{name}: {request.headers.get(name, '')}")
    if parsedate_to_datetime(request.headers["Date"]) is None:
        return "Invalid signature."
    expected = hmac.digest(KEY_SECRET.encode(), "\n".join(wanted).encode(), hashlib.sha256)
    return (
        None if hmac.compare_digest(base64.b64encode(expected).decode(), given["signature"]) else "Invalid signature."
    )


class _Routes:
    def __init__(self, state: FakeJumpServer) -> None:
        self._state = state

    async def list_assets(self, request: web.Request) -> web.Response:
        offset = int(request.query.get("offset", 0))
        # The server has an upper limit of its own, whatever the caller wants.
        limit = min(int(request.query.get("limit", 15)), _MAX_PAGE)
        page = self._state.assets[offset : offset + limit]
        following = offset + limit
        more = following < len(self._state.assets)
        return web.json_response(
            {
                "count": len(self._state.assets),
                "next": f"{self._state.url}{request.path}?limit={limit}&offset={following}" if more else None,
                "previous": None,
                "results": [_show_asset(asset) for asset in page],
            }
        )

    async def show_asset(self, request: web.Request) -> web.Response:
        asset = self._state.asset(request.match_info["id"])
        accounts = [
            {"id": secrets.token_hex(4), "alias": name, "name": name, "username": name} for name in asset.accounts
        ]
        manual = {"id": "x", "alias": "@INPUT", "name": "手动输入", "username": "@INPUT"}
        detail = {"permed_protocols": [{"name": "ssh", "port": 22}], "permed_accounts": [*accounts, manual]}
        return web.json_response(_show_asset(asset) | detail)

    async def make_token(self, request: web.Request) -> web.Response:
        wanted = await request.json()
        asset = self._state.asset(wanted["asset"])
        if wanted["account"] not in asset.accounts:
            return _refuse("perm_account_invalid", "Account not found")
        if asset.rule == "reject":
            return _refuse("acl_reject", "ACL action is reject: office hours only")
        if asset.rule == "face":
            return _refuse("acl_face_verify", "ACL action is face verify")
        needs_review = asset.rule == "review"
        if needs_review and request.query.get("create_ticket") != "1":
            return _refuse("acl_review", "ACL action is review")
        token = {"id": secrets.token_hex(8), "value": secrets.token_hex(16), "expire_time": 300, "is_reusable": False}
        token |= {"asset": asset.id, "account": wanted["account"]}
        if needs_review:
            token["from_ticket"] = secrets.token_hex(4)
            self._state.tickets[str(token["from_ticket"])] = "pending"
        self._state.tokens[str(token["id"])] = token
        return web.json_response(token, status=201)

    async def show_ticket(self, request: web.Request) -> web.Response:
        state = self._state.tickets[request.match_info["id"]]
        return web.json_response({"id": request.match_info["id"], "state": {"value": state, "label": state}})

    async def list_sessions(self, request: web.Request) -> web.Response:
        found = [each for each in self._state.sessions if each["asset_id"] == request.query["asset_id"]]
        return web.json_response({"count": len(found), "next": None, "previous": None, "results": found[::-1]})


def _refuse(code: str, detail: str) -> web.Response:
    return web.json_response({"code": code, "detail": detail}, status=400)


def _show_asset(asset: GrantedAsset) -> Json:
    return {
        "id": asset.id,
        "name": asset.name,
        "address": asset.address,
        "platform": {"id": 1, "name": "Linux"},
        "zone": None,
        "category": {"value": asset.category, "label": asset.category},
        "type": {"value": asset.kind, "label": asset.kind},
        "nodes": [{"id": "n", "name": "/Default/Shop"}],
        "labels": asset.labels,
        "connectivity": {"value": "ok", "label": "ok"},
        "is_active": True,
        "comment": "",
        "org_id": "00000000-0000-0000-0000-000000000002",
        "org_name": "Default",
    }


class _Koko(asyncssh.SSHServer):
    """Lets the bearer of an unused token in, once."""

    def __init__(self, state: FakeJumpServer) -> None:
        self._state = state
        self._connection: asyncssh.SSHServerConnection | None = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn

    def begin_auth(self, username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        token = self._state.tokens.get(username.removeprefix("JMS-"))
        if token is None or not hmac.compare_digest(token["value"], password):
            return False
        if self._state.tickets.get(token.get("from_ticket", ""), "approved") != "approved":
            return False
        assert self._connection is not None
        self._connection.set_extra_info(token=self._state.tokens.pop(token["id"]))
        return True


async def _serve(state: FakeJumpServer, process: asyncssh.SSHServerProcess[bytes]) -> None:
    """Runs a command as the granted host would."""
    token = process.get_extra_info("token")
    asset = state.asset(token["asset"])
    command = process.command or ""
    state.commands.append(f"{token['account']}@{asset.name}: {command}")
    state.sessions.append({"id": secrets.token_hex(8), "asset_id": asset.id})
    if asset.forbidden and re.search(asset.forbidden, command):
        # The command filter gives an empty channel: no output and no exit status.
        process.close()
        return
    child = await asyncio.create_subprocess_exec(
        "sh", "-c", command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, cwd=Path("/")
    )
    output, errors = await child.communicate()
    process.stdout.write(output)
    process.stderr.write(errors)
    process.exit(child.returncode or 0)
