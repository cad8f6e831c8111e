"""Watched copies of lists: right after every kind of change and break, bounded, and honest about their age."""

from __future__ import annotations

import asyncio
import contextlib
import json
import textwrap
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from k8s_mcp.cluster.asking_user import AskingUser
from k8s_mcp.cluster.http_cluster import HttpCluster
from k8s_mcp.cluster.interfaces import CONFIG_MAPS, EVENTS, PODS, JsonObject, Resource, Selection
from k8s_mcp.cluster.watched_list import ListPage, VersionGone
from k8s_mcp.cluster.watched_lists import WatchedLists
from k8s_mcp.errors import AccessDenied, ClusterUnreachable
from k8s_mcp.settings import K8sSettings


def pod(name: str, *, namespace: str = "shop", version: int = 1, **labels: str) -> JsonObject:
    return {"metadata": {"name": name, "namespace": namespace, "resourceVersion": str(version), "labels": labels}}


def event(kind: str, source: JsonObject) -> bytes:
    return json.dumps({"type": kind, "object": source}).encode()


class ScriptedSource:
    """A list whose watch says what a test puts into it; an exception there breaks the watch."""

    def __init__(self, *objects: JsonObject) -> None:
        self.objects = list(objects)
        self.failure: Exception | None = None
        self.reads = 0
        self.versions: list[str] = []
        self.lines: asyncio.Queue[bytes | Exception | None] = asyncio.Queue()
        self.page_size = 100

    async def read_pages(self, *, is_whole: bool) -> AsyncIterator[ListPage]:
        del is_whole
        self.reads += 1
        await asyncio.sleep(0)
        if self.failure is not None:
            raise self.failure
        yield ListPage(list(self.objects), self.page_size, "10")

    async def watch(self, version: str) -> AsyncIterator[bytes]:
        self.versions.append(version)
        while (line := await self.lines.get()) is not None:
            if isinstance(line, Exception):
                raise line
            yield line

    def keep(self, source: JsonObject) -> JsonObject | None:
        return source

    async def say(self, *lines: bytes | Exception | None) -> None:
        """Put lines into the watch and let the copy read them."""
        for line in lines:
            self.lines.put_nowait(line)
        for _ in range(20):
            await asyncio.sleep(0)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


class Copies:
    """Watched lists over scripted sources, one for each list that is opened."""

    def __init__(self, *sources: ScriptedSource, max_bytes: int = 10_000) -> None:
        self.clock = Clock()
        self.opened: list[tuple[Resource, Selection]] = []
        self._sources = list(sources)
        self.lists = WatchedLists(self._open, max_bytes=max_bytes, clock=self.clock)

    def _open(self, resource: Resource, selection: Selection) -> ScriptedSource:
        self.opened.append((resource, selection))
        return self._sources[min(len(self.opened), len(self._sources)) - 1]

    async def names(self, resource: Resource = PODS, **selection: Any) -> list[str] | None:  # Any: of a Selection
        known = await self.lists.find(resource, Selection(**selection))
        return None if known is None else [each["metadata"]["name"] for each in known.objects]


@contextlib.asynccontextmanager
async def copies(*sources: ScriptedSource, max_bytes: int = 10_000) -> AsyncIterator[Copies]:
    made = Copies(*sources, max_bytes=max_bytes)
    try:
        yield made
    finally:
        async with asyncio.timeout(5):
            await made.lists.close()


async def test_changes_are_seen_without_reading_again() -> None:
    source = ScriptedSource(pod("b"), pod("c"))
    async with copies(source) as made:
        assert await made.names() == ["b", "c"]
        await source.say(event("ADDED", pod("a")), event("DELETED", pod("c")), event("MODIFIED", pod("b", app="web")))

        assert await made.names() == ["a", "b"]
        assert await made.names(label_selector="app=web") == ["b"]
    assert source.reads == 1


async def test_watch_goes_on_from_the_last_version_that_was_seen() -> None:
    source = ScriptedSource(pod("a"))
    async with copies(source) as made:
        await made.names()
        await source.say(event("MODIFIED", pod("a", version=12)), event("BOOKMARK", pod("", version=15)), None)
        await made.names()

    assert source.versions == ["10", "15"]


async def test_list_is_read_anew_when_the_version_is_gone() -> None:
    source = ScriptedSource(pod("a"))
    async with copies(source) as made:
        await made.names()
        source.objects = [pod("z")]
        await source.say(event("ERROR", {"code": 410, "message": "too old resource version"}))

        assert await made.names() == ["z"]
    assert source.reads == 2
    assert source.versions[-1] == "10"


