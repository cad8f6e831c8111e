"""The cluster over HTTP: raw JSON, read page by page."""

from __future__ import annotations

import copy
from functools import partial

from k8s_diagnosis.objects.access import name_of, read_maps, read_text
from k8s_mcp.cluster.access_limits import AccessLimits
from k8s_mcp.cluster.api_client import ApiClient
from k8s_mcp.cluster.api_lists import PAGE_SIZE, ApiList, read_pages, selection_query
from k8s_mcp.cluster.asking_user import AskingUser
from k8s_mcp.cluster.changes import FIELD_MANAGER, Deletion, Eviction, ObjectPatch, Written
from k8s_mcp.cluster.connection_keeper import ConnectionKeeper
from k8s_mcp.cluster.contexts import IN_CLUSTER
from k8s_mcp.cluster.discovery import Discovery
from k8s_mcp.cluster.interfaces import (
    NODES,
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
from k8s_mcp.cluster.watched_list import VersionGone
from k8s_mcp.cluster.watched_lists import WatchedLists
from k8s_mcp.settings import K8sSettings

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
        self._watched: WatchedLists | None = WatchedLists(
            partial(ApiList, self._api), max_bytes=settings.cache_megabytes * 1024 * 1024
        )

    def acting_as(self, user: AskingUser) -> HttpCluster:
        other = copy.copy(self)
        other._api = self._api.acting_as(user)
        # A copy holds what this account may see, which is not what the person may see.
        other._watched = None
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
        source = ApiList(self._api, resource, selection)
        try:
            pages = [page async for page in source.read_pages(is_whole=False)]
        except VersionGone:
            pages = [page async for page in source.read_pages(is_whole=True)]
        return [each for page in pages for each in page.objects]

    async def list_known(self, resource: Resource, selection: Selection) -> KnownList:
        known = await self._watched.find(resource, selection) if self._watched else None
        return known or KnownList(await self.list_objects(resource, selection))

    async def read_table(self, resource: Resource, selection: Selection) -> ApiTable:
        # Without a namespace in the request, each row needs its own.
        included = "None" if selection.namespace is not None or not resource.is_namespaced else "Metadata"
        query = (*selection_query(selection), ("includeObject", included))
        request = ApiRequest("list", resource, selection.namespace, query=query, accept=TABLE)
        tables = []
        async for page, _ in read_pages(self._api, request, page_size=PAGE_SIZE):
            tables.append(parse_table(page, namespace=selection.namespace or ""))
            if len(tables) == _MAX_TABLE_PAGES:
                break
        return join_tables(tables, resource, limits=self._api.limits, is_complete=len(tables) < _MAX_TABLE_PAGES)

    async def list_names(self, resource: Resource, selection: Selection) -> list[str]:
        query = tuple(selection_query(selection))
        request = ApiRequest("list", resource, selection.namespace, query=query, accept=NAMES_ONLY)
        pages = [page async for page, _ in read_pages(self._api, request, page_size=PAGE_SIZE)]
        items = (item for page in pages for item in read_maps(page, "items"))
        return [name_of(item) for item in self._api.limits.keep_allowed(resource, items)]

    async def read_object(self, resource: Resource, *, name: str, namespace: str | None = None) -> JsonObject:
        return await self._api.read_json(ApiRequest("get", resource, namespace, name))

    async def read_node_summary(self, node: str) -> JsonObject:
        return await self._api.read_json(
            ApiRequest("get", NODES, name=node, subresource="proxy", below="stats/summary")
        )

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
        if self._watched is not None:
            await self._watched.close()
        await self._api.close()


def _dry_run(is_dry_run: bool) -> tuple[tuple[str, str], ...]:
    return (("dryRun", "All"),) if is_dry_run else ()
