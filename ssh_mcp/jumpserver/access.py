"""Getting in through JumpServer: a token per connection, its rules' answers, and the link to the replay."""

from __future__ import annotations

from dataclasses import dataclass

from ssh_mcp.connections.client import Login
from ssh_mcp.connections.credentials import Credentials
from ssh_mcp.errors import AccessRefused, HostError, UnknownAccount
from ssh_mcp.inventories.domain import Account, Asset
from ssh_mcp.jumpserver.api import Json, JumpServerApi, JumpServerRefusal

_TOKENS = "/api/v1/authentication/connection-token/"
_TICKETS = "/api/v1/tickets/tickets/"
_SESSIONS = "/api/v1/terminal/sessions/"


@dataclass(frozen=True, slots=True)
class _Review:
    """A token that works once somebody in JumpServer has said yes."""

    token: Json
    ticket: str


class JumpServerAccess:
    """Logs in for one asset and account at a time."""

    def __init__(self, api: JumpServerApi) -> None:
        self._api = api
        self._reviews: dict[tuple[str, str], _Review] = {}

    async def login(self, asset: Asset, account: Account) -> Login:
        """A token for one connection; raise AccessRefused when a rule says no, or not yet."""
        key = asset.remote_id, account.name
        token = await self._take_reviewed(key) if key in self._reviews else None
        if token is None:
            token = await self._request(asset, account)
        if not token.get("id") or not token.get("value"):
            raise AccessRefused(f"JumpServer gave no token for {asset.id}.")
        credentials = Credentials(password=str(token["value"]))
        return Login(asset.endpoint, f"JMS-{token['id']}", credentials)

    async def find_replay(self, asset: Asset) -> str:
        """Where the newest session of the asset can be watched; nothing when the caller may not see it."""
        query = {"asset_id": asset.remote_id, "order": "-date_start", "limit": "1"}
        try:
            answer = await self._api.get(_SESSIONS, query)
        except HostError:
            return ""
        results = answer.get("results") or []
        session = results[0].get("id") if results and isinstance(results[0], dict) else None
        return f"{self._api.url}/luna/replay/{session}" if session else ""

    async def close(self) -> None:
        await self._api.close()

    async def _request(self, asset: Asset, account: Account, *, creates_ticket: bool = False) -> Json:
        body = {
            "asset": asset.remote_id,
            "account": account.name,
            "protocol": "ssh",
            "connect_method": "ssh_client",
        }
        try:
            token = await self._api.post(_TOKENS, body, {"create_ticket": "1"} if creates_ticket else None)
        except JumpServerRefusal as refusal:
            if refusal.code == "acl_review" and not creates_ticket:
                return await self._ask_for_review(asset, account)
            raise _translate(refusal, asset=asset, account=account) from refusal
        return token

    async def _ask_for_review(self, asset: Asset, account: Account) -> Json:
        token = await self._request(asset, account, creates_ticket=True)
        ticket = str(token.get("from_ticket") or "")
        if not ticket:
            return token
        self._reviews[asset.remote_id, account.name] = _Review(token, ticket)
        raise _waits(asset.id, ticket)

    async def _take_reviewed(self, key: tuple[str, str]) -> Json | None:
        """The token when it was approved, None when a new one is needed; raise AccessRefused while it waits."""
        review = self._reviews[key]
        ticket = await self._api.get(f"{_TICKETS}{review.ticket}/")
        state = ticket.get("state")
        value = state.get("value") if isinstance(state, dict) else state
        if value == "pending":
            raise _waits("the asset", review.ticket)
        del self._reviews[key]
        if value == "approved":
            return review.token
        raise AccessRefused(f"In JumpServer the access was {value} (ticket {review.ticket}). Nothing ran.")


def _waits(asset: str, ticket: str) -> AccessRefused:
    return AccessRefused(
        f"JumpServer wants a reviewer's yes before anybody enters {asset}; it waits in ticket {ticket}. Nothing ran. "
        "Repeat the call after the ticket was approved there."
    )


def _translate(refusal: JumpServerRefusal, *, asset: Asset, account: Account) -> HostError:
    match refusal.code:
        case "perm_account_invalid":
            return UnknownAccount(f"JumpServer does not grant account {account.name!r} on {asset.id}: {refusal}")
        case "acl_face_verify":
            return AccessRefused(f"JumpServer wants a face check for {asset.id}, which only its web page can do.")
        case "perm_expired":
            return AccessRefused(f"JumpServer: the permission for {asset.id} has expired.")
        case _:
            return AccessRefused(f"JumpServer refuses access to {asset.id} ({refusal.code}): {refusal}")
