"""What the rules look at: objects and logs read at one moment, and what could not be read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from k8s_diagnosis.objects.access import JsonObject

EVERYWHERE = "*"
"""Stands for all namespaces, and for kinds that have none."""

LogKey = tuple[str, str, str]
"""Namespace, pod and container."""


@dataclass(frozen=True, slots=True, order=True)
class ContainerLogs:
    """The ends of a container's logs as they were read: raw text, to be sanitised when shown."""

    current: str = ""
    previous: str = ""
    """The run before the current one."""


@dataclass(frozen=True, slots=True)
class Unread:
    """Something a rule would have looked at and that could not be read; its state is unknown, not healthy."""

    what: str
    reason: str


@dataclass(frozen=True, slots=True)
class ClusterSnapshot:
    """A cluster, or the part of it that was read. Rules say less where something was not read."""

    now: datetime
    objects: Mapping[str, Sequence[JsonObject]] = field(default_factory=dict)
    """API objects by kind, Events among them."""
    complete: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Namespaces (or EVERYWHERE) of which every object of the kind was read: only there absence means something."""
    logs: Mapping[LogKey, ContainerLogs] = field(default_factory=dict)
    unread: Sequence[Unread] = ()
