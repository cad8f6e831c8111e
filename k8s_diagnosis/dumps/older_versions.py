"""Objects of API versions that are gone by now, in the form of today; the rules know that one only."""

from __future__ import annotations

import json
from typing import Any

from k8s_diagnosis.objects.access import JsonObject, read_map, read_maps, read_text

_HPA_CONDITIONS = "autoscaling.alpha.kubernetes.io/conditions"


def to_current(kind: str, source: JsonObject, *, version: str = "") -> JsonObject:
    """The same object; one that needs no change is answered as it is. `version` counts where it names none."""
    version = read_text(source, "apiVersion") or version
    if kind == "Ingress" and not version.endswith("/v1"):
        return _current_ingress(source)
    if kind == "HorizontalPodAutoscaler" and version != "autoscaling/v2":
        return _current_autoscaler(source)
    return source


def _current_ingress(source: JsonObject) -> JsonObject:
    """extensions/v1beta1 and networking.k8s.io/v1beta1: serviceName and servicePort."""
    spec = dict(read_map(source, "spec"))
    if read_map(spec, "backend"):
        spec["defaultBackend"] = _current_backend(read_map(spec, "backend"))
    spec["rules"] = [
        {
            **rule,
            "http": {
                "paths": [
                    {**path, "backend": _current_backend(read_map(path, "backend"))}
                    for path in read_maps(rule, "http", "paths")
                ]
            },
        }
        for rule in read_maps(spec, "rules")
    ]
    return {**source, "spec": spec}


def _current_backend(backend: JsonObject) -> JsonObject:
    if "serviceName" not in backend:
        return backend
    port = backend.get("servicePort")
    key = "number" if isinstance(port, int) or str(port).isdigit() else "name"
    return {"service": {"name": backend["serviceName"], "port": {key: port}}}


def _current_autoscaler(source: JsonObject) -> JsonObject:
    """autoscaling/v1 keeps the conditions in an annotation, and the processor's target in a field of its own."""
    spec, status = dict(read_map(source, "spec")), dict(read_map(source, "status"))
    target = spec.get("targetCPUUtilizationPercentage")
    if target is not None and "metrics" not in spec:
        spec["metrics"] = [_cpu_metric({"target": {"type": "Utilization", "averageUtilization": target}})]
    else:
        spec["metrics"] = [_current_metric(metric) for metric in read_maps(spec, "metrics")]
    if "conditions" not in status:
        status["conditions"] = _read_conditions(read_map(source, "metadata", "annotations").get(_HPA_CONDITIONS))
    return {**source, "spec": spec, "status": status}


def _cpu_metric(resource: JsonObject) -> JsonObject:
    return {"type": "Resource", "resource": {"name": "cpu", **resource}}


def _current_metric(metric: JsonObject) -> JsonObject:
    """autoscaling/v2beta1: targetAverageUtilization beside the name."""
    resource = read_map(metric, "resource")
    if "targetAverageUtilization" not in resource:
        return metric
    target = {"type": "Utilization", "averageUtilization": resource["targetAverageUtilization"]}
    return {**metric, "resource": {"name": resource.get("name"), "target": target}}


def _read_conditions(text: Any) -> list[JsonObject]:  # Any: the value of an annotation
    try:
        read = json.loads(text) if isinstance(text, str) else []
    except ValueError:
        return []
    return [each for each in read if isinstance(each, dict)] if isinstance(read, list) else []
