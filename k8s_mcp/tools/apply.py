"""k8s-apply-manifest."""

from __future__ import annotations

from typing import Annotated

from mcp.server.mcpserver import Context
from mcp_types import CallToolResult, InputRequiredResult
from pydantic import Field

from k8s_diagnosis.objects.access import JsonObject, name_of, read_map, read_text
from k8s_diagnosis.text.names import InvalidName, check_name
from k8s_mcp.changes.manifests import MAX_DOCUMENTS, BadManifest, object_key, read_manifests
from k8s_mcp.changes.targets import Target
from k8s_mcp.errors import ObjectNotFound
from k8s_mcp.results import ChangeResult
from k8s_mcp.state import K8sState
from k8s_mcp.tools.applying import Applied, Applying
from k8s_mcp.tools.arguments import ClusterName, Namespace
from k8s_mcp.tools.changing import ChangeCall, carry_out, open_call, write_result
from mcp_kit.errors import ErrorKind, KindedToolError

TOOL = "k8s-apply-manifest"


async def apply_manifest(
    ctx: Context[K8sState],
    manifest: Annotated[str, Field(description=f"YAML or JSON of up to {MAX_DOCUMENTS} objects.")],
    namespace: Namespace = None,
    force: Annotated[bool, Field(description="Take fields over that another manager set.")] = False,
    cluster: ClusterName = None,
) -> Annotated[CallToolResult, ChangeResult] | InputRequiredResult:
    """Create objects or change them to what a manifest says, by server-side apply. All are tried first, and a person
    confirms the difference."""
    call = open_call(ctx, TOOL, cluster)
    try:
        documents = read_manifests(manifest)
        _check_doubles(documents)
    except BadManifest as error:
        raise KindedToolError(f"Nothing was changed: {error}.", kind=ErrorKind.BAD_ARGUMENTS) from error
    # Namespaces first: what lies in them can only be made afterwards.
    documents.sort(key=lambda document: read_text(document, "kind") != "Namespace")
    applied = [await _read(call, document, namespace=namespace) for document in documents]
    change = Applying(call, tuple(applied), force)
    report = await carry_out(call, change, action="apply")
    return report if isinstance(report, InputRequiredResult) else write_result(report, change.targets, action="apply")


def _check_doubles(documents: list[JsonObject]) -> None:
    keys = [object_key(document) for document in documents]
    doubled = next((key for key in keys if keys.count(key) > 1), None)
    if doubled is not None:
        raise BadManifest(f"{doubled[1]} {doubled[3]} comes twice in the manifest")


async def _read(call: ChangeCall, document: JsonObject, *, namespace: str | None) -> Applied:
    """The object a document means, as it is now; raises ToolError for a place or kind that does not fit."""
    kind, version, name = read_text(document, "kind"), read_text(document, "apiVersion"), name_of(document)
    resource = await call.cluster.find_resource(f"{version}/{kind}")
    if resource.kind != kind:
        raise _refuse(f'kind "{kind}" is written "{resource.kind}"')
    stated = read_text(document, "metadata", "namespace") or None
    try:
        check_name(name)
        check_name(stated or "default")
    except InvalidName as error:
        raise _refuse(str(error)) from error
    if resource.is_namespaced and stated and namespace and stated != namespace:
        raise _refuse(f'{kind} {name} says namespace "{stated}" and the call says "{namespace}"')
    place = await call.place(resource, stated or namespace)
    call.policy.check(Target(resource, place, name, None), verb="patch")
    metadata = {key: value for key, value in read_map(document, "metadata").items() if key != "namespace"}
    if place is not None:
        metadata["namespace"] = place
    placed = {**document, "metadata": metadata}
    try:
        found = await call.cluster.read_object(resource, name=name, namespace=place)
    except ObjectNotFound:
        return Applied(Target(resource, place, name, None), placed)
    known = {"kind": resource.kind, "apiVersion": resource.api_version}
    return Applied(Target(resource, place, name, {**found, **known}), placed)


def _refuse(reason: str) -> KindedToolError:
    return KindedToolError(f"Nothing was changed: {reason}.", kind=ErrorKind.BAD_ARGUMENTS)
