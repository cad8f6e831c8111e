"""The cluster over HTTP: raw JSON, a limit on every request, no retries of our own for changes."""

from __future__ import annotations

import asyncio
import collections
import ssl
from dataclasses import dataclass
from typing import Any

import orjson

from k8s_mcp.cluster.connection import Connection, find_kubeconfig, fingerprint_of, open_connection
from k8s_mcp.cluster.discovery import Discovery
from k8s_mcp.cluster.interfaces import JsonObject, LogRequest, Resource, ScaleChange, Selection
from k8s_mcp.cluster.status_errors import RequestFacts, refusal, unreachable
from k8s_mcp.errors import ClusterError, CredentialsRejected, RequestRefused
from k8s_mcp.settings import K8sSettings

_PAGE_SIZE = 500
"""Objects per answer: keeps one answer of a cluster with thousands of pods at a few megabytes."""

_MAX_LOG_BYTES = 8 * 1024 * 1024
_GONE = 410
_NAMES_ONLY = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"


@dataclass(frozen=True, slots=True)
class _Call:
    method: str
    path: str
    facts: RequestFacts
    query: tuple[tuple[str, str], ...] = ()
    body: JsonObject | None = None
    accept: str = "application/json"
    keep_bytes: int | None = None
    """Keep only this many bytes from the end of the answer."""


class _Expired(ClusterError):
    """A continue token is too old; the list starts again."""


class HttpCluster:
    """Implements Cluster for a kubeconfig context or the service account of the pod."""

    def __init__(self, settings: K8sSettings) -> None:
        self._settings = settings
        self._connection: Connection | None = None
        self._opening = asyncio.Lock()
        self._discovery = Discovery(self._read_document)

    async def default_namespace(self) -> str:
        if self._settings.namespace:
            return self._settings.namespace
        return (await self._connect()).namespace or "default"

    async def find_resource(self, kind: str) -> Resource:
        return await self._discovery.find(kind)

    async def _read_document(self, path: str, accept: str) -> JsonObject:
        return await self._read_json(
            _Call("GET", path, RequestFacts("get", path, None, is_namespaced=False), accept=accept)
        )

    async def list_objects(self, resource: Resource, selection: Selection) -> list[JsonObject]:
        return await self._list_all(resource, selection, accept="application/json")

    async def list_names(self, resource: Resource, selection: Selection) -> list[str]:
        items = await self._list_all(resource, selection, accept=_NAMES_ONLY)
        return [str(item["metadata"]["name"]) for item in items]

    async def _list_all(self, resource: Resource, selection: Selection, *, accept: str) -> list[JsonObject]:
        try:
            return await self._list_pages(resource, selection, accept=accept, page_size=_PAGE_SIZE)
        except _Expired:
            return await self._list_pages(resource, selection, accept=accept, page_size=None)

    async def _list_pages(
        self, resource: Resource, selection: Selection, *, accept: str, page_size: int | None
    ) -> list[JsonObject]:
        items: list[JsonObject] = []
        query = _selection_query(selection)
        if page_size is not None:
            query.append(("limit", str(page_size)))
        token = ""
        while True:
            call = _Call(
                "GET",
                _collection_path(resource, selection.namespace),
                _facts("list", resource, selection.namespace),
                query=(*query, *((("continue", token),) if token else ())),
                accept=accept,
            )
            answer = await self._read_json(call)
            items.extend(answer.get("items") or [])
            token = (answer.get("metadata") or {}).get("continue") or ""
            if not token:
                return items

    async def read_object(self, resource: Resource, *, name: str, namespace: str | None = None) -> JsonObject:
        path = f"{_collection_path(resource, namespace)}/{name}"
        return await self._read_json(_Call("GET", path, _facts("get", resource, namespace)))

    async def read_log(self, request: LogRequest) -> str:
        query = [("tailLines", str(request.tail_lines)), ("previous", "true" if request.previous else "false")]
        if request.container:
            query.append(("container", request.container))
        if request.since_seconds is not None:
            query.append(("sinceSeconds", str(request.since_seconds)))
        call = _Call(
            "GET",
            f"/api/v1/namespaces/{request.namespace}/pods/{request.pod}/log",
            RequestFacts("get", "pods/log", request.namespace),
            query=tuple(query),
            # The API answers a refusal in JSON and the log itself as text, whatever is accepted.
            accept="*/*",
            keep_bytes=_MAX_LOG_BYTES,
        )
        return (await self._send(call)).decode("utf-8", errors="replace")

    async def scale_deployment(self, change: ScaleChange) -> JsonObject:
        body: JsonObject = {
            "apiVersion": "autoscaling/v1",
            "kind": "Scale",
            "metadata": {
                "name": change.name,
                "namespace": change.namespace,
                "resourceVersion": change.resource_version,
            },
            "spec": {"replicas": change.replicas},
        }
        if not change.resource_version:
            del body["metadata"]["resourceVersion"]
        path = f"/apis/apps/v1/namespaces/{change.namespace}/deployments/{change.name}/scale"
        facts = RequestFacts("update", "deployments/scale", change.namespace)
        query = (("dryRun", "All"),) if change.is_dry_run else ()
        return await self._read_json(_Call("PUT", path, facts, query=query, body=body))

    async def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.client.close()

    async def _connect(self) -> Connection:
        async with self._opening:
            if self._connection is not None and self._is_current(self._connection):
                return self._connection
            await self.close()
            self._connection = await self._open_in_time()
            return self._connection

    def _is_current(self, connection: Connection) -> bool:
        return not connection.fingerprint or connection.fingerprint == fingerprint_of(find_kubeconfig(self._settings))

    async def _open_in_time(self) -> Connection:
        # A login plugin may open a browser or ask a slow service, hence more than one request's time.
        limit = self._settings.request_timeout_seconds * 3
        try:
            async with asyncio.timeout(limit):
                return await open_connection(self._settings)
        except TimeoutError as error:
            raise unreachable("(not known yet)", reason=f"login took over {limit:g} s", advice=_advice(None)) from error

    async def _read_json(self, call: _Call) -> JsonObject:
        body = await self._send(call)
        try:
            answer: Any = orjson.loads(body)  # Any: JSON
        except orjson.JSONDecodeError as error:
            raise RequestRefused(f"The answer to {call.facts} is no JSON; is the server a Kubernetes API?") from error
        if not isinstance(answer, dict):
            raise RequestRefused(f"The answer to {call.facts} is no Kubernetes object; is the server a Kubernetes API?")
        return answer

    async def _send(self, call: _Call) -> bytes:
        connection = await self._connect()
        try:
            return await self._send_once(connection, call)
        except CredentialsRejected:
            if not await self._renew(connection):
                raise
            return await self._send_once(await self._connect(), call)

    async def _renew(self, stale: Connection) -> bool:
        """Log in again after a refusal, once per connection: tokens of login plugins expire while we run."""
        async with self._opening:
            if self._connection is not stale or "BearerToken" not in stale.client.configuration.api_key:
                return self._connection is not stale
            fresh = await self._open_in_time()
            self._connection = fresh
            await stale.client.close()
            return bool(fresh.client.configuration.api_key != stale.client.configuration.api_key)

    async def _send_once(self, connection: Connection, call: _Call) -> bytes:
        import aiohttp

        limit = self._settings.request_timeout_seconds
        try:
            async with asyncio.timeout(limit):
                status, body = await self._exchange(connection, call)
        except TimeoutError as error:
            raise unreachable(
                connection.server, reason=f"no answer within {limit:g} s", advice=_advice(connection)
            ) from error
        except (aiohttp.ClientError, OSError, ssl.SSLError, ValueError) as error:
            # The HTTP library reports addresses and headers it cannot use as ValueError.
            raise unreachable(connection.server, reason=_reason_of(error), advice=_advice(connection)) from error
        if status == _GONE:
            raise _Expired(f"The list of {call.facts} expired while it was read")
        if status >= 400:
            raise refusal(status, body, request=call.facts, server=connection.server)
        return body

    async def _exchange(self, connection: Connection, call: _Call) -> tuple[int, bytes]:
        client = connection.client
        method, url, headers, body, _ = await client.param_serialize(
            call.method,
            call.path,
            query_params=list(call.query),
            header_params={"Accept": call.accept, "Content-Type": "application/json"},
            body=call.body,
            auth_settings=["BearerToken"],
        )
        answer = await client.call_api(method, url, headers, body)
        response = answer.response
        try:
            if call.keep_bytes is not None and response.status < 400:
                return response.status, await _read_end(response, keep_bytes=call.keep_bytes)
            return response.status, await response.read()
        finally:
            # Releasing an unfinished answer closes its connection, so a cancelled call ends at the server too.
            response.release()


