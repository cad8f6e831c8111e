"""Leaves out of listed objects what no list and no rule reads, so that thousands of them fit into little memory."""

from __future__ import annotations

from typing import Any

import orjson

from k8s_diagnosis.objects.access import JsonObject
from k8s_mcp.cluster.interfaces import PODS, Resource

_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_POD_DEFAULTS: dict[str, object] = {
    "dnsPolicy": "ClusterFirst",
    "enableServiceLinks": True,
    "preemptionPolicy": "PreemptLowerPriority",
    "schedulerName": "default-scheduler",
    "serviceAccount": "default",
}
"""What nearly every pod says and what everybody assumes when it is not said."""

_POD_STATUS_UNREAD = ("hostIPs", "podIPs", "hostIP", "qosClass")
_CONTAINER_UNREAD = ("terminationMessagePath", "terminationMessagePolicy")
_STATUS_UNREAD = ("containerID", "imageID")
_TOKEN_VOLUME = "kube-api-access-"  # noqa: S105 - the beginning of a volume's name


class Projection:
    """Slims objects of one kind. Equal parts of several become one: the pods of a workload share most of their spec."""

    def __init__(self, resource: Resource) -> None:
        self._is_pods = resource == PODS
        self._shared: dict[bytes, Any] = {}

    def slim(self, source: JsonObject) -> JsonObject:
        """The object without what nobody reads; it is changed in place, since nobody else has it yet."""
        metadata = source.get("metadata")
        if isinstance(metadata, dict):
            metadata.pop("managedFields", None)
            annotations = metadata.get("annotations")
            if isinstance(annotations, dict):
                annotations.pop(_LAST_APPLIED, None)
            self._share(metadata, "labels", "annotations", "ownerReferences")
        if self._is_pods:
            self._slim_pod(source)
        return source

    def _slim_pod(self, pod: JsonObject) -> None:
        spec, status = pod.get("spec"), pod.get("status")
        if isinstance(spec, dict):
            for field, default in _POD_DEFAULTS.items():
                if spec.get(field) == default:
                    del spec[field]
            for container in (*(spec.get("initContainers") or ()), *(spec.get("containers") or ())):
                for field in _CONTAINER_UNREAD:
                    container.pop(field, None)
                _drop_token(container, "volumeMounts")
            _drop_token(spec, "volumes")
            self._share(spec, "containers", "initContainers", "volumes", "tolerations", "affinity")
        if isinstance(status, dict):
            for field in _POD_STATUS_UNREAD:
                status.pop(field, None)
            for container in (*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())):
                for field in _STATUS_UNREAD:
                    container.pop(field, None)

    def _share(self, holder: JsonObject, *fields: str) -> None:
        for field in fields:
            value = holder.get(field)
            if value:
                holder[field] = self._shared.setdefault(orjson.dumps(value), value)

    def forget_unused(self) -> None:
        """Start sharing anew, when a whole list is read again."""
        self._shared.clear()


def _drop_token(holder: JsonObject, field: str) -> None:
    """Every pod has its own volume with the token of its account, under a random name."""
    items = holder.get(field)
    if isinstance(items, list):
        kept = [item for item in items if not str(item.get("name", "")).startswith(_TOKEN_VOLUME)]
        if kept:
            holder[field] = kept
        else:
            del holder[field]
