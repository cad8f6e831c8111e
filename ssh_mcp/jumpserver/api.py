"""Requests to JumpServer's HTTP API. Its own words are part of every error."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import httpx2
from pydantic import SecretStr

from ssh_mcp.errors import AccessRefused, HostUnreachable
from ssh_mcp.jumpserver.signing import sign

_TIMEOUT = httpx2.Timeout(15.0, connect=5.0)
_MAX_PAGES = 200
_PAGE = 100

Json = dict[str, Any]  # Any: JSON


class JumpServerRefusal(AccessRefused):
    """A rule of JumpServer answered; `code` is its own, such as `acl_review`."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


class JumpServerApi:
    """One caller with one access key."""

    def __init__(
        self,
        url: str,
        *,
        key_id: str,
        key_secret: SecretStr,
        organisation: str | None,
        now: Callable[[], datetime],
    ) -> None:
        self.url = url.rstrip("/")
        self._key_id = key_id
        self._key_secret = key_secret
        self._organisation = organisation
        self._now = now
        self._client: httpx2.AsyncClient | None = None

    async def get(self, path: str, query: Mapping[str, str] | None = None) -> Json:
        """Raise HostUnreachable, AccessRefused."""
        return await self._send("GET", path, query=query, body=None)

    async def post(self, path: str, body: Json, query: Mapping[str, str] | None = None) -> Json:
        """Raise HostUnreachable, AccessRefused and its kind JumpServerRefusal when a rule answered."""
        return await self._send("POST", path, query=query, body=body)

    async def list_all(self, path: str) -> list[Json]:
        """Every page of a list."""
        found: list[Json] = []
        for _ in range(_MAX_PAGES):
            # The server may give fewer at once than it is asked for.
            answer = await self.get(path, {"limit": str(_PAGE), "offset": str(len(found))})
            results = answer.get("results")
            if not isinstance(results, list):
                raise HostUnreachable(f"JumpServer at {self.url} answered {path} in a form that cannot be used.")
            found += [entry if isinstance(entry, dict) else {} for entry in results]
            if not answer.get("next") or not results:
                break
        return found

    async def close(self) -> None:
        if self._client is not None:
            await self._client.aclose()

    async def _send(self, method: str, path: str, *, query: Mapping[str, str] | None, body: Json | None) -> Json:
        # Made here once, since what is signed has to be what is sent, character by character.
        target = f"{path}?{urlencode(query)}" if query else path
        secret = self._key_secret.get_secret_value()
        headers = sign(method, target, key_id=self._key_id, secret=secret, at=self._now())
        if self._organisation:
            headers["X-JMS-ORG"] = self._organisation
        if self._client is None:
            self._client = httpx2.AsyncClient(timeout=_TIMEOUT)
        try:
            response = await self._client.request(method, f"{self.url}{target}", headers=headers, json=body)
        except httpx2.HTTPError as error:
            raise HostUnreachable(f"JumpServer at {self.url} does not answer: {error}.") from error
        return self._read(response, path=path)

    def _read(self, response: httpx2.Response, *, path: str) -> Json:
        content = _read_json(response)
        if response.is_success:
            return content
        detail = _read_detail(content) or response.reason_phrase
        code = content.get("code")
        if isinstance(code, str) and response.status_code in {400, 403}:
            raise JumpServerRefusal(code, detail)
        if response.status_code == 401:
            raise AccessRefused(
                f"JumpServer at {self.url} does not accept the access key: {detail} Check JUMPSERVER_KEY_ID, "
                "JUMPSERVER_KEY_SECRET, its allowed addresses, and both clocks."
            )
        if response.status_code in {403, 404}:
            raise AccessRefused(f"JumpServer at {self.url} refuses {path}: {detail}")
        raise HostUnreachable(f"JumpServer at {self.url} answered {path} with {response.status_code}: {detail}")


def _read_json(response: httpx2.Response) -> Json:
    try:
        content = response.json()
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {"results": content}


def _read_detail(content: Json) -> str:
    """Django's ways of saying what is wrong, as one line."""
    detail = content.get("detail") or content.get("error") or content.get("msg")
    if detail is None:
        detail = "; ".join(f"{field}: {told}" for field, told in content.items() if field != "code")
    return str(detail)[:300]
