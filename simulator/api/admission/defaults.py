"""Defaults per resource, filled in before an object is validated and stored."""

import base64
from collections.abc import Callable
from random import Random

from simulator import api_resources as served
from simulator.api.admission.pod_defaults import admit_pod, default_pod_spec
from simulator.api_resources import ResourceType
from simulator.store import JsonObject

_SUFFIX_LETTERS = "bcdfghjklmnpqrstvwxz2456789"


def apply_defaults(resource: ResourceType, item: JsonObject, *, is_new: bool, random: Random) -> None:
    """Complete an object in place. What depends on its creation happens only when it is new."""
    shaping = _DEFAULTS.get(resource)
    if shaping is not None and isinstance(item.get("spec", {}), dict):
        shaping(item)
    if not is_new:
        return
    if resource is served.PODS and isinstance(item.get("spec"), dict):
        admit_pod(item, token_suffix="".join(random.choice(_SUFFIX_LETTERS) for _ in range(5)))
    elif resource is served.NAMESPACES:
        item["spec"] = {"finalizers": ["kubernetes"]}
        item["status"] = {"phase": "Active"}
    elif resource is served.SERVICES:
        _allocate_service(item, random=random)
    elif resource is served.JOBS:
        _select_job_pods(item, random=random)
    elif resource is served.CUSTOMRESOURCEDEFINITIONS:
        item["status"] = _established(item)


def default_pod_template(template: JsonObject) -> None:
    metadata = template.get("metadata") or {}
    # The real server cannot leave this field out of a template, so neither do we.
    template["metadata"] = {"creationTimestamp": None, **metadata}
    if isinstance(template.get("spec"), dict):
        default_pod_spec(template["spec"])


def _pod(item: JsonObject) -> None:
    if isinstance(item.get("spec"), dict):
        default_pod_spec(item["spec"])


def _with_template(item: JsonObject) -> JsonObject:
    spec: JsonObject = item.setdefault("spec", {})
    if isinstance(spec.get("template"), dict):
        default_pod_template(spec["template"])
    return spec


