"""Claims and volumes as the controllers write them, and which of them belong together. Pure."""

from simulator.store import JsonObject, matches_label_selector
from simulator.world.shapes import labels_of, matches_expression, memory_bytes

NO_PROVISIONER = "kubernetes.io/no-provisioner"
SELECTED_NODE = "volume.kubernetes.io/selected-node"
_BOUND_BY = "pv.kubernetes.io/bound-by-controller"
_BIND_COMPLETED = "pv.kubernetes.io/bind-completed"


def fits(volume: JsonObject, claim: JsonObject) -> bool:
    """Whether a free volume can be given to a claim."""
    spec, wanted = volume["spec"], claim["spec"]
    reference = spec.get("claimRef")
    if reference:
        metadata = claim["metadata"]
        return (reference["namespace"], reference["name"]) == (metadata["namespace"], metadata["name"])
    if (volume.get("status") or {}).get("phase") != "Available":
        return False
    size = ((wanted.get("resources") or {}).get("requests") or {}).get("storage")
    return (
        (spec.get("storageClassName") or "") == (wanted.get("storageClassName") or "")
        and memory_bytes(spec["capacity"]["storage"]) >= memory_bytes(size)
        and set(wanted.get("accessModes") or []) <= set(spec.get("accessModes") or [])
        and matches_label_selector(wanted.get("selector") or {}, labels_of(volume))
    )


def reaches_node(volume: JsonObject, node: JsonObject) -> bool:
    """Whether a volume can be used on a node: its own node affinity decides."""
    required = ((volume["spec"].get("nodeAffinity") or {}).get("required") or {}).get("nodeSelectorTerms")
    return not required or any(
        all(matches_expression(labels_of(node), expression=item) for item in term.get("matchExpressions") or [])
        for term in required
    )


def provisioned_volume(claim: JsonObject, storage_class: JsonObject) -> JsonObject:
    """A new volume of a class, made for one claim."""
    metadata, spec = claim["metadata"], claim["spec"]
    name = f"pvc-{metadata['uid']}"
    return {
        "metadata": {
            "name": name,
            "annotations": {"pv.kubernetes.io/provisioned-by": storage_class["provisioner"]},
        },
        "spec": {
            "capacity": dict((spec.get("resources") or {}).get("requests") or {}),
            "csi": {"driver": storage_class["provisioner"], "volumeHandle": name},
            "accessModes": list(spec.get("accessModes") or []),
            "claimRef": _reference(claim),
            "persistentVolumeReclaimPolicy": storage_class.get("reclaimPolicy", "Delete"),
            "storageClassName": storage_class["metadata"]["name"],
            "volumeMode": spec.get("volumeMode", "Filesystem"),
        },
        "status": {"phase": "Bound"},
    }


def bound_volume(volume: JsonObject, claim: JsonObject) -> JsonObject:
    return {**volume, "spec": {**volume["spec"], "claimRef": _reference(claim)}, "status": {"phase": "Bound"}}


def bound_claim(claim: JsonObject, volume: JsonObject) -> JsonObject:
    annotations = {**(claim["metadata"].get("annotations") or {}), _BIND_COMPLETED: "yes", _BOUND_BY: "yes"}
    driver = (volume["metadata"].get("annotations") or {}).get("pv.kubernetes.io/provisioned-by")
    if driver:
        annotations |= {
            "volume.beta.kubernetes.io/storage-provisioner": driver,
            "volume.kubernetes.io/storage-provisioner": driver,
        }
    return {
        **claim,
        "metadata": {**claim["metadata"], "annotations": annotations},
        "spec": {**claim["spec"], "volumeName": volume["metadata"]["name"]},
        "status": {
            "phase": "Bound",
            "accessModes": list(volume["spec"].get("accessModes") or []),
            "capacity": dict(volume["spec"].get("capacity") or {}),
        },
    }


def _reference(claim: JsonObject) -> JsonObject:
    metadata = claim["metadata"]
    named = {field: metadata[field] for field in ("namespace", "name", "uid")}
    version = {"resourceVersion": metadata["resourceVersion"]} if "resourceVersion" in metadata else {}
    return {"kind": "PersistentVolumeClaim", **named, "apiVersion": "v1", **version}
