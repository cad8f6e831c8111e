"""Lists and watches over HTTP, slimmed while they are read so that a large list never exists in full."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import replace

from k8s_diagnosis.objects.access import JsonObject, name_of, namespace_of, read_maps, read_text
from k8s_mcp.cluster.api_client import AnswerExpired, ApiClient
from k8s_mcp.cluster.interfaces import NAMESPACES, Resource, Selection
from k8s_mcp.cluster.projection import Projection
from k8s_mcp.cluster.requests import ApiRequest
from k8s_mcp.cluster.watched_list import ListPage, VersionGone

PAGE_SIZE = 500
"""Objects per answer: keeps one answer of a cluster with thousands of pods at a few megabytes."""

_WATCH_SECONDS = (240, 290)
"""Chosen at random between these, so that the watches of one server do not all end at once; load balancers
commonly cut at 300."""

_MEMORY_PER_BYTE = 1.5
"""Bytes that a slimmed object takes for each byte of JSON it came as; measured with pods of real size."""


class ApiList:
    """Implements ListSource for one resource and selection."""

    def __init__(self, api: ApiClient, resource: Resource, selection: Selection) -> None:
        self._api = api
        self._resource = resource
        self._selection = selection
        self._projection = Projection(resource)

    async def read_pages(self, *, is_whole: bool) -> AsyncIterator[ListPage]:
        self._projection.forget_unused()
        request = ApiRequest(
            "list", self._resource, self._selection.namespace, query=tuple(selection_query(self._selection))
        )
        try:
            async for page, size in read_pages(self._api, request, page_size=None if is_whole else PAGE_SIZE):
                kept = (self.keep(each) for each in read_maps(page, "items"))
                yield ListPage(
                    objects=[each for each in kept if each is not None],
                    size=int(size * _MEMORY_PER_BYTE),
                    version=read_text(page, "metadata", "resourceVersion"),
                )
        except AnswerExpired as error:
            raise VersionGone from error

    async def watch(self, version: str) -> AsyncIterator[bytes]:
        seconds = random.randint(*_WATCH_SECONDS)  # noqa: S311 - spreads load
        query = (
            *selection_query(self._selection),
            ("watch", "1"),
            ("allowWatchBookmarks", "true"),
            ("resourceVersion", version),
            ("timeoutSeconds", str(seconds)),
        )
        request = ApiRequest("watch", self._resource, self._selection.namespace, query=query)
        try:
            async for line in self._api.stream_lines(request, seconds=seconds + 30):
                yield line
        except AnswerExpired as error:
            raise VersionGone from error

    def keep(self, source: JsonObject) -> JsonObject | None:
        place = name_of(source) if self._resource == NAMESPACES else namespace_of(source)
        return None if self._api.limits.denies_namespace(place) else self._projection.slim(source)


async def read_pages(
    api: ApiClient, request: ApiRequest, *, page_size: int | None
) -> AsyncIterator[tuple[JsonObject, int]]:
    """Each page of a list with its size in bytes; raises AnswerExpired when the list is too old to go on."""
    query = request.query if page_size is None else (*request.query, ("limit", str(page_size)))

    async def read(token: str) -> tuple[JsonObject, int]:
        asked = (*query, ("continue", token)) if token else query
        return await api.read_sized(replace(request, query=asked))

    page, size = await read("")
    while token := read_text(page, "metadata", "continue"):
        following = asyncio.create_task(read(token))
        try:
            # The request leaves now: the server prepares the next page while this one is worked on.
            await asyncio.sleep(0)
            yield page, size
            page, size = await following
        finally:
            if not following.cancel() and not following.cancelled():
                # Whoever stopped reading does not care why the next page failed.
                following.exception()
    yield page, size


def selection_query(selection: Selection) -> list[tuple[str, str]]:
    query = []
    if selection.label_selector:
        query.append(("labelSelector", selection.label_selector))
    if selection.field_selector:
        query.append(("fieldSelector", selection.field_selector))
    return query
