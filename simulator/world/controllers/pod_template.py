"""From a pod template to the pod that a controller creates, with what admission adds on the way in."""

import copy
from dataclasses import dataclass

from simulator.api.admission.names import check_labels
from simulator.api.admission.pod_defaults import admit_pod as complete_pod
from simulator.api.admission.pod_defaults import default_pod_spec
from simulator.api.admission.policies import check_new, complete_new
from simulator.api.status_errors import ApiError, invalid
from simulator.api_resources import PODS
from simulator.store import JsonObject
from simulator.world.engine import Engine
from simulator.world.events import EventSource


class CreationRefused(Exception):
    """Admission refuses an object; the message is worded as the API server words it."""


@dataclass(frozen=True, slots=True)
class Wording:
    """How a controller reports what it does with pods, with {pod}, {owner} and {error}."""

    created: str = "Created pod: {pod}"
    deleted: str = "Deleted pod: {pod}"
    refused: str = "Error creating: {error}"


PLAIN = Wording()


def create_pod(
    engine: Engine, pod: JsonObject, *, owner: JsonObject, source: EventSource, wording: Wording = PLAIN
) -> JsonObject:
    """Admit and store a pod for its controller and report it; raise CreationRefused, which is reported too."""
    name = owner["metadata"]["name"]
    try:
        created = engine.state.store.create(PODS, admit_pod(engine, pod))
    except ApiError as error:
        planned = pod["metadata"].get("name", "")
        message = wording.refused.format(error=error, pod=planned, owner=name)
        engine.events.record(owner, reason="FailedCreate", message=message, source=source, warning=True)
        raise CreationRefused(str(error)) from error
    message = wording.created.format(pod=created["metadata"]["name"], owner=name)
    engine.events.record(owner, reason="SuccessfulCreate", message=message, source=source)
    return created


def delete_pod(
    engine: Engine, pod: JsonObject, *, owner: JsonObject, source: EventSource, wording: Wording = PLAIN
) -> None:
    """Begin the deletion of a pod and report it on its controller."""
    metadata = pod["metadata"]
    engine.state.delete(PODS, f"{metadata['namespace']}/{metadata['name']}")
    message = wording.deleted.format(pod=metadata["name"], owner=owner["metadata"]["name"])
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
    """Complete and check a pod as the API server's admission does; raise ApiError."""
    admitted = {**pod, "metadata": dict(pod["metadata"]), "spec": copy.deepcopy(pod["spec"])}
    default_pod_spec(admitted["spec"])
    complete_pod(admitted, token_suffix=engine.identities.name_ending())
    complete_new(engine.state.store, PODS, admitted)
    if "name" not in admitted["metadata"]:
        admitted["metadata"]["name"] = admitted["metadata"]["generateName"] + engine.identities.name_ending()
    causes = list(check_labels(admitted["metadata"].get("labels"), field="metadata.labels"))
    if causes:
        raise invalid(kind="Pod", group="", name=admitted["metadata"]["name"], causes=causes)
    check_new(engine.state.store, PODS, admitted)
    return admitted
