"""Whose log a file is, by the names of pods and containers in its path."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from k8s_diagnosis.objects.access import JsonObject, name_of, namespace_of, read_map, read_maps, read_text
from k8s_diagnosis.snapshot import LogKey

_BOUNDARY = re.compile(r"[-_.]")
# /var/log/pods/NAMESPACE_POD_UID/CONTAINER/3.log: the kubelet numbers the runs.
_RUN = re.compile(r"\d{1,4}")
_PREVIOUS = re.compile(r"(?i)(?:^|[-_./])prev(?:ious)?(?:$|[-_./])")


@dataclass(frozen=True, slots=True)
class LogOwner:
    key: LogKey
    is_previous: bool
    run: int | None = None
    """The number that the kubelet gave the run, where the file is named so."""


class LogNames:
    """Finds the container behind a path, however the names are joined in it."""

    def __init__(self, pods: Iterable[JsonObject]) -> None:
        self._pods: dict[str, list[JsonObject]] = defaultdict(list)
        for pod in pods:
            self._pods[name_of(pod)].append(pod)

    def find(self, path: str) -> LogOwner | None:
        """None when no pod that was read is named, or when the path fits several containers."""
        file = PurePosixPath(path)
        parts = [*file.parts[:-1], file.stem if file.suffix in {".txt", ".log"} else file.name]
        for at in range(len(parts) - 1, -1, -1):
            for name, rest in _splits(parts[at]):
                if name in self._pods:
                    after = "/".join([rest, *parts[at + 1 :]]).strip("/")
                    return self._owner(self._pods[name], before="/".join(parts[: at + 1]), after=after)
        return None

    def _owner(self, pods: list[JsonObject], *, before: str, after: str) -> LogOwner | None:
        """Pods of StatefulSets bear the same name in several namespaces."""
        named = [pod for pod in pods if _contains(before + "/" + after, namespace_of(pod))] if len(pods) > 1 else pods
        if len(named) != 1:
            return None
        pod = named[0]
        container = _find_container(pod, after)
        if not container:
            return None
        rest = after.replace(container, "", 1)
        last = after.rpartition("/")[2]
        run = int(last) if _RUN.fullmatch(last) and last != container else None
        return LogOwner((namespace_of(pod), name_of(pod), container), bool(_PREVIOUS.search(rest)), run)


def _splits(part: str) -> Iterator[tuple[str, str]]:
    """Every piece of a part of a path that may be a name, the longest first, with what follows it."""
    cuts = [0, *(found.end() for found in _BOUNDARY.finditer(part))]
    ends = [len(part), *(found.start() for found in reversed(list(_BOUNDARY.finditer(part))))]
    pieces = ((start, end) for start in cuts for end in ends if start < end)
    for start, end in sorted(pieces, key=lambda piece: piece[0] - piece[1]):
        yield part[start:end], part[end:].lstrip("-_.")


def _find_container(pod: JsonObject, after: str) -> str:
    names = list(_container_names(pod))
    fitting = [name for name in names if _contains(after, name)]
    if fitting:
        return max(fitting, key=len)
    # A pod with one container is often logged under its own name alone.
    rest = _PREVIOUS.sub("", after)
    return names[0] if len(names) == 1 and (not rest or _RUN.fullmatch(rest) or rest in {"current", "logs"}) else ""


def _contains(text: str, name: str) -> bool:
    return re.search(rf"(?:^|[-_./]){re.escape(name)}(?:$|[-_./])", text) is not None


def _container_names(pod: JsonObject) -> Iterator[str]:
    spec = read_map(pod, "spec")
    for kind in ("containers", "initContainers"):
        yield from (read_text(each, "name") for each in read_maps(spec, kind))
