"""A snapshot made quick to search: everything is grouped once, so that rules cost no more than what they look at."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

from k8s_diagnosis.logs.lines import read_lines
from k8s_diagnosis.objects.access import JsonObject, labels_of, name_of, namespace_of, read_map, read_text
from k8s_diagnosis.objects.events import EventFacts, read_event
from k8s_diagnosis.objects.labels import matches, selects, template_labels
from k8s_diagnosis.objects.nodes import NodeCapacity, measure_nodes
from k8s_diagnosis.objects.pods import controller_of, is_condition_true, owner_of
from k8s_diagnosis.snapshot import EVERYWHERE, ClusterSnapshot, ContainerLogs

_EXAMPLES = 3
_SCALED_KINDS = ("Deployment", "StatefulSet", "ReplicaSet", "DaemonSet")
_SERVICE_NAME = "kubernetes.io/service-name"
# The controller names the runs of a CronJob by their time: minutes since 1970, in older versions seconds.
_RUN_OF_CRONJOB = re.compile(r"(?P<cronjob>.+)-\d{8}(?:\d\d)?")
_WITHOUT_NAMESPACE = {"Node", "PersistentVolume", "Namespace"}

ObjectKey = tuple[str, str, str]
"""Kind, namespace and name."""


def _time_and_text(event: EventFacts) -> tuple[float, str, str, str]:
    seen = event.last_seen.timestamp() if event.last_seen else float("inf")
    return seen, event.reason, event.name, event.message


class ClusterIndex:
    """Read access for the rules. All lists are in the order of names, so that an answer does not depend on theirs."""

    def __init__(self, snapshot: ClusterSnapshot) -> None:
        self.snapshot = snapshot
        self.now = snapshot.now
        self._owners: dict[tuple[str, str], str] = {}
        self._lines: dict[str, list[str]] = {}

    def all(self, kind: str) -> Sequence[JsonObject]:
        return self._objects.get(kind, ())

    def in_namespace(self, kind: str, namespace: str) -> Sequence[JsonObject]:
        return self._by_namespace.get((kind, namespace), ())

    def find(self, kind: str, namespace: str, name: str) -> JsonObject | None:
        return self._by_key.get((kind, namespace, name))

    def find_path(self, path: str) -> JsonObject | None:
        """The object at Kind/namespace/name."""
        kind, namespace, name = path.split("/", 2)
        return self.find(kind, namespace, name)

    def is_complete(self, kind: str, namespace: str = EVERYWHERE) -> bool:
        """Whether every object of the kind in the namespace was read."""
        read = self.snapshot.complete.get(kind, frozenset())
        return EVERYWHERE in read or namespace in read

    def is_missing(self, kind: str, namespace: str, name: str) -> bool:
        """Whether the object is known not to exist; what was not read is not known."""
        return self.is_complete(kind, namespace or EVERYWHERE) and self.find(kind, namespace, name) is None

    def names(self, kind: str, namespace: str) -> list[str]:
        return [name_of(each) for each in self.in_namespace(kind, namespace)]

    def events_about(self, kind: str, namespace: str, name: str) -> Sequence[EventFacts]:
        """Events of one object, oldest first."""
        return self._events.get((kind, namespace, name), ())

    def events_of_reason(self, *reasons: str) -> list[EventFacts]:
        return [event for reason in reasons for event in self._events_by_reason.get(reason, ())]

    def logs_of(self, namespace: str, pod: str, container: str) -> ContainerLogs | None:
        return self.snapshot.logs.get((namespace, pod, container))

    def lines_of(self, log: str) -> list[str]:
        """The readable end of a raw log; several rules ask for the same one, so it is cleaned once."""
        if log not in self._lines:
            self._lines[log] = read_lines(log)
        return self._lines[log]

    def is_log_example(self, pod: JsonObject) -> bool:
        """Whether the pod's own logs are worth reading: a few of a workload's failing pods say what all would."""
        return not controller_of(pod)[1] or (namespace_of(pod), name_of(pod)) in self._log_examples

    def logs_of_sibling(self, pod: JsonObject, container: str) -> ContainerLogs | None:
        """The logs of another pod that the same controller made and that is not well either."""
        return self._sibling_logs.get((namespace_of(pod), controller_of(pod), container))

    def pods_with(self, selector: Mapping[str, str], *, namespace: str) -> list[JsonObject]:
        """Pods that carry every label of a Service's selector; an empty selector finds none."""
        if not selector:
            return []
        buckets = [self._pods_by_label.get((namespace, key, value), []) for key, value in selector.items()]
        smallest = min(buckets, key=len)
        return [pod for pod in smallest if matches(selector, labels_of(pod))]

    def pods_selected(self, selector: JsonObject, *, namespace: str) -> list[JsonObject]:
        """Pods of a label selector with matchLabels and matchExpressions; an empty selector finds all."""
        wanted = {key: str(value) for key, value in read_map(selector, "matchLabels").items()}
        candidates: Iterable[JsonObject] = (
            self.pods_with(wanted, namespace=namespace) if wanted else self.in_namespace("Pod", namespace)
        )
        return [pod for pod in candidates if selects(selector, labels_of(pod))]

    def workloads_with(self, selector: Mapping[str, str], *, namespace: str) -> list[tuple[str, JsonObject]]:
        """Kind and object of the workloads whose pods carry, or would carry, every label of a Service's selector."""
        if not selector:
            return []
        buckets = [self._workloads_by_label.get((namespace, key, value), []) for key, value in selector.items()]
        return [(kind, each) for kind, each in min(buckets, key=len) if matches(selector, template_labels(each))]

    def service_at(self, address: str) -> JsonObject | None:
        """The Service with that cluster IP."""
        return self._services_by_address.get(address)

    def pods_of(self, workload: str) -> Sequence[JsonObject]:
        """Pods of a workload or of a ReplicaSet or Job within it, given as Kind/namespace/name."""
        return self._pods_by_owner.get(workload, ())

    def pods_on(self, node: str) -> Sequence[JsonObject]:
        return self._pods_by_node.get(node, ())

    def slices_of(self, service: JsonObject) -> Sequence[JsonObject]:
        return self._slices.get((namespace_of(service), name_of(service)), ())

    def children_of(self, kind: str, *, owner: str) -> Sequence[JsonObject]:
        """ReplicaSets or Jobs that the owner (Kind/namespace/name) controls."""
        return self._children.get((kind, owner), ())

    def workload_of(self, pod: JsonObject) -> str:
        """The outermost known owner of a pod as Kind/namespace/name, the pod itself when nobody owns it."""
        key = (namespace_of(pod), name_of(pod))
        if key not in self._owners:
            self._owners[key] = self._climb(pod)
        return self._owners[key]

    def owner_path_of(self, kind: str, source: JsonObject) -> str:
        """The object that made a ReplicaSet or Job, else itself, as Kind/namespace/name."""
        owner_kind, owner_name = controller_of(source)
        namespace = namespace_of(source)
        return f"{owner_kind}/{namespace}/{owner_name}" if owner_name else f"{kind}/{namespace}/{name_of(source)}"

    def _climb(self, pod: JsonObject) -> str:
        namespace = namespace_of(pod)
        direct_kind, direct_name = controller_of(pod)
        direct = self.find(direct_kind, namespace, direct_name) if direct_kind in {"ReplicaSet", "Job"} else None
        if direct is not None:
            return self.owner_path_of(direct_kind, direct)
        kind, name = owner_of(pod)
        scheduled = (
            _RUN_OF_CRONJOB.fullmatch(name) if kind == "Job" and not self.is_complete("Job", namespace) else None
        )
        if scheduled:
            return f"CronJob/{namespace}/{scheduled['cronjob']}"
        # A static pod belongs to its node; the node is no workload, so the pod stands for itself.
        if kind == "Node":
            return f"Pod/{namespace}/{name_of(pod)}"
        return f"{kind}/{namespace}/{name}"

    @cached_property
    def _objects(self) -> dict[str, list[JsonObject]]:
        return {
            kind: sorted(objects, key=lambda each: (namespace_of(each), name_of(each)))
            for kind, objects in self.snapshot.objects.items()
        }

    @cached_property
    def capacities(self) -> dict[str, NodeCapacity]:
        """Nodes by name with what the pods that were read request of them."""
        return {each.name: each for each in measure_nodes(self.all("Node"), self.all("Pod"))}

    @cached_property
    def _by_key(self) -> dict[ObjectKey, JsonObject]:
        return {
            (kind, namespace_of(each), name_of(each)): each
            for kind, objects in self._objects.items()
            if kind != "Event"
            for each in objects
        }

    @cached_property
    def _by_namespace(self) -> dict[tuple[str, str], list[JsonObject]]:
        grouped: dict[tuple[str, str], list[JsonObject]] = defaultdict(list)
        for kind, objects in self._objects.items():
            if kind != "Event":
                for each in objects:
                    grouped[kind, namespace_of(each)].append(each)
        return dict(grouped)

    @cached_property
    def _read_events(self) -> list[EventFacts]:
        events = [read_event(event) for event in self.all("Event")]
        return sorted(events, key=_time_and_text)

    @cached_property
    def _events(self) -> dict[ObjectKey, list[EventFacts]]:
        grouped: dict[ObjectKey, list[EventFacts]] = defaultdict(list)
        for event in self._read_events:
            # Events about objects without a namespace are kept in the namespace default.
            place = "" if event.kind in _WITHOUT_NAMESPACE else event.namespace
            grouped[event.kind, place, event.name].append(event)
        return dict(grouped)

    @cached_property
    def _events_by_reason(self) -> dict[str, list[EventFacts]]:
        grouped: dict[str, list[EventFacts]] = defaultdict(list)
        for event in self._read_events:
            grouped[event.reason].append(event)
        return dict(grouped)

    @cached_property
    def _pods_by_label(self) -> dict[tuple[str, str, str], list[JsonObject]]:
        grouped: dict[tuple[str, str, str], list[JsonObject]] = defaultdict(list)
        for pod in self.all("Pod"):
            namespace = namespace_of(pod)
            for key, value in labels_of(pod).items():
                grouped[namespace, key, value].append(pod)
        return dict(grouped)

    @cached_property
    def _workloads_by_label(self) -> dict[tuple[str, str, str], list[tuple[str, JsonObject]]]:
        grouped: dict[tuple[str, str, str], list[tuple[str, JsonObject]]] = defaultdict(list)
        for kind in _SCALED_KINDS:
            for each in self.all(kind):
                # The ReplicaSets of a Deployment are not workloads of their own.
                if kind != "ReplicaSet" or not controller_of(each)[1]:
                    for key, value in template_labels(each).items():
                        grouped[namespace_of(each), key, value].append((kind, each))
        return dict(grouped)

    @cached_property
    def _services_by_address(self) -> dict[str, JsonObject]:
        return {read_text(each, "spec", "clusterIP"): each for each in self.all("Service")}

    @cached_property
    def _pods_by_owner(self) -> dict[str, list[JsonObject]]:
        grouped: dict[str, list[JsonObject]] = defaultdict(list)
        for pod in self.all("Pod"):
            workload = self.workload_of(pod)
            grouped[workload].append(pod)
            kind, name = controller_of(pod)
            direct = f"{kind}/{namespace_of(pod)}/{name}"
            if name and direct != workload:
                grouped[direct].append(pod)
        return dict(grouped)

    @cached_property
    def _pods_by_node(self) -> dict[str, list[JsonObject]]:
        grouped: dict[str, list[JsonObject]] = defaultdict(list)
        for pod in self.all("Pod"):
            grouped[read_text(pod, "spec", "nodeName")].append(pod)
        return dict(grouped)

    @cached_property
    def _slices(self) -> dict[tuple[str, str], list[JsonObject]]:
        grouped: dict[tuple[str, str], list[JsonObject]] = defaultdict(list)
        for piece in self.all("EndpointSlice"):
            grouped[namespace_of(piece), labels_of(piece).get(_SERVICE_NAME, "")].append(piece)
        return dict(grouped)

    @cached_property
    def _log_examples(self) -> set[tuple[str, str]]:
        examples: dict[tuple[str, tuple[str, str]], set[tuple[str, str]]] = defaultdict(set)
        for namespace, name, _ in sorted(self.snapshot.logs):
            pod = self.find("Pod", namespace, name)
            if pod is not None and not is_condition_true(pod, "Ready"):
                chosen = examples[namespace, controller_of(pod)]
                if len(chosen) < _EXAMPLES:
                    chosen.add((namespace, name))
        return {each for chosen in examples.values() for each in chosen}

    @cached_property
    def _sibling_logs(self) -> dict[tuple[str, tuple[str, str], str], ContainerLogs]:
        found: dict[tuple[str, tuple[str, str], str], ContainerLogs] = {}
        for (namespace, name, container), logs in sorted(self.snapshot.logs.items()):
            pod = self.find("Pod", namespace, name)
            if pod is not None and controller_of(pod)[1] and not is_condition_true(pod, "Ready"):
                found.setdefault((namespace, controller_of(pod), container), logs)
        return found

    @cached_property
    def _children(self) -> dict[tuple[str, str], list[JsonObject]]:
        grouped: dict[tuple[str, str], list[JsonObject]] = defaultdict(list)
        for kind in ("ReplicaSet", "Job"):
            for each in self.all(kind):
                owner_kind, owner_name = controller_of(each)
                if owner_name:
                    grouped[kind, f"{owner_kind}/{namespace_of(each)}/{owner_name}"].append(each)
        return dict(grouped)
