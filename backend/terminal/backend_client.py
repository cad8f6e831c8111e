"""The backend's HTTP API as the terminal uses it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from ipaddress import ip_address
from typing import Any, Self, TypeAlias
from urllib.parse import quote, urlsplit

import httpx2

from backend.vocabulary.language import Language

Body: TypeAlias = dict[str, Any]  # Any: JSON

_ANSWER_SECONDS = 30.0
_SILENCE_SECONDS = 45.0
"""Three missed heartbeats: the stream is dead, whatever the socket says."""


class NotReachable(Exception):
    """Nothing answers, or the connection broke."""


class Refused(Exception):
    """The backend answered with a problem."""

    def __init__(self, *, status: int, code: str | None, detail: str, hint: str | None) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.hint = hint


class BackendClient:
    """One backend. Every method raises NotReachable or Refused."""

    def __init__(self, *, url: str, token: str | None, language: Language) -> None:
        self.url = url.rstrip("/")
        headers = {"Accept-Language": language.value}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        # A proxy from the environment must not stand between this client and its own machine.
        self._http = httpx2.Client(
            base_url=f"{self.url}/api/v2",
            headers=headers,
            timeout=_ANSWER_SECONDS,
            trust_env=not is_loopback(self.url),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._http.close()

    def read_health(self) -> Body:
        return self._ask("GET", "/health", accepted={503})

    def list_sessions(self, *, query: str = "", limit: int = 20) -> list[Body]:
        return list(self._ask("GET", "/sessions", params={"query": query, "limit": limit})["items"])

    def create_session(self) -> Body:
        return self._ask("POST", "/sessions", json={})

    def read_session(self, session_id: str) -> Body:
        return self._ask("GET", f"/sessions/{quote(session_id, safe='')}")

    def read_messages(self, session_id: str, *, turns: int) -> Body:
        return self._ask("GET", f"/sessions/{session_id}/messages", params={"limit": turns})

    def start_run(self, session_id: str, *, message: str, model: str | None) -> Body:
        body = {"message": message} | ({} if model is None else {"model": model})
        return self._ask("POST", f"/sessions/{session_id}/runs", json=body)

    def cancel_run(self, run_id: str) -> Body:
        return self._ask("POST", f"/runs/{run_id}/cancel")

    def list_approvals(self, session_id: str) -> list[Body]:
        return list(self._ask("GET", "/approvals", params={"state": "pending", "session_id": session_id})["items"])

    def decide(self, approval_id: str, decision: Body) -> Body:
        return self._ask("POST", f"/approvals/{approval_id}", json=decision)

    def list_tools(self) -> Body:
        return self._ask("GET", "/tools")

    def list_models(self) -> Body:
        return self._ask("GET", "/models")

    @contextmanager
    def open_events(self, run_id: str, *, after: int) -> Iterator[Iterator[str]]:
        """The lines of a run's event stream after a sequence number."""
        headers = {"Accept": "text/event-stream", "Last-Event-ID": str(after)}
        timeout = httpx2.Timeout(_ANSWER_SECONDS, read=_SILENCE_SECONDS)
        try:
            with self._http.stream("GET", f"/runs/{run_id}/events", headers=headers, timeout=timeout) as response:
                if response.is_error:
                    response.read()
                    raise _read_refusal(response)
                yield response.iter_lines()
        except httpx2.TransportError as error:
            raise NotReachable(str(error) or type(error).__name__) from error

    def _ask(self, method: str, path: str, *, accepted: set[int] | None = None, **content: Any) -> Body:
        # Any: what httpx2 takes as query or body
        try:
            response = self._http.request(method, path, **content)
        except httpx2.TransportError as error:
            raise NotReachable(str(error) or type(error).__name__) from error
        if response.is_error and response.status_code not in (accepted or ()):
            raise _read_refusal(response)
        return _read_object(response)


def is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _read_refusal(response: httpx2.Response) -> Refused:
    try:
        body: Mapping[str, Any] = _read_object(response)  # Any: JSON
    except Refused:
        body = {}
    return Refused(
        status=response.status_code,
        code=body.get("code"),
        detail=str(body.get("detail") or f"HTTP {response.status_code}"),
        hint=body.get("hint"),
    )


def _read_object(response: httpx2.Response) -> Body:
    try:
        body = response.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise Refused(status=response.status_code, code="not_ours", detail="no JSON object", hint=None)
    return body
