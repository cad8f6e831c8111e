"""From a CustomResourceDefinition to the resources it makes the server serve. Pure."""

from typing import Any

from simulator.api_resources import STATUS_VERBS, CustomShape, PrinterColumn, ResourceType, Subresource
from simulator.store.json_types import JsonObject


def custom_resources(definition: JsonObject) -> list[ResourceType]:
    """One resource per served version; the objects are kept in the storage version, the others are views of it."""
    spec = definition["spec"]
    versions = [entry for entry in spec.get("versions") or [] if entry.get("served") or entry.get("storage")]
    storage = next((entry["name"] for entry in versions if entry.get("storage")), "")
    # The storage version first: the others are looked up through it.
    ordered = sorted(versions, key=lambda entry: not entry.get("storage"))
    return [_resource(spec, entry, storage=storage) for entry in ordered]


def _resource(spec: JsonObject, version: JsonObject, *, storage: str) -> ResourceType:
    names = spec["names"]
    is_storage = version["name"] == storage
    return ResourceType(
        group=spec["group"],
        version=version["name"],
        plural=names["plural"],
        singular=names.get("singular") or names["kind"].lower(),
        kind=names["kind"],
        namespaced=spec.get("scope", "Namespaced") == "Namespaced",
        short_names=tuple(names.get("shortNames") or ()),
        categories=tuple(names.get("categories") or ()),
        subresources=tuple(_subresources(version, kind=names["kind"])),
        has_generation=True,
        storage_version=storage,
        stored=is_storage,
        is_view=not is_storage,
        custom=CustomShape(columns=_columns(version), openapi=_openapi(version)),
    )


def _subresources(version: JsonObject, *, kind: str) -> list[Subresource]:
    found = []
    wanted = version.get("subresources") or {}
    if "scale" in wanted:
        found.append(Subresource("scale", "Scale", STATUS_VERBS, group="autoscaling", version="v1"))
    if "status" in wanted:
        found.append(Subresource("status", kind, STATUS_VERBS))
    return found


def _columns(version: JsonObject) -> tuple[PrinterColumn, ...]:
    return tuple(
        PrinterColumn(entry["name"], entry["jsonPath"], entry.get("type", "string"), entry.get("priority", 0) > 0)
        for entry in version.get("additionalPrinterColumns") or ()
    )


def _openapi(version: JsonObject) -> dict[str, Any]:  # an open JSON schema
    schema: dict[str, Any] = (version.get("schema") or {}).get("openAPIV3Schema") or {}
    return schema
