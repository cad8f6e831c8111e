"""An autoscaler that works against a number of replicas."""

from __future__ import annotations

from collections.abc import Sequence

from k8s_diagnosis.objects.access import JsonObject, name_of, read_int, read_map, read_text
from k8s_diagnosis.problem import Words
from k8s_mcp.changes.targets import Target


def find_autoscaler(autoscalers: Sequence[JsonObject], target: Target) -> JsonObject | None:
    """The HorizontalPodAutoscaler that scales this object."""
    return next(
        (
            each
            for each in autoscalers
            if read_text(each, "spec", "scaleTargetRef", "name") == target.name
            and read_text(each, "spec", "scaleTargetRef", "kind") == target.resource.kind
        ),
        None,
    )


def describe_autoscaler(autoscaler: JsonObject, *, replicas: int) -> Words:
    """What becomes of a number of replicas set by hand."""
    name = name_of(autoscaler)
    spec = read_map(autoscaler, "spec")
    least = read_int(spec, "minReplicas") if "minReplicas" in spec else 1
    most = read_int(spec, "maxReplicas")
    if replicas == 0:
        return Words(
            en=f"HorizontalPodAutoscaler {name} stops working while there are 0 replicas.",
            zh=f"副本数为 0 时 HorizontalPodAutoscaler {name} 停止工作。",
        )
    if least <= replicas <= most:
        return Words(
            en=f"HorizontalPodAutoscaler {name} ({least} to {most}) sets the number itself and may change it back "
            "within a minute; to keep it, change minReplicas or maxReplicas there.",
            zh=f"HorizontalPodAutoscaler {name}（{least}–{most}）会自行设定副本数，可能一分钟内改回；"
            "要保持请改它的 minReplicas 或 maxReplicas。",
        )
    nearest = least if replicas < least else most
    return Words(
        en=f"HorizontalPodAutoscaler {name} allows {least} to {most} replicas and will set {nearest} again at once; "
        "change its limits instead.",
        zh=f"HorizontalPodAutoscaler {name} 只允许 {least}–{most} 个副本，会马上改回 {nearest}；应改它的上下限。",
    )
