"""Custom robots of DingTalk and Feishu by their rules, made after their documentation and field reports.

Alone as a process: `python -m tests.fakes.chat_robots --port 0 --journal FILE`, serving `/robot/send` and
`/open-apis/bot/v2/hook/…`; every message that people would see becomes one JSON line of the journal.
"""

import argparse
import asyncio
import base64
import hashlib
import hmac
import json
import socket
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

Body = dict[str, Any]  # Any: JSON
Now = Callable[[], datetime]


@dataclass
class Robot:
    """What both platforms have in common: a secret, a keyword, what was shown, and faults to come.

    A fault is a status to answer with, `shown-then-<status>` when the message is shown all the same, or a number of
    seconds to wait before the answer.
    """

    now: Now = lambda: datetime.now(UTC)
    secret: str | None = None
    keyword: str | None = None
    shown: list[Body] = field(default_factory=list)
    faults: deque[str | float] = field(default_factory=deque)
    requests: int = 0
    arrivals: list[datetime] = field(default_factory=list)
    on_shown: Callable[[Body], None] = lambda _body: None

    def show(self, body: Body) -> None:
        self.shown.append(body)
        self.on_shown(body)

    def count_recent(self, *, seconds: float) -> int:
        since = self.now() - timedelta(seconds=seconds)
        return sum(1 for moment in self.arrivals if moment > since)

    def has_keyword(self, text: str) -> bool:
        return self.keyword is None or self.keyword in text


@dataclass
class DingTalk(Robot):
    """20 messages a minute; the 21st is refused and everything after it for ten minutes."""

    penalty_until: datetime | None = None

    async def handle(self, request: Request) -> Response:
        self.requests += 1
        body = json.loads(await request.body())
        fault = self.faults.popleft() if self.faults else None
        if isinstance(fault, float | int):
            await asyncio.sleep(fault)
        elif fault is not None and fault.startswith("shown-then-"):
            self.show(body)
            return PlainTextResponse("gateway", status_code=int(fault.removeprefix("shown-then-")))
        elif fault is not None:
            return PlainTextResponse("gateway", status_code=int(fault))
        refusal = self._refuse(request, body)
        if refusal is not None:
            return JSONResponse(refusal)
        self.show(body)
        return JSONResponse({"errcode": 0, "errmsg": "ok"})

    def _refuse(self, request: Request, body: Body) -> Body | None:
        if request.query_params.get("access_token") != "token":
            return {"errcode": 300001, "errmsg": "token is not exist"}
        if self.secret is not None:
            fault = self._check_signature(request)
            if fault is not None:
                return {"errcode": 310000, "errmsg": f"{fault}, more: [https://open.dingtalk.com]"}
        if not self.has_keyword(json.dumps(body.get("markdown", {}), ensure_ascii=False)):
            return {"errcode": 310000, "errmsg": "keywords not in content, more: [https://open.dingtalk.com]"}
        if self.penalty_until is not None and self.now() < self.penalty_until:
            return {"errcode": 130101, "errmsg": "send too fast, exceed 20 times per minute"}
        self.arrivals.append(self.now())
        if self.count_recent(seconds=60) > 20:
            self.penalty_until = self.now() + timedelta(minutes=10)
            return {"errcode": 130101, "errmsg": "send too fast, exceed 20 times per minute"}
        if len(json.dumps(body, ensure_ascii=False).encode()) > 20_000:
            return {"errcode": 460101, "errmsg": "message too long"}
        return None

    def _check_signature(self, request: Request) -> str | None:
        timestamp = request.query_params.get("timestamp", "")
        if not timestamp.isdigit() or abs(int(timestamp) / 1000 - self.now().timestamp()) > 3600:
            return "invalid timestamp"
        text = f"{timestamp}\n{self.secret}".encode()
        expected = base64.b64encode(hmac.new(str(self.secret).encode(), text, hashlib.sha256).digest()).decode()
        return None if hmac.compare_digest(expected, request.query_params.get("sign", "")) else "sign not match"


@dataclass
class Feishu(Robot):
    """100 messages a minute and 5 a second; the signature stands in the body."""

    async def handle(self, request: Request) -> Response:
        self.requests += 1
        raw = await request.body()
        body = json.loads(raw)
        if self.faults:
            fault = self.faults.popleft()
            if isinstance(fault, str):
                return PlainTextResponse("gateway", status_code=int(fault))
            await asyncio.sleep(fault)
        if len(raw) > 20 * 1024:
            return JSONResponse({"code": 9499, "msg": "Bad Request"}, status_code=400)
        if self.secret is not None and not self._is_signed(body):
            return JSONResponse({"code": 19021, "msg": "sign match fail or timestamp is not within one hour"})
        if not self.has_keyword(json.dumps(body.get("card", {}), ensure_ascii=False)):
            return JSONResponse({"code": 19024, "msg": "Key Words Not Found"})
        self.arrivals.append(self.now())
        if self.count_recent(seconds=60) > 100:
            return JSONResponse({"code": 9499, "msg": "too many request"}, status_code=400)
        if self.count_recent(seconds=1) > 5:
            return JSONResponse({"code": 11232, "msg": "frequency limited"})
        self.show(body)
        return JSONResponse({"code": 0, "msg": "success", "data": {}})

    def _is_signed(self, body: Body) -> bool:
        timestamp = str(body.get("timestamp", ""))
        if not timestamp.isdigit() or abs(int(timestamp) - self.now().timestamp()) > 3600:
            return False
        digest = hmac.new(f"{timestamp}\n{self.secret}".encode(), b"", hashlib.sha256).digest()
        return hmac.compare_digest(base64.b64encode(digest).decode(), str(body.get("sign", "")))


def make_app(*, dingtalk: DingTalk | None = None, feishu: Feishu | None = None) -> Starlette:
    """Both robots under the platforms' own paths."""
    routes = []
    if dingtalk is not None:
        routes.append(Route("/robot/send", dingtalk.handle, methods=["POST"]))
    if feishu is not None:
        routes.append(Route("/open-apis/bot/v2/hook/{token}", feishu.handle, methods=["POST"]))
    return Starlette(routes=routes)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--journal", type=Path, required=True)
    parser.add_argument("--delay", type=float, default=0.0)
    arguments = parser.parse_args()

    def journal(body: Body) -> None:
        with arguments.journal.open("a", encoding="utf-8") as file:
            file.write(json.dumps(body, ensure_ascii=False) + "\n")

    dingtalk = DingTalk(on_shown=journal)
    if arguments.delay:
        dingtalk.faults.extend([arguments.delay] * 1000)
    app = make_app(dingtalk=dingtalk, feishu=Feishu(on_shown=journal))
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
        uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listener])


if __name__ == "__main__":
    main()
