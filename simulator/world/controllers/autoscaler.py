"""The HorizontalPodAutoscaler controller: measured use against wanted use, every fifteen seconds."""

import math
from dataclasses import dataclass

from simulator.api_resources import HORIZONTALPODAUTOSCALERS, PODS, ResourceType
from simulator.interfaces import ResourceUsage, Usage
from simulator.store import ChangeKind, JsonObject, matches_label_selector
from simulator.world.agenda import WorkQueue
from simulator.world.engine import Engine
from simulator.world.events import EventSource
from simulator.world.shapes import (
    cpu_millis,
    find_condition,
    is_ready,
    is_terminating,
    key_of,
    labels_of,
    memory_bytes,
    timestamp,
)

SOURCE = EventSource("horizontal-pod-autoscaler")
EVERY_SECONDS = 15.0
TOLERANCE = 0.1
STABILISATION_SECONDS = 300.0
"""A lower number has to hold that long before pods are taken away."""


class NoMeasure(Exception):
    """A metric cannot be computed; the message says why, in the words of the real controller."""


@dataclass(frozen=True, slots=True)
class Verdict:
    kind: str
    status: str
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Measured:
    """One metric: how many replicas it asks for, and what was seen."""

    replicas: int
    text: str
    current: JsonObject


class AutoscalerController:
    def __init__(self, engine: Engine, *, usage: ResourceUsage) -> None:
        self._engine = engine
        self._usage = usage
        self._lower: dict[str, tuple[float, int]] = {}
        self._queue = WorkQueue(agenda=engine.agenda, reconcile=self._reconcile)
        engine.state.watch(HORIZONTALPODAUTOSCALERS, self._autoscaler_changed)

    def _autoscaler_changed(self, kind: ChangeKind, old: JsonObject | None, item: JsonObject) -> None:
        if kind != "DELETED" and (old is None or old["spec"] != item["spec"]):
            self._queue.add(key_of(item), after=0.5)

    def _reconcile(self, key: str) -> None:
        item = self._engine.state.find(HORIZONTALPODAUTOSCALERS, key)
        if item is None or is_terminating(item):
            return
        self._queue.add(key, after=EVERY_SECONDS)
        reference = item["spec"]["scaleTargetRef"]
        resource = self._resource_of(reference)
        namespace = item["metadata"]["namespace"]
        target = self._engine.state.find(resource, f"{namespace}/{reference['name']}") if resource else None
        if resource is None or target is None:
            self._report_missing(key, item, resource)
            return
        self._scale(key, item, resource, target)

    def _resource_of(self, reference: JsonObject) -> ResourceType | None:
        table = self._engine.state.store.resources
        found = table.find_kind(api_version=reference.get("apiVersion", ""), kind=reference["kind"])
        return found if found is not None and found.subresource("scale") else None

    def _report_missing(self, key: str, item: JsonObject, resource: ResourceType | None) -> None:
        reference = item["spec"]["scaleTargetRef"]
        if resource is None:
            group = reference.get("apiVersion", "").rpartition("/")[0]
            why = f'no matches for kind "{reference["kind"]}" in group "{group}"'
        else:
            scale = f"{resource.plural}/scale.{resource.group}" if resource.group else f"{resource.plural}/scale"
            why = f'{scale} "{reference["name"]}" not found'
        self._say(item, "FailedGetScale", why, warning=True)
        text = f"the HPA controller was unable to get the target's current scale: {why}"
        self._write(key, item, [Verdict("AbleToScale", "False", "FailedGetScale", text)], counts=(0, 0))

    def _scale(self, key: str, item: JsonObject, resource: ResourceType, target: JsonObject) -> None:
        current = int(target["spec"].get("replicas", 1))
        if current == 0:
            text = "scaling is disabled since the replica count of the target is zero"
            able = Verdict("AbleToScale", "True", "SucceededGetScale", _GOT_SCALE)
            self._write(key, item, [able, Verdict("ScalingActive", "False", "ScalingDisabled", text)], counts=(0, 0))
            return
        try:
            measured = [self._measure(item, target, metric, current=current) for metric in item["spec"]["metrics"]]
        except NoMeasure as error:
            self._report_unmeasured(key, item, str(error), current=current)
            return
        wished = max(measured, key=lambda entry: entry.replicas)
        wanted, limited = _limit(item["spec"], wished.replicas)
        settled = self._settle(key, current=current, wanted=wanted)
        able = Verdict("AbleToScale", "True", "ReadyForNewScale", "recommended size matches current size")
        if settled != current:
            self._resize(item, resource, target, size=settled, why=wished.text)
            text = f"the HPA controller was able to update the target scale to {settled}"
            able = Verdict("AbleToScale", "True", "SucceededRescale", text)
        elif wanted < current:
            text = "recent recommendations were higher than current one, applying the highest recent recommendation"
            able = Verdict("AbleToScale", "True", "ScaleDownStabilized", text)
        text = f"the HPA was able to successfully calculate a replica count from {wished.text}"
        active = Verdict("ScalingActive", "True", "ValidMetricFound", text)
        seen = [entry.current for entry in measured]
        self._write(key, item, [able, active, limited], counts=(current, settled), seen=seen)

    def _settle(self, key: str, *, current: int, wanted: int) -> int:
        """Growing happens at once, doubling or four pods at most; shrinking waits."""
        if wanted >= current:
            self._lower.pop(key, None)
            return min(wanted, max(2 * current, current + 4))
        since, _ = self._lower.setdefault(key, (self._engine.now, wanted))
        return wanted if self._engine.now - since >= STABILISATION_SECONDS else current

    def _resize(self, item: JsonObject, resource: ResourceType, target: JsonObject, *, size: int, why: str) -> None:
        before = int(target["spec"].get("replicas", 1))

        def change(draft: JsonObject) -> None:
            draft["spec"]["replicas"] = size

        self._engine.state.change(resource, key_of(target), change)
        direction = f"{why} above target" if size > before else "All metrics below target"
        self._say(item, "SuccessfulRescale", f"New size: {size}; reason: {direction}")
        self._lower.pop(key_of(item), None)

    def _report_unmeasured(self, key: str, item: JsonObject, why: str, *, current: int) -> None:
        name = next((m["resource"]["name"] for m in item["spec"]["metrics"] if m["type"] == "Resource"), "cpu")
        text = f"failed to get {name} utilization: {why}"
        self._say(item, "FailedGetResourceMetric", text, warning=True)
        invalid = f"invalid metrics (1 invalid out of {len(item['spec']['metrics'])}), first error is: failed to get"
        details = f"{invalid} {name} resource metric value: {text}"
        self._say(item, "FailedComputeMetricsReplicas", details, warning=True)
        active = f"the HPA was unable to compute the replica count: {text}"
        verdicts = [
            Verdict("AbleToScale", "True", "SucceededGetScale", _GOT_SCALE),
            Verdict("ScalingActive", "False", "FailedGetResourceMetric", active),
        ]
        # The real controller writes an empty entry for a metric that it could not read.
        self._write(key, item, verdicts, counts=(current, 0), seen=[{"type": ""}])

    def _measure(self, item: JsonObject, target: JsonObject, metric: JsonObject, *, current: int) -> Measured:
        """One metric of the target's pods; raise NoMeasure."""
        if metric["type"] != "Resource":
            raise NoMeasure("unable to fetch metrics from custom metrics API: no custom metrics API registered")
        name, goal = metric["resource"]["name"], metric["resource"]["target"]
        pods = self._pods_of(target)
        used = self._used(pods, resource=name)
        if not used:
            raise NoMeasure(self._why_unmeasured(pods, name))
        average = sum(used.values()) / len(used)
        if goal.get("averageUtilization") is None:
            value = goal.get("averageValue", "0")
            wanted = cpu_millis(value) if name == "cpu" else memory_bytes(value)
            replicas = math.ceil(sum(used.values()) / max(wanted, 1))
            shown: JsonObject = {"averageValue": f"{int(average)}m" if name == "cpu" else str(int(average))}
            return Measured(replicas, f"{name} resource", _seen(name, shown))
        requested = sum(self._requested(pod, name) for pod in pods if pod["metadata"]["name"] in used)
        ratio = sum(used.values()) / requested / (goal["averageUtilization"] / 100)
        utilisation = round(100 * sum(used.values()) / requested)
        replicas = current if abs(ratio - 1) <= TOLERANCE else math.ceil(len(used) * ratio)
        amount = f"{int(average)}m" if name == "cpu" else str(int(average))
        shown = {"averageUtilization": utilisation, "averageValue": amount}
        text = f"{name} resource utilization (percentage of request)"
        return Measured(replicas, text, _seen(name, shown))

    def _pods_of(self, target: JsonObject) -> list[JsonObject]:
        pods = self._engine.state.store.list_objects(PODS, namespace=target["metadata"]["namespace"])
        selector = target["spec"].get("selector") or {}
        return [pod for pod in pods if matches_label_selector(selector, labels_of(pod)) and not is_terminating(pod)]

    def _used(self, pods: list[JsonObject], *, resource: str) -> dict[str, float]:
        """Thousandths of a core or bytes, by pod; pods that are not ready do not count."""
        found: dict[str, float] = {}
        if not self._usage.is_available:
            return found
        for pod in pods:
            metadata = pod["metadata"]
            if not is_ready(pod):
                continue
            sample = self._usage.pod_usage(namespace=metadata["namespace"], name=metadata["name"])
            if sample is not None:
                found[metadata["name"]] = _amount(sample.total, resource)
        return found

    def _requested(self, pod: JsonObject, resource: str) -> float:
        """What all containers of a pod request; raise NoMeasure when one says nothing."""
        total = 0.0
        for container in pod["spec"]["containers"]:
            value = ((container.get("resources") or {}).get("requests") or {}).get(resource)
            if value is None:
                name = pod["metadata"]["name"]
                raise NoMeasure(f"missing request for {resource} in container {container['name']} of Pod {name}")
            total += cpu_millis(value) if resource == "cpu" else memory_bytes(value)
        return total

    def _why_unmeasured(self, pods: list[JsonObject], resource: str) -> str:
        if not self._usage.is_available:
            return (
                "unable to get metrics for resource "
                f"{resource}: unable to fetch metrics from resource metrics API: the server is currently unable to "
                "handle the request (get pods.metrics.k8s.io)"
            )
        if not pods:
            return "no pods returned by selector while calculating replica count"
        return "did not receive metrics for targeted pods (pods might be unready)"

    def _write(
        self,
        key: str,
        item: JsonObject,
        verdicts: list[Verdict],
        *,
        counts: tuple[int, int],
        seen: list[JsonObject] | None = None,
    ) -> None:
        before = item.get("status") or {}
        current, desired = counts
        status: JsonObject = {"currentReplicas": current} if current else {}
        status["desiredReplicas"] = desired
        if desired and desired != current:
            status["lastScaleTime"] = timestamp(self._engine.now)
        elif "lastScaleTime" in before:
            status["lastScaleTime"] = before["lastScaleTime"]
        status["currentMetrics"] = seen
        status["conditions"] = [self._condition(item, verdict) for verdict in verdicts]
        if status != before:
            self._engine.state.set_status(HORIZONTALPODAUTOSCALERS, key, status)

    def _condition(self, item: JsonObject, verdict: Verdict) -> JsonObject:
        known = find_condition(item, verdict.kind)
        is_same = known is not None and known["status"] == verdict.status
        since = known["lastTransitionTime"] if known is not None and is_same else timestamp(self._engine.now)
        return {
            "type": verdict.kind,
            "status": verdict.status,
            "lastTransitionTime": since,
            "reason": verdict.reason,
            "message": verdict.message,
        }

    def _say(self, item: JsonObject, reason: str, message: str, *, warning: bool = False) -> None:
        self._engine.events.record(item, reason=reason, message=message, source=SOURCE, warning=warning)


_GOT_SCALE = "the HPA controller was able to get the target's current scale"


def _limit(spec: JsonObject, wished: int) -> tuple[int, Verdict]:
    least, most = int(spec.get("minReplicas", 1)), int(spec["maxReplicas"])
    if wished > most:
        text = "the desired replica count is more than the maximum replica count"
        return most, Verdict("ScalingLimited", "True", "TooManyReplicas", text)
    if wished < least:
        text = "the desired replica count is less than the minimum replica count"
        return least, Verdict("ScalingLimited", "True", "TooFewReplicas", text)
    text = "the desired count is within the acceptable range"
    return wished, Verdict("ScalingLimited", "False", "DesiredWithinRange", text)


def _amount(usage: Usage, resource: str) -> float:
    return usage.cpu_nanocores / 1_000_000 if resource == "cpu" else usage.memory_kibibytes * 1024.0


def _seen(name: str, current: JsonObject) -> JsonObject:
    return {"type": "Resource", "resource": {"name": name, "current": current}}
