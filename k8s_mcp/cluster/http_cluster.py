"""The cluster over HTTP: raw JSON, read page by page."""

from __future__ import annotations

import copy
from collections.abc import AsyncIterator
from dataclasses import replace

from k8s_diagnosis.objects.access import name_of, read_maps, read_text
from k8s_mcp.cluster.access_limits import AccessLimits
from k8s_mcp.cluster.api_client import AnswerExpired, ApiClient
from k8s_mcp.cluster.asking_user import AskingUser
from k8s_mcp.cluster.changes import FIELD_MANAGER, Deletion, Eviction, ObjectPatch, Written
from k8s_mcp.cluster.connection_keeper import ConnectionKeeper
from k8s_mcp.cluster.contexts import IN_CLUSTER
from k8s_mcp.cluster.discovery import Discovery
from k8s_mcp.cluster.interfaces import (
    PODS,
    ApiTable,
    JsonObject,
    KnownList,
    LogRequest,
    Resource,
    Selection,
)
from k8s_mcp.cluster.kinds import KindCatalogue
from k8s_mcp.cluster.requests import JSON, NAMES_ONLY, TABLE, ApiRequest
from k8s_mcp.cluster.tables import join_tables, parse_table
from k8s_mcp.settings import K8sSettings

_PAGE_SIZE = 500
"""Objects per answer: keeps one answer of a cluster with thousands of pods at a few megabytes."""

_MAX_TABLE_PAGES = 40
"""Twenty thousand rows: whoever has more narrows the question."""

_MAX_LOG_BYTES = 8 * 1024 * 1024