def _deployment(item: JsonObject) -> None:
    spec = _with_template(item)
    spec.setdefault("replicas", 1)
    strategy = spec.setdefault("strategy", {})
    strategy.setdefault("type", "RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        rolling = strategy.setdefault("rollingUpdate", {})
        rolling.setdefault("maxUnavailable", "25%")
        rolling.setdefault("maxSurge", "25%")
    spec.setdefault("revisionHistoryLimit", 10)
    spec.setdefault("progressDeadlineSeconds", 600)


def _replica_set(item: JsonObject) -> None:
    _with_template(item).setdefault("replicas", 1)


def _replication_controller(item: JsonObject) -> None:
    spec = _with_template(item)
    spec.setdefault("replicas", 1)
    labels = ((spec.get("template") or {}).get("metadata") or {}).get("labels")
    if labels and not spec.get("selector"):
        spec["selector"] = dict(labels)


def _stateful_set(item: JsonObject) -> None:
    spec = _with_template(item)
    spec.setdefault("replicas", 1)
    spec.setdefault("podManagementPolicy", "OrderedReady")
    strategy = spec.setdefault("updateStrategy", {})
    strategy.setdefault("type", "RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        strategy.setdefault("rollingUpdate", {}).setdefault("partition", 0)
    spec.setdefault("revisionHistoryLimit", 10)
    spec.setdefault("persistentVolumeClaimRetentionPolicy", {"whenDeleted": "Retain", "whenScaled": "Retain"})


def _daemon_set(item: JsonObject) -> None:
    spec = _with_template(item)
    strategy = spec.setdefault("updateStrategy", {})
    strategy.setdefault("type", "RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        rolling = strategy.setdefault("rollingUpdate", {})
        rolling.setdefault("maxUnavailable", 1)
        rolling.setdefault("maxSurge", 0)
    spec.setdefault("revisionHistoryLimit", 10)


def _job(item: JsonObject) -> None:
    spec = _with_template(item)
    if "completions" not in spec and "parallelism" not in spec:
        spec["completions"] = spec["parallelism"] = 1
    spec.setdefault("parallelism", 1)
    spec.setdefault("backoffLimit", 6)
    spec.setdefault("completionMode", "NonIndexed")
    spec.setdefault("suspend", False)
    spec.setdefault("podReplacementPolicy", "TerminatingOrFailed")


def _cron_job(item: JsonObject) -> None:
    spec = item.setdefault("spec", {})
    spec.setdefault("concurrencyPolicy", "Allow")
    spec.setdefault("suspend", False)
    spec.setdefault("successfulJobsHistoryLimit", 3)
    spec.setdefault("failedJobsHistoryLimit", 1)
    template = (spec.get("jobTemplate") or {}).get("spec") or {}
    if isinstance(template.get("template"), dict):
        default_pod_template(template["template"])
    if spec.get("jobTemplate") is not None:
        spec["jobTemplate"].setdefault("metadata", {"creationTimestamp": None})


def _service(item: JsonObject) -> None:
    spec = item.setdefault("spec", {})
    for port in spec.get("ports") or ():
        port.setdefault("protocol", "TCP")
        if not port.get("targetPort") and "port" in port:
            port["targetPort"] = port["port"]
    spec.setdefault("type", "ClusterIP")
    spec.setdefault("sessionAffinity", "None")
    if spec["type"] != "ExternalName":
        spec.setdefault("ipFamilies", ["IPv4"])
        spec.setdefault("ipFamilyPolicy", "SingleStack")
        spec.setdefault("internalTrafficPolicy", "Cluster")
    if spec["type"] in {"NodePort", "LoadBalancer"}:
        spec.setdefault("externalTrafficPolicy", "Cluster")
    if spec["type"] == "LoadBalancer":
        spec.setdefault("allocateLoadBalancerNodePorts", True)
    item.setdefault("status", {"loadBalancer": {}})


def _allocate_service(item: JsonObject, *, random: Random) -> None:
    spec = item["spec"]
    if spec["type"] != "ExternalName" and not spec.get("clusterIP"):
        spec["clusterIP"] = f"10.96.{random.randrange(1, 255)}.{random.randrange(1, 255)}"
    if spec.get("clusterIP"):
        spec["clusterIPs"] = [spec["clusterIP"]]
    if spec["type"] in {"NodePort", "LoadBalancer"}:
        for port in spec.get("ports") or ():
            port.setdefault("nodePort", random.randrange(30000, 32768))


def _select_job_pods(item: JsonObject, *, random: Random) -> None:
    template = (item.get("spec") or {}).get("template")
    if not isinstance(template, dict) or item["spec"].get("selector") or item["spec"].get("manualSelector"):
        return
    # The real server labels with the uid of the job, which the store gives later; any unique value does as well.
    unique = f"{random.getrandbits(64):016x}"
    name = (item.get("metadata") or {}).get("name", "")
    labels = template["metadata"].setdefault("labels", {})
    for prefix in ("batch.kubernetes.io/", ""):
        labels[f"{prefix}controller-uid"] = unique
        labels[f"{prefix}job-name"] = name
    item["spec"]["selector"] = {"matchLabels": {"batch.kubernetes.io/controller-uid": unique}}


def _secret(item: JsonObject) -> None:
    item.setdefault("type", "Opaque")
    plain = item.pop("stringData", None)
    for key, value in (plain or {}).items():
        item.setdefault("data", {})[key] = base64.b64encode(str(value).encode()).decode()


def _namespace(item: JsonObject) -> None:
    metadata = item.setdefault("metadata", {})
    if metadata.get("name"):
        metadata.setdefault("labels", {})["kubernetes.io/metadata.name"] = metadata["name"]


def _claim(item: JsonObject) -> None:
    item.setdefault("spec", {}).setdefault("volumeMode", "Filesystem")
    item.setdefault("status", {"phase": "Pending"})


def _autoscaler(item: JsonObject) -> None:
    spec = item.setdefault("spec", {})
    spec.setdefault("minReplicas", 1)
    if not spec.get("metrics"):
        target = {"type": "Utilization", "averageUtilization": 80}
        spec["metrics"] = [{"type": "Resource", "resource": {"name": "cpu", "target": target}}]


def _network_policy(item: JsonObject) -> None:
    spec = item.setdefault("spec", {})
    if not spec.get("policyTypes"):
        spec["policyTypes"] = ["Ingress", "Egress"] if spec.get("egress") else ["Ingress"]


def _storage_class(item: JsonObject) -> None:
    item.setdefault("reclaimPolicy", "Delete")
    item.setdefault("volumeBindingMode", "Immediate")


def _definition(item: JsonObject) -> None:
    spec = item.setdefault("spec", {})
    names = spec.setdefault("names", {})
    kind = str(names.get("kind", ""))
    names.setdefault("singular", kind.lower())
    names.setdefault("listKind", f"{kind}List")
    spec.setdefault("scope", "Namespaced")
    spec.setdefault("conversion", {"strategy": "None"})


def _established(item: JsonObject) -> JsonObject:
    """The names are taken at once: nothing else in the simulated cluster competes for them."""
    spec = item["spec"]
    texts = (
        ("NamesAccepted", "NoConflicts", "no conflicts found"),
        ("Established", "InitialNamesAccepted", "the initial names have been accepted"),
    )
    conditions = [
        {"type": kind, "status": "True", "reason": reason, "message": message, "lastTransitionTime": None}
        for kind, reason, message in texts
    ]
    stored = [version["name"] for version in spec.get("versions") or [] if version.get("storage")]
    return {"conditions": conditions, "acceptedNames": spec["names"], "storedVersions": stored}


def _webhooks(item: JsonObject) -> None:
    for webhook in item.get("webhooks") or ():
        webhook.setdefault("failurePolicy", "Fail")
        webhook.setdefault("matchPolicy", "Equivalent")
        webhook.setdefault("timeoutSeconds", 10)
        webhook.setdefault("namespaceSelector", {})
        webhook.setdefault("objectSelector", {})
        for rule in webhook.get("rules") or ():
            rule.setdefault("scope", "*")
        service = (webhook.get("clientConfig") or {}).get("service")
        if service is not None:
            service.setdefault("port", 443)
    if item.get("kind") == "MutatingWebhookConfiguration":
        for webhook in item.get("webhooks") or ():
            webhook.setdefault("reinvocationPolicy", "Never")


def _limit_range(item: JsonObject) -> None:
    """A maximum is the default limit too, a default limit the default request, and so is a minimum."""
    for entry in (item.get("spec") or {}).get("limits") or ():
        if entry.get("type") == "Container":
            limits = {**(entry.get("max") or {}), **(entry.get("default") or {})}
            requests = {**(entry.get("min") or {}), **limits, **(entry.get("defaultRequest") or {})}
            entry |= {field: value for field, value in (("default", limits), ("defaultRequest", requests)) if value}


def _role_binding(item: JsonObject) -> None:
    for subject in item.get("subjects") or ():
        if subject.get("kind") in {"User", "Group"}:
            subject.setdefault("apiGroup", "rbac.authorization.k8s.io")
    item.setdefault("roleRef", {}).setdefault("apiGroup", "rbac.authorization.k8s.io")


_DEFAULTS: dict[ResourceType, Callable[[JsonObject], None]] = {
    served.PODS: _pod,
    served.DEPLOYMENTS: _deployment,
    served.REPLICASETS: _replica_set,
    served.REPLICATIONCONTROLLERS: _replication_controller,
    served.STATEFULSETS: _stateful_set,
    served.DAEMONSETS: _daemon_set,
    served.JOBS: _job,
    served.CRONJOBS: _cron_job,
    served.SERVICES: _service,
    served.SECRETS: _secret,
    served.NAMESPACES: _namespace,
    served.PERSISTENTVOLUMECLAIMS: _claim,
    served.HORIZONTALPODAUTOSCALERS: _autoscaler,
    served.NETWORKPOLICIES: _network_policy,
    served.STORAGECLASSES: _storage_class,
    served.LIMITRANGES: _limit_range,
    served.CUSTOMRESOURCEDEFINITIONS: _definition,
    served.MUTATINGWEBHOOKCONFIGURATIONS: _webhooks,
    served.VALIDATINGWEBHOOKCONFIGURATIONS: _webhooks,
    served.ROLEBINDINGS: _role_binding,
    served.CLUSTERROLEBINDINGS: _role_binding,
}
