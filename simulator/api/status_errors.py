"""Failures as the Kubernetes API words them: one exception that carries the Status object it becomes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from simulator.api_resources import ResourceType
from simulator.store import JsonObject


class ApiError(Exception):
    """A request that fails; `status` is the body of the answer."""

    def __init__(
        self,
        code: int,
        reason: str,
        message: str,
        *,
        details: JsonObject | None = None,
        headers: Mapping[str, str] | None = None,
        metadata: JsonObject | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.headers = dict(headers or {})
        self.status: JsonObject = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": metadata or {},
            "status": "Failure",
            "message": message,
            "reason": reason,
        }
        if details is not None:
            self.status["details"] = details
        self.status["code"] = code


class PageNotFound(Exception):
    """The path leads nowhere; the real server answers it in plain text."""


@dataclass(frozen=True, slots=True)
class Cause:
    """One field that is wrong."""

    reason: str
    message: str
    field: str

    def describe(self) -> str:
        return f"{self.field}: {self.message}"


def invalid_value(field: str, value: str, message: str) -> Cause:
    """`value` is written as Go prints it (strings in quotes)."""
    return Cause("FieldValueInvalid", f"Invalid value: {value}: {message}", field)


def required_value(field: str, message: str = "") -> Cause:
    return Cause("FieldValueRequired", f"Required value: {message}" if message else "Required value", field)


def duplicate_value(field: str, value: str) -> Cause:
    return Cause("FieldValueDuplicate", f"Duplicate value: {value}", field)


def unsupported_value(field: str, value: str, supported: Sequence[str]) -> Cause:
    choices = ", ".join(f'"{choice}"' for choice in supported)
    return Cause("FieldValueNotSupported", f"Unsupported value: {value}: supported values: {choices}", field)


def forbidden_value(field: str, message: str) -> Cause:
    return Cause("FieldValueForbidden", f"Forbidden: {message}", field)


def bad_request(message: str) -> ApiError:
    return ApiError(400, "BadRequest", message)


def unauthorized() -> ApiError:
    return ApiError(401, "Unauthorized", "Unauthorized")


def not_found(resource: ResourceType, *, name: str) -> ApiError:
    details = resource_details(resource, name=name)
    return ApiError(404, "NotFound", f'{resource.qualified_name} "{name}" not found', details=details)


def unknown_resource() -> ApiError:
    return ApiError(404, "NotFound", "the server could not find the requested resource", details={})


def method_not_allowed() -> ApiError:
    message = "the server does not allow this method on the requested resource"
    return ApiError(405, "MethodNotAllowed", message, details={})


def not_acceptable() -> ApiError:
    available = (
        "application/json, application/yaml, application/vnd.kubernetes.protobuf, "
        "application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch"
    )
    message = f"406: Not Acceptable\n\nAvailable representations: {available}"
    return ApiError(406, "NotAcceptable", message, details={})


def unsupported_media_type() -> ApiError:
    return ApiError(415, "UnsupportedMediaType", "415: Unsupported Media Type", details={})


def conflict(message: str, *, name: str, kind: str, group: str = "") -> ApiError:
    details: JsonObject = {"name": name, **({"group": group} if group else {}), "kind": kind}
    return ApiError(409, "Conflict", message, details=details)


def already_exists(resource: ResourceType, *, name: str) -> ApiError:
    message = f'{resource.qualified_name} "{name}" already exists'
    return ApiError(409, "AlreadyExists", message, details=resource_details(resource, name=name))


def expired(message: str, *, metadata: JsonObject | None = None) -> ApiError:
    return ApiError(410, "Expired", message, metadata=metadata)


def invalid(*, kind: str, group: str, name: str, causes: Sequence[Cause]) -> ApiError:
    """422 with every wrong field, in the order found."""
    described = [cause.describe() for cause in causes]
    joined = described[0] if len(described) == 1 else f"[{', '.join(described)}]"
    qualified = f"{kind}.{group}" if group else kind
    details: JsonObject = {"name": name, **({"group": group} if group else {}), "kind": kind}
    details["causes"] = [{"reason": c.reason, "message": c.message, "field": c.field} for c in causes]
    return ApiError(422, "Invalid", f'{qualified} "{name}" is invalid: {joined}', details=details)


def unprocessable() -> ApiError:
    """What the real server says when a patch cannot be applied to the object."""
    message = "the server rejected our request due to an error in our request"
    return ApiError(422, "Invalid", message, details={})


def too_large_version(message: str) -> ApiError:
    cause = {"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}
    details: JsonObject = {"causes": [cause], "retryAfterSeconds": 1}
    return ApiError(504, "Timeout", f"Timeout: {message}", details=details, headers={"Retry-After": "1"})


def internal_error(error: Exception) -> ApiError:
    details: JsonObject = {"causes": [{"message": str(error)}]}
    return ApiError(500, "InternalError", f"Internal error occurred: {error}", details=details)


def resource_details(resource: ResourceType, *, name: str = "") -> JsonObject:
    details: JsonObject = {"name": name} if name else {}
    if resource.group:
        details["group"] = resource.group
    details["kind"] = resource.plural
    return details
