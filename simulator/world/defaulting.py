"""What the API server fills into new objects, for the manifests the world starts with."""

import copy

from simulator.store import JsonObject

PROBES = ("startupProbe", "readinessProbe", "livenessProbe")
TEMPLATED = frozenset({"Deployment", "DaemonSet", "StatefulSet", "Job", "ReplicaSet"})


def with_defaults(item: JsonObject) -> JsonObject:
    """A copy with the fields that a stored object of this kind always has."""
    full = copy.deepcopy(item)
    kind = full["kind"]
    if kind in TEMPLATED:
        _default_pod(full["spec"]["template"].setdefault("spec", {}))
        full["spec"]["template"].setdefault("metadata", {}).setdefault("creationTimestamp", None)
    if kind == "Pod":
        _default_pod(full["spec"])
    fill = {
        "Deployment": _default_deployment,
        "DaemonSet": _default_daemon_set,
        "StatefulSet": _default_stateful_set,
        "Job": _default_job,
        "Service": _default_service,
        "Namespace": _default_namespace,
    }.get(kind)
    if fill is not None:
        fill(full)
    return full


def _default_deployment(item: JsonObject) -> None:
    spec = item["spec"]
    spec.setdefault("replicas", 1)
    strategy = spec.setdefault("strategy", {})
    strategy.setdefault("type", "RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        rolling = strategy.setdefault("rollingUpdate", {})
        rolling.setdefault("maxUnavailable", "25%")
        rolling.setdefault("maxSurge", "25%")
    spec.setdefault("revisionHistoryLimit", 10)
    spec.setdefault("progressDeadlineSeconds", 600)


def _default_daemon_set(item: JsonObject) -> None:
    rolling = {"maxUnavailable": 1, "maxSurge": 0}
    item["spec"].setdefault("updateStrategy", {"type": "RollingUpdate", "rollingUpdate": rolling})
    item["spec"].setdefault("revisionHistoryLimit", 10)
    item["metadata"].setdefault("annotations", {}).setdefault("deprecated.daemonset.template.generation", "1")


def _default_stateful_set(item: JsonObject) -> None:
    spec = item["spec"]
    spec.setdefault("replicas", 1)
    spec.setdefault("podManagementPolicy", "OrderedReady")
    spec.setdefault("updateStrategy", {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}})
    spec.setdefault("revisionHistoryLimit", 10)
    spec.setdefault("persistentVolumeClaimRetentionPolicy", {"whenDeleted": "Retain", "whenScaled": "Retain"})


def _default_job(item: JsonObject) -> None:
    given: JsonObject = {"parallelism": 1, "completions": 1, "backoffLimit": 6, "manualSelector": False}
    given |= {"completionMode": "NonIndexed", "suspend": False, "podReplacementPolicy": "TerminatingOrFailed"}
    for field, value in given.items():
        item["spec"].setdefault(field, value)


def _default_service(item: JsonObject) -> None:
    spec = item["spec"]
    for port in spec.get("ports") or []:
        port.setdefault("protocol", "TCP")
        port.setdefault("targetPort", port["port"])
    given = {
        "type": "ClusterIP",
        "sessionAffinity": "None",
        "ipFamilies": ["IPv4"],
        "ipFamilyPolicy": "SingleStack",
        "internalTrafficPolicy": "Cluster",
    }
    for field, value in given.items():
        spec.setdefault(field, value)
    item.setdefault("status", {"loadBalancer": {}})


def _default_namespace(item: JsonObject) -> None:
    item["metadata"].setdefault("labels", {})["kubernetes.io/metadata.name"] = item["metadata"]["name"]
    item.setdefault("spec", {"finalizers": ["kubernetes"]})
    item.setdefault("status", {"phase": "Active"})


def _default_pod(spec: JsonObject) -> None:
    given = {
        "restartPolicy": "Always",
        "terminationGracePeriodSeconds": 30,
        "dnsPolicy": "ClusterFirst",
        "securityContext": {},
        "schedulerName": "default-scheduler",
    }
    for field, value in given.items():
        spec.setdefault(field, value)
    if "serviceAccountName" in spec:
        spec.setdefault("serviceAccount", spec["serviceAccountName"])
    for volume in spec.get("volumes") or []:
        for source in ("configMap", "secret", "projected"):
            if source in volume:
                volume[source].setdefault("defaultMode", 420)
    for container in [*(spec.get("initContainers") or []), *spec["containers"]]:
        _default_container(container)


def _default_container(container: JsonObject) -> None:
    is_latest = container["image"].endswith(":latest") or ":" not in container["image"].rsplit("/", 1)[-1]
    container.setdefault("resources", {})
    container.setdefault("terminationMessagePath", "/dev/termination-log")
    container.setdefault("terminationMessagePolicy", "File")
    container.setdefault("imagePullPolicy", "Always" if is_latest else "IfNotPresent")
    for port in container.get("ports") or []:
        port.setdefault("protocol", "TCP")
    for variable in container.get("env") or []:
        if "fieldRef" in (variable.get("valueFrom") or {}):
            variable["valueFrom"]["fieldRef"].setdefault("apiVersion", "v1")
    for kind in PROBES:
        if kind in container:
            _default_probe(container[kind])


def _default_probe(probe: JsonObject) -> None:
    if "httpGet" in probe:
        probe["httpGet"].setdefault("path", "/")
        probe["httpGet"].setdefault("scheme", "HTTP")
    for field, value in (("timeoutSeconds", 1), ("periodSeconds", 10), ("successThreshold", 1)):
        probe.setdefault(field, value)
    probe.setdefault("failureThreshold", 3)
