"""The resources the simulated API serves: the one table that discovery, routing and the store share."""

import base64
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

ALL_VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")
NAMESPACE_VERBS = ("create", "delete", "get", "list", "patch", "update", "watch")
STATUS_VERBS = ("get", "patch", "update")


@dataclass(frozen=True, slots=True)
class Subresource:
    """A path below an object, such as pods/log."""

    name: str
    kind: str
    verbs: tuple[str, ...]
    group: str = ""
    version: str = ""


# Compared by identity: there is one of each, and hashing all its fields would dominate every store access.
@dataclass(frozen=True, slots=True, eq=False)
class ResourceType:
    """One kind of object and how it is reached over HTTP. Hashable: it is the first part of every store key."""

    group: str
    version: str
    plural: str
    singular: str
    kind: str
    namespaced: bool = True
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ALL_VERBS
    subresources: tuple[Subresource, ...] = ()
    has_generation: bool = False
    storage_version: str = ""
    stored: bool = True

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def qualified_name(self) -> str:
        """As error messages name it: `pods`, `deployments.apps`."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def qualified_kind(self) -> str:
        """As validation messages name it: `Pod`, `Deployment.apps`."""
        return f"{self.kind}.{self.group}" if self.group else self.kind

    @property
    def list_kind(self) -> str:
        return f"{self.kind}List"

    @property
    def storage_version_hash(self) -> str:
        """What discovery publishes so that clients notice a change of the storage version."""
        text = f"{self.group}/{self.storage_version or self.version}/{self.kind}"
        return base64.b64encode(hashlib.sha256(text.encode()).digest()[:8]).decode()

    def subresource(self, name: str) -> Subresource | None:
        return next((entry for entry in self.subresources if entry.name == name), None)


def _status(kind: str) -> Subresource:
    return Subresource("status", kind, STATUS_VERBS)


_SCALE = Subresource("scale", "Scale", STATUS_VERBS, group="autoscaling", version="v1")
_ALL = ("all",)


def _core(plural: str, kind: str, *short: str, **options: object) -> ResourceType:
    return _resource("", "v1", plural, kind, *short, **options)


def _resource(group: str, version: str, plural: str, kind: str, *short: str, **options: object) -> ResourceType:
    settings = {"singular": kind.lower(), "short_names": short, **options}
    return ResourceType(group=group, version=version, plural=plural, kind=kind, **settings)  # type: ignore[arg-type]  # the options are those of ResourceType, written out below


_POD_SUBRESOURCES = (
    Subresource("eviction", "Eviction", ("create",), group="policy", version="v1"),
    Subresource("log", "Pod", ("get",)),
    _status("Pod"),
)

CONFIGMAPS = _core("configmaps", "ConfigMap", "cm")
ENDPOINTS = _core("endpoints", "Endpoints", "ep")
EVENTS = _core("events", "Event", "ev")
LIMITRANGES = _core("limitranges", "LimitRange", "limits")
NAMESPACES = _core(
    "namespaces",
    "Namespace",
    "ns",
    namespaced=False,
    verbs=NAMESPACE_VERBS,
    subresources=(Subresource("finalize", "Namespace", ("update",)), _status("Namespace")),
)
NODES = _core("nodes", "Node", "no", namespaced=False, subresources=(_status("Node"),))
PERSISTENTVOLUMECLAIMS = _core(
    "persistentvolumeclaims", "PersistentVolumeClaim", "pvc", subresources=(_status("PersistentVolumeClaim"),)
)
PERSISTENTVOLUMES = _core(
    "persistentvolumes", "PersistentVolume", "pv", namespaced=False, subresources=(_status("PersistentVolume"),)
)
PODS = _core("pods", "Pod", "po", categories=_ALL, subresources=_POD_SUBRESOURCES)
REPLICATIONCONTROLLERS = _core(
    "replicationcontrollers",
    "ReplicationController",
    "rc",
    categories=_ALL,
    subresources=(_SCALE, _status("ReplicationController")),
    has_generation=True,
)
RESOURCEQUOTAS = _core("resourcequotas", "ResourceQuota", "quota", subresources=(_status("ResourceQuota"),))
SECRETS = _core("secrets", "Secret")
SERVICEACCOUNTS = _core("serviceaccounts", "ServiceAccount", "sa")
SERVICES = _core("services", "Service", "svc", categories=_ALL, subresources=(_status("Service"),))

CONTROLLERREVISIONS = _resource("apps", "v1", "controllerrevisions", "ControllerRevision")
DAEMONSETS = _resource(
    "apps",
    "v1",
    "daemonsets",
    "DaemonSet",
    "ds",
    categories=_ALL,
    subresources=(_status("DaemonSet"),),
    has_generation=True,
)
DEPLOYMENTS = _resource(
    "apps",
    "v1",
    "deployments",
    "Deployment",
    "deploy",
    categories=_ALL,
    subresources=(_SCALE, _status("Deployment")),
    has_generation=True,
)
REPLICASETS = _resource(
    "apps",
    "v1",
    "replicasets",
    "ReplicaSet",
    "rs",
    categories=_ALL,
    subresources=(_SCALE, _status("ReplicaSet")),
    has_generation=True,
)
STATEFULSETS = _resource(
    "apps",
    "v1",
    "statefulsets",
    "StatefulSet",
    "sts",
    categories=_ALL,
    subresources=(_SCALE, _status("StatefulSet")),
    has_generation=True,
)

# The newer group shows the same stored events in another shape; the API converts, the store holds only the core form.
EVENTS_V1 = _resource("events.k8s.io", "v1", "events", "Event", "ev", stored=False)

SELFSUBJECTREVIEWS = _resource(
    "authentication.k8s.io",
    "v1",
    "selfsubjectreviews",
    "SelfSubjectReview",
    namespaced=False,
    verbs=("create",),
    stored=False,
)
SELFSUBJECTACCESSREVIEWS = _resource(
    "authorization.k8s.io",
    "v1",
    "selfsubjectaccessreviews",
    "SelfSubjectAccessReview",
    namespaced=False,
    verbs=("create",),
    stored=False,
)
SELFSUBJECTRULESREVIEWS = _resource(
    "authorization.k8s.io",
    "v1",
    "selfsubjectrulesreviews",
    "SelfSubjectRulesReview",
    namespaced=False,
    verbs=("create",),
    stored=False,
)

HORIZONTALPODAUTOSCALERS = _resource(
    "autoscaling",
    "v2",
    "horizontalpodautoscalers",
    "HorizontalPodAutoscaler",
    "hpa",
    categories=_ALL,
    subresources=(_status("HorizontalPodAutoscaler"),),
)
CRONJOBS = _resource(
    "batch",
    "v1",
    "cronjobs",
    "CronJob",
    "cj",
    categories=_ALL,
    subresources=(_status("CronJob"),),
    has_generation=True,
)
JOBS = _resource("batch", "v1", "jobs", "Job", categories=_ALL, subresources=(_status("Job"),), has_generation=True)
INGRESSES = _resource(
    "networking.k8s.io",
    "v1",
    "ingresses",
    "Ingress",
    "ing",
    subresources=(_status("Ingress"),),
    has_generation=True,
)
NETWORKPOLICIES = _resource(
    "networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy", "netpol", has_generation=True
)
PODDISRUPTIONBUDGETS = _resource(
    "policy",
    "v1",
    "poddisruptionbudgets",
    "PodDisruptionBudget",
    "pdb",
    subresources=(_status("PodDisruptionBudget"),),
    has_generation=True,
)
_RBAC = "rbac.authorization.k8s.io"
CLUSTERROLEBINDINGS = _resource(_RBAC, "v1", "clusterrolebindings", "ClusterRoleBinding", namespaced=False)
CLUSTERROLES = _resource(_RBAC, "v1", "clusterroles", "ClusterRole", namespaced=False)
ROLEBINDINGS = _resource(_RBAC, "v1", "rolebindings", "RoleBinding")
ROLES = _resource(_RBAC, "v1", "roles", "Role")
STORAGECLASSES = _resource("storage.k8s.io", "v1", "storageclasses", "StorageClass", "sc", namespaced=False)
PRIORITYCLASSES = _resource("scheduling.k8s.io", "v1", "priorityclasses", "PriorityClass", "pc", namespaced=False)
LEASES = _resource("coordination.k8s.io", "v1", "leases", "Lease")
ENDPOINTSLICES = _resource("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice", has_generation=True)
METRICS_NODES = _resource(
    "metrics.k8s.io",
    "v1beta1",
    "nodes",
    "NodeMetrics",
    singular="",
    namespaced=False,
    verbs=("get", "list"),
    stored=False,
)
METRICS_PODS = _resource(
    "metrics.k8s.io", "v1beta1", "pods", "PodMetrics", singular="", verbs=("get", "list"), stored=False
)

# Ordered as a real server lists its groups in discovery.
RESOURCE_TYPES: tuple[ResourceType, ...] = (
    CONFIGMAPS,
    ENDPOINTS,
    EVENTS,
    LIMITRANGES,
    NAMESPACES,
    NODES,
    PERSISTENTVOLUMECLAIMS,
    PERSISTENTVOLUMES,
    PODS,
    REPLICATIONCONTROLLERS,
    RESOURCEQUOTAS,
    SECRETS,
    SERVICEACCOUNTS,
    SERVICES,
    CONTROLLERREVISIONS,
    DAEMONSETS,
    DEPLOYMENTS,
    REPLICASETS,
    STATEFULSETS,
    EVENTS_V1,
    SELFSUBJECTREVIEWS,
    SELFSUBJECTACCESSREVIEWS,
    SELFSUBJECTRULESREVIEWS,
    HORIZONTALPODAUTOSCALERS,
    CRONJOBS,
    JOBS,
    INGRESSES,
    NETWORKPOLICIES,
    PODDISRUPTIONBUDGETS,
    CLUSTERROLEBINDINGS,
    CLUSTERROLES,
    ROLEBINDINGS,
    ROLES,
    STORAGECLASSES,
    PRIORITYCLASSES,
    LEASES,
    ENDPOINTSLICES,
    METRICS_NODES,
    METRICS_PODS,
)


def find_resource(*, group: str, version: str, plural: str) -> ResourceType | None:
    """The served resource of that name, or None."""
    return _BY_PATH.get((group, version, plural))


def find_kind(*, api_version: str, kind: str) -> ResourceType | None:
    """The stored resource that a manifest's apiVersion and kind mean, or None."""
    return _BY_KIND.get((api_version, kind))


def group_versions() -> list[tuple[str, str]]:
    """Every served group and version once, in discovery order."""
    return list(dict.fromkeys((entry.group, entry.version) for entry in RESOURCE_TYPES))


def resources_of(*, group: str, version: str) -> list[ResourceType]:
    return [entry for entry in RESOURCE_TYPES if (entry.group, entry.version) == (group, version)]


def _index_by_path(entries: Iterable[ResourceType]) -> dict[tuple[str, str, str], ResourceType]:
    return {(entry.group, entry.version, entry.plural): entry for entry in entries}


_BY_PATH = _index_by_path(RESOURCE_TYPES)
_BY_KIND = {(entry.api_version, entry.kind): entry for entry in RESOURCE_TYPES if entry.stored}
