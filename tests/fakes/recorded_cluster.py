"""A cluster in memory, filled with plain API objects or with one recorded case."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from k8s_diagnosis.dumps.files import DumpFile
from k8s_diagnosis.dumps.reading import read_dump
from k8s_diagnosis.objects.access import labels_of, name_of, namespace_of, read_text
from k8s_diagnosis.snapshot import ClusterSnapshot
from k8s_mcp.cluster import interfaces
from k8s_mcp.cluster.asking_user import AskingUser
from k8s_mcp.cluster.changes import Deletion, Eviction, ObjectPatch, Written
from k8s_mcp.cluster.interfaces import (
    ApiTable,
    JsonObject,
    KnownList,
    LogRequest,
    Resource,
    Selection,
    TableRow,
)
from k8s_mcp.cluster.kinds import KindCatalogue
from k8s_mcp.errors import ClusterError, ObjectNotFound, RequestRefused

KNOWN_RESOURCES = tuple(value for value in vars(interfaces).values() if isinstance(value, Resource))
CASES = Path(__file__).parent.parent / "data" / "kubernetes_cases"


@dataclass(frozen=True, slots=True)
class RecordedCase:
    """One recorded fault with its truth."""

    name: str
    condition: str | None
    object_at_fault: str | None
    recorded_at: datetime
    namespace: str
    files: dict[str, Any]  # Any: JSON of the recording, text of the logs

    def items(self, resource: str) -> list[JsonObject]:
        """Objects of a resource in the namespace of the case, or of the cluster."""
        for place in (self.namespace, "_cluster"):
            listed = self.files.get(f"objects/{place}.{resource}.json")
            if listed is not None:
                return list(listed["items"])
        return []

    def dump(self) -> list[DumpFile]:
        """The files as they lie in a folder."""
        return [
            DumpFile(path, content if isinstance(content, str) else json.dumps(content))
            for path, content in self.files.items()
        ]

    def snapshot(self) -> ClusterSnapshot:
        return read_dump(self.dump(), now=self.recorded_at)


def read_case(name: str) -> RecordedCase:
    content = json.loads((CASES / f"{name}.json").read_text(encoding="utf-8"))
    return RecordedCase(
        name=name,
        condition=content["condition"],
        object_at_fault=content["object_at_fault"],
        recorded_at=datetime.fromisoformat(content["recorded_at"]),
        namespace=content["namespace"],
        files=content["files"],
    )


def case_names() -> list[str]:
    return sorted(path.stem for path in CASES.glob("*.json"))


@dataclass
class InMemoryCluster:
    """Implements Cluster. Objects are held by the plural name of their resource."""

    objects: dict[str, list[JsonObject]] = field(default_factory=dict)
    logs: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    summaries: dict[str, JsonObject] = field(default_factory=dict)
    """What the kubelets measure, by node."""
    failures: dict[str, ClusterError] = field(default_factory=dict)
    """Errors by plural name, raised instead of an answer."""
    namespace: str = "default"
    requests: list[str] = field(default_factory=list)
    is_closed: bool = False
    resources: tuple[Resource, ...] = KNOWN_RESOURCES
    name: str = "recorded"

    def acting_as(self, user: AskingUser) -> InMemoryCluster:
        self.requests.append(f"as {user.name}")
        return self

    async def read_version(self) -> str:
        return "v1.32.13"

    async def default_namespace(self) -> str:
        return self.namespace

    async def find_resource(self, kind: str) -> Resource:
        return KindCatalogue(self.resources).find(kind)

    async def list_objects(self, resource: Resource, selection: Selection) -> list[JsonObject]:
        self.requests.append(f"list {resource.plural}")
        self._fail(resource)
        return [
            copy.deepcopy(each)
            for each in self.objects.get(resource.plural, [])
            if _is_selected(each, resource=resource, selection=selection)
        ]

    async def list_known(self, resource: Resource, selection: Selection) -> KnownList:
        return KnownList(await self.list_objects(resource, selection))

    async def read_table(self, resource: Resource, selection: Selection) -> ApiTable:
        found = await self.list_objects(resource, selection)
        rows = [
            TableRow(namespace_of(each), name_of(each), (name_of(each), read_text(each, "status", "phase")))
            for each in found
        ]
        return ApiTable(("Name", "Status"), tuple(rows))

    async def list_names(self, resource: Resource, selection: Selection) -> list[str]:
        return [name_of(each) for each in await self.list_objects(resource, selection)]

    async def read_object(self, resource: Resource, *, name: str, namespace: str | None = None) -> JsonObject:
        self.requests.append(f"get {resource.plural}/{name}")
        self._fail(resource)
        for each in self.objects.get(resource.plural, []):
            if name_of(each) == name and (not resource.is_namespaced or namespace_of(each) == namespace):
                return copy.deepcopy(each)
        raise ObjectNotFound(f'{resource.plural} "{name}" not found')

    async def read_node_summary(self, node: str) -> JsonObject:
        self.requests.append(f"get nodes/{node}/proxy")
        if "nodes/proxy" in self.failures:
            raise self.failures["nodes/proxy"]
        if node not in self.summaries:
            raise ObjectNotFound(f'nodes "{node}" not found')
        return copy.deepcopy(self.summaries[node])

    async def read_log(self, request: LogRequest) -> str:
        self.requests.append(f"log {request.pod}")
        if "log" in self.failures:
            raise self.failures["log"]
        pods = [name_of(each) for each in self.objects.get("pods", [])]
        if request.pod not in pods:
            raise ObjectNotFound(f'pods "{request.pod}" not found')
        lines = self.logs.get((request.pod, request.container or ""))
        if lines is None:
            raise RequestRefused(f'previous terminated container "{request.container}" not found')
        start = datetime(2026, 11, 21, tzinfo=UTC)
        stamps = [
            f"{(start + timedelta(seconds=number)).isoformat().replace('+00:00', 'Z')} "
            if request.has_timestamps
            else ""
            for number in range(len(lines))
        ]
        return "\n".join([f"{stamp}{line}" for stamp, line in zip(stamps, lines, strict=True)][-request.tail_lines :])

    # What a change does is for the simulated API server to show; recordings are only read.

    async def patch_object(self, patch: ObjectPatch, *, is_dry_run: bool) -> Written:
        raise NotImplementedError

    async def delete_object(self, deletion: Deletion, *, is_dry_run: bool) -> None:
        raise NotImplementedError

    async def evict_pod(self, eviction: Eviction, *, is_dry_run: bool) -> None:
        raise NotImplementedError

    async def close(self) -> None:
        self.is_closed = True

    def _fail(self, resource: Resource) -> None:
        if resource.plural in self.failures:
            raise self.failures[resource.plural]


def cluster_of(case: RecordedCase) -> InMemoryCluster:
    logs: dict[tuple[str, str], list[str]] = {}
    for (_, pod, container), read in case.snapshot().logs.items():
        # The in-memory cluster keeps one log per container: that of the run that failed.
        logs[pod, container] = (read.current or read.previous).splitlines()
    lists = [path for path, content in case.files.items() if path.startswith("objects/") and "items" in content]
    resources = {path.removesuffix(".json").partition(".")[2] for path in lists}
    objects = {each: case.items(each) for each in resources}
    objects["namespaces"] = [{"metadata": {"name": case.namespace}}]
    return InMemoryCluster(objects=objects, logs=logs, namespace=case.namespace)


def _is_selected(each: JsonObject, *, resource: Resource, selection: Selection) -> bool:
    if resource.is_namespaced and selection.namespace not in {None, namespace_of(each)}:
        return False
    labels = labels_of(each)
    wanted = dict(part.split("=", 1) for part in _parts(selection.label_selector))
    if any(labels.get(key) != value for key, value in wanted.items()):
        return False
    return all(
        read_text(each, *field_path.split(".")) == value
        for field_path, value in (part.split("=", 1) for part in _parts(selection.field_selector))
    )


def _parts(selector: str | None) -> Iterable[str]:
    return selector.split(",") if selector else ()
