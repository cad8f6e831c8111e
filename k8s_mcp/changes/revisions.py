"""Earlier states of a workload that the cluster keeps: in ReplicaSets for a Deployment, else in ControllerRevisions."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass

from k8s_diagnosis.objects.access import JsonObject, read_flag, read_int, read_map, read_maps, read_text
from k8s_mcp.cluster.interfaces import CONTROLLER_REVISIONS, REPLICA_SETS, Resource

_REVISION = "deployment.kubernetes.io/revision"
_CHANGE_CAUSE = "kubernetes.io/change-cause"
_HASH_LABEL = "pod-template-hash"


@dataclass(frozen=True, slots=True)
class Revision:
    """One state of the pod template."""

    number: int
    template: JsonObject
    cause: str
    """What was written down for it (annotation kubernetes.io/change-cause)."""


class NoSuchRevision(ValueError):
    """There is nothing to go back to; the text says what there is."""


def revision_resource(kind: str) -> Resource:
    """Where the revisions of a workload of this kind are kept."""
    return REPLICA_SETS if kind == "Deployment" else CONTROLLER_REVISIONS


def read_revisions(keepers: Sequence[JsonObject], *, owner_uid: str) -> list[Revision]:
    """The revisions that belong to the workload, newest first."""
    mine = [each for each in keepers if _is_owned_by(each, owner_uid)]
    revisions = [revision for each in mine if (revision := _read(each)).number > 0 and revision.template]
    return sorted(revisions, key=lambda revision: -revision.number)


def choose_revision(revisions: Sequence[Revision], *, wanted: int | None) -> Revision:
    """The wanted revision, or the one before the newest; raise NoSuchRevision."""
    known = ", ".join(str(revision.number) for revision in revisions) or "none"
    if wanted is None:
        if len(revisions) < 2:
            raise NoSuchRevision(f"there is no revision before the present one (known: {known})")
        return revisions[1]
    found = next((revision for revision in revisions if revision.number == wanted), None)
    if found is None:
        raise NoSuchRevision(f"there is no revision {wanted} (known: {known})")
    return found


def _is_owned_by(keeper: JsonObject, uid: str) -> bool:
    references = read_maps(keeper, "metadata", "ownerReferences")
    return any(read_flag(each, "controller") and read_text(each, "uid") == uid for each in references)


def _read(keeper: JsonObject) -> Revision:
    annotations = read_map(keeper, "metadata", "annotations")
    cause = read_text(annotations, _CHANGE_CAUSE)
    if "data" in keeper:
        template = {
            key: value for key, value in read_map(keeper, "data", "spec", "template").items() if key != "$patch"
        }
        return Revision(read_int(keeper, "revision"), template, cause)
    number = read_text(annotations, _REVISION)
    template = copy.deepcopy(read_map(keeper, "spec", "template"))
    # The controller tells the pods of its ReplicaSets apart by this label; it is no part of what was asked for.
    read_map(template, "metadata", "labels").pop(_HASH_LABEL, None)
    return Revision(int(number) if number.isdigit() else 0, template, cause)
