"""From a pod template to the pod that a controller creates, with what admission adds on the way in."""

import copy

from simulator.api_resources import PODS, SERVICEACCOUNTS
from simulator.store import JsonObject
from simulator.world.engine import Engine
from simulator.world.events import EventSource
from simulator.world.kubelet.status import quality_of_service

TOKEN_MOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"  # noqa: S105  # a path, not a secret
NODE_TROUBLE = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")
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
    """Fill in what the API server's admission adds to every pod; raise CreationForbidden."""
    namespace = pod["metadata"]["namespace"]
    spec = pod["spec"]
    account = spec.get("serviceAccountName") or "default"
    if engine.state.store.find(SERVICEACCOUNTS, namespace=namespace, name=account) is None:
        shown = pod["metadata"].get("name") or pod["metadata"].get("generateName")
        raise CreationForbidden(
            f'pods "{shown}" is forbidden: error looking up service account {namespace}/{account}: '
            f'serviceaccount "{account}" not found'
        )
    added: JsonObject = {
        "serviceAccountName": account,
        "serviceAccount": account,
        "securityContext": {},
        "schedulerName": "default-scheduler",
        "restartPolicy": "Always",
        "terminationGracePeriodSeconds": 30,
        "dnsPolicy": "ClusterFirst",
        "priority": PRIORITIES.get(spec.get("priorityClassName", ""), 0),
        "enableServiceLinks": True,
        "preemptionPolicy": "PreemptLowerPriority",
    }
    full = {**added, **spec, "tolerations": _with_node_trouble(spec.get("tolerations") or [])}
    if full.get("automountServiceAccountToken", True):
        _mount_token(full, name=f"kube-api-access-{engine.identities.name_ending()}")
    status = {"phase": "Pending", "qosClass": quality_of_service(full)}
    return {**pod, "spec": full, "status": status}


def _with_node_trouble(tolerations: list[JsonObject]) -> list[JsonObject]:
    """Five minutes of patience with a node that is not ready or cannot be reached, unless the pod says otherwise."""
    known = {item.get("key") for item in tolerations}
    if any(not item.get("key") and item.get("operator") == "Exists" for item in tolerations):
        return tolerations
    added = [
        {"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}
        for key in NODE_TROUBLE
        if key not in known
    ]
    return [*tolerations, *added]


def _mount_token(spec: JsonObject, *, name: str) -> None:
    sources = [
        {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
        {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        {
            "downwardAPI": {
                "items": [{"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}]
            }
        },
    ]
    volume = {"name": name, "projected": {"sources": sources, "defaultMode": 420}}
    spec["volumes"] = [*(spec.get("volumes") or []), volume]
    mount = {"name": name, "readOnly": True, "mountPath": TOKEN_MOUNT}
    for section in ("initContainers", "containers"):
        if spec.get(section):
            spec[section] = [
                {**item, "volumeMounts": [*(item.get("volumeMounts") or []), mount]} for item in spec[section]
            ]
