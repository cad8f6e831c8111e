"""What a rule answers."""

from __future__ import annotations

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


@dataclass(frozen=True, slots=True)
class Problem:
    """One condition of one object, with what it rests on."""

    condition: str
    object: str
    """Kind/namespace/name of the workload or object to change."""
    severity: Severity
    cause: Words
    evidence: tuple[str, ...]
    """Quoted fields, events and log lines."""
    next_step: Words
    confidence: float
    """How sure the rule is, 0 to 1. Below 0.7 the signs also fit another cause."""
