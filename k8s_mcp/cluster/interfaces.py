"""What the tools need from a cluster."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from k8s_diagnosis.objects.access import JsonObject
from k8s_mcp.cluster.asking_user import AskingUser

if TYPE_CHECKING:
    from k8s_mcp.cluster.changes import Deletion, Eviction, ObjectPatch, Written

__all__ = ["Cluster", "JsonObject", "LogRequest", "Resource", "Selection"]


STANDARD_VERBS = frozenset({"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"})


@dataclass(frozen=True, slots=True)
class Resource:
    """One kind of object and where the API serves it. Two are the same when the API serves them at one place."""

    kind: str
    plural: str
    prefix: str = "/api/v1"
    is_namespaced: bool = True
    verbs: frozenset[str] = field(default=STANDARD_VERBS, compare=False)
    subresources: frozenset[str] = field(default=frozenset(), compare=False)
    """What is served below an object: log, scale, status, eviction."""
    short_names: tuple[str, ...] = field(default=(), compare=False)
    singular: str = field(default="", compare=False)

    @property
    def group(self) -> str:
        """The API group; empty for the core."""
        return self.prefix.removeprefix("/apis/").partition("/")[0] if self.prefix.startswith("/apis/") else ""

    @property
    def version(self) -> str:
        return self.prefix.rpartition("/")[2]

    @property
    def api_version(self) -> str:
        """As objects name it: `v1`, `apps/v1`."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def qualified_name(self) -> str:
        """As RBAC and error messages name it: `pods`, `deployments.apps`."""
        return f"{self.plural}.{self.group}" if self.group else self.plural


PODS = Resource("Pod", "pods", short_names=("po",))
SERVICES = Resource("Service", "services", short_names=("svc",))
EVENTS = Resource("Event", "events", short_names=("ev",))
CONFIG_MAPS = Resource("ConfigMap", "configmaps", short_names=("cm",))
SECRETS = Resource("Secret", "secrets")
NODES = Resource("Node", "nodes", is_namespaced=False, short_names=("no",))
NAMESPACES = Resource("Namespace", "namespaces", is_namespaced=False, short_names=("ns",))
DEPLOYMENTS = Resource("Deployment", "deployments", "/apis/apps/v1", short_names=("deploy",))
STATEFUL_SETS = Resource("StatefulSet", "statefulsets", "/apis/apps/v1", short_names=("sts",))
DAEMON_SETS = Resource("DaemonSet", "daemonsets", "/apis/apps/v1", short_names=("ds",))
PERSISTENT_VOLUME_CLAIMS = Resource("PersistentVolumeClaim", "persistentvolumeclaims", short_names=("pvc",))
PERSISTENT_VOLUMES = Resource("PersistentVolume", "persistentvolumes", is_namespaced=False, short_names=("pv",))
RESOURCE_QUOTAS = Resource("ResourceQuota", "resourcequotas", short_names=("quota",))
AUTOSCALERS = Resource(
    "HorizontalPodAutoscaler", "horizontalpodautoscalers", "/apis/autoscaling/v2", short_names=("hpa",)
)
DISRUPTION_BUDGETS = Resource("PodDisruptionBudget", "poddisruptionbudgets", "/apis/policy/v1", short_names=("pdb",))
ENDPOINT_SLICES = Resource("EndpointSlice", "endpointslices", "/apis/discovery.k8s.io/v1")


@dataclass(frozen=True, slots=True)
class Selection:
    """Which objects of a resource; no namespace means all of them."""

    namespace: str | None = None
    label_selector: str | None = None
    field_selector: str | None = None


@dataclass(frozen=True, slots=True)
class KnownList:
    """Objects of a list. They are shared between calls: nobody changes them."""

    objects: Sequence[JsonObject]
    age_seconds: float | None = None
    """Since when a watched copy was last confirmed; None for a list that was just read."""


@dataclass(frozen=True, slots=True)
class TableRow:
    """One object as the API server shows it in a list."""

    namespace: str
    name: str
    cells: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class ApiTable:
    """A list in the columns that the API server itself chose, for custom kinds those of their definition."""

    columns: tuple[str, ...]
    rows: tuple[TableRow, ...]
    is_complete: bool = True
    """False when there were too many objects to read all."""


@dataclass(frozen=True, slots=True)
class LogRequest:
    pod: str
    namespace: str
    container: str | None = None
    previous: bool = False
    tail_lines: int = 100
    since_seconds: int | None = None
    has_timestamps: bool = False
    """Each line begins with the time at which the node received it."""


class Cluster(Protocol):
    """One Kubernetes cluster. Every method raises a ClusterError when it has no answer."""

    name: str
    """What people call it: the context of the kubeconfig."""

    def acting_as(self, user: AskingUser) -> Cluster:
        """The same cluster with the rights of somebody else."""

    async def read_version(self) -> str:
        """The version of the API server, such as `v1.32.13`."""

    async def default_namespace(self) -> str:
        """The namespace meant when a call names none."""

    async def find_resource(self, kind: str) -> Resource:
        """The resource meant by `deploy`, `Deployment`, `deployments.apps` or `apps/v1/Deployment`, custom kinds too.

        Raises UnknownKind with the nearest kinds, AmbiguousKind with the candidates.
        """

    async def list_objects(self, resource: Resource, selection: Selection) -> list[JsonObject]:
        """Every matching object; an unknown namespace is an empty list, as the API answers."""

    async def list_known(self, resource: Resource, selection: Selection) -> KnownList:
        """The same from a watched copy where there is one, for answers to questions. Never base a change on it."""

    async def read_table(self, resource: Resource, selection: Selection) -> ApiTable:
        """Every matching object as one row, which costs far less than the objects."""

    async def list_names(self, resource: Resource, selection: Selection) -> list[str]:
        """Names only: no data of the objects is read."""

    async def read_object(self, resource: Resource, *, name: str, namespace: str | None = None) -> JsonObject:
        """One object; raises ObjectNotFound."""

    async def read_node_summary(self, node: str) -> JsonObject:
        """What the kubelet of the node measures of its pods and volumes; it takes the right to get nodes/proxy."""

    async def read_log(self, request: LogRequest) -> str:
        """The end of a container's log; raises RequestRefused with the API's reason."""

    async def patch_object(self, patch: ObjectPatch, *, is_dry_run: bool) -> Written:
        """Change one object; a dry run is checked as if it were real, admission included, and writes nothing.

        Raises ChangeConflict when the object is not in the version the patch names or its fields belong to another
        manager, RequestRefused with the API's reason, OutcomeUnknown when the answer was lost.
        """

    async def delete_object(self, deletion: Deletion, *, is_dry_run: bool) -> None:
        """Delete one object; raises like `patch_object`."""

    async def evict_pod(self, eviction: Eviction, *, is_dry_run: bool) -> None:
        """Let one pod go; raises EvictionRefused when a disruption budget does not allow it now."""

    async def close(self) -> None:
        """Give the connections back."""
