"""A simulated cluster served over HTTP on loopback; its time passes only when a watch waits or a test says so."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

import uvicorn
import yaml
from mcp import Client
from mcp.client.session import ElicitationFnT
from mcp.shared.dispatcher import ProgressFnT
from mcp_types import CallToolResult, ElicitRequestParams, ElicitResult

from k8s_mcp.cluster.http_cluster import HttpCluster
from k8s_mcp.server import make_server
from k8s_mcp.settings import K8sSettings
from simulator.api import AccessRule, KubernetesApi, User, administrator, service_account
from simulator.api_resources import NAMESPACES, PODS
from simulator.clock import SimulatedClock
from simulator.interfaces import PodLogs, ResourceUsage
from simulator.store import JsonObject, ObjectStore
from tests.fakes.kubernetes_api import FixedUsage, WrittenLogs
from tests.fakes.simulated_world import NOW, LivingWorld

Era = Literal["auto", "legacy"]
ADMIN = "admin-token"
LIMITED = "limited-token"
_CALL_SECONDS = 20


@dataclass
class ServedCluster:
    """The objects behind an address, with a kubeconfig for it."""

    store: ObjectStore
    clock: SimulatedClock
    pass_time: Callable[[float], None]
    """Let simulated seconds pass; without controllers only the clock moves."""
    url: str
    folder: Path
    tokens: dict[str, User]
    faults: list[Callable[[str, str], int | None]] = field(default_factory=list)
    """Each may answer a method and a path with a status of its own."""
    requests: list[str] = field(default_factory=list)

    def kubeconfig(self, token: str = ADMIN) -> Path:
        path = self.folder / f"{token}.yaml"
        document = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "shop",
            "clusters": [{"name": "shop", "cluster": {"server": self.url}}],
            "users": [{"name": "tester", "user": {"token": token}}],
            "contexts": [{"name": "shop", "context": {"cluster": "shop", "user": "tester", "namespace": "default"}}],
        }
        path.write_text(yaml.safe_dump(document), encoding="utf-8")
        return path

    def limit_to(self, *rules: AccessRule) -> str:
        """A token of an account with these rights only."""
        self.tokens[LIMITED] = service_account(namespace="default", name="limited", uid="0a519d54", rules=rules)
        return LIMITED

    def add(self, *items: JsonObject) -> None:
        """Put objects into the cluster as somebody else would."""
        for item in items:
            resource = self.store.resources.find_kind(api_version=item["apiVersion"], kind=item["kind"])
            assert resource is not None
            self.store.create(resource, item)

    def get(self, api_version: str, kind: str, name: str, *, namespace: str = "default") -> JsonObject:
        resource = self.store.resources.find_kind(api_version=api_version, kind=kind)
        assert resource is not None
        return self.store.get(resource, name=name, namespace=namespace if resource.namespaced else "")

    def change(
        self, api_version: str, kind: str, name: str, *, namespace: str = "default", by: Callable[[JsonObject], None]
    ) -> None:
        """Change an object as somebody else would."""
        resource = self.store.resources.find_kind(api_version=api_version, kind=kind)
        assert resource is not None
        place = namespace if resource.namespaced else ""
        self.store.update(resource, name=name, namespace=place, change=by)

    def pods(self, workload: str, *, namespace: str = "default") -> list[JsonObject]:
        found = self.store.list_objects(PODS, namespace=namespace)
        return [pod for pod in found if pod["metadata"]["name"].startswith(f"{workload}-")]

    def written(self) -> list[str]:
        """The requests that wrote something; dry runs are left out."""
        return [each for each in self.requests if not each.startswith("GET ") and "dryRun=All" not in each]

    async def let_time_pass(self, seconds: float) -> None:
        self.pass_time(seconds)
        # The API server in this very loop must get its turn.
        await asyncio.sleep(0)


def may_read(group: str, *resources: str) -> AccessRule:
    return AccessRule(verbs=("get", "list"), groups=(group,), resources=resources)


@asynccontextmanager
async def serve_living_cluster(folder: Path, *scenarios: str) -> AsyncIterator[ServedCluster]:
    """The simulated estate with its controllers, as `make demo` shows it."""
    world = LivingWorld(*scenarios)
    logs, usage = world.world.logs, world.world.usage
    async with _serve(world.store, world.clock, logs, usage, world.pass_time, folder) as cluster:
        yield cluster


@asynccontextmanager
async def serve_still_cluster(folder: Path) -> AsyncIterator[ServedCluster]:
    """Three namespaces and nobody who does anything: what is written stays as it is."""
    clock = SimulatedClock(NOW)
    store = ObjectStore(clock, seed=7)
    for name in ("default", "kube-system", "payments"):
        store.create(NAMESPACES, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})

    def pass_time(seconds: float) -> None:
        clock.set(clock.now() + timedelta(seconds=seconds))

    async with _serve(store, clock, WrittenLogs(), FixedUsage(), pass_time, folder) as cluster:
        yield cluster


@asynccontextmanager
async def _serve(
    store: ObjectStore,
    clock: SimulatedClock,
    logs: PodLogs,
    usage: ResourceUsage,
    pass_time: Callable[[float], None],
    folder: Path,
) -> AsyncIterator[ServedCluster]:
    tokens: dict[str, User] = {ADMIN: administrator()}
    api = KubernetesApi(store=store, clock=clock, logs=logs, usage=usage, tokens=tokens)
    listener = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    cluster = ServedCluster(store, clock, pass_time, url, folder, tokens)
    config = uvicorn.Config(_observed(api.app, cluster), log_level="warning", access_log=False, lifespan="off")
    server = _QuietServer(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield cluster
    finally:
        server.should_exit = True
        api.close()
        await serving


class _QuietServer(uvicorn.Server):
    """Leaves signals to the test runner."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _observed(app: Any, cluster: ServedCluster) -> Any:  # Any: ASGI applications have no common type
    async def answer(scope: Any, receive: Any, send: Any) -> None:  # Any: as above
        query = scope.get("query_string", b"").decode()
        method, path = scope.get("method", ""), scope.get("path", "")
        cluster.requests.append(f"{method} {path}" + (f"?{query}" if query else ""))
        status = next((found for fault in cluster.faults if (found := fault(method, f"{path}?{query}"))), None)
        if status is None:
            await app(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})

    return answer


