"""Kinds by the names that files of dumps carry, and which of them have no namespace."""

from __future__ import annotations

KINDS_BY_PLURAL: dict[str, str] = {
    "pods": "Pod",
    "services": "Service",
    "events": "Event",
    "configmaps": "ConfigMap",
    "secrets": "Secret",
    "nodes": "Node",
    "namespaces": "Namespace",
    "serviceaccounts": "ServiceAccount",
    "persistentvolumeclaims": "PersistentVolumeClaim",
    "persistentvolumes": "PersistentVolume",
    "resourcequotas": "ResourceQuota",
    "limitranges": "LimitRange",
    "endpoints": "Endpoints",
    "replicationcontrollers": "ReplicationController",
    "deployments": "Deployment",
    "replicasets": "ReplicaSet",
    "statefulsets": "StatefulSet",
    "daemonsets": "DaemonSet",
    "jobs": "Job",
    "cronjobs": "CronJob",
    "horizontalpodautoscalers": "HorizontalPodAutoscaler",
    "poddisruptionbudgets": "PodDisruptionBudget",
    "ingresses": "Ingress",
    "ingressclasses": "IngressClass",
    "networkpolicies": "NetworkPolicy",
    "endpointslices": "EndpointSlice",
    "storageclasses": "StorageClass",
    "roles": "Role",
    "rolebindings": "RoleBinding",
    "clusterroles": "ClusterRole",
    "clusterrolebindings": "ClusterRoleBinding",
    "priorityclasses": "PriorityClass",
    "runtimeclasses": "RuntimeClass",
    "leases": "Lease",
    "apiservices": "APIService",
    "validatingwebhookconfigurations": "ValidatingWebhookConfiguration",
    "mutatingwebhookconfigurations": "MutatingWebhookConfiguration",
    "validatingadmissionpolicies": "ValidatingAdmissionPolicy",
    "metrics.k8s.io.pods": "PodMetrics",
    "metrics.k8s.io.nodes": "NodeMetrics",
}

CLUSTER_KINDS = frozenset(
    {
        "Node",
        "Namespace",
        "PersistentVolume",
        "StorageClass",
        "IngressClass",
        "ClusterRole",
        "ClusterRoleBinding",
        "PriorityClass",
        "RuntimeClass",
        "APIService",
        "ValidatingWebhookConfiguration",
        "MutatingWebhookConfiguration",
        "ValidatingAdmissionPolicy",
        "NodeMetrics",
    }
)


KINDS_LOOKED_AT = (
    "Pod",
    "Event",
    "Node",
    "Deployment",
    "ReplicaSet",
    "StatefulSet",
    "DaemonSet",
    "Job",
    "CronJob",
    "Service",
    "EndpointSlice",
    "ConfigMap",
    "Secret",
    "PersistentVolumeClaim",
    "StorageClass",
    "ResourceQuota",
    "HorizontalPodAutoscaler",
    "PodDisruptionBudget",
    "Ingress",
    "IngressClass",
    "NetworkPolicy",
    "PodMetrics",
    "NodeMetrics",
)
"""What the rules look at in every cluster."""


def kind_of_file(stem: str) -> str:
    """The kind a file name stands for, such as shop.pods or kubectl-get-pods; empty when none does."""
    name = stem.lower()
    for plural in sorted(KINDS_BY_PLURAL, key=len, reverse=True):
        if name == plural or name.endswith((f".{plural}", f"-{plural}", f"_{plural}")):
            return KINDS_BY_PLURAL[plural]
    return ""
