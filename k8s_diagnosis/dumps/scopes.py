"""Of which namespaces a dump holds every object of a kind: only there does absence mean something."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from k8s_diagnosis.dumps.kinds import CLUSTER_KINDS, kind_of_file
from k8s_diagnosis.snapshot import EVERYWHERE

# Who writes so many kinds of a namespace object by object has not picked a few.
_MANY_KINDS = 3
_NO_NAMESPACES = {"", ".", "objects", "namespaces", "cluster-resources", "core", "logs"}


@dataclass(frozen=True, slots=True)
class ListSeen:
    """A whole list in a file."""

    path: str
    kind: str
    namespaces: frozenset[str]
    """Of its items."""


@dataclass(frozen=True, slots=True)
class SingleSeen:
    """An object that stands alone in its file."""

    path: str
    kind: str
    namespace: str


def find_scopes(
    lists: Iterable[ListSeen], singles: Iterable[SingleSeen], *, namespaces: Collection[str]
) -> dict[str, frozenset[str]]:
    """Namespaces (or EVERYWHERE) by kind; `namespaces` are those that are known to exist."""
    seen = list(lists)
    of_all = {_folder(each) for each in seen if len(each.namespaces) > 1}
    scopes: dict[str, set[str]] = defaultdict(set)
    for each in seen:
        scopes[each.kind].update(_scope_of_list(each, namespaces, is_of_all=_folder(each) in of_all))
    for kind, places in _scopes_of_singles(list(singles)).items():
        scopes[kind].update(places)
    return {kind: frozenset(places) for kind, places in scopes.items()}


def _folder(each: ListSeen) -> str:
    return str(PurePosixPath(each.path).parent)


def _scope_of_list(each: ListSeen, namespaces: Collection[str], *, is_of_all: bool) -> set[str]:
    """That of its file, or those it shows; several mean that all were asked for, of the lists beside it too."""
    place = _place_of(each.path, namespaces)
    if each.kind in CLUSTER_KINDS or len(each.namespaces) > 1 or (is_of_all and not place):
        return {EVERYWHERE}
    if each.namespaces:
        return set(each.namespaces)
    return {place or EVERYWHERE}


def _place_of(path: str, namespaces: Collection[str]) -> str:
    """The namespace in NAMESPACE.pods.json, namespaces/NAMESPACE/…, NAMESPACE/pods.json, or pods/NAMESPACE.json."""
    file = PurePosixPath(path)
    prefix, dot, rest = file.stem.partition(".")
    if dot and kind_of_file(rest):
        return "" if prefix.startswith("_") else prefix
    folders = file.parts[:-1]
    if "namespaces" in folders[:-1]:
        return folders[folders.index("namespaces") + 1]
    known = [part for part in (file.stem, *reversed(folders)) if part in namespaces]
    if known:
        return known[0]
    parent = folders[-1] if folders else ""
    if kind_of_file(file.stem) == "":
        return file.stem if kind_of_file(parent) else ""
    return "" if parent in _NO_NAMESPACES else parent


def _scopes_of_singles(singles: Collection[SingleSeen]) -> Mapping[str, set[str]]:
    """Folders that hold one file per object hold all of them, as far as can be told."""
    kinds_by_namespace: dict[str, set[str]] = defaultdict(set)
    for each in singles:
        kinds_by_namespace[each.namespace].add(each.kind)
    dumped = {each.kind for each in singles if _has_folder_of_its_kind(each)}
    whole = {namespace for namespace, kinds in kinds_by_namespace.items() if namespace and len(kinds) >= _MANY_KINDS}
    scopes: dict[str, set[str]] = {kind: {EVERYWHERE} if kind in CLUSTER_KINDS else set(whole) for kind in dumped}
    for each in singles:
        if each.namespace in whole and each.kind not in CLUSTER_KINDS:
            scopes.setdefault(each.kind, set()).add(each.namespace)
    return scopes


def _has_folder_of_its_kind(each: SingleSeen) -> bool:
    folders = PurePosixPath(each.path).parts[-3:-1]
    return any(kind_of_file(folder) == each.kind for folder in folders)
