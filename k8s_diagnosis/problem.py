"""What a rule answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    CRITICAL = "critical"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Words:
    """The same statement in both languages of the product."""

    en: str
    zh: str


FixArgument = str | int | bool | None | Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Fix:
    """A change that would end the problem. It is proposed only; a person decides."""

    command: str
    """As kubectl command, quoted for a shell."""
    tool: str = ""
    """The tool of k8s_mcp that makes the same change; empty when none does."""
    arguments: Mapping[str, FixArgument] | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """One condition of one object, with what it rests on."""

    condition: str
    object: str
    """Kind/namespace/name of what has to be changed; it need not exist, such as a Secret that is missing."""
    severity: Severity
    cause: Words
    evidence: tuple[str, ...]
    """Quoted fields, events and log lines."""
    next_step: Words
    confidence: float
    """How sure the rule is, 0 to 1. Below 0.7 the signs also fit another cause."""
    subject: str = ""
    """Kind/namespace/name of what shows the problem, mostly a workload; the object itself when empty."""
    detail: str = ""
    """Tells two problems of one condition and object apart, such as two containers of a Deployment."""
    pods: tuple[str, ...] = ()
    """Pods that show it, as Pod/namespace/name."""
    because: tuple[str, ...] = ()
    """Objects (Kind/namespace/name) whose own problem explains this one."""
    touches: tuple[str, ...] = ()
    """Further objects whose problems this one explains."""
    fix: Fix | None = None

    @property
    def shown_by(self) -> str:
        return self.subject or self.object