class HttpCluster:
    """Implements Cluster for a kubeconfig context or the service account of the pod."""

    def __init__(self, settings: K8sSettings) -> None:
        self.name = settings.context or IN_CLUSTER
        self._settings = settings
        self._api = ApiClient(
            ConnectionKeeper(settings),
            timeout_seconds=settings.request_timeout_seconds,
            limits=AccessLimits(kinds=settings.denied_kinds, namespaces=settings.denied_namespaces),
        )
        self._discovery = Discovery(self._read_document)

    def acting_as(self, user: AskingUser) -> HttpCluster:
        other = copy.copy(self)
        other._api = self._api.acting_as(user)
        return other

    async def read_version(self) -> str:
        return read_text(await self._read_document("/version", JSON), "gitVersion") or "unknown version"

    async def default_namespace(self) -> str:
        if self._settings.namespace:
            return self._settings.namespace
        return (await self._api.keeper.connect()).namespace or "default"

    async def find_resource(self, kind: str) -> Resource:
        return await self._discovery.find(kind)

    async def catalogue(self) -> KindCatalogue:
        return await self._discovery.catalogue()

    async def _read_document(self, path: str, accept: str) -> JsonObject:
        return await self._api.read_json(ApiRequest("get", document=path, accept=accept))

    async def list_objects(self, resource: Resource, selection: Selection) -> list[JsonObject]:
        return await self._list_all(resource, selection, accept=JSON)

    async def list_known(self, resource: Resource, selection: Selection) -> KnownList:
        return KnownList(await self.list_objects(resource, selection))

    async def read_table(self, resource: Resource, selection: Selection) -> ApiTable:
        # Without a namespace in the request, each row needs its own.
        included = "None" if selection.namespace is not None or not resource.is_namespaced else "Metadata"
        query = (*_selection_query(selection), ("includeObject", included))
        request = ApiRequest("list", resource, selection.namespace, query=query, accept=TABLE)
        tables = []
        async for page in self._read_pages(request, page_size=_PAGE_SIZE):
            tables.append(parse_table(page, namespace=selection.namespace or ""))
            if len(tables) == _MAX_TABLE_PAGES:
                break
        return join_tables(tables, resource, limits=self._api.limits, is_complete=len(tables) < _MAX_TABLE_PAGES)

    async def list_names(self, resource: Resource, selection: Selection) -> list[str]:
        return [name_of(item) for item in await self._list_all(resource, selection, accept=NAMES_ONLY)]

    async def _list_all(self, resource: Resource, selection: Selection, *, accept: str) -> list[JsonObject]:
        request = ApiRequest(
            "list", resource, selection.namespace, query=tuple(_selection_query(selection)), accept=accept
        )
        try:
            pages = [page async for page in self._read_pages(request, page_size=_PAGE_SIZE)]
        except AnswerExpired:
            pages = [page async for page in self._read_pages(request, page_size=None)]
        items = (item for page in pages for item in read_maps(page, "items"))
        return self._api.limits.keep_allowed(resource, items)

    async def _read_pages(self, request: ApiRequest, *, page_size: int | None) -> AsyncIterator[JsonObject]:
        query = request.query if page_size is None else (*request.query, ("limit", str(page_size)))
        token = ""
        while True:
            asked = (*query, ("continue", token)) if token else query
            page = await self._api.read_json(replace(request, query=asked))
            yield page
            token = read_text(page, "metadata", "continue")
            if not token:
                return

    async def read_object(self, resource: Resource, *, name: str, namespace: str | None = None) -> JsonObject:
        return await self._api.read_json(ApiRequest("get", resource, namespace, name))

    async def read_log(self, request: LogRequest) -> str:
        query = [("tailLines", str(request.tail_lines)), ("previous", "true" if request.previous else "false")]
        if request.container:
            query.append(("container", request.container))
        if request.has_timestamps:
            query.append(("timestamps", "true"))
        if request.since_seconds is not None:
            query.append(("sinceSeconds", str(request.since_seconds)))
        body = await self._api.send(
            ApiRequest(
                "get",
                PODS,
                request.namespace,
                request.pod,
                "log",
                query=tuple(query),
                # The API answers a refusal in JSON and the log itself as text, whatever is accepted.
                accept="*/*",
                keep_bytes=_MAX_LOG_BYTES,
            )
        )
        return body.decode("utf-8", errors="replace")

    async def patch_object(self, patch: ObjectPatch, *, is_dry_run: bool) -> Written:
        query = [("fieldManager", FIELD_MANAGER), ("fieldValidation", "Strict"), *_dry_run(is_dry_run)]
        if patch.force:
            query.append(("force", "true"))
        return await self._api.change(
            ApiRequest(
                "patch",
                patch.resource,
                patch.namespace,
                patch.name,
                patch.subresource,
                query=tuple(query),
                body=patch.body,
                content_type=patch.form.value,
            )
        )

    async def delete_object(self, deletion: Deletion, *, is_dry_run: bool) -> None:
        body: JsonObject = {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "preconditions": {"uid": deletion.uid, "resourceVersion": deletion.version},
            "propagationPolicy": deletion.propagation.value,
        }
        if deletion.grace_seconds is not None:
            body["gracePeriodSeconds"] = deletion.grace_seconds
        resource, query = deletion.resource, _dry_run(is_dry_run)
        await self._api.send(ApiRequest("delete", resource, deletion.namespace, deletion.name, query=query, body=body))

    async def evict_pod(self, eviction: Eviction, *, is_dry_run: bool) -> None:
        body: JsonObject = {
            "apiVersion": "policy/v1",
            "kind": "Eviction",
            "metadata": {"name": eviction.pod, "namespace": eviction.namespace},
            "deleteOptions": {"preconditions": {"uid": eviction.uid}},
        }
        query = _dry_run(is_dry_run)
        await self._api.send(
            ApiRequest("create", PODS, eviction.namespace, eviction.pod, "eviction", query=query, body=body)
        )

    async def close(self) -> None:
        await self._api.close()


def _dry_run(is_dry_run: bool) -> tuple[tuple[str, str], ...]:
    return (("dryRun", "All"),) if is_dry_run else ()


def _selection_query(selection: Selection) -> list[tuple[str, str]]:
    query = []
    if selection.label_selector:
        query.append(("labelSelector", selection.label_selector))
    if selection.field_selector:
        query.append(("fieldSelector", selection.field_selector))
    return query
