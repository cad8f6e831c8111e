"""Pods that use an object by its name, so that a change of it concerns them."""

from __future__ import annotations

from collections.abc import Sequence

from k8s_diagnosis.objects.access import JsonObject, name_of, read_map
from k8s_mcp.changes.targets import Target
from k8s_mcp.relations.references import references_of

USED_KINDS = ("ConfigMap", "Secret", "PersistentVolumeClaim", "ServiceAccount")


def find_users(target: Target, pods: Sequence[JsonObject]) -> list[str]:
    """Names of the pods that mount the object, take values from it, or run as it."""
    point = (target.resource.kind, target.name)
    return sorted(name_of(pod) for pod in pods if point in references_of(read_map(pod, "spec")))