@pytest.mark.parametrize(
    "break_", [VersionGone(), ClusterUnreachable("cut"), b"no json", event("ERROR", {"code": 500})]
)
async def test_copy_with_a_broken_watch_is_not_offered(break_: bytes | Exception) -> None:
    source = ScriptedSource(pod("a"))
    async with copies(source) as made:
        await made.names()
        source.failure = ClusterUnreachable("down")
        await source.say(break_)

        assert await made.names() is None


async def test_account_that_may_not_watch_reads_each_time() -> None:
    source = ScriptedSource(pod("a"))
    async with copies(source) as made:
        assert await made.names() == ["a"]
        await source.say(AccessDenied("no watch"))

        assert await made.names() is None
        assert await made.names() is None
        assert len(made.opened) == 1
        made.clock.now += 700
        assert await made.names() == ["a"]


async def test_copy_says_since_when_it_was_last_confirmed_and_is_given_up_when_silent() -> None:
    source = ScriptedSource(pod("a"))
    async with copies(source) as made:
        first = await made.lists.find(PODS, Selection())
        made.clock.now += 40
        later = await made.lists.find(PODS, Selection())
        await source.say(event("BOOKMARK", pod("", version=20)))
        confirmed = await made.lists.find(PODS, Selection())
        made.clock.now += 200
        silent = await made.lists.find(PODS, Selection())

    assert first is not None
    assert later is not None
    assert confirmed is not None
    assert (first.age_seconds, later.age_seconds, confirmed.age_seconds, silent) == (None, 40, 0, None)


async def test_copy_of_all_namespaces_answers_for_one() -> None:
    source = ScriptedSource(pod("a"), pod("b", namespace="bank"))
    async with copies(source) as made:
        await made.names()

        assert await made.names(namespace="bank") == ["b"]
        assert await made.names(field_selector="metadata.name=a") == ["a"]
    assert len(made.opened) == 1


async def test_selector_that_only_the_server_understands_is_left_to_it() -> None:
    source = ScriptedSource(pod("a"))
    async with copies(source) as made:
        await made.names()

        assert await made.names(field_selector="spec.unknown=1") is None
        assert await made.names(label_selector="a b c") is None


async def test_rare_kinds_are_copied_when_they_are_read_again_soon() -> None:
    async with copies(ScriptedSource(pod("a"))) as made:
        assert await made.names(CONFIG_MAPS, namespace="shop") is None
        made.clock.now += 120
        assert await made.names(CONFIG_MAPS, namespace="shop") is None
        made.clock.now += 10
        assert await made.names(CONFIG_MAPS, namespace="shop") == ["a"]


async def test_events_about_one_object_open_no_copy_of_their_own() -> None:
    async with copies(ScriptedSource()) as made:
        assert await made.names(EVENTS, field_selector="involvedObject.name=web") is None
        assert await made.names(EVENTS, field_selector="type=Warning") == []


async def test_list_too_large_to_keep_is_answered_once_and_read_from_then_on() -> None:
    source = ScriptedSource(pod("a"))
    source.page_size = 20_000
    async with copies(source) as made:
        assert await made.names() == ["a"]
        assert await made.names() is None
    assert len(made.opened) == 1


async def test_oldest_copies_make_room_for_new_ones() -> None:
    sources = [ScriptedSource(pod(name)) for name in "abc"]
    for source in sources:
        source.page_size = 4_000
    async with copies(*sources) as made:
        for namespace in ("one", "two", "three"):
            made.clock.now += 1
            await made.lists.find(PODS, Selection(namespace))
        await made.lists.find(PODS, Selection("two"))
        await made.lists.find(PODS, Selection("one"))

    assert [selection.namespace for _, selection in made.opened] == ["one", "two", "three", "one"]


async def test_without_memory_for_copies_nothing_is_kept() -> None:
    async with copies(ScriptedSource(pod("a")), max_bytes=0) as made:
        assert await made.names() is None
    assert made.opened == []


async def test_failure_to_read_is_told_and_the_next_question_tries_again() -> None:
    source = ScriptedSource(pod("a"))
    source.failure = ClusterUnreachable("down")
    async with copies(source) as made:
        with pytest.raises(ClusterUnreachable):
            await made.names()
        source.failure = None

        assert await made.names() == ["a"]


