"""HorizontalPodAutoscaler in its older form, which `kubectl autoscale` writes, and in the one that is kept. Pure."""

import orjson

from simulator.store import JsonObject

_METRICS = "autoscaling.alpha.kubernetes.io/metrics"
_CONDITIONS = "autoscaling.alpha.kubernetes.io/conditions"
_SAME_IN_STATUS = ("currentReplicas", "desiredReplicas", "lastScaleTime", "observedGeneration")


def to_v1(item: JsonObject) -> JsonObject:
    """What the older form has no field for goes into annotations, as the real server puts it there."""
    spec, status = item.get("spec") or {}, item.get("status") or {}
    shown = {field: spec[field] for field in ("minReplicas", "maxReplicas", "scaleTargetRef") if field in spec}
    metrics = spec.get("metrics") or []
    target = next((goal for metric in metrics if (goal := _cpu_goal(metric)) is not None), None)
    if target is not None:
        shown["targetCPUUtilizationPercentage"] = target
    others = [metric for metric in metrics if _cpu_goal(metric) is None]
    notes = {_METRICS: others, _CONDITIONS: status.get("conditions") or []}
    annotations = {name: orjson.dumps(value).decode() for name, value in notes.items() if value}
    metadata = dict(item["metadata"])
    if annotations:
        metadata["annotations"] = {**(metadata.get("annotations") or {}), **annotations}
    counts = {field: status[field] for field in _SAME_IN_STATUS if field in status}
    counts.setdefault("currentReplicas", 0)
    counts.setdefault("desiredReplicas", 0)
    current = next((used for metric in status.get("currentMetrics") or [] if (used := _cpu_use(metric))), None)
    if current is not None:
        counts["currentCPUUtilizationPercentage"] = current
    return {"metadata": metadata, "spec": shown, "status": counts}


def to_v2(item: JsonObject) -> JsonObject:
    """An older manifest; its status is the controller's business and is dropped."""
    spec = dict(item.get("spec") or {})
    goal = spec.pop("targetCPUUtilizationPercentage", None)
    metadata = dict(item.get("metadata") or {})
    annotations = dict(metadata.get("annotations") or {})
    noted = annotations.pop(_METRICS, None)
    annotations.pop(_CONDITIONS, None)
    if "annotations" in metadata:
        metadata["annotations"] = annotations
    if not annotations:
        metadata.pop("annotations", None)
    metrics = orjson.loads(noted) if noted else []
    if goal is not None:
        target = {"type": "Utilization", "averageUtilization": goal}
        metrics = [{"type": "Resource", "resource": {"name": "cpu", "target": target}}, *metrics]
    return {"metadata": metadata, "spec": {**spec, **({"metrics": metrics} if metrics else {})}}


def _cpu_goal(metric: JsonObject) -> int | None:
    resource = metric.get("resource") or {}
    goal: int | None = (resource.get("target") or {}).get("averageUtilization")
    return goal if resource.get("name") == "cpu" else None


def _cpu_use(metric: JsonObject) -> int | None:
    resource = metric.get("resource") or {}
    used: int | None = (resource.get("current") or {}).get("averageUtilization")
    return used if resource.get("name") == "cpu" else None
