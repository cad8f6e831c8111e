"""The simulated API for tests: a store filled by hand, asked in process, its streams read line by line."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Mapping, MutableMapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2

from simulator.api import ANONYMOUS, AccessRule, KubernetesApi, User, administrator, service_account
from simulator.clock import SimulatedClock, parse_time
from simulator.interfaces import LogLine, Usage, UsageSample, VolumeUsage
from simulator.store import JsonObject, ObjectStore

ADMIN_TOKEN = "admin-token"
VIEWER_TOKEN = "viewer-token"
NOW = datetime(2026, 11, 21, 0, 46, 39, tzinfo=UTC)


class WrittenLogs:
    """Logs as a test wrote them: `lines[namespace, pod, container, previous]`."""

    def __init__(self) -> None:
        self.lines: dict[tuple[str, str, str, bool], list[LogLine]] = {}

    def write(
        self, pod: str, *texts: str, container: str = "main", time: datetime = NOW, previous: bool = False
    ) -> None:
        namespace, _, name = pod.partition("/")
        self.lines[namespace, name, container, previous] = [LogLine(time, text) for text in texts]

    def read_log(
        self,
        *,
        namespace: str,
        pod: str,
        container: str,
        previous: bool = False,
        tail: int | None = None,
        since: datetime | None = None,
    ) -> Sequence[LogLine]:
        found = self.lines.get((namespace, pod, container, previous), [])
        recent = [line for line in found if since is None or line.time >= since]
        return recent if tail is None else recent[len(recent) - tail :] if tail else []


class FixedUsage:
    """The same usage for every node, and for the pods a test names."""

    def __init__(self) -> None:
        self.pods: dict[str, tuple[str, ...]] = {}
        self.volumes: dict[str, list[VolumeUsage]] = {}
        self.is_available = True

    def node_usage(self, *, name: str) -> UsageSample | None:
        del name
        return UsageSample(NOW - timedelta(seconds=10), 20.178, Usage(1_998_009_570, 7_926_008), {})

    def pod_usage(self, *, namespace: str, name: str) -> UsageSample | None:
        containers = self.pods.get(f"{namespace}/{name}")
        if containers is None:
            return None
        usage = Usage(456_799, 10_248)
        return UsageSample(NOW - timedelta(seconds=7), 15.028, usage, dict.fromkeys(containers, usage))

    def volumes_of(self, *, namespace: str, name: str) -> list[VolumeUsage]:
        return self.volumes.get(f"{namespace}/{name}", [])


class ApiUnderTest:
    """A store, its API and a client of it."""

    def __init__(self, *, viewer_rules: tuple[AccessRule, ...] = (), anonymous: User = ANONYMOUS) -> None:
        self.clock = SimulatedClock(NOW - timedelta(days=30))
        self.store = ObjectStore(self.clock, seed=1)
        self.logs = WrittenLogs()
        self.usage = FixedUsage()
        viewer = service_account(namespace="sandbox", name="viewer", uid="0a519d54", rules=viewer_rules)
        self.api = KubernetesApi(
            store=self.store,
            clock=self.clock,
            logs=self.logs,
            usage=self.usage,
            tokens={ADMIN_TOKEN: administrator(), VIEWER_TOKEN: viewer},
            anonymous=anonymous,
        )
        transport = httpx2.ASGITransport(app=self.api.app)
        self.client = httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1")

    def load(self, objects: Iterable[JsonObject]) -> None:
        """Store objects, oldest first, each created when it says."""
        for item in sorted(objects, key=_created_at):
            self.clock.set(parse_time(_created_at(item)))
            resource = self.store.resources.find_kind(api_version=item["apiVersion"], kind=item["kind"])
            assert resource is not None
            self.store.create(resource, item)

    def set_now(self, moment: datetime = NOW) -> None:
        self.clock.set(moment)

    async def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        headers: Mapping[str, str] | None = None,
        token: str | None = ADMIN_TOKEN,
    ) -> httpx2.Response:
        """Send one request as the administrator (or with another token, or none)."""
        sent = dict(headers or {})
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        content = None
        if body is not None:
            sent.setdefault("Content-Type", "application/json")
            content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        return await self.client.request(method, path, content=content, headers=sent)

    @asynccontextmanager
    async def stream(self, path: str, *, headers: Mapping[str, str] | None = None) -> AsyncIterator["LineStream"]:
        """Open a GET whose answer is read while it is still being written."""
        stream = LineStream(self.api, path, {"authorization": f"Bearer {ADMIN_TOKEN}", **(headers or {})})
        task = asyncio.create_task(stream.run())
        try:
            yield stream
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


class LineStream:
    """A running ASGI request; its lines arrive as they are sent."""

    def __init__(self, api: KubernetesApi, path: str, headers: Mapping[str, str]) -> None:
        plain, _, query = path.partition("?")
        self._api = api
        self._scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": plain,
            "raw_path": plain.encode(),
            "query_string": query.encode(),
            "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
            "server": ("127.0.0.1", 80),
        }
        self._chunks: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._rest = b""
        self._is_request_read = False

    async def run(self) -> None:
        await self._api.app(self._scope, self._receive, self._send)
        self._chunks.put_nowait(None)

    async def next_event(self) -> JsonObject:
        """The next line, which must come within two seconds."""
        while b"\n" not in self._rest:
            async with asyncio.timeout(2):
                chunk = await self._chunks.get()
            assert chunk is not None, "the stream ended"
            self._rest += chunk
        line, _, self._rest = self._rest.partition(b"\n")
        event: JsonObject = json.loads(line)
        return event

    async def has_ended(self) -> bool:
        """Whether the stream ends within two seconds without saying more."""
        async with asyncio.timeout(2):
            while (chunk := await self._chunks.get()) is not None:
                self._rest += chunk
        return not self._rest

    async def _receive(self) -> MutableMapping[str, Any]:
        if self._is_request_read:
            await asyncio.Event().wait()
        self._is_request_read = True
        return {"type": "http.request", "body": b"", "more_body": False}

    async def _send(self, message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.body":
            self._chunks.put_nowait(message.get("body", b""))


def _created_at(item: JsonObject) -> str:
    return str(item["metadata"].get("creationTimestamp") or "2026-11-21T00:30:00Z")