async def _read_end(response: Any, *, keep_bytes: int) -> bytes:  # Any: response type of the client's HTTP library
    chunks: collections.deque[bytes] = collections.deque()
    held = 0
    async for chunk in response.content.iter_chunked(64 * 1024):
        chunks.append(chunk)
        held += len(chunk)
        while held - len(chunks[0]) >= keep_bytes:
            held -= len(chunks.popleft())
    return b"".join(chunks)[-keep_bytes:]


def _collection_path(resource: Resource, namespace: str | None) -> str:
    if resource.is_namespaced and namespace is not None:
        return f"{resource.prefix}/namespaces/{namespace}/{resource.plural}"
    return f"{resource.prefix}/{resource.plural}"


def _facts(verb: str, resource: Resource, namespace: str | None) -> RequestFacts:
    return RequestFacts(verb, resource.plural, namespace, is_namespaced=resource.is_namespaced)


def _selection_query(selection: Selection) -> list[tuple[str, str]]:
    query = []
    if selection.label_selector:
        query.append(("labelSelector", selection.label_selector))
    if selection.field_selector:
        query.append(("fieldSelector", selection.field_selector))
    return query


def _reason_of(error: BaseException) -> str:
    cause = getattr(error, "os_error", None) or error
    if isinstance(cause, ConnectionRefusedError):
        return "connection refused"
    text = " ".join(str(getattr(cause, "strerror", None) or cause or type(cause).__name__).split())
    return text[:200] or type(error).__name__


def _advice(connection: Connection | None) -> str:
    source = connection.source if connection else "the kubeconfig"
    return f"Check KUBECONFIG_PATH and that the cluster is up (configuration read from {source})."
