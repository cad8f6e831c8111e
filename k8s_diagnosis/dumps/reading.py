"""Builds a snapshot from the files of a dump."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import PurePosixPath

from k8s_diagnosis.dumps.files import DumpFile, LogFile, Unreadable, is_log, is_objects, parse_documents, parse_log
from k8s_diagnosis.dumps.kinds import CLUSTER_KINDS, KINDS_LOOKED_AT, kind_of_file
from k8s_diagnosis.objects.access import JsonObject, name_of, namespace_of, read_int, read_map, read_maps, read_text
from k8s_diagnosis.snapshot import EVERYWHERE, ClusterSnapshot, ContainerLogs, LogKey, Unread
from k8s_diagnosis.text.times import parse_time
from mcp_kit.sanitising import sanitise_line

_NAME = re.compile(r"[A-Za-z0-9]([\w.:@-]*[A-Za-z0-9])?")
_TIMES = frozenset(
    [
        *(
            "creationTimestamp",
            "lastTimestamp",
            "firstTimestamp",
            "eventTime",
            "lastTransitionTime",
            "lastHeartbeatTime",
        ),
        *("lastUpdateTime", "lastProbeTime", "startedAt", "finishedAt", "startTime", "completionTime", "renewTime"),
        *("lastScheduleTime", "lastSuccessfulTime", "lastObservedTime", "timestamp"),
    ]
)
_MAX_REASON = 300


@dataclass
class _Reader:
    """Collects what the files hold."""

    objects: dict[str, dict[tuple[str, str], JsonObject]] = field(default_factory=lambda: defaultdict(dict))
    complete: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    logs: list[LogFile] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    newest: datetime | None = None


def read_dump(files: Iterable[DumpFile], *, now: datetime | None = None) -> ClusterSnapshot:
    """A snapshot of everything in the files that is an API object or a log.

    Without a moment given, the newest time stamp in the dump counts as the present; a dump without any is as of now.
    """
    reader = _Reader()
    for file in files:
        if is_objects(file.path):
            _read_objects(reader, file)
        elif is_log(file.path):
            reader.logs.extend(parse_log(file))
    reader.unread.extend(_list_absent(reader))
    objects = {kind: list(named.values()) for kind, named in reader.objects.items()}
    return ClusterSnapshot(
        now=now or reader.newest or datetime.now(UTC),
        objects=objects,
        complete={kind: frozenset(places) for kind, places in reader.complete.items()},
        logs=_assign_logs(reader.logs, objects.get("Pod", [])),
        unread=tuple(reader.unread),
    )


def _list_absent(reader: _Reader) -> Iterator[Unread]:
    """Kinds a dump should have: of those it lacks nothing is known, which is not the same as that there are none."""
    told = {each.what for each in reader.unread}
    for kind in KINDS_LOOKED_AT:
        if kind not in reader.complete and kind not in told:
            yield Unread(kind, "not in the snapshot")


def count_objects(snapshot: ClusterSnapshot) -> int:
    return sum(len(objects) for objects in snapshot.objects.values())


def _read_objects(reader: _Reader, file: DumpFile) -> None:
    try:
        documents = list(parse_documents(file))
    except Unreadable as error:
        reader.unread.append(Unread(file.path, sanitise_line(str(error), max_characters=_MAX_REASON)))
        return
    for document in documents:
        kind = read_text(document, "kind")
        if kind == "Status":
            _read_refusal(reader, file, document)
        elif "items" in document and (kind.endswith("List") or not kind):
            _read_list(reader, file, document)
        elif kind and "metadata" in document:
            _add(reader, kind, document)


def _read_refusal(reader: _Reader, file: DumpFile, status: JsonObject) -> None:
    """What the API server answered instead of objects."""
    if not file.path.lower().startswith("logs/") and read_text(status, "status") == "Failure":
        what = kind_of_file(PurePosixPath(file.path).stem) or file.path
        message = sanitise_line(read_text(status, "message"), max_characters=_MAX_REASON)
        reader.unread.append(Unread(what, f"{read_int(status, 'code')}: {message}"))


def _read_list(reader: _Reader, file: DumpFile, listed: JsonObject) -> None:
    """A list says of its kind and place: these are all."""
    kind = read_text(listed, "kind").removesuffix("List")
    items = read_maps(listed, "items")
    kinds: dict[str, set[str]] = defaultdict(set)
    for item in items:
        own = read_text(item, "kind") or kind
        if own and _add(reader, own, item):
            kinds[own].add(namespace_of(item))
    place = _place_of(file.path)
    for each in kinds or ([kind] if kind else [kind_of_file(PurePosixPath(file.path).stem)]):
        if each and not read_text(listed, "metadata", "continue"):
            reader.complete[each].update(_scope_of(each, kinds.get(each, set()), place=place))
    if read_text(listed, "metadata", "continue"):
        reader.unread.append(Unread(kind or file.path, "the list was cut, only its first page is here"))


def _scope_of(kind: str, namespaces: set[str], *, place: str) -> set[str]:
    """Which namespaces a list covers: that of its file, or those it shows; several mean that all were asked for."""
    if kind in CLUSTER_KINDS:
        return {EVERYWHERE}
    if place:
        return {place}
    if len(namespaces) == 1:
        return namespaces
    return {EVERYWHERE}


def _place_of(path: str) -> str:
    """The namespace a path names: NAMESPACE.pods.json, or NAMESPACE/pods.json of a cluster-info dump."""
    parts = PurePosixPath(path)
    prefix, dot, rest = parts.stem.partition(".")
    if dot and kind_of_file(rest):
        return "" if prefix.startswith("_") else prefix
    parent = parts.parent.name
    is_namespace = parent not in {"", "objects", "."} and _NAME.fullmatch(parent)
    return parent if is_namespace and kind_of_file(parts.stem) else ""


def _add(reader: _Reader, kind: str, source: JsonObject) -> bool:
    name, namespace = name_of(source), namespace_of(source)
    # Whatever is no name of Kubernetes comes from no API server.
    if not _NAME.fullmatch(name) or (namespace and not _NAME.fullmatch(namespace)):
        return False
    reader.objects[kind][namespace, name] = source
    for moment in _list_times(source):
        if reader.newest is None or moment > reader.newest:
            reader.newest = moment
    return True


def _list_times(source: JsonObject) -> Iterator[datetime]:
    """Moments at which something had happened already; what lies ahead is not among these fields."""
    stack: list[object] = [source.get("metadata"), source.get("status")]
    stack.extend([{key: source.get(key) for key in ("lastTimestamp", "eventTime", "timestamp", "series")}])
    while stack:
        value = stack.pop()
        if isinstance(value, dict):
            for key, inner in value.items():
                if key in _TIMES and isinstance(inner, str):
                    moment = parse_time(inner)
                    if moment is not None:
                        yield moment
                elif isinstance(inner, dict | list):
                    stack.append(inner)
        elif isinstance(value, list):
            stack.extend(value)


def _assign_logs(files: Iterable[LogFile], pods: Iterable[JsonObject]) -> dict[LogKey, ContainerLogs]:
    """Logs by container; a name with dots is split so that it fits a pod that exists."""
    containers = {
        f"{namespace_of(pod)}.{name_of(pod)}.{container}": (namespace_of(pod), name_of(pod), container)
        for pod in pods
        for container in _container_names(pod)
    }
    by_short_name = {f"{pod}.{container}": key for key in containers.values() for _, pod, container in [key]}
    logs: dict[LogKey, ContainerLogs] = {}
    for file in files:
        key = _key_of(file, containers, by_short_name)
        if key is not None:
            known = logs.get(key, ContainerLogs())
            logs[key] = replace(known, previous=file.text) if file.is_previous else replace(known, current=file.text)
    return logs


def _key_of(file: LogFile, containers: dict[str, LogKey], by_short_name: dict[str, LogKey]) -> LogKey | None:
    if file.container:
        return file.namespace, file.pod, file.container
    stem = file.stem
    for candidate in (stem, stem.replace("_", "."), ".".join(stem.split(".")[1:])):
        if candidate in containers:
            return containers[candidate]
        if candidate in by_short_name:
            return by_short_name[candidate]
    # A pod with one container is often logged under its own name alone.
    alone = [key for name, key in containers.items() if name.rpartition(".")[0].endswith(stem)]
    return alone[0] if len(alone) == 1 else None


def _container_names(pod: JsonObject) -> list[str]:
    spec = read_map(pod, "spec")
    return [read_text(each, "name") for kind in ("initContainers", "containers") for each in read_maps(spec, kind)]
