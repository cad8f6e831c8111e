"""One HTTP POST, and whether it can have arrived."""

from collections.abc import Mapping

import httpx2

from backend.features.notifications.domain import SendOutcome, SendResult
from backend.features.notifications.interfaces import HttpAnswer

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 30.0
"""Long on purpose: who gives up on a slow answer has to send again what people have read already."""
_MAX_ANSWER_BYTES = 64 * 1024


class HttpPoster:
    """Implements Poster. Close it in the end."""

    def __init__(
        self, *, transport: httpx2.AsyncBaseTransport | None = None, answer_seconds: float = ANSWER_SECONDS
    ) -> None:
        timeout = httpx2.Timeout(answer_seconds, connect=CONNECT_SECONDS, pool=CONNECT_SECONDS)
        self._http = httpx2.AsyncClient(transport=transport, timeout=timeout, follow_redirects=False)

    async def close(self) -> None:
        await self._http.aclose()

    async def post(self, url: str, *, body: bytes, headers: Mapping[str, str]) -> HttpAnswer | SendResult:
        try:
            async with self._http.stream("POST", url, content=body, headers=dict(headers)) as response:
                return HttpAnswer(status=response.status_code, body=await _read(response))
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.ProxyError) as error:
            return SendResult(SendOutcome.FAILED, _name(error))
        except (httpx2.UnsupportedProtocol, httpx2.InvalidURL) as error:
            return SendResult(SendOutcome.REFUSED_ROBOT, f"the address cannot be used ({_name(error)})")
        except (httpx2.TransportError, httpx2.DecodingError) as error:
            return SendResult(SendOutcome.UNKNOWN, f"no answer ({_name(error)})")


async def _read(response: httpx2.Response) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) >= _MAX_ANSWER_BYTES:
            break
    return bytes(body[:_MAX_ANSWER_BYTES])


def _name(error: Exception) -> str:
    """The kind only: the message may hold the address, which is the secret."""
    return type(error).__name__
