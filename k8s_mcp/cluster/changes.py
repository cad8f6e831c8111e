"""What is written to a cluster, in the forms the API has for it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from k8s_diagnosis.objects.access import JsonObject
from k8s_mcp.cluster.interfaces import Resource

FIELD_MANAGER = "ding-robot"
"""Under this name the API server keeps record of the fields this server set."""


class PatchForm(StrEnum):
    """The media types of a patch."""

    STRATEGIC = "application/strategic-merge-patch+json"
    MERGE = "application/merge-patch+json"
    JSON = "application/json-patch+json"
    APPLY = "application/apply-patch+yaml"


class Propagation(StrEnum):
    """What becomes of the objects that a deleted one owns."""

    BACKGROUND = "Background"
    FOREGROUND = "Foreground"
    ORPHAN = "Orphan"


@dataclass(frozen=True, slots=True)
class ObjectPatch:
    """A patch of one object, or of its scale. Unknown and doubled fields are refused, never dropped in silence."""

    resource: Resource
    name: str
    namespace: str | None
    form: PatchForm
    body: JsonObject | list[Any]  # Any: operations of a JSON patch
    subresource: str = ""
    force: bool = False
    """Applying takes fields away from other managers."""


@dataclass(frozen=True, slots=True)
class Deletion:
    """The end of exactly one object: of this uid, and in the version that was read."""

    resource: Resource
    name: str
    namespace: str | None
    uid: str
    version: str
    propagation: Propagation = Propagation.BACKGROUND
    grace_seconds: int | None = None
    """None leaves it to the object."""


@dataclass(frozen=True, slots=True)
class Eviction:
    """A deletion of a pod that asks its disruption budgets first."""

    pod: str
    namespace: str
    uid: str


@dataclass(frozen=True, slots=True)
class Written:
    """The API server's answer to a change, or to the trial of one."""

    object: JsonObject
    warnings: tuple[str, ...] = ()
    """What the API server wants people to know, such as a Pod Security level that the pods would break."""
