"""Revisions of a Deployment, and what changed between two of them."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from k8s_diagnosis.index import ClusterIndex
from k8s_diagnosis.objects.access import JsonObject, namespace_of, read_int, read_map, read_maps, read_text
from k8s_diagnosis.objects.pods import controller_of
from k8s_diagnosis.problem import Fix
from k8s_diagnosis.text.arguments import show_arguments
from mcp_kit.redaction import HIDDEN, is_credential_name
from mcp_kit.sanitising import sanitise_line

_REVISION = "deployment.kubernetes.io/revision"
_MAX_VALUE = 60
_PLAIN_FIELDS = ("image", "command", "args", "workingDir", "imagePullPolicy")
_MAP_FIELDS = ("resources", "livenessProbe", "readinessProbe", "startupProbe", "securityContext", "lifecycle")
_POD_FIELDS = ("serviceAccountName", "nodeSelector", "affinity", "volumes", "securityContext", "dnsPolicy")


@dataclass(frozen=True, slots=True)
class Revisions:
    """The newest revision of a Deployment and the one before it."""

    deployment: str
    namespace: str
    newest: int
    older: int
    changes: tuple[str, ...]
    """What differs in the pod template, in words; values of credentials are hidden."""
    is_older_fine: bool
    """Whether pods of the older revision are Ready."""

    @property
    def rollback(self) -> Fix:
        command = ["kubectl", "-n", self.namespace, "rollout", "undo", f"deployment/{self.deployment}"]
        return Fix(
            command=shlex.join([*command, f"--to-revision={self.older}"]),
            tool="k8s-rollback-workload",
            arguments={
                "kind": "Deployment",
                "name": self.deployment,
                "namespace": self.namespace,
                "revision": self.older,
            },
        )


def find_revisions(index: ClusterIndex, pod: JsonObject) -> Revisions | None:
    """Only for a pod of the newest revision that has an older one to compare with."""
    kind, name = controller_of(pod)
    own = index.find("ReplicaSet", namespace_of(pod), name) if kind == "ReplicaSet" else None
    if own is None:
        return None
    compared = compare_revisions(index, deployment=index.owner_path_of("ReplicaSet", own))
    return compared if compared is not None and compared.newest == revision_of(own) else None


def is_of_older_revision(index: ClusterIndex, pod: JsonObject) -> bool:
    """Whether the template has changed since the pod was made."""
    kind, name = controller_of(pod)
    own = index.find("ReplicaSet", namespace_of(pod), name) if kind == "ReplicaSet" else None
    if own is None:
        return False
    siblings = index.children_of("ReplicaSet", owner=index.owner_path_of("ReplicaSet", own))
    return any(revision_of(each) > revision_of(own) for each in siblings)


def compare_revisions(index: ClusterIndex, *, deployment: str) -> Revisions | None:
    """The two latest revisions of a Deployment, given as Kind/namespace/name."""
    sets = sorted(index.children_of("ReplicaSet", owner=deployment), key=revision_of)
    if len(sets) < 2:
        return None
    older, newest = sets[-2], sets[-1]
    return Revisions(
        deployment=deployment.rpartition("/")[2],
        namespace=namespace_of(newest),
        newest=revision_of(newest),
        older=revision_of(older),
        changes=tuple(diff_templates(read_map(older, "spec", "template"), read_map(newest, "spec", "template"))),
        is_older_fine=read_int(older, "status", "readyReplicas") > 0,
    )


def revision_of(replica_set: JsonObject) -> int:
    text = read_text(read_map(replica_set, "metadata", "annotations"), _REVISION)
    return int(text) if text.isdigit() else 0


def diff_templates(old: JsonObject, new: JsonObject) -> Iterator[str]:
    """What differs between two pod templates."""
    before = {read_text(each, "name"): each for each in _containers(old)}
    after = {read_text(each, "name"): each for each in _containers(new)}
    for name in sorted(before.keys() - after.keys()):
        yield f"container {name} removed"
    for name in sorted(after.keys() - before.keys()):
        yield f"container {name} added"
    for name in [name for name in after if name in before]:
        yield from _diff_containers(name, before[name], after[name])
    for field in _POD_FIELDS:
        if read_map(old, "spec").get(field) != read_map(new, "spec").get(field):
            yield f"{field} changed"


def _containers(template: JsonObject) -> list[JsonObject]:
    return [*read_maps(template, "spec", "initContainers"), *read_maps(template, "spec", "containers")]


def _diff_containers(name: str, old: JsonObject, new: JsonObject) -> Iterator[str]:
    for field in _PLAIN_FIELDS:
        if old.get(field) != new.get(field):
            yield f"{name}: {field} {_show(old.get(field))} → {_show(new.get(field))}"
    yield from _diff_env(name, old, new)
    for field in _MAP_FIELDS:
        if old.get(field) != new.get(field):
            yield f"{name}: {field} changed"


def _diff_env(name: str, old: JsonObject, new: JsonObject) -> Iterator[str]:
    before = {read_text(entry, "name"): entry for entry in read_maps(old, "env")}
    after = {read_text(entry, "name"): entry for entry in read_maps(new, "env")}
    for variable in sorted(before.keys() - after.keys()):
        yield f"{name}: env {variable} removed"
    for variable in sorted(after.keys() - before.keys()):
        yield f"{name}: env {variable} added ({_show_env(after[variable])})"
    for variable in sorted(before.keys() & after.keys()):
        if before[variable] != after[variable]:
            yield f"{name}: env {variable} {_show_env(before[variable])} → {_show_env(after[variable])}"
    if old.get("envFrom") != new.get("envFrom"):
        yield f"{name}: envFrom changed"


def _show_env(entry: JsonObject) -> str:
    if read_map(entry, "valueFrom"):
        return "from a reference"
    return HIDDEN if is_credential_name(read_text(entry, "name")) else _show(entry.get("value"))


def _show(value: object) -> str:
    if value is None:
        return "(none)"
    text = show_arguments(value) if isinstance(value, list) else str(value)
    return sanitise_line(text, max_characters=_MAX_VALUE) or '""'
