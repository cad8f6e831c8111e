"""Reading steps several tools share: scope of a call, unknown names, and what may be missing."""

from __future__ import annotations

from mcp.server.mcpserver.exceptions import ToolError

from k8s_diagnosis.text.names import list_nearest
from k8s_mcp.cluster.interfaces import NAMESPACES, Cluster, JsonObject, Resource, Selection
from k8s_mcp.errors import AccessDenied, ClusterError, ObjectNotFound
from mcp_kit.errors import ErrorKind, KindedToolError


async def require_namespace(cluster: Cluster, namespace: str | None) -> None:
    """Tell an unknown namespace from an empty one; the API answers both with an empty list."""
    if namespace is None:
        return
    try:
        await cluster.read_object(NAMESPACES, name=namespace)
    except AccessDenied:
        return
    except ObjectNotFound as error:
        nearest = await _nearest_namespaces(cluster, namespace)
        raise KindedToolError(f'No namespace "{namespace}"{nearest}.', kind=ErrorKind.NOT_FOUND) from error


async def _nearest_namespaces(cluster: Cluster, namespace: str) -> str:
    try:
        names = await cluster.list_names(NAMESPACES, Selection())
    except AccessDenied:
        return ""
    return f"; {list_nearest(namespace, among=names)}"


async def explain_missing(
    cluster: Cluster, resource: Resource, *, name: str, namespace: str | None, tool: str
) -> ToolError:
    """The error for an object that is not there, with the names that come nearest."""
    await require_namespace(cluster, namespace)
    try:
        nearest = f"; {list_nearest(name, among=await cluster.list_names(resource, Selection(namespace)))}"
    except AccessDenied:
        nearest = ""
    place = f' in namespace "{namespace}"' if namespace else ""
    return KindedToolError(
        f'No {resource.kind.lower()} "{name}"{place}{nearest}. {tool} lists them.', kind=ErrorKind.NOT_FOUND
    )


async def list_optional(
    cluster: Cluster, resource: Resource, selection: Selection, *, notes: list[str]
) -> list[JsonObject] | None:
    """Objects that sharpen an answer but are not its subject: without them the answer says so."""
    try:
        return await cluster.list_objects(resource, selection)
    except ClusterError as error:
        notes.append(f"{resource.plural} could not be read, causes may be incomplete ({type(error).__name__})")
        return None
