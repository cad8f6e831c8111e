"""Messages as JSON to an HTTP address of the operator's own."""

import hashlib
import hmac
import json
from collections.abc import Sequence

from backend.features.notifications.addresses import hash_address, pair_robots
from backend.features.notifications.domain import Message, SendOutcome, SendResult, to_json
from backend.features.notifications.interfaces import HttpAnswer, Poster
from backend.integrations.webhook.settings import WebhookSettings
from backend.vocabulary.clock import Clock
from backend.vocabulary.severity import Severity

WEBHOOK = "webhook"
"""Kind of channel, and its name unless the address was given on the command line."""
_LIMITED_SECONDS = 60.0
_MAYBE_DELIVERED = frozenset({502, 504})
"""A gateway says so when the system behind it did not answer in time: it may have taken the message."""


class WebhookRobot:
    """Implements Robot."""

    def __init__(self, url: str, *, secret: str | None, poster: Poster, clock: Clock) -> None:
        self.name = f"{WEBHOOK}-{hash_address(url)}"
        self._url = url
        self._secret = secret
        self._poster = poster
        self._clock = clock

    async def send(self, message: Message) -> SendResult:
        body = json.dumps({"source": "ding-robot", **json.loads(to_json(message))}, ensure_ascii=False).encode()
        timestamp = str(int(self._clock.now().timestamp()))
        headers = {"Content-Type": "application/json; charset=utf-8", "X-Ding-Robot-Timestamp": timestamp}
        if self._secret is not None:
            signed = timestamp.encode() + b"." + body
            headers["X-Ding-Robot-Signature"] = hmac.new(self._secret.encode(), signed, hashlib.sha256).hexdigest()
        answer = await self._poster.post(self._url, body=body, headers=headers)
        return read_answer(answer) if isinstance(answer, HttpAnswer) else answer


class WebhookChannel:
    """Implements Channel."""

    def __init__(self, settings: WebhookSettings, *, poster: Poster, clock: Clock) -> None:
        self.name = settings.name_channel(WEBHOOK)
        self.robots: Sequence[WebhookRobot] = [
            WebhookRobot(url, secret=secret, poster=poster, clock=clock)
            for url, secret in pair_robots(settings.url, secret=settings.secret)
        ]
        self.per_minute = settings.per_minute
        self.min_severity: Severity = settings.min_severity


def read_answer(answer: HttpAnswer) -> SendResult:
    """Only the status counts: the body of a stranger's server means nothing to us."""
    detail = f"HTTP {answer.status}"
    if 200 <= answer.status < 300:
        return SendResult(SendOutcome.SENT)
    if answer.status == 429:
        return SendResult(SendOutcome.LIMITED, detail, stop_seconds=_LIMITED_SECONDS)
    if answer.status in _MAYBE_DELIVERED:
        return SendResult(SendOutcome.UNKNOWN, detail)
    if answer.status >= 500 or answer.status in {408, 425}:
        return SendResult(SendOutcome.FAILED, detail)
    if answer.status in {400, 413, 422}:
        return SendResult(SendOutcome.REFUSED_MESSAGE, detail)
    return SendResult(SendOutcome.REFUSED_ROBOT, detail)
