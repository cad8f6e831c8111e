"""What a judgement on a command looks like."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class CommandClass(StrEnum):
    """How dangerous a command is. The class of a command is the highest of everything in it that could run."""

    READONLY = "readonly"
    """Looks only; may run at once."""
    CONFIRM = "confirm"
    """Changes something, or nobody can tell: a person approves exactly this command first."""
    BLOCKED = "blocked"
    """Never runs; nobody can approve it."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a command is not readonly, in both languages of the product."""

    rule: str
    """Stable id of the rule, such as `B1-recursive-delete`; documented in the reference."""
    en: str
    zh: str
    excerpt: str = ""
    """The part of the command that the rule is about."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The judgement on one command; a readonly one has no reasons."""

    command_class: CommandClass
    reasons: tuple[Reason, ...] = ()
    """Most severe first."""
