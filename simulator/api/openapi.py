"""OpenAPI documents, made from the field table, for clients that validate, explain or patch by schema."""

import hashlib
from functools import cache, lru_cache

from simulator.api.discovery import SERVER_VERSION
from simulator.api.encoding import encode
from simulator.api.schema.definitions import SCALARS, definition_of, is_list, is_map, item_type
from simulator.api.schema.list_keys import is_primitive_set, patch_merge_key
from simulator.api_resources import ResourceType
from simulator.resource_table import ResourceTable
from simulator.store import JsonObject

_REF = "#/components/schemas/"
_JSON_TYPES = {"string": "string", "integer": "integer", "number": "number", "boolean": "boolean"}
_PATCH_TYPES = (
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/strategic-merge-patch+json",
    "application/apply-patch+yaml",
)
_WRITE_PARAMETERS = ("dryRun", "fieldManager", "fieldValidation")


@cache
def openapi_v2() -> JsonObject:
    """Only a head: clients of this server's version read OpenAPI v3."""
    return {"swagger": "2.0", "info": _info(), "paths": {}, "definitions": {}}


@lru_cache(maxsize=4)
def openapi_v3_index(table: ResourceTable, revision: int) -> JsonObject:
    """`revision` is the table's, so that a changed table is described anew."""
    paths: JsonObject = {}
    for group, version in table.group_versions():
        path = _document_path(group, version)
        digest = hashlib.sha512(encode(openapi_v3(table, revision, path))).hexdigest().upper()
        paths[path] = {"serverRelativeURL": f"/openapi/v3/{path}?hash={digest}"}
    return {"paths": paths}


@lru_cache(maxsize=64)
def openapi_v3(table: ResourceTable, revision: int, path: str) -> JsonObject | None:
    """The document of one group and version, `api/v1` or `apis/GROUP/VERSION`; None when it is not served."""
    del revision
    served = {_document_path(group, version): (group, version) for group, version in table.group_versions()}
    if path not in served:
        return None
    group, version = served[path]
    found = table.resources_of(group=group, version=version)
    schemas: JsonObject = {}
    paths: JsonObject = {}
    for resource in found:
        if resource.custom is None and definition_of(resource.schema) is None:
            continue
        paths.update(_paths(resource))
        if resource.custom is not None:
            schemas[_schema_name(resource.schema, resource)] = dict(resource.custom.openapi)
        else:
            _add_schema(resource.schema, resource=resource, schemas=schemas)
        _mark_kind(schemas[_schema_name(resource.schema, resource)], resource)
    return {"openapi": "3.0.0", "info": _info(), "paths": paths, "components": {"schemas": schemas}}


def _document_path(group: str, version: str) -> str:
    return f"apis/{group}/{version}" if group else f"api/{version}"


def _info() -> JsonObject:
    return {"title": "Kubernetes", "version": SERVER_VERSION["gitVersion"]}


def _paths(resource: ResourceType) -> JsonObject:
    prefix = f"/apis/{resource.group}/{resource.version}" if resource.group else f"/api/{resource.version}"
    scope = "/namespaces/{namespace}" if resource.namespaced else ""
    reference = {"$ref": _REF + _schema_name(resource.schema, resource)}
    gvk = _group_version_kind(resource)
    answer = {"200": {"description": "OK", "content": {"application/json": {"schema": reference}}}}
    writes: JsonObject = {
        "parameters": [_query_parameter(name) for name in _WRITE_PARAMETERS],
        "responses": answer,
        "x-kubernetes-group-version-kind": gvk,
    }
    body = {"content": {"*/*": {"schema": reference}}}
    patch_body = {"content": {media_type: {"schema": {"type": "object"}} for media_type in _PATCH_TYPES}}
    named = {
        "get": {"responses": answer, "x-kubernetes-action": "get", "x-kubernetes-group-version-kind": gvk},
        "put": {**writes, "requestBody": body, "x-kubernetes-action": "put"},
        "patch": {**writes, "requestBody": patch_body, "x-kubernetes-action": "patch"},
        "delete": {**writes, "x-kubernetes-action": "delete"},
    }
    collection = {"post": {**writes, "requestBody": body, "x-kubernetes-action": "post"}}
    listing = {"responses": answer, "x-kubernetes-action": "list", "x-kubernetes-group-version-kind": gvk}
    return {
        f"{prefix}{scope}/{resource.plural}": {"get": listing, **collection},
        f"{prefix}{scope}/{resource.plural}/{{name}}": named,
    }


def _query_parameter(name: str) -> JsonObject:
    return {"name": name, "in": "query", "schema": {"type": "string", "uniqueItems": True}}


def _group_version_kind(resource: ResourceType) -> JsonObject:
    return {"group": resource.group, "kind": resource.kind, "version": resource.version}


def _mark_kind(schema: JsonObject, resource: ResourceType) -> None:
    schema["x-kubernetes-group-version-kind"] = [_group_version_kind(resource)]


def _schema_name(type_name: str, resource: ResourceType) -> str:
    if type_name == "ObjectMeta":
        return "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
    if type_name != resource.schema:
        return f"io.k8s.api.core.v1.{type_name}"
    if resource.custom is not None:
        return f"{'.'.join(reversed(resource.group.split('.')))}.{resource.version}.{resource.kind}"
    return f"io.k8s.api.{resource.group.partition('.')[0] or 'core'}.{resource.version}.{resource.kind}"


def _add_schema(type_name: str, *, resource: ResourceType, schemas: JsonObject) -> None:
    name = _schema_name(type_name, resource)
    fields = definition_of(type_name)
    if name in schemas or fields is None:
        return
    properties: JsonObject = {}
    schemas[name] = {"type": "object", "properties": properties}
    for field, field_type in sorted(fields.items()):
        schema = _field_schema(field_type, resource=resource, schemas=schemas)
        key = patch_merge_key(type_name, field)
        if key is not None:
            schema["x-kubernetes-patch-merge-key"] = key
        if key is not None or is_primitive_set(type_name, field):
            schema["x-kubernetes-patch-strategy"] = "merge"
        properties[field] = schema


def _field_schema(type_name: str, *, resource: ResourceType, schemas: JsonObject) -> JsonObject:
    if is_list(type_name):
        items = _field_schema(item_type(type_name), resource=resource, schemas=schemas)
        return {"type": "array", "items": items}
    if is_map(type_name):
        values = _field_schema(item_type(type_name), resource=resource, schemas=schemas)
        return {"type": "object", "additionalProperties": values}
    if type_name in SCALARS:
        return _scalar_schema(type_name)
    _add_schema(type_name, resource=resource, schemas=schemas)
    return {"allOf": [{"$ref": _REF + _schema_name(type_name, resource)}], "default": {}}


def _scalar_schema(type_name: str) -> JsonObject:
    if type_name == "any":
        return {"format": "int-or-string", "oneOf": [{"type": "integer"}, {"type": "string"}]}
    formats = {"time": "date-time", "bytes": "byte", "integer": "int32"}
    schema: JsonObject = {"type": _JSON_TYPES.get(type_name, "string")}
    return {**schema, "format": formats[type_name]} if type_name in formats else schema
