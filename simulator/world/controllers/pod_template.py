"""From a pod template to the pod that a controller creates, with what admission adds on the way in."""

import copy

from simulator.api.admission.pod_defaults import admit_pod as complete_pod
from simulator.api.admission.pod_defaults import default_pod_spec
from simulator.api_resources import PODS, SERVICEACCOUNTS
from simulator.store import JsonObject
from simulator.world.engine import Engine
from simulator.world.events import EventSource

PRIORITIES = {"system-cluster-critical": 2_000_000_000, "system-node-critical": 2_000_001_000}


class CreationForbidden(Exception):
    """Admission refuses the pod; the message is worded as the API server words it."""


def create_pod(engine: Engine, pod: JsonObject, *, owner: JsonObject, source: EventSource) -> JsonObject | None:
    """Admit and store a pod for its controller and report it; None when it was refused (which is reported too)."""
    try:
        created = engine.state.store.create(PODS, admit_pod(engine, pod))
    except CreationForbidden as error:
        message = f"Error creating: {error}"
        engine.events.record(owner, reason="FailedCreate", message=message, source=source, warning=True)
        return None
    message = f"Created pod: {created['metadata']['name']}"
    engine.events.record(owner, reason="SuccessfulCreate", message=message, source=source)
    return created


def delete_pod(engine: Engine, pod: JsonObject, *, owner: JsonObject, source: EventSource) -> None:
    """Begin the deletion of a pod and report it on its controller."""
    metadata = pod["metadata"]
    engine.state.delete(PODS, f"{metadata['namespace']}/{metadata['name']}")
    message = f"Deleted pod: {metadata['name']}"
    engine.events.record(owner, reason="SuccessfulDelete", message=message, source=source)


def pod_from_template(template: JsonObject, *, namespace: str, owner_reference: JsonObject) -> JsonObject:
    """A pod with the labels, annotations and spec of the template; the caller adds the name."""
    given = template.get("metadata") or {}
    metadata: JsonObject = {"namespace": namespace}
    for field in ("labels", "annotations"):
        if given.get(field):
            metadata[field] = dict(given[field])
    metadata["ownerReferences"] = [owner_reference]
    return {"metadata": metadata, "spec": copy.deepcopy(template["spec"])}


def admit_pod(engine: Engine, pod: JsonObject) -> JsonObject:
    """Complete a pod as the API server's admission does; raise CreationForbidden."""
    namespace = pod["metadata"]["namespace"]
    spec = dict(pod["spec"])
    account = spec.get("serviceAccountName") or "default"
    if engine.state.store.find(SERVICEACCOUNTS, namespace=namespace, name=account) is None:
        shown = pod["metadata"].get("name") or pod["metadata"].get("generateName")
        raise CreationForbidden(
            f'pods "{shown}" is forbidden: error looking up service account {namespace}/{account}: '
            f'serviceaccount "{account}" not found'
        )
    if spec.get("priorityClassName") in PRIORITIES:
        spec["priority"] = PRIORITIES[spec["priorityClassName"]]
    admitted = {**pod, "spec": spec}
    default_pod_spec(spec)
    complete_pod(admitted, token_suffix=engine.identities.name_ending())
    return admitted
