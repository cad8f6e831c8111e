"""What a Deployment, StatefulSet or DaemonSet says about its pods and about how it replaces them."""

from __future__ import annotations

import math
from dataclasses import dataclass

from k8s_diagnosis.objects.access import JsonObject, read_flag, read_int, read_map, read_maps, read_text
from k8s_mcp.changes.targets import Target

KINDS = ("Deployment", "StatefulSet", "DaemonSet")


@dataclass(frozen=True, slots=True)
class Workload:
    """A workload as it was read, or as a dry run answered that it would be."""

    source: JsonObject

    @property
    def kind(self) -> str:
        return read_text(self.source, "kind")

    @property
    def namespace(self) -> str:
        return read_text(self.source, "metadata", "namespace")

    @property
    def replicas(self) -> int:
        """How many pods are wanted; for a DaemonSet as many as there are nodes for it."""
        if self.kind == "DaemonSet":
            return read_int(self.source, "status", "desiredNumberScheduled")
        # The API fills in 1 where nothing is said; an object from a manifest may still lack it.
        spec = read_map(self.source, "spec")
        return read_int(spec, "replicas") if "replicas" in spec else 1

    @property
    def ready(self) -> int:
        field = "numberReady" if self.kind == "DaemonSet" else "readyReplicas"
        return read_int(self.source, "status", field)

    @property
    def template(self) -> JsonObject:
        return read_map(self.source, "spec", "template")

    @property
    def pod_labels(self) -> dict[str, str]:
        return {key: str(value) for key, value in read_map(self.template, "metadata", "labels").items()}

    @property
    def selector(self) -> str:
        """As a list request takes it."""
        return write_selector(read_map(self.source, "spec", "selector"))

    @property
    def is_paused(self) -> bool:
        return self.kind == "Deployment" and read_flag(self.source, "spec", "paused")

    @property
    def strategy(self) -> str:
        """RollingUpdate, Recreate or OnDelete."""
        return read_text(self._update, "type") or "RollingUpdate"

    @property
    def partition(self) -> int:
        """How many pods of a StatefulSet an update leaves alone."""
        return min(self.replicas, read_int(self._update, "rollingUpdate", "partition"))

    @property
    def max_unavailable(self) -> int:
        """How many pods may be missing at a time while they are replaced."""
        if self.strategy == "Recreate":
            return self.replicas
        if self.kind == "Deployment":
            down = self._share("maxUnavailable", default="25%", rounds_up=False)
            # As the controller does: a rollout that may neither add nor remove a pod could not move.
            return max(1, down) if self.max_surge == 0 else down
        return max(1, self._share("maxUnavailable", default="1", rounds_up=True))

    @property
    def max_surge(self) -> int:
        """How many pods there may be beyond the wanted number while they are replaced."""
        if self.strategy != "RollingUpdate" or self.kind == "StatefulSet":
            return 0
        default = "25%" if self.kind == "Deployment" else "0"
        return self._share("maxSurge", default=default, rounds_up=True)

    @property
    def _update(self) -> JsonObject:
        return read_map(self.source, "spec", "strategy" if self.kind == "Deployment" else "updateStrategy")

    def _share(self, field: str, *, default: str, rounds_up: bool) -> int:
        text = read_text(self._update, "rollingUpdate", field) or default
        number = text.removesuffix("%")
        if not number.isdigit():
            return 0
        if number == text:
            return int(number)
        share = int(number) / 100 * self.replicas
        return math.ceil(share) if rounds_up else math.floor(share)


def workload_of(target: Target) -> Workload | None:
    """The workload a target is; None for other kinds and for one that is not there yet."""
    if target.found is None or target.resource.kind not in KINDS or target.resource.group != "apps":
        return None
    return Workload({**target.found, "kind": target.resource.kind})


def write_selector(selector: JsonObject) -> str:
    """A LabelSelector in the form that list requests take."""
    parts = [f"{key}={value}" for key, value in sorted(read_map(selector, "matchLabels").items())]
    for expression in read_maps(selector, "matchExpressions"):
        key, values = read_text(expression, "key"), ",".join(map(str, expression.get("values") or ()))
        match read_text(expression, "operator"):
            case "In" | "NotIn" as operator:
                parts.append(f"{key} {operator.lower()} ({values})")
            case "Exists":
                parts.append(key)
            case "DoesNotExist":
                parts.append(f"!{key}")
    return ",".join(parts)
