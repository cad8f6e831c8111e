"""The resources that every simulated cluster serves; `resource_table` adds those of its own."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

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


@dataclass(frozen=True, slots=True)
class PrinterColumn:
    """A column of `kubectl get` that a CustomResourceDefinition asks for."""

    name: str
    path: str
    """JSONPath into the object."""
    type: str = "string"
    is_wide: bool = False


@dataclass(frozen=True, slots=True)
class CustomShape:
    """What a CustomResourceDefinition says of one version of its kind."""

    columns: tuple[PrinterColumn, ...] = ()
    openapi: Mapping[str, object] = field(default_factory=dict)
    """The openAPIV3Schema of the version; empty accepts anything."""


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
    is_view: bool = False
    """Another form of a stored resource: the API converts."""
    schema: str = ""
    """Name of its definition in the field table; the kind, unless two groups share one. Custom kinds have none."""
    custom: "CustomShape | None" = None

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
    settings = {"singular": kind.lower(), "short_names": short, "schema": kind, **options}
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
NODES = _core(
    "nodes",
    "Node",
    "no",
    namespaced=False,
    subresources=(
        Subresource("proxy", "NodeProxyOptions", ("create", "delete", "get", "patch", "update")),
        _status("Node"),
    ),
)
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

APISERVICES = _resource(
    "apiregistration.k8s.io",
    "v1",
    "apiservices",
    "APIService",
    namespaced=False,
    categories=("api-extensions",),
    subresources=(_status("APIService"),),
)
CUSTOMRESOURCEDEFINITIONS = _resource(
    "apiextensions.k8s.io",
    "v1",
    "customresourcedefinitions",
    "CustomResourceDefinition",
    "crd",
    "crds",
    namespaced=False,
    categories=("api-extensions",),
    subresources=(_status("CustomResourceDefinition"),),
    has_generation=True,
)
_WEBHOOKS = "admissionregistration.k8s.io"
MUTATINGWEBHOOKCONFIGURATIONS = _resource(
    _WEBHOOKS,
    "v1",
    "mutatingwebhookconfigurations",
    "MutatingWebhookConfiguration",
    namespaced=False,
    categories=("api-extensions",),
    has_generation=True,
)
VALIDATINGWEBHOOKCONFIGURATIONS = _resource(
    _WEBHOOKS,
    "v1",
    "validatingwebhookconfigurations",
    "ValidatingWebhookConfiguration",
    namespaced=False,
    categories=("api-extensions",),
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
# kubectl autoscale still writes the older form.
HORIZONTALPODAUTOSCALERS_V1 = _resource(
    "autoscaling",
    "v1",
    "horizontalpodautoscalers",
    "HorizontalPodAutoscaler",
    "hpa",
    categories=_ALL,
    subresources=(_status("HorizontalPodAutoscaler"),),
    stored=False,
    is_view=True,
    storage_version="v2",
    schema="HorizontalPodAutoscalerV1",
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
INGRESSCLASSES = _resource(
    "networking.k8s.io", "v1", "ingressclasses", "IngressClass", namespaced=False, has_generation=True
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
CSIDRIVERS = _resource("storage.k8s.io", "v1", "csidrivers", "CSIDriver", namespaced=False)
VOLUMEATTACHMENTS = _resource(
    "storage.k8s.io",
    "v1",
    "volumeattachments",
    "VolumeAttachment",
    namespaced=False,
    subresources=(_status("VolumeAttachment"),),
)
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
    APISERVICES,
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
    HORIZONTALPODAUTOSCALERS_V1,
    CRONJOBS,
    JOBS,
    INGRESSCLASSES,
    INGRESSES,
    NETWORKPOLICIES,
    PODDISRUPTIONBUDGETS,
    CLUSTERROLEBINDINGS,
    CLUSTERROLES,
    ROLEBINDINGS,
    ROLES,
    CSIDRIVERS,
    STORAGECLASSES,
    VOLUMEATTACHMENTS,
    MUTATINGWEBHOOKCONFIGURATIONS,
    VALIDATINGWEBHOOKCONFIGURATIONS,
    CUSTOMRESOURCEDEFINITIONS,
    PRIORITYCLASSES,
    LEASES,
    ENDPOINTSLICES,
    METRICS_NODES,
    METRICS_PODS,
)
