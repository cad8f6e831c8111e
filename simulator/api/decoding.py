"""From a request body to an object of the right kind, with the checks that come before validation."""

from collections.abc import Mapping
from dataclasses import dataclass

from simulator.api.bodies import json_kind, read_json_body
from simulator.api.schema import check_object, without_nulls
from simulator.api.status_errors import ApiError, bad_request
from simulator.api_resources import ResourceType, find_kind
from simulator.store import JsonObject


@dataclass(frozen=True, slots=True)
class Decoded:
    item: JsonObject
    warnings: tuple[str, ...] = ()

    @property
    def headers(self) -> dict[str, str]:
        """The Warning header of the answer."""
        if not self.warnings:
            return {}
        quoted = (warning.replace("\\", "\\\\").replace('"', '\\"') for warning in self.warnings)
        return {"Warning": ", ".join(f'299 - "{text}"' for text in quoted)}


def decode_object(
    resource: ResourceType, body: bytes, *, content_type: str | None, query: Mapping[str, str]
) -> Decoded:
    """The object a client sent; raise 400 or 415."""
    item = read_json_body(body, kind=resource.kind, content_type=content_type)
    return check_decoded(resource, item, query=query)


def check_decoded(resource: ResourceType, item: JsonObject, *, query: Mapping[str, str]) -> Decoded:
    """Check kind, types and unknown fields, the latter as strictly as `fieldValidation` asks."""
    given = {field: value for field, value in item.items() if value is not None}
    item = {"kind": resource.kind, "apiVersion": resource.api_version, **given}
    _check_kind(resource, item)
    findings = check_object(resource.kind, item)
    if findings.type_error:
        raise _cannot_handle(resource, findings.type_error)
    mode = query.get("fieldValidation") or "Warn"
    if mode not in {"Strict", "Warn", "Ignore"}:
        raise _bad_field_validation(mode)
    unknown = [f'unknown field "{path}"' for path in findings.unknown_fields]
    if unknown and mode == "Strict":
        raise _cannot_handle(resource, f"strict decoding error: {', '.join(unknown)}")
    for path in findings.unknown_fields:
        _drop(item, path)
    return Decoded(without_nulls(resource.kind, item), tuple(unknown) if mode == "Warn" else ())


def _check_kind(resource: ResourceType, item: JsonObject) -> None:
    kind, api_version = item["kind"], item["apiVersion"]
    for name, value in (("kind", kind), ("apiVersion", api_version)):
        if not isinstance(value, str):
            found = f"json: cannot unmarshal {json_kind(value)} into Go struct field .{name} of type string"
            raise bad_request(f"couldn't get version/kind; json parse error: {found}")
    if (kind, api_version) == (resource.kind, resource.api_version):
        return
    _, _, version = str(api_version).rpartition("/")
    head = f'{kind} in version "{version}" cannot be handled as a {resource.kind}'
    if find_kind(api_version=api_version, kind=kind) is None:
        where = 'in scheme "pkg/api/legacyscheme/scheme.go:30"'
        raise bad_request(f'{head}: no kind "{kind}" is registered for version "{api_version}" {where}')
    internal = resource.group.partition(".")[0] or "core"
    conversion = f"converting ({version}.{kind}) to ({internal}.{resource.kind}): unknown conversion"
    raise bad_request(f"{head}: {conversion}")


def _cannot_handle(resource: ResourceType, reason: str) -> ApiError:
    kind = resource.kind
    return bad_request(f'{kind} in version "{resource.version}" cannot be handled as a {kind}: {reason}')


def _bad_field_validation(mode: str) -> ApiError:
    message = f'Unsupported value: "{mode}": supported values: "Ignore", "Strict", "Warn"'
    cause = {"reason": "FieldValueNotSupported", "message": message, "field": "fieldValidation"}
    details = {"group": "meta.k8s.io", "kind": "CreateOptions", "causes": [cause]}
    text = f'CreateOptions.meta.k8s.io "" is invalid: fieldValidation: {message}'
    return ApiError(422, "Invalid", text, details=details)


def _drop(item: JsonObject, path: str) -> None:
    """Forget an unknown field: the real server cannot store what it does not know."""
    node: object = item
    steps = path.replace("[", ".[").split(".")
    for step in steps[:-1]:
        if step.startswith("[") and isinstance(node, list):
            node = node[int(step[1:-1])]
        elif isinstance(node, dict):
            node = node.get(step)
    if isinstance(node, dict):
        node.pop(steps[-1], None)
