"""Which fields a field selector may name, per resource, and how they are read."""

from collections.abc import Callable

from simulator.api.status_errors import bad_request
from simulator.api_resources import (
    EVENTS,
    EVENTS_V1,
    JOBS,
    NAMESPACES,
    NODES,
    PODS,
    REPLICASETS,
    REPLICATIONCONTROLLERS,
    SECRETS,
    SERVICES,
    ResourceType,
)
from simulator.store import FieldSelector, JsonObject, SelectorError, parse_field_selector
from simulator.store.selectors import FieldRequirement, read_field

_EVERYWHERE = frozenset({"metadata.name", "metadata.namespace"})
_EVENT_OBJECT = ("kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath")
_EXTRA: dict[ResourceType, frozenset[str]] = {
    PODS: frozenset(
        {
            "spec.nodeName",
            "spec.restartPolicy",
            "spec.schedulerName",
            "spec.serviceAccountName",
            "spec.hostNetwork",
            "status.phase",
            "status.podIP",
            "status.podIPs",
            "status.nominatedNodeName",
        }
    ),
    EVENTS: frozenset(
        {*(f"involvedObject.{f}" for f in _EVENT_OBJECT), "reason", "reportingComponent", "source", "type"}
    ),
    EVENTS_V1: frozenset({*(f"regarding.{f}" for f in _EVENT_OBJECT), "reason", "reportingController", "type"}),
    NODES: frozenset({"spec.unschedulable"}),
    NAMESPACES: frozenset({"status.phase"}),
    SECRETS: frozenset({"type"}),
    SERVICES: frozenset({"spec.clusterIP", "spec.type"}),
    JOBS: frozenset({"status.successful"}),
    REPLICASETS: frozenset({"status.replicas"}),
    REPLICATIONCONTROLLERS: frozenset({"status.replicas"}),
}
# The selector's name for a field, and where the stored object keeps it.
_MOVED = {"source": "source.component", "status.successful": "status.succeeded", "status.podIPs": "status.podIP"}
_FALSE_WHEN_UNSET = frozenset({"spec.unschedulable", "spec.hostNetwork"})
_ZERO_WHEN_UNSET = frozenset({"status.successful", "status.replicas"})

FieldFilter = Callable[[JsonObject], bool]


def compile_field_selector(resource: ResourceType, text: str) -> FieldSelector:
    """Parse a selector; raise 400 when it is malformed or names a field this resource cannot be selected by."""
    try:
        selector = parse_field_selector(text)
    except SelectorError as error:
        raise bad_request(str(error)) from error
    extra = _EXTRA.get(resource, frozenset())
    for requirement in selector.requirements:
        if requirement.path in extra or requirement.path in _EVERYWHERE:
            continue
        if extra:
            raise bad_request(f"field label not supported: {requirement.path}")
        raise bad_request(
            f'"{requirement.path}" is not a known field selector: only "metadata.name", "metadata.namespace"'
        )
    return selector


def accepts_fields(selector: FieldSelector, item: JsonObject) -> bool:
    return all(_accepts(requirement, item) for requirement in selector.requirements)


def _accepts(requirement: FieldRequirement, item: JsonObject) -> bool:
    path = requirement.path
    value = read_field(item, _MOVED.get(path, path))
    if not value and path in _FALSE_WHEN_UNSET:
        value = "false"
    if not value and path in _ZERO_WHEN_UNSET:
        value = "0"
    return (value == requirement.value) is requirement.is_equal
