"""Reads what a diagnosis needs, and no more: lists in parallel first, then details of what looks wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from k8s_diagnosis.cases import ContainerCase, PodCase
from k8s_diagnosis.diagnosing import find_problems
from k8s_diagnosis.index import ClusterIndex
from k8s_diagnosis.objects.access import name_of, namespace_of, read_flag, read_maps, read_text
from k8s_diagnosis.objects.pods import controller_of
from k8s_diagnosis.problem import Problem
from k8s_diagnosis.snapshot import EVERYWHERE, ClusterSnapshot, ContainerLogs, LogKey, Unread
from k8s_mcp.cluster.interfaces import (
    CONFIG_MAPS,
    DEPLOYMENTS,
    ENDPOINT_SLICES,
    EVENTS,
    NAMESPACES,
    NODES,
    PODS,
    SECRETS,
    SERVICES,
    Cluster,
    JsonObject,
    Resource,
    Selection,
)
from k8s_mcp.errors import ClusterError, ObjectNotFound
from k8s_mcp.tools.causes import read_logs, wants_log
from k8s_mcp.tools.certificates import read_certificates
from k8s_mcp.tools.volume_usage import read_volume_usage

_APPS, _BATCH, _RBAC = "/apis/apps/v1", "/apis/batch/v1", "/apis/rbac.authorization.k8s.io/v1"
_NETWORKING, _METRICS = "/apis/networking.k8s.io/v1", "/apis/metrics.k8s.io/v1beta1"
_ADMISSION = "/apis/admissionregistration.k8s.io/v1"

_LISTED: tuple[Resource, ...] = (
    PODS,
    DEPLOYMENTS,
    Resource("StatefulSet", "statefulsets", _APPS),
    Resource("DaemonSet", "daemonsets", _APPS),
    Resource("Job", "jobs", _BATCH),
    Resource("CronJob", "cronjobs", _BATCH),
    SERVICES,
    ENDPOINT_SLICES,
    Resource("PersistentVolumeClaim", "persistentvolumeclaims"),
    Resource("ResourceQuota", "resourcequotas"),
    Resource("HorizontalPodAutoscaler", "horizontalpodautoscalers", "/apis/autoscaling/v2"),
    Resource("PodDisruptionBudget", "poddisruptionbudgets", "/apis/policy/v1"),
    Resource("Ingress", "ingresses", _NETWORKING),
    Resource("NetworkPolicy", "networkpolicies", _NETWORKING),
    Resource("PodMetrics", "pods", _METRICS),
)
_LISTED_OF_CLUSTER: tuple[Resource, ...] = (
    NODES,
    Resource("StorageClass", "storageclasses", "/apis/storage.k8s.io/v1", is_namespaced=False),
    Resource("IngressClass", "ingressclasses", _NETWORKING, is_namespaced=False),
    Resource("APIService", "apiservices", "/apis/apiregistration.k8s.io/v1", is_namespaced=False),
    Resource("NodeMetrics", "nodes", _METRICS, is_namespaced=False),
)
_REPLICA_SETS = Resource("ReplicaSet", "replicasets", _APPS)
_LIMIT_RANGES = Resource("LimitRange", "limitranges")
_SERVICE_ACCOUNTS = Resource("ServiceAccount", "serviceaccounts")
_VOLUMES = Resource("PersistentVolume", "persistentvolumes", is_namespaced=False)
_RIGHTS = (
    Resource("Role", "roles", _RBAC),
    Resource("RoleBinding", "rolebindings", _RBAC),
    Resource("ClusterRole", "clusterroles", _RBAC, is_namespaced=False),
    Resource("ClusterRoleBinding", "clusterrolebindings", _RBAC, is_namespaced=False),
)
_WEBHOOKS = (
    Resource("ValidatingWebhookConfiguration", "validatingwebhookconfigurations", _ADMISSION, is_namespaced=False),
    Resource("MutatingWebhookConfiguration", "mutatingwebhookconfigurations", _ADMISSION, is_namespaced=False),
)

# Routine events are many and tell nothing; these two name what the kubelet did and what a volume waits for.
_EVENT_SELECTORS = ("type=Warning", "reason=Killing", "reason=ExternalProvisioning")
# One pod per workload: its logs speak for the others.
_LOG_READS = 20
# With more troubled namespaces one list of the whole cluster is cheaper than one per namespace.
_NAMESPACES_ONE_BY_ONE = 5
_CONFIG_READS = 10
_LONG_JOB_SECONDS = 180
_MAX_REASON = 200


@dataclass
class _Gathered:
    """What was read so far."""

    cluster: Cluster
    scope: str | None
    now: datetime
    objects: dict[str, list[JsonObject]] = field(default_factory=dict)
    complete: dict[str, frozenset[str]] = field(default_factory=dict)
    logs: dict[LogKey, ContainerLogs] = field(default_factory=dict)
    unread: list[Unread] = field(default_factory=list)

    def snapshot(self) -> ClusterSnapshot:
        return ClusterSnapshot(self.now, self.objects, self.complete, self.logs, tuple(self.unread))


async def gather_snapshot(cluster: Cluster, *, scope: str | None, now: datetime) -> ClusterSnapshot:
    """A namespace, or all of them when it is None, as far as it can be read; whatever cannot is noted as unread.

    Raises a ClusterError when not even the pods can be read.
    """
    gathered = _Gathered(cluster, scope, now)
    await _read_lists(gathered)
    # In a thread, as the judgement of the whole: thousands of pods take a second, and other calls go on meanwhile.
    troubled = await asyncio.to_thread(lambda: list(find_problems(ClusterIndex(gathered.snapshot()))))
    await _read_details(gathered, troubled)
    return gathered.snapshot()


async def _read_lists(gathered: _Gathered) -> None:
    """Everything that is listed for every diagnosis, at once."""
    # The pods come first: without them there is nothing to say, and the error of their list is the answer.
    gathered.objects["Pod"] = list((await gathered.cluster.list_known(PODS, Selection(gathered.scope))).objects)
    gathered.complete["Pod"] = frozenset({gathered.scope or EVERYWHERE})
    await asyncio.gather(
        *(_read_list(gathered, resource, [gathered.scope]) for resource in _LISTED if resource != PODS),
        *(_read_list(gathered, resource, [None]) for resource in _LISTED_OF_CLUSTER),
        _read_namespaces(gathered),
        _read_events(gathered),
    )


async def _read_list(gathered: _Gathered, resource: Resource, places: Sequence[str | None]) -> None:
    """One kind in the places, None for all namespaces."""
    try:
        lists = await asyncio.gather(*(gathered.cluster.list_known(resource, Selection(place)) for place in places))
    except ClusterError as error:
        gathered.unread.append(Unread(resource.kind, _reason_of(error)))
        return
    gathered.objects[resource.kind] = [each for known in lists for each in known.objects]
    is_whole = not resource.is_namespaced or None in places
    gathered.complete[resource.kind] = frozenset({EVERYWHERE} if is_whole else {place for place in places if place})


async def _read_namespaces(gathered: _Gathered) -> None:
    """All of them, or the one that is asked about: one that was deleted may wait for what is left in it."""
    selector = None if gathered.scope is None else f"metadata.name={gathered.scope}"
    try:
        found = await gathered.cluster.list_objects(NAMESPACES, Selection(field_selector=selector))
    except ClusterError as error:
        gathered.unread.append(Unread("Namespace", _reason_of(error)))
        return
    gathered.objects["Namespace"] = found


async def _read_events(gathered: _Gathered) -> None:
    selections = [Selection(gathered.scope, field_selector=selector) for selector in _EVENT_SELECTORS]
    # Events about nodes lie in the namespace default.
    if gathered.scope not in {None, "default"}:
        selections.append(Selection("default", field_selector="involvedObject.kind=Node"))
    try:
        lists = await asyncio.gather(*(gathered.cluster.list_objects(EVENTS, each) for each in selections))
    except ClusterError as error:
        gathered.unread.append(Unread("Event", _reason_of(error)))
        return
    gathered.objects["Event"] = [event for listed in lists for event in listed]
    gathered.complete["Event"] = frozenset({gathered.scope or EVERYWHERE})


async def _read_details(gathered: _Gathered, problems: Sequence[Problem]) -> None:
    """What only matters where something is wrong; then, by what the logs say, the rights of service accounts."""
    index = ClusterIndex(gathered.snapshot())
    places = _places_of(problems, scope=gathered.scope)
    conditions = {problem.condition for problem in problems}
    steps = [_read_logs(gathered, index), _read_volumes(gathered)]
    if places:
        steps += [_read_list(gathered, resource, places) for resource in (_REPLICA_SETS, _LIMIT_RANGES)]
        steps += [_read_names(gathered, resource, places) for resource in (CONFIG_MAPS, _SERVICE_ACCOUNTS)]
    secret_places = sorted({*places, *_places_with_tls(index)}, key=str) if None not in places else [None]
    if secret_places:
        steps.append(_read_names(gathered, SECRETS, secret_places))
    if any(condition.startswith(("pvc-", "pending-")) for condition in conditions):
        steps.append(_read_list(gathered, _VOLUMES, [None]))
    if "webhook-unavailable" in conditions:
        steps += [_read_list(gathered, resource, [None]) for resource in _WEBHOOKS]
    await asyncio.gather(*steps)
    await _read_certificates(gathered)
    await _read_settings(gathered, index)
    if any("system:serviceaccount:" in logs.current + logs.previous for logs in gathered.logs.values()):
        wanted = [(each, places if each.is_namespaced else [None]) for each in _RIGHTS]
        await asyncio.gather(*(_read_list(gathered, each, where) for each, where in wanted))


def _places_of(problems: Iterable[Problem], *, scope: str | None) -> list[str | None]:
    """The namespaces in which something is wrong."""
    if scope is not None:
        return [scope] if any(True for _ in problems) else []
    names = sorted({problem.shown_by.split("/", 2)[1] for problem in problems} - {""})
    return [None] if len(names) > _NAMESPACES_ONE_BY_ONE else list(names)


def _places_with_tls(index: ClusterIndex) -> set[str]:
    return {namespace_of(each) for each in index.all("Ingress") if read_maps(each, "spec", "tls")}


async def _read_names(gathered: _Gathered, resource: Resource, places: Sequence[str | None]) -> None:
    """Names are enough to see what is missing; the data of Secrets is never asked for."""
    scopes: list[str | None] = [gathered.scope] if None in places else list(places)
    # Names alone do not say their namespace, so all namespaces are read as whole objects' heads one by one.
    if scopes == [None]:
        scopes = list(sorted({namespace_of(pod) for pod in gathered.objects["Pod"]})[:_CONFIG_READS])
    try:
        lists = await asyncio.gather(*(gathered.cluster.list_names(resource, Selection(scope)) for scope in scopes))
    except ClusterError as error:
        gathered.unread.append(Unread(resource.kind, _reason_of(error)))
        return
    gathered.objects[resource.kind] = [
        {"metadata": {"name": name, "namespace": scope}}
        for scope, names in zip(scopes, lists, strict=True)
        for name in names
    ]
    gathered.complete[resource.kind] = frozenset(scope for scope in scopes if scope)


async def _read_volumes(gathered: _Gathered) -> None:
    pods, nodes = gathered.objects["Pod"], gathered.objects.get("Node", [])
    gathered.objects["NodeSummary"], unread = await read_volume_usage(gathered.cluster, pods=pods, nodes=nodes)
    gathered.unread.extend(unread)


async def _read_certificates(gathered: _Gathered) -> None:
    """In the place of the bare names, which were read before."""
    found = await read_certificates(gathered.cluster, gathered.objects.get("Ingress", []))
    places = {(namespace_of(each), name_of(each)) for each in found}
    known = gathered.objects.get("Secret", [])
    gathered.objects["Secret"] = [
        *(each for each in known if (namespace_of(each), name_of(each)) not in places),
        *found,
    ]


async def _read_logs(gathered: _Gathered, index: ClusterIndex) -> None:
    """Logs of one pod per workload: what failed or does not get ready first, then what may fail unseen."""
    failing: dict[str, list[ContainerCase]] = {}
    suspect: dict[str, list[ContainerCase]] = {}
    for pod in index.all("Pod"):
        case = PodCase(index, pod)
        if read_text(pod, "status", "phase") == "Succeeded":
            continue
        wanted = [each for each in case.containers if wants_log(each) or _is_long_at_work(each)]
        if wanted:
            failing.setdefault(case.workload, wanted)
        elif gathered.scope is not None or _may_be_cut_off(index, pod):
            suspect.setdefault(case.workload, [each for each in case.containers if each.facts.is_running])
    if len(failing) > _LOG_READS:
        gathered.unread.append(Unread("logs", f"only those of {_LOG_READS} workloads were read"))
    examples = list({**suspect, **failing}.items())
    examples.sort(key=lambda item: item[0] not in failing)
    for logs in await asyncio.gather(*(read_logs(gathered.cluster, each) for _, each in examples[:_LOG_READS])):
        gathered.logs.update(logs)


def _may_be_cut_off(index: ClusterIndex, pod: JsonObject) -> bool:
    """Policies and DNS settings may keep a running pod from its peers, which only its log shows."""
    policy = read_text(pod, "spec", "dnsPolicy") or "ClusterFirst"
    asks_elsewhere = policy in {"Default", "None"} or (
        policy == "ClusterFirst" and read_flag(pod, "spec", "hostNetwork")
    )
    return asks_elsewhere or bool(index.in_namespace("NetworkPolicy", namespace_of(pod)))


def _is_long_at_work(case: ContainerCase) -> bool:
    """A container of a Job that may wait for ever; its log shows whether it gets on."""
    is_job = controller_of(case.pod.pod)[0] == "Job"
    return is_job and case.facts.is_running and (case.running_seconds or 0) >= _LONG_JOB_SECONDS


async def _read_settings(gathered: _Gathered, index: ClusterIndex) -> None:
    """The ConfigMaps of the pods whose logs were read: a wrong value may stand there."""
    wanted: dict[tuple[str, str], None] = {}
    for namespace, pod_name, _ in gathered.logs:
        pod = index.find("Pod", namespace, pod_name) or {}
        wanted.update(dict.fromkeys((namespace, name) for name in _config_maps_of(pod)))
    for namespace, name in list(wanted)[:_CONFIG_READS]:
        try:
            found = await gathered.cluster.read_object(CONFIG_MAPS, name=name, namespace=namespace)
        except ClusterError:
            continue
        known = gathered.objects.setdefault("ConfigMap", [])
        known[:] = [each for each in known if (namespace_of(each), name_of(each)) != (namespace, name)]
        known.append(found)


def _config_maps_of(pod: JsonObject) -> list[str]:
    names = [
        read_text(entry, *path, "name")
        for container in read_maps(pod, "spec", "containers")
        for field_name, path in (("envFrom", ("configMapRef",)), ("env", ("valueFrom", "configMapKeyRef")))
        for entry in read_maps(container, field_name)
    ]
    names += [read_text(volume, "configMap", "name") for volume in read_maps(pod, "spec", "volumes")]
    return [name for name in dict.fromkeys(names) if name and name != "kube-root-ca.crt"]


def _reason_of(error: ClusterError) -> str:
    if isinstance(error, ObjectNotFound):
        return "this cluster does not serve it"
    text = str(error).partition("\n")[0]
    return text if len(text) <= _MAX_REASON else f"{text[: _MAX_REASON - 1]}…"