@asynccontextmanager
async def connect(
    cluster: ServedCluster,
    *,
    answer: ElicitationFnT | None = None,
    era: Era = "auto",
    token: str = ADMIN,
    sleep: Callable[[float], Awaitable[None]] | None = None,
    **settings: Any,  # Any: fields of the settings
) -> AsyncIterator[Client]:
    """A client of a server that works on the cluster."""
    server = make_server(
        K8sSettings(kubeconfig_path=cluster.kubeconfig(token), context="shop", **settings),
        open_cluster=HttpCluster,
        now=cluster.clock.now,
        sleep=sleep or cluster.let_time_pass,
    )
    async with Client(server, mode=era, elicitation_callback=answer, read_timeout_seconds=_CALL_SECONDS) as client:
        yield client


@dataclass
class Person:
    """Answers questions, and keeps them."""

    confirm: bool = True
    action: Literal["accept", "decline", "cancel"] = "accept"
    meanwhile: Sequence[Callable[[], None]] = ()
    """What happens while the person thinks, one for each question."""
    asked: list[ElicitRequestParams] = field(default_factory=list)

    async def answer(self, context: object, params: ElicitRequestParams) -> ElicitResult:
        del context
        if len(self.asked) < len(self.meanwhile):
            self.meanwhile[len(self.asked)]()
        self.asked.append(params)
        content: dict[str, Any] | None = {"confirm": self.confirm} if self.action == "accept" else None  # Any: JSON
        return ElicitResult(action=self.action, content=content)

    @property
    def questions(self) -> list[str]:
        return [params.message for params in self.asked]

    @property
    def preview(self) -> dict[str, Any]:  # Any: JSON
        """The preview of the last question."""
        schema = self.asked[-1].model_dump(by_alias=True)["requestedSchema"]
        found: dict[str, Any] = schema["properties"]["confirm"]["x-preview"]  # Any: JSON
        return found


async def call(
    cluster: ServedCluster,
    tool: str,
    arguments: dict[str, Any],  # Any: JSON
    *,
    person: Person | None = None,
    progress: ProgressFnT | None = None,
    **options: Any,  # Any: those of `connect`
) -> CallToolResult:
    async with connect(cluster, answer=person.answer if person else None, **options) as client:
        return await client.call_tool(tool, arguments, progress_callback=progress)


def content_of(result: CallToolResult) -> dict[str, Any]:  # Any: structured content
    assert not result.is_error, text_of(result)
    assert isinstance(result.structured_content, dict)
    return result.structured_content


def text_of(result: CallToolResult) -> str:
    return str(result.content[0].model_dump()["text"])
