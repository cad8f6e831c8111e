"""Sends messages through custom robots, by their rules: signature in the body, keyword, limits, answers in the body."""

import base64
import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import replace

from backend.features.notifications.addresses import hash_address, pair_robots
from backend.features.notifications.digest import fit
from backend.features.notifications.domain import Message, SendOutcome, SendResult
from backend.features.notifications.interfaces import HttpAnswer, Poster
from backend.integrations.feishu.card import draw
from backend.integrations.feishu.settings import FeishuSettings
from backend.vocabulary.clock import Clock
from backend.vocabulary.severity import Severity

FEISHU = "feishu"
"""Kind of channel, and its name unless the address was given on the command line."""
PER_MINUTE = 90
"""The platform allows 100; some are left to whoever else uses the robot."""
MAX_BODY_BYTES = 18_000
"""The platform takes 20 kB."""
_LIMITED_CODE = 11232
_BAD_REQUEST = 9499
_SECURITY = frozenset({19021, 19022})
"""Wrong signature or time, address not allowed."""
_GONE = frozenset({19001, 19002})
_REST_SECONDS = 15.0
"""How long a limited robot rests: the window is one minute for the count and one second for the burst."""
_MAYBE_DELIVERED = frozenset({502, 504})


class FeishuRobot:
    """Implements Robot for one custom robot."""

    def __init__(self, url: str, *, secret: str | None, keyword: str | None, poster: Poster, clock: Clock) -> None:
        self.name = f"{FEISHU}-{hash_address(url)}"
        self._url = url
        self._secret = secret
        self._keyword = keyword
        self._poster = poster
        self._clock = clock

    async def send(self, message: Message) -> SendResult:
        body = write_body(
            message, keyword=self._keyword, secret=self._secret, seconds=int(self._clock.now().timestamp())
        )
        headers = {"Content-Type": "application/json; charset=utf-8"}
        answer = await self._poster.post(self._url, body=body, headers=headers)
        return read_answer(answer) if isinstance(answer, HttpAnswer) else answer


class FeishuChannel:
    """Implements Channel."""

    per_minute = PER_MINUTE

    def __init__(self, settings: FeishuSettings, *, poster: Poster, clock: Clock) -> None:
        self.name = settings.name_channel(FEISHU)
        self.robots: Sequence[FeishuRobot] = [
            FeishuRobot(url, secret=secret, keyword=settings.keyword, poster=poster, clock=clock)
            for url, secret in pair_robots(settings.webhook, settings.webhooks, secret=settings.secret)
        ]
        self.min_severity: Severity = settings.min_severity


def sign(seconds: int, *, secret: str) -> str:
    """Base64 of HMAC-SHA256 over nothing, with `seconds\\nsecret` as the key: the reverse of DingTalk's."""
    return base64.b64encode(hmac.new(f"{seconds}\n{secret}".encode(), b"", hashlib.sha256).digest()).decode()


def write_body(message: Message, *, keyword: str | None, secret: str | None, seconds: int) -> bytes:
    """The card, cut to the platform's size, with keyword and signature."""

    def encode(candidate: Message) -> bytes:
        body: dict[str, object] = {"msg_type": "interactive", "card": draw(candidate)}
        if secret is not None:
            body |= {"timestamp": str(seconds), "sign": sign(seconds, secret=secret)}
        return json.dumps(body, ensure_ascii=False).encode()

    marked = _with_keyword(message, keyword=keyword)
    return encode(fit(marked, size_of=lambda candidate: len(encode(candidate)), limit=MAX_BODY_BYTES))


def read_answer(answer: HttpAnswer) -> SendResult:
    """What the robot's answer means; `9499` with HTTP 400 can mean a wrong message as well as too many."""
    try:
        body = json.loads(answer.body)
    except ValueError:
        body = None
    if not isinstance(body, dict) or "code" not in body:
        return _read_status(answer.status)
    code, words = body.get("code"), str(body.get("msg", ""))[:300]
    detail = f"{code} {words}".strip()
    if code == 0:
        return SendResult(SendOutcome.SENT)
    if code == _LIMITED_CODE or (code == _BAD_REQUEST and "too many" in words.lower()):
        return SendResult(SendOutcome.LIMITED, detail, stop_seconds=_REST_SECONDS)
    if code in _SECURITY | _GONE:
        return SendResult(SendOutcome.REFUSED_ROBOT, detail)
    if answer.status >= 500:
        return _read_status(answer.status)
    return SendResult(SendOutcome.REFUSED_MESSAGE, detail)


def _read_status(status: int) -> SendResult:
    detail = f"HTTP {status}"
    if status == 429:
        return SendResult(SendOutcome.LIMITED, detail, stop_seconds=_REST_SECONDS)
    if status in _MAYBE_DELIVERED or 200 <= status < 300:
        return SendResult(SendOutcome.UNKNOWN, f"{detail} without an answer that can be read")
    return SendResult(SendOutcome.FAILED if status >= 500 else SendOutcome.REFUSED_ROBOT, detail)


def _with_keyword(message: Message, *, keyword: str | None) -> Message:
    if keyword is None or keyword in message.title:
        return message
    return replace(message, title=f"【{keyword}】{message.title}")
