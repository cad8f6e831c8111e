"""What the server serves, in the plain and in the aggregated form of discovery, all from the resource table."""

import hashlib
from collections.abc import Collection

from simulator.api.encoding import encode
from simulator.api_resources import ResourceType, Subresource
from simulator.resource_table import ResourceTable
from simulator.store import JsonObject

SERVER_VERSION: JsonObject = {
    "major": "1",
    "minor": "32",
    "gitVersion": "v1.32.13",
    "gitCommit": "63adf010aa20e104c0b7043b47f42f50c9f72b17",
    "gitTreeState": "clean",
    "buildDate": "2026-01-01T00:00:00Z",
    "goVersion": "go1.24.11",
    "compiler": "gc",
    "platform": "linux/amd64",
}


def core_versions(*, address: str) -> JsonObject:
    return {
        "kind": "APIVersions",
        "versions": ["v1"],
        "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": address}],
    }


def group_list(table: ResourceTable) -> JsonObject:
    names = dict.fromkeys(group for group, _ in table.group_versions() if group)
    groups = [_group(table, name) for name in names]
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}


def find_group(table: ResourceTable, name: str) -> JsonObject | None:
    """One API group, or None when it is not served."""
    if not name or not any(group == name for group, _ in table.group_versions()):
        return None
    return {"kind": "APIGroup", "apiVersion": "v1", **_group(table, name)}


def _group(table: ResourceTable, name: str) -> JsonObject:
    versions: list[JsonObject] = [
        {"groupVersion": f"{name}/{version}", "version": version}
        for group, version in table.group_versions()
        if group == name
    ]
    return {"name": name, "versions": versions, "preferredVersion": versions[0]}


def resource_list(table: ResourceTable, *, group: str, version: str) -> JsonObject | None:
    """The resources of one group and version, or None when it is not served."""
    found = table.resources_of(group=group, version=version)
    if not found:
        return None
    entries = [entry for resource in found for entry in _plain_entries(resource)]
    head: JsonObject = {"kind": "APIResourceList"}
    if group:
        head["apiVersion"] = "v1"
    return {**head, "groupVersion": found[0].api_version, "resources": sorted(entries, key=lambda e: str(e["name"]))}


def _plain_entries(resource: ResourceType) -> list[JsonObject]:
    entry: JsonObject = {
        "name": resource.plural,
        "singularName": resource.singular,
        "namespaced": resource.namespaced,
        "kind": resource.kind,
        "verbs": list(resource.verbs),
    }
    if resource.short_names:
        entry["shortNames"] = list(resource.short_names)
    if resource.categories:
        entry["categories"] = list(resource.categories)
    if resource.stored or resource.is_view:
        entry["storageVersionHash"] = resource.storage_version_hash
    return [entry, *(_plain_subresource(resource, sub) for sub in resource.subresources)]


def _plain_subresource(resource: ResourceType, sub: Subresource) -> JsonObject:
    entry: JsonObject = {
        "name": f"{resource.plural}/{sub.name}",
        "singularName": "",
        "namespaced": resource.namespaced,
    }
    if sub.group:
        entry["group"] = sub.group
        entry["version"] = sub.version
    return {**entry, "kind": sub.kind, "verbs": list(sub.verbs)}


def aggregated_list(
    table: ResourceTable, *, is_core: bool, version: str, unserved: Collection[tuple[str, str]] = ()
) -> JsonObject:
    """APIGroupDiscoveryList: everything below /api or below /apis at once."""
    groups = dict.fromkeys(group for group, _ in table.group_versions() if bool(group) is not is_core)
    return {
        "kind": "APIGroupDiscoveryList",
        "apiVersion": f"apidiscovery.k8s.io/{version}",
        "metadata": {},
        "items": [_aggregated_group(table, group, unserved=unserved) for group in groups],
    }


def _aggregated_group(table: ResourceTable, group: str, *, unserved: Collection[tuple[str, str]]) -> JsonObject:
    versions: list[JsonObject] = []
    for name, version in table.group_versions():
        if name != group:
            continue
        is_stale = (group, version) in unserved
        found = [] if is_stale else table.resources_of(group=group, version=version)
        entries = sorted((_aggregated_entry(resource) for resource in found), key=lambda item: str(item["resource"]))
        freshness = "Stale" if is_stale else "Current"
        versions.append({"version": version, "resources": entries, "freshness": freshness})
    named = {"name": group} if group else {}
    return {"metadata": {**named, "creationTimestamp": None}, "versions": versions}


def _aggregated_entry(resource: ResourceType) -> JsonObject:
    entry: JsonObject = {
        "resource": resource.plural,
        "responseKind": {"group": "", "version": "", "kind": resource.kind},
        "scope": "Namespaced" if resource.namespaced else "Cluster",
        "singularResource": resource.singular,
        "verbs": list(resource.verbs),
    }
    if resource.short_names:
        entry["shortNames"] = list(resource.short_names)
    if resource.categories:
        entry["categories"] = list(resource.categories)
    if resource.subresources:
        entry["subresources"] = [
            {
                "subresource": sub.name,
                "responseKind": {"group": sub.group, "version": sub.version, "kind": sub.kind},
                "verbs": list(sub.verbs),
            }
            for sub in resource.subresources
        ]
    return entry


def entity_tag(document: JsonObject) -> str:
    """The ETag of a discovery document: clients ask again with it and get 304."""
    return f'"{hashlib.sha512(encode(document)).hexdigest().upper()}"'
