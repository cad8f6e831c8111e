"""Asks a cluster which kinds it serves, custom ones included, and remembers the answer for a while."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from k8s_diagnosis.objects.access import JsonObject, read_flag, read_maps, read_text, read_texts
from k8s_mcp.cluster.interfaces import Resource
from k8s_mcp.cluster.kinds import KindCatalogue
from k8s_mcp.errors import ClusterError, UnknownKind

ReadDocument = Callable[[str, str], Awaitable[JsonObject]]
"""Reads one document: path and Accept header; raises ClusterError."""

AGGREGATED = (
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,"
    "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,"
    "application/json"
)
_PLAIN = "application/json"

_FRESH_SECONDS = 600.0
"""Kinds change when somebody installs an operator, so ten minutes are no loss: an unknown kind asks again."""

_RETRY_SECONDS = 10.0
"""An unknown kind asks again when the answer is older than this; a model that guesses must not flood the server."""

_PARALLEL_GROUPS = 8


@dataclass(frozen=True, slots=True)
class _Known:
    catalogue: KindCatalogue
    read_at: float


class Discovery:
    """The kinds of one cluster, read when they are first asked for."""

    def __init__(self, read: ReadDocument, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._read = read
        self._clock = clock
        self._known: _Known | None = None
        self._reading = asyncio.Lock()

    async def find(self, kind: str) -> Resource:
        """The resource a written kind means; raises UnknownKind or AmbiguousKind."""
        try:
            return (await self.catalogue()).find(kind)
        except UnknownKind:
            if not self._is_older_than(_RETRY_SECONDS):
                raise
        return (await self.catalogue(max_age_seconds=_RETRY_SECONDS)).find(kind)

    async def catalogue(self, *, max_age_seconds: float = _FRESH_SECONDS) -> KindCatalogue:
        """Every kind; raises ClusterError when the cluster cannot be asked."""
        async with self._reading:
            if self._known is None or self._is_older_than(max_age_seconds):
                self._known = _Known(await read_kinds(self._read), self._clock())
            return self._known.catalogue

    @property
    def age_seconds(self) -> float | None:
        """How old the answer is; None before the first."""
        return None if self._known is None else self._clock() - self._known.read_at

    def _is_older_than(self, seconds: float) -> bool:
        age = self.age_seconds
        return age is None or age > seconds


async def read_kinds(read: ReadDocument) -> KindCatalogue:
    """Two requests where the server aggregates (since Kubernetes 1.26), one per group and version elsewhere."""
    core, groups = await asyncio.gather(read("/api", AGGREGATED), read("/apis", AGGREGATED))
    if _is_aggregated(core) and _is_aggregated(groups):
        return KindCatalogue(
            [*parse_aggregated(core), *parse_aggregated(groups)],
            unavailable=[*find_stale(core), *find_stale(groups)],
        )
    return await _read_each_group(read, core=core, groups=groups)


def _is_aggregated(document: JsonObject) -> bool:
    return read_text(document, "kind") == "APIGroupDiscoveryList"


def parse_aggregated(document: JsonObject) -> list[Resource]:
    """Resources of an APIGroupDiscoveryList, in its order, which is that of preference."""
    return [
        _aggregated_resource(entry, prefix=_prefix(read_text(group, "metadata", "name"), read_text(version, "version")))
        for group in read_maps(document, "items")
        for version in read_maps(group, "versions")
        for entry in read_maps(version, "resources")
        if read_text(entry, "responseKind", "kind")
    ]


def find_stale(document: JsonObject) -> list[str]:
    """Groups of which the aggregating server has no resources, since the server behind them does not answer."""
    return [
        f"{read_text(group, 'metadata', 'name')}/{read_text(version, 'version')}"
        for group in read_maps(document, "items")
        for version in read_maps(group, "versions")
        if read_text(version, "freshness") == "Stale" and not read_maps(version, "resources")
    ]


def _aggregated_resource(entry: JsonObject, *, prefix: str) -> Resource:
    return Resource(
        kind=read_text(entry, "responseKind", "kind"),
        plural=read_text(entry, "resource"),
        prefix=prefix,
        is_namespaced=read_text(entry, "scope") == "Namespaced",
        verbs=frozenset(read_texts(entry, "verbs")),
        subresources=frozenset(read_text(each, "subresource") for each in read_maps(entry, "subresources")),
        short_names=tuple(read_texts(entry, "shortNames")),
        singular=read_text(entry, "singularResource"),
    )


def _prefix(group: str, version: str) -> str:
    return f"/apis/{group}/{version}" if group else f"/api/{version}"


async def _read_each_group(read: ReadDocument, *, core: JsonObject, groups: JsonObject) -> KindCatalogue:
    prefixes = [_prefix("", version) for version in read_texts(core, "versions")]
    for group in read_maps(groups, "groups"):
        preferred = read_text(group, "preferredVersion", "groupVersion")
        versions = [read_text(each, "groupVersion") for each in read_maps(group, "versions")]
        prefixes += [f"/apis/{version}" for version in dict.fromkeys([preferred, *versions]) if version]
    limit = asyncio.Semaphore(_PARALLEL_GROUPS)

    async def read_one(prefix: str) -> list[Resource] | ClusterError:
        async with limit:
            try:
                return parse_resource_list(await read(prefix, _PLAIN), prefix=prefix)
            except ClusterError as error:
                # One extension server that is down must not hide all other kinds.
                return error

    answers = dict(zip(prefixes, await asyncio.gather(*(read_one(prefix) for prefix in prefixes)), strict=True))
    failed = {prefix: answer for prefix, answer in answers.items() if isinstance(answer, ClusterError)}
    if failed and len(failed) == len(answers):
        raise next(iter(failed.values()))
    return KindCatalogue(
        [resource for answer in answers.values() if not isinstance(answer, ClusterError) for resource in answer],
        unavailable=[prefix.removeprefix("/apis/") for prefix in failed],
    )


def parse_resource_list(document: JsonObject, *, prefix: str) -> list[Resource]:
    """Resources of one APIResourceList; entries such as `pods/log` become subresources of theirs."""
    entries = read_maps(document, "resources")
    below: dict[str, set[str]] = {}
    for entry in entries:
        plural, _, sub = read_text(entry, "name").partition("/")
        if sub:
            below.setdefault(plural, set()).add(sub)
    return [
        Resource(
            kind=read_text(entry, "kind"),
            plural=read_text(entry, "name"),
            prefix=prefix,
            is_namespaced=read_flag(entry, "namespaced"),
            verbs=frozenset(read_texts(entry, "verbs")),
            subresources=frozenset(below.get(read_text(entry, "name"), ())),
            short_names=tuple(read_texts(entry, "shortNames")),
            singular=read_text(entry, "singularName"),
        )
        for entry in entries
        if "/" not in read_text(entry, "name")
    ]
