"""Paths that are no resources: discovery, OpenAPI, version and health."""

from collections.abc import Collection

from starlette.requests import Request
from starlette.responses import Response

from simulator.api import discovery
from simulator.api.answers import json_answer, text_answer
from simulator.api.negotiation import wants_aggregated_discovery
from simulator.api.openapi import openapi_v2, openapi_v3, openapi_v3_index
from simulator.api.status_errors import PageNotFound, method_not_allowed, not_acceptable
from simulator.resource_table import ResourceTable
from simulator.store import JsonObject

_HEALTH_PATHS = ("/healthz", "/livez", "/readyz")
_HEALTH_PARTS = ("ping", "log", "etcd", "informer-sync", "shutdown")


def serve_document(request: Request, *, table: ResourceTable, unserved: Collection[tuple[str, str]] = ()) -> Response:
    """`unserved` are groups and versions that other servers are registered for and do not answer."""
    path = request.url.path.rstrip("/") or "/"
    if request.method not in {"GET", "HEAD"}:
        raise method_not_allowed()
    if path in _HEALTH_PATHS:
        return _health(path, is_verbose="verbose" in request.query_params)
    if path == "/version":
        return json_answer(discovery.SERVER_VERSION)
    if path == "/":
        return json_answer(
            {"paths": ["/api", "/api/v1", "/apis", *_HEALTH_PATHS, "/openapi/v2", "/openapi/v3", "/version"]}
        )
    if path.startswith("/openapi/"):
        return _openapi(request, path, table=table)
    return _discovery(request, path, table=table, unserved=unserved)


def _health(path: str, *, is_verbose: bool) -> Response:
    if not is_verbose:
        return text_answer("ok")
    lines = [f"[+]{part} ok" for part in _HEALTH_PARTS]
    return text_answer("\n".join([*lines, f"{path.removeprefix('/')} check passed\n"]))


def _openapi(request: Request, path: str, *, table: ResourceTable) -> Response:
    _require_json(request.headers.get("accept"))
    if path == "/openapi/v2":
        return json_answer(openapi_v2())
    if path == "/openapi/v3":
        # The real server labels its index as plain text.
        return json_answer(
            openapi_v3_index(table, table.revision), headers={"Content-Type": "text/plain; charset=utf-8"}
        )
    document = openapi_v3(table, table.revision, path.removeprefix("/openapi/v3/"))
    if document is None:
        raise PageNotFound
    return json_answer(document)


def _require_json(accept: str | None) -> None:
    """Schemas are served as JSON only; raise 406 to a client that takes nothing but protobuf."""
    entries = [entry.partition(";")[0].strip() for entry in (accept or "*/*").split(",")]
    if not {"application/json", "application/*", "*/*"} & set(entries):
        raise not_acceptable()


def _discovery(request: Request, path: str, *, table: ResourceTable, unserved: Collection[tuple[str, str]]) -> Response:
    aggregated = wants_aggregated_discovery(request.headers.get("accept"))
    if aggregated and path in {"/api", "/apis"}:
        return _aggregated(request, table=table, unserved=unserved, is_core=path == "/api", version=aggregated)
    steps = path.strip("/").split("/")
    if len(steps) == 3 and (steps[1], steps[2]) in unserved:
        return text_answer("service unavailable\n", code=503)
    document = _plain_discovery(request, path, table=table)
    if document is None:
        raise PageNotFound
    return json_answer(document)


def _aggregated(
    request: Request,
    *,
    table: ResourceTable,
    unserved: Collection[tuple[str, str]],
    is_core: bool,
    version: str,
) -> Response:
    document = discovery.aggregated_list(table, unserved=unserved, is_core=is_core, version=version)
    tag = discovery.entity_tag(document)
    headers = {"ETag": tag, "Vary": "Accept", "Cache-Control": "public"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    media_type = f"application/json;g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList"
    return json_answer(document, headers={**headers, "Content-Type": media_type})


def _plain_discovery(request: Request, path: str, *, table: ResourceTable) -> JsonObject | None:
    steps = path.strip("/").split("/")
    if steps == ["api"]:
        return discovery.core_versions(address=request.headers.get("host", "127.0.0.1"))
    if steps == ["apis"]:
        return discovery.group_list(table)
    if steps[0] == "api" and len(steps) == 2:
        return discovery.resource_list(table, group="", version=steps[1])
    if steps[0] == "apis" and len(steps) == 2:
        return discovery.find_group(table, steps[1])
    if steps[0] == "apis" and len(steps) == 3:
        return discovery.resource_list(table, group=steps[1], version=steps[2])
    return None
