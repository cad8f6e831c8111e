"""Builds a snapshot from the files of a dump."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath

from k8s_diagnosis.dumps.files import DumpFile, LogFile, Unreadable, is_log, is_objects, parse_documents, parse_log
from k8s_diagnosis.dumps.kinds import KINDS_LOOKED_AT, kind_of_file
from k8s_diagnosis.dumps.log_names import LogNames, LogOwner
from k8s_diagnosis.dumps.older_versions import to_current
from k8s_diagnosis.dumps.scopes import ListSeen, SingleSeen, find_scopes
from k8s_diagnosis.objects.access import JsonObject, name_of, namespace_of, read_int, read_maps, read_text
from k8s_diagnosis.snapshot import ClusterSnapshot, ContainerLogs, LogKey, Unread
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
_PULSE = frozenset({"Node", "Event", "Lease", "PodMetrics", "NodeMetrics"})
_SINCE_LAST_CHANGE = timedelta(minutes=5)


@dataclass
class _Reader:
    """Collects what the files hold."""

    objects: dict[str, dict[tuple[str, str], JsonObject]] = field(default_factory=lambda: defaultdict(dict))
    lists: list[ListSeen] = field(default_factory=list)
    singles: list[SingleSeen] = field(default_factory=list)
    logs: list[LogFile] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    newest: datetime | None = None


def read_dump(files: Iterable[DumpFile], *, now: datetime | None = None) -> ClusterSnapshot:
    """A snapshot of everything in the files that is an API object or a log.

    Without a moment given, the newest time stamp in the dump counts as the present, plus some minutes where nothing in
    it keeps time; a dump without any is as of now.
    """
    reader = _Reader()
    for file in files:
        if is_objects(file.path):
            _read_objects(reader, file)
        elif is_log(file.path):
            reader.logs.extend(parse_log(file))
    objects = {kind: list(named.values()) for kind, named in reader.objects.items()}
    complete = find_scopes(reader.lists, reader.singles, namespaces=_known_namespaces(reader))
    reader.unread.extend(_list_absent(reader, complete))
    return ClusterSnapshot(
        now=now or _guess_present(reader),
        objects=objects,
        complete=complete,
        logs=_assign_logs(reader.logs, objects.get("Pod", [])),
        unread=tuple(reader.unread),
    )


def _guess_present(reader: _Reader) -> datetime:
    """Nodes and events show the time up to a few minutes; without them the last change may be what is wrong."""
    if reader.newest is None:
        return datetime.now(UTC)
    return reader.newest if _PULSE & reader.objects.keys() else reader.newest + _SINCE_LAST_CHANGE


def _known_namespaces(reader: _Reader) -> set[str]:
    named = {namespace for places in reader.objects.values() for namespace, _ in places if namespace}
    return named | {name for _, name in reader.objects.get("Namespace", ())}


def _list_absent(reader: _Reader, complete: Mapping[str, frozenset[str]]) -> Iterator[Unread]:
    """Kinds a dump should have: of those it lacks nothing is known, which is not the same as that there are none."""
    told = {each.what for each in reader.unread}
    for kind in KINDS_LOOKED_AT:
        if kind not in complete and kind not in told:
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
            _read_single(reader, file, document, kind=kind)


def _read_single(reader: _Reader, file: DumpFile, source: JsonObject, *, kind: str) -> None:
    if _add(reader, kind, source):
        reader.singles.append(SingleSeen(file.path, kind, namespace_of(source)))


def _read_refusal(reader: _Reader, file: DumpFile, status: JsonObject) -> None:
    """What the API server answered instead of objects."""
    path = PurePosixPath(file.path)
    if "logs" not in path.parts[:-1] and read_text(status, "status") == "Failure":
        what = kind_of_file(path.stem) or file.path
        message = sanitise_line(read_text(status, "message"), max_characters=_MAX_REASON)
        reader.unread.append(Unread(what, f"{read_int(status, 'code')}: {message}"))


def _read_list(reader: _Reader, file: DumpFile, listed: JsonObject) -> None:
    """A list says of its kind and place: these are all."""
    kind = read_text(listed, "kind").removesuffix("List")
    kinds: dict[str, set[str]] = defaultdict(set)
    for item in read_maps(listed, "items"):
        own = read_text(item, "kind") or kind
        if own and _add(reader, own, item, version=read_text(listed, "apiVersion")):
            kinds[own].add(namespace_of(item))
    if read_text(listed, "metadata", "continue"):
        reader.unread.append(Unread(kind or file.path, "the list was cut, only its first page is here"))
        return
    for each in kinds or ([kind] if kind else [kind_of_file(PurePosixPath(file.path).stem)]):
        if each:
            reader.lists.append(ListSeen(file.path, each, frozenset(kinds.get(each, set()))))


def _add(reader: _Reader, kind: str, source: JsonObject, *, version: str = "") -> bool:
    """`version` is that of the list, whose items need not repeat it."""
    name, namespace = name_of(source), namespace_of(source)
    # Whatever is no name of Kubernetes comes from no API server.
    if not _NAME.fullmatch(name) or (namespace and not _NAME.fullmatch(namespace)):
        return False
    reader.objects[kind][namespace, name] = to_current(kind, source, version=version)
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
    """Logs by container. Of numbered runs the last is the current one."""
    names = LogNames(pods)
    logs: dict[LogKey, ContainerLogs] = {}
    runs: dict[LogKey, list[tuple[int, str]]] = defaultdict(list)
    for file in files:
        owner = LogOwner(file.names, is_previous=False) if file.names else names.find(file.path)
        if owner is None:
            continue
        if owner.run is not None:
            runs[owner.key].append((owner.run, file.text))
            continue
        known = logs.get(owner.key, ContainerLogs())
        changed = {"previous" if owner.is_previous else "current": file.text}
        logs[owner.key] = replace(known, **changed)
    for key, texts in runs.items():
        *before, (_, current) = sorted(texts)
        logs[key] = ContainerLogs(current, before[-1][1] if before else "")
    return logs
