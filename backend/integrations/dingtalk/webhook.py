"""Sends messages through custom robots by their rules: signature, keyword, 20 a minute, errors inside a 200."""

import base64
import hashlib
import hmac
import json
from collections.abc import Sequence
from urllib.parse import quote, urlsplit, urlunsplit

from backend.features.notifications.addresses import hash_address, pair_robots
from backend.features.notifications.digest import fit
from backend.features.notifications.domain import Message, SendOutcome, SendResult
from backend.features.notifications.interfaces import HttpAnswer, Poster
from backend.integrations.dingtalk.markdown import defuse, draw
from backend.integrations.dingtalk.settings import DingTalkSettings
from backend.vocabulary.clock import Clock
from backend.vocabulary.severity import Severity

DINGTALK = "dingtalk"
"""Kind of channel, and its name unless the address was given on the command line."""
PER_MINUTE = 18
"""The platform allows 20 and rests ten minutes after the 21st; two are left to whoever else uses the robot."""
PENALTY_SECONDS = 600.0
MAX_BODY_BYTES = 18_000
"""The platform takes about 20 000."""
_LIMITED = frozenset({130101, 90030})
_SECURITY = 310000
_BUSY = frozenset({-1, 40078})
"""The platform is busy; nothing was shown."""
_LIMITED_HTTP_SECONDS = 60.0
_MAYBE_DELIVERED = frozenset({502, 504})


class DingTalkRobot:
    """Implements Robot for one custom robot."""

    def __init__(self, url: str, *, secret: str | None, keyword: str | None, poster: Poster, clock: Clock) -> None:
        self.name = f"{DINGTALK}-{hash_address(url)}"
        self._url = url
        self._secret = secret
        self._keyword = keyword
        self._poster = poster
        self._clock = clock

    async def send(self, message: Message) -> SendResult:
        body = write_body(message, keyword=self._keyword)
        headers = {"Content-Type": "application/json; charset=utf-8"}
        answer = await self._poster.post(self._sign_url(), body=body, headers=headers)
        return read_answer(answer) if isinstance(answer, HttpAnswer) else answer

    def _sign_url(self) -> str:
        if self._secret is None:
            return self._url
        milliseconds = int(self._clock.now().timestamp() * 1000)
        signature = sign(milliseconds, secret=self._secret)
        parts = urlsplit(self._url)
        query = "&".join(filter(None, [parts.query, f"timestamp={milliseconds}&sign={quote(signature, safe='')}"]))
        return urlunsplit(parts._replace(query=query))


class DingTalkChannel:
    """Implements Channel."""

    per_minute = PER_MINUTE

    def __init__(self, settings: DingTalkSettings, *, poster: Poster, clock: Clock) -> None:
        self.name = settings.name_channel(DINGTALK)
        self.robots: Sequence[DingTalkRobot] = [
            DingTalkRobot(url, secret=secret, keyword=settings.keyword, poster=poster, clock=clock)
            for url, secret in pair_robots(settings.webhook_url, settings.webhook_urls, secret=settings.secret)
        ]
        self.min_severity: Severity = settings.min_severity


def sign(milliseconds: int, *, secret: str) -> str:
    """Base64 of HMAC-SHA256 with the secret over `milliseconds\\nsecret`, not yet encoded for a URL."""
    text = f"{milliseconds}\n{secret}".encode()
    return base64.b64encode(hmac.new(secret.encode(), text, hashlib.sha256).digest()).decode()


def write_body(message: Message, *, keyword: str | None) -> bytes:
    """The Markdown message, cut to the platform's size, with the keyword that the robot insists on."""
    fitting = fit(message, size_of=lambda candidate: len(_encode(candidate, keyword=keyword)), limit=MAX_BODY_BYTES)
    return _encode(fitting, keyword=keyword)


def read_answer(answer: HttpAnswer) -> SendResult:
    """What the robot's answer means. Errors come with HTTP 200; the code is in the body."""
    if answer.status != 200:
        return _read_status(answer.status)
    try:
        body = json.loads(answer.body)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        return SendResult(SendOutcome.UNKNOWN, "the answer is no JSON: is the address right?")
    if body.get("punish") == "deny" or body.get("status") == 1111:
        return SendResult(SendOutcome.LIMITED, "limited by the gateway", stop_seconds=PENALTY_SECONDS)
    code, words = body.get("errcode"), str(body.get("errmsg", ""))[:300]
    detail = f"{code} {words}".strip()
    if code == 0:
        return SendResult(SendOutcome.SENT)
    if code in _LIMITED:
        return SendResult(SendOutcome.LIMITED, detail, stop_seconds=PENALTY_SECONDS)
    if code in _BUSY:
        return SendResult(SendOutcome.FAILED, detail)
    is_about_message = code != _SECURITY or "keyword" in words.lower()
    is_about_token = "token" in words.lower()
    refused = SendOutcome.REFUSED_MESSAGE if is_about_message and not is_about_token else SendOutcome.REFUSED_ROBOT
    return SendResult(refused, detail)


def _read_status(status: int) -> SendResult:
    detail = f"HTTP {status}"
    if status == 429:
        return SendResult(SendOutcome.LIMITED, detail, stop_seconds=_LIMITED_HTTP_SECONDS)
    if status in _MAYBE_DELIVERED:
        return SendResult(SendOutcome.UNKNOWN, detail)
    return SendResult(SendOutcome.FAILED if status >= 500 else SendOutcome.REFUSED_ROBOT, detail)


def _encode(message: Message, *, keyword: str | None) -> bytes:
    title, text = defuse(message.title), draw(message)
    if keyword and keyword not in title and keyword not in text:
        title, text = f"【{keyword}】{title}", f"【{keyword}】\n\n{text}"
    return json.dumps({"msgtype": "markdown", "markdown": {"title": title, "text": text}}, ensure_ascii=False).encode()
