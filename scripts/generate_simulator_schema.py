"""Writes simulator/api/schema/definitions.json: the fields of every object the simulated API knows.

Taken from the models of the official Python client, so that the simulator itself starts without importing it.
Run again after the client's version changed: `python scripts/generate_simulator_schema.py`.
"""

import json
import re
from pathlib import Path
from typing import Any

from kubernetes.client import models

TARGET = Path(__file__).parent.parent / "simulator" / "api" / "schema" / "definitions.json"
ROOTS = {
    "APIService": "V1APIService",
    "CSIDriver": "V1CSIDriver",
    "ConfigMap": "V1ConfigMap",
    "ControllerRevision": "V1ControllerRevision",
    "CronJob": "V1CronJob",
    "ClusterRole": "V1ClusterRole",
    "ClusterRoleBinding": "V1ClusterRoleBinding",
    "CustomResourceDefinition": "V1CustomResourceDefinition",
    "DaemonSet": "V1DaemonSet",
    "DeleteOptions": "V1DeleteOptions",
    "Deployment": "V1Deployment",
    "EndpointSlice": "V1EndpointSlice",
    "Endpoints": "V1Endpoints",
    "Event": "CoreV1Event",
    "Eviction": "V1Eviction",
    "HorizontalPodAutoscaler": "V2HorizontalPodAutoscaler",
    "HorizontalPodAutoscalerV1": "V1HorizontalPodAutoscaler",
    "Ingress": "V1Ingress",
    "IngressClass": "V1IngressClass",
    "Job": "V1Job",
    "Lease": "V1Lease",
    "LimitRange": "V1LimitRange",
    "MutatingWebhookConfiguration": "V1MutatingWebhookConfiguration",
    "Namespace": "V1Namespace",
    "NetworkPolicy": "V1NetworkPolicy",
    "Node": "V1Node",
    "PersistentVolume": "V1PersistentVolume",
    "PersistentVolumeClaim": "V1PersistentVolumeClaim",
    "Pod": "V1Pod",
    "PodDisruptionBudget": "V1PodDisruptionBudget",
    "PriorityClass": "V1PriorityClass",
    "ReplicaSet": "V1ReplicaSet",
    "ReplicationController": "V1ReplicationController",
    "ResourceQuota": "V1ResourceQuota",
    "Role": "V1Role",
    "RoleBinding": "V1RoleBinding",
    "Scale": "V1Scale",
    "Secret": "V1Secret",
    "Service": "V1Service",
    "ServiceAccount": "V1ServiceAccount",
    "StatefulSet": "V1StatefulSet",
    "StorageClass": "V1StorageClass",
    "ValidatingWebhookConfiguration": "V1ValidatingWebhookConfiguration",
    "VolumeAttachment": "V1VolumeAttachment",
}
# The client speaks for a later server than the simulated one; these fields came after 1.32.
LATER_FIELDS = {
    "evictionResponders",
    "fileKeyRef",
    "hostnameOverride",
    "podCertificate",
    "schedulingGroup",
    "stopSignal",
}
# Two versions of one group would share these names.
RENAMED = {
    "V1HorizontalPodAutoscalerSpec": "HorizontalPodAutoscalerV1Spec",
    "V1HorizontalPodAutoscalerStatus": "HorizontalPodAutoscalerV1Status",
}
SCALARS = {"str": "string", "int": "integer", "float": "number", "bool": "boolean", "object": "any", "bytes": "bytes"}


def main() -> None:
    definitions: dict[str, dict[str, str]] = {}
    for kind, model in ROOTS.items():
        describe(model, name=kind, definitions=definitions)
    lines = [
        f"{json.dumps(name)}: {json.dumps(fields, sort_keys=True)}" for name, fields in sorted(definitions.items())
    ]
    TARGET.write_text("{\n" + ",\n".join(lines) + "\n}\n")


def describe(model: str, *, name: str, definitions: dict[str, dict[str, str]]) -> None:
    if name in definitions:
        return
    cls: Any = getattr(models, model)  # the models are generated and carry their types as class attributes
    fields = definitions[name] = {}
    for attribute, type_name in cls.openapi_types.items():
        field = cls.attribute_map[attribute]
        if field not in LATER_FIELDS:
            fields[field] = convert(type_name, definitions=definitions)


def convert(type_name: str, *, definitions: dict[str, dict[str, str]]) -> str:
    """The type in our notation: a scalar, a definition's name, `[item]` or `{value}`."""
    if match := re.fullmatch(r"[Ll]ist\[(.*)\]", type_name):
        return f"[{convert(match[1], definitions=definitions)}]"
    if match := re.fullmatch(r"[Dd]ict[\[(]str, (.*)[\])]", type_name):
        return f"{{{convert(match[1], definitions=definitions)}}}"
    if type_name == "datetime":
        return "time"
    if type_name in SCALARS:
        return SCALARS[type_name]
    name = RENAMED.get(type_name) or re.sub(
        r"^(Core|Events|Discovery|Rbac|Storage|Authentication)?V\d+((alpha|beta)\d+)?", "", type_name
    )
    describe(type_name, name=name, definitions=definitions)
    return name


if __name__ == "__main__":
    main()
