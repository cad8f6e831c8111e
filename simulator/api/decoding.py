"""From a request body to an object of the right kind, with the checks that come before validation."""

from dataclasses import dataclass

from simulator.api import views
from simulator.api.bodies import json_kind, read_json_body
from simulator.api.context import ApiContext, Call
from simulator.api.custom_objects import fill_defaults, prune, validate_custom
from simulator.api.schema import Findings, check_object, without_nulls
from simulator.api.status_errors import ApiError, bad_request
from simulator.api_resources import ResourceType
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


def decode_object(context: ApiContext, call: Call) -> Decoded:
    """The object a client sent, in the form in which it is kept; raise 400 or 415."""
    item = read_json_body(call.body, kind=call.asked.kind, content_type=call.headers.get("content-type"))
    return check_decoded(context, call, item)


def check_decoded(context: ApiContext, call: Call, item: JsonObject) -> Decoded:
    """Check kind, types and unknown fields, the latter as strictly as `fieldValidation` asks."""
    resource = call.asked
    given = {field: value for field, value in item.items() if value is not None}
    item = {"kind": resource.kind, "apiVersion": resource.api_version, **given}
    _check_kind(context, resource, item)
    findings = _check_fields(resource, item)
    if findings.type_error:
        raise _cannot_handle(resource, findings.type_error)
    mode = call.query.get("fieldValidation") or "Warn"
    if mode not in {"Strict", "Warn", "Ignore"}:
        raise _bad_field_validation(mode)
    unknown = [f'unknown field "{path}"' for path in findings.unknown_fields]
    if unknown and mode == "Strict":
        raise _cannot_handle(resource, f"strict decoding error: {', '.join(unknown)}")
    for path in findings.unknown_fields:
        _drop(item, path)
    clean = _complete_custom(resource, item) if resource.custom else without_nulls(resource.schema, item)
    in_kept_form = views.kept(clean, asked=resource, stored=call.resource)
    return Decoded(in_kept_form, tuple(unknown) if mode == "Warn" else ())


def _check_fields(resource: ResourceType, item: JsonObject) -> Findings:
    if resource.custom is None:
        return check_object(resource.schema, item)
    findings = check_object("ObjectMeta", item.get("metadata") or {})
    findings.unknown_fields = [f"metadata.{path}" for path in findings.unknown_fields]
    return Findings(findings.type_error, [*findings.unknown_fields, *prune(resource, item)[1]])


def _complete_custom(resource: ResourceType, item: JsonObject) -> JsonObject:
    clean = {field: value for field, value in prune(resource, item)[0].items() if value is not None}
    clean.setdefault("metadata", {})
    fill_defaults(resource, clean)
    validate_custom(resource, clean)
    return clean


def _check_kind(context: ApiContext, resource: ResourceType, item: JsonObject) -> None:
    kind, api_version = item["kind"], item["apiVersion"]
    for name, value in (("kind", kind), ("apiVersion", api_version)):
        if not isinstance(value, str):
            found = f"json: cannot unmarshal {json_kind(value)} into Go struct field .{name} of type string"
            raise bad_request(f"couldn't get version/kind; json parse error: {found}")
    if (kind, api_version) == (resource.kind, resource.api_version):
        return
    _, _, version = str(api_version).rpartition("/")
    head = f'{kind} in version "{version}" cannot be handled as a {resource.kind}'
    if context.store.resources.find_kind(api_version=api_version, kind=kind) is None:
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
