"""One call of a list tool: which cluster and namespace it reads, and which page of the rows it wants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from mcp.server.mcpserver import Context
from mcp_types import CallToolResult

from k8s_mcp.cluster.interfaces import EVENTS, Cluster, JsonObject, Resource, Selection
from k8s_mcp.errors import ClusterError
from k8s_mcp.listing.rows import InvalidCursor, ListedT, Page, PageWish, Row, cut_page, decode_cursor, digest_of
from k8s_mcp.listing.table import TableContext, TableShape, make_table
from k8s_mcp.state import K8sState, choose_cluster
from mcp_kit.errors import ErrorKind, KindedToolError


@dataclass(frozen=True, slots=True)
class Paging:
    """The arguments every list tool has."""

    limit: int | None
    cursor: str | None


@dataclass(slots=True)
class ListCall:
    tool: str
    cluster: Cluster
    namespace: str | None
    """None for all namespaces, and for objects without one."""
    wish: PageWish
    notes: list[str] = field(default_factory=list)
    """What could not be read, and other words to the reader."""
    unread: set[str] = field(default_factory=set)
    """Plural names of what could not be read."""
    age_seconds: float | None = None
    """Of the oldest list the answer rests on; None when all were just read."""

    async def read(self, resource: Resource, selection: Selection | None = None) -> Sequence[JsonObject]:
        """The subject of the answer; raises ClusterError when it cannot be read."""
        known = await self.cluster.list_known(resource, selection or Selection(self.namespace))
        if known.age_seconds is not None:
            self.age_seconds = max(self.age_seconds or 0, known.age_seconds)
        return known.objects

    async def read_optional(
        self, resource: Resource, selection: Selection | None = None
    ) -> Sequence[JsonObject] | None:
        """Objects that sharpen the answer but are not its subject: without them the answer says so."""
        try:
            return await self.read(resource, selection)
        except ClusterError as error:
            self.unread.add(resource.plural)
            self.notes.append(f"{resource.plural} could not be read, causes may be incomplete ({type(error).__name__})")
            return None

    async def read_warnings(self) -> Sequence[JsonObject]:
        return await self.read_optional(EVENTS, Selection(self.namespace, field_selector="type=Warning")) or ()

    def cut(self, listed: Sequence[ListedT], *, counted: Sequence[ListedT] | None = None) -> Page[ListedT]:
        """The page to show; `counted` is what the totals are of, where several are listed as one."""
        page = cut_page(listed, self.wish, is_one_namespace=self.namespace is not None)
        return page if counted is None else page.counting(counted)

    def answer(self, shape: TableShape, page: Page[Row]) -> CallToolResult:
        context = TableContext(
            tool=self.tool,
            cluster=self.cluster.name,
            namespace=self.namespace,
            digest=self.wish.digest,
            notes=tuple(self.notes),
            age_seconds=None if self.age_seconds is None else int(self.age_seconds),
            is_limit_given=self.wish.limit is not None,
        )
        return make_table(shape, page, context)


async def begin_list(
    ctx: Context[K8sState],
    *,
    tool: str,
    cluster: str | None,
    scope: tuple[str | None, bool] | None,
    paging: Paging,
    query: Sequence[object] = (),
) -> ListCall:
    """Check what all lists share. `scope` is namespace and all_namespaces, None for objects without a namespace.

    `query` are the other arguments: a cursor belongs to one set of them. Raises a ToolError for wrong arguments.
    """
    target = choose_cluster(ctx, cluster)
    namespace = await _resolve_scope(target, *scope) if scope else None
    digest = digest_of([tool, target.name, namespace, *query])
    return ListCall(tool, target, namespace, PageWish(paging.limit, _read_cursor(paging.cursor, digest=digest), digest))


async def _resolve_scope(cluster: Cluster, namespace: str | None, all_namespaces: bool) -> str | None:
    """The namespace to read, None for all of them."""
    if not all_namespaces:
        return namespace or await cluster.default_namespace()
    if namespace is not None:
        raise KindedToolError("Give either namespace or all_namespaces=true, not both.", kind=ErrorKind.BAD_ARGUMENTS)
    return None


def _read_cursor(cursor: str | None, *, digest: str) -> tuple[float | str, ...] | None:
    try:
        return decode_cursor(cursor, digest=digest)
    except InvalidCursor as error:
        raise KindedToolError(f"{error}.", kind=ErrorKind.BAD_ARGUMENTS) from error