async def test_questions_at_once_share_one_reading_and_one_that_leaves_spoils_it_for_none() -> None:
    source = ScriptedSource(pod("a"))
    async with copies(source) as made:
        asked = [asyncio.create_task(made.names()) for _ in range(5)]
        await asyncio.sleep(0)
        asked[0].cancel()
        answers = await asyncio.gather(*asked, return_exceptions=True)

    assert answers[1:] == [["a"]] * 4
    assert source.reads == 1


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@contextlib.asynccontextmanager
async def connect(folder: Path, handler: Handler, **more: Any) -> AsyncIterator[HttpCluster]:  # Any: settings
    """The real client against a small API server."""
    app = web.Application()
    app.router.add_route("GET", "/{path:.*}", handler)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.5)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    path = folder / "kubeconfig.yaml"
    path.write_text(
        textwrap.dedent(f"""\
            current-context: main
            clusters: [{{name: c, cluster: {{server: "http://127.0.0.1:{runner.addresses[0][1]}"}}}}]
            users: [{{name: u, user: {{token: t}}}}]
            contexts: [{{name: main, context: {{cluster: c, user: u}}}}]
            """),
        encoding="utf-8",
    )
    cluster = HttpCluster(K8sSettings.model_validate({"kubeconfig_path": path, "request_timeout_seconds": 5, **more}))
    try:
        yield cluster
    finally:
        async with asyncio.timeout(5):
            await cluster.close()
        await runner.cleanup()


class SmallApi:
    """Lists pods and lets a test write into their watch."""

    def __init__(self, *, watch_status: int = 200) -> None:
        self.pods = [pod("a"), pod("b", namespace="kube-system")]
        self.watch_status = watch_status
        self.requests: list[str] = []
        self.watching = asyncio.Event()
        self.stream: web.StreamResponse | None = None
        self.ended = asyncio.Event()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if "watch" not in request.query:
            self.requests.append("list")
            return web.json_response({"metadata": {"resourceVersion": "5"}, "items": self.pods})
        self.requests.append(f"watch {request.query['resourceVersion']}")
        if self.watch_status != 200:
            self.watching.set()
            return web.json_response({"message": "no"}, status=self.watch_status)
        self.stream = web.StreamResponse()
        await self.stream.prepare(request)
        self.watching.set()
        try:
            await self.ended.wait()
        finally:
            self.stream = None
        return web.Response()

    async def write(self, line: bytes) -> None:
        assert self.stream is not None
        # In two parts, as lines arrive over a real network.
        await self.stream.write(line[:20])
        await self.stream.write(line[20:] + b"\n")


async def names_until(cluster: HttpCluster, expected: list[str]) -> None:
    """The answer becomes the expected one within two seconds."""
    async with asyncio.timeout(2):
        while [each["metadata"]["name"] for each in (await cluster.list_known(PODS, Selection())).objects] != expected:
            await asyncio.sleep(0.01)


async def test_real_client_follows_a_watch(tmp_path: Path) -> None:
    api = SmallApi()
    async with connect(tmp_path, api.handle) as cluster:
        await names_until(cluster, ["b", "a"])
        await asyncio.wait_for(api.watching.wait(), timeout=2)
        await api.write(event("ADDED", pod("z")))
        await names_until(cluster, ["b", "a", "z"])

    assert api.requests == ["list", "watch 5"]


async def test_real_client_reads_again_while_the_watch_is_forbidden(tmp_path: Path) -> None:
    api = SmallApi(watch_status=403)
    async with connect(tmp_path, api.handle) as cluster:
        await cluster.list_known(PODS, Selection())
        await asyncio.wait_for(api.watching.wait(), timeout=2)
        api.pods = [pod("new")]
        await names_until(cluster, ["new"])


async def test_copies_hold_nothing_of_namespaces_that_are_denied(tmp_path: Path) -> None:
    api = SmallApi()
    async with connect(tmp_path, api.handle, denied_namespaces=("kube-*",)) as cluster:
        await names_until(cluster, ["a"])
        await asyncio.wait_for(api.watching.wait(), timeout=2)
        await api.write(event("ADDED", pod("hidden", namespace="kube-system")))
        await api.write(event("ADDED", pod("c")))
        await names_until(cluster, ["a", "c"])


async def test_nobody_sees_through_a_copy_what_their_own_rights_do_not_show(tmp_path: Path) -> None:
    api = SmallApi()
    async with connect(tmp_path, api.handle) as cluster:
        await cluster.list_known(PODS, Selection())
        await cluster.acting_as(AskingUser("alice")).list_known(PODS, Selection())

    assert api.requests.count("list") == 2


async def test_changes_are_never_decided_on_a_copy(tmp_path: Path) -> None:
    api = SmallApi()
    async with connect(tmp_path, api.handle) as cluster:
        await cluster.list_known(PODS, Selection())
        await cluster.list_objects(PODS, Selection())

    assert api.requests.count("list") == 2


async def test_closing_ends_a_watch_that_says_nothing(tmp_path: Path) -> None:
    api = SmallApi()
    async with connect(tmp_path, api.handle) as cluster:
        await cluster.list_known(PODS, Selection())
        await asyncio.wait_for(api.watching.wait(), timeout=2)
