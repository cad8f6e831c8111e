"""A cluster in memory, filled with plain API objects or with one recorded case."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from k8s_diagnosis.objects.access import labels_of, name_of, namespace_of, read_text
from k8s_mcp.cluster import interfaces
from k8s_mcp.cluster.asking_user import AskingUser
from k8s_mcp.cluster.changes import Deletion, Eviction, ObjectPatch, Written
from k8s_mcp.cluster.interfaces import JsonObject, KnownList, LogRequest, Resource, Selection
from k8s_mcp.cluster.kinds import KindCatalogue
from k8s_mcp.errors import ClusterError, ObjectNotFound, RequestRefused

KNOWN_RESOURCES = tuple(value for value in vars(interfaces).values() if isinstance(value, Resource))
CASES = Path(__file__).parent.parent / "data" / "kubernetes_cases"


@dataclass(frozen=True, slots=True)
class RecordedCase:
    """One recorded fault with its truth."""

    name: str
    condition: str | None
    recorded_at: datetime
    namespace: str
    content: dict[str, Any]  # Any: JSON of the recording


def read_case(name: str) -> RecordedCase:
    content = json.loads((CASES / f"{name}.json").read_text(encoding="utf-8"))
    return RecordedCase(
        name=name,
        condition=content["condition"],
        recorded_at=datetime.fromisoformat(content["recorded_at"]),
        namespace=content["namespace"],
        content=content,
    )


def case_names() -> list[str]:
    return sorted(path.stem for path in CASES.glob("*.json"))


@dataclass
class InMemoryCluster:
    """Implements Cluster. Objects are held by the plural name of their resource."""

    objects: dict[str, list[JsonObject]] = field(default_factory=dict)
    logs: dict[tuple[str, str], list[str]] = field(default_factory=dict)
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

    async def list_names(self, resource: Resource, selection: Selection) -> list[str]:
        return [name_of(each) for each in await self.list_objects(resource, selection)]

    async def read_object(self, resource: Resource, *, name: str, namespace: str | None = None) -> JsonObject:
        self.requests.append(f"get {resource.plural}/{name}")
        self._fail(resource)
        for each in self.objects.get(resource.plural, []):
            if name_of(each) == name and (not resource.is_namespaced or namespace_of(each) == namespace):
                return copy.deepcopy(each)
        raise ObjectNotFound(f'{resource.plural} "{name}" not found')

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
        return "\n".join(lines[-request.tail_lines :])

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
    content = case.content
    logs = {tuple(key.split("/", 1)): lines for key, lines in content["logs"].items()}
    return InMemoryCluster(
        objects={
            "pods": content["pods"],
            "events": content["events"],
            "services": content["services"],
            "endpointslices": content["endpoint_slices"],
            "deployments": content["deployments"],
            "nodes": content["nodes"],
            "configmaps": [_named(name, case.namespace) for name in content["config_maps"]],
            "secrets": [_named(name, case.namespace) for name in content["secrets"]],
            "namespaces": [{"metadata": {"name": case.namespace}}],
        },
        logs={(pod, container): lines for (pod, container), lines in logs.items()},
        namespace=case.namespace,
    )


def _named(name: str, namespace: str) -> JsonObject:
    return {"metadata": {"name": name, "namespace": namespace}}


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
