"""How the lists of the core types merge. Lists that are not named here are replaced as a whole.

Strategic merge patches and server-side apply disagree for some lists, so there are two tables.
"""

# (type, field) -> the key by which a strategic merge patch finds an item.
_MERGE_KEYS: dict[tuple[str, str], str] = {
    ("ObjectMeta", "ownerReferences"): "uid",
    ("PodSpec", "volumes"): "name",
    ("PodSpec", "containers"): "name",
    ("PodSpec", "initContainers"): "name",
    ("PodSpec", "ephemeralContainers"): "name",
    ("PodSpec", "imagePullSecrets"): "name",
    ("PodSpec", "hostAliases"): "ip",
    ("PodSpec", "topologySpreadConstraints"): "topologyKey",
    ("PodSpec", "schedulingGates"): "name",
    ("PodSpec", "resourceClaims"): "name",
    ("Container", "ports"): "containerPort",
    ("Container", "env"): "name",
    ("Container", "volumeMounts"): "mountPath",
    ("Container", "volumeDevices"): "devicePath",
    ("EphemeralContainer", "ports"): "containerPort",
    ("EphemeralContainer", "env"): "name",
    ("EphemeralContainer", "volumeMounts"): "mountPath",
    ("EphemeralContainer", "volumeDevices"): "devicePath",
    ("PodStatus", "conditions"): "type",
    ("PodStatus", "podIPs"): "ip",
    ("PodStatus", "hostIPs"): "ip",
    ("ServiceSpec", "ports"): "port",
    ("ServiceStatus", "conditions"): "type",
    ("ServiceAccount", "secrets"): "name",
    ("NodeStatus", "conditions"): "type",
    ("NodeStatus", "addresses"): "type",
    ("NamespaceStatus", "conditions"): "type",
    ("PersistentVolumeClaimStatus", "conditions"): "type",
    ("ReplicationControllerStatus", "conditions"): "type",
    ("DeploymentStatus", "conditions"): "type",
    ("ReplicaSetStatus", "conditions"): "type",
    ("StatefulSetStatus", "conditions"): "type",
    ("DaemonSetStatus", "conditions"): "type",
    ("JobStatus", "conditions"): "type",
    ("HorizontalPodAutoscalerStatus", "conditions"): "type",
    ("PodDisruptionBudgetStatus", "conditions"): "type",
}
# Lists of plain values that are merged as sets.
_PRIMITIVE_SETS = frozenset({("ObjectMeta", "finalizers"), ("NodeSpec", "podCIDRs")})

# Where server-side apply identifies items otherwise than a strategic merge patch does.
_APPLY_KEYS: dict[tuple[str, str], tuple[str, ...]] = {
    ("Container", "ports"): ("containerPort", "protocol"),
    ("EphemeralContainer", "ports"): ("containerPort", "protocol"),
    ("ServiceSpec", "ports"): ("port", "protocol"),
    ("PodSpec", "topologySpreadConstraints"): ("topologyKey", "whenUnsatisfiable"),
    ("ResourceRequirements", "claims"): ("name",),
}
APPLY_KEY_DEFAULTS = {"protocol": "TCP"}


def patch_merge_key(type_name: str, field: str) -> str | None:
    """The key that identifies items of a list in a strategic merge patch, None when the list is replaced."""
    return _MERGE_KEYS.get((type_name, field))


def is_primitive_set(type_name: str, field: str) -> bool:
    return (type_name, field) in _PRIMITIVE_SETS


def associative_keys(type_name: str, field: str) -> tuple[str, ...]:
    """The keys that identify items of a list for server-side apply, none when the list is one value."""
    known = _APPLY_KEYS.get((type_name, field))
    if known is not None:
        return known
    key = _MERGE_KEYS.get((type_name, field))
    return (key,) if key else ()
