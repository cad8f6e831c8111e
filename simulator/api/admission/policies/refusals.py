"""How admission says no."""

from simulator.api.status_errors import ApiError, resource_details
from simulator.api_resources import ResourceType
from simulator.store import JsonObject


def forbidden(resource: ResourceType, item: JsonObject, reason: str) -> ApiError:
    """403 with the object's name, or the beginning of it while it has none yet."""
    metadata = item["metadata"]
    name = metadata.get("name") or metadata.get("generateName", "")
    message = f'{resource.qualified_name} "{name}" is forbidden: {reason}'
    return ApiError(403, "Forbidden", message, details=resource_details(resource, name=name))
