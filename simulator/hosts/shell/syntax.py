"""The tree of a script, as far as the simulated shell runs it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Text:
    value: str
    is_quoted: bool = False


@dataclass(frozen=True, slots=True)
class Variable:
    """`$name`, `${name}` or `${name<operator>argument}`."""

    name: str
    is_quoted: bool = False
    operator: str = ""
    argument: Word | None = None
    is_length: bool = False


@dataclass(frozen=True, slots=True)
class Substitution:
    script: Sequence
    is_quoted: bool = False


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """`$((…))`; the expression is text with variables in it."""

    expression: Word


Part: TypeAlias = Text | Variable | Substitution | Arithmetic


@dataclass(frozen=True, slots=True)
class Word:
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class Redirect:
    operator: str
    """`<`, `>`, `>>`, `>|`, `&>`, `&>>`, `>&`, `<&`, `<<` (the target is the text) or `<<<`."""
    target: Word
    descriptor: int | None = None


@dataclass(frozen=True, slots=True)
class Simple:
    """A command with its arguments, or assignments alone."""

    words: tuple[Word, ...]
    assignments: tuple[tuple[str, Word], ...] = ()


@dataclass(frozen=True, slots=True)
class Redirected:
    body: Statement
    redirects: tuple[Redirect, ...]


@dataclass(frozen=True, slots=True)
class Pipeline:
    stages: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Negated:
    body: Statement


@dataclass(frozen=True, slots=True)
class AndOr:
    left: Statement
    operator: str
    right: Statement


@dataclass(frozen=True, slots=True)
class Background:
    body: Statement


@dataclass(frozen=True, slots=True)
class Group:
    body: Sequence
    is_subshell: bool = False


@dataclass(frozen=True, slots=True)
class If:
    branches: tuple[tuple[Sequence, Sequence], ...]
    otherwise: Sequence | None = None


@dataclass(frozen=True, slots=True)
class For:
    variable: str
    words: tuple[Word, ...] | None
    """None: the positional parameters."""
    body: Sequence


@dataclass(frozen=True, slots=True)
class While:
    condition: Sequence
    body: Sequence
    is_until: bool = False


@dataclass(frozen=True, slots=True)
class Case:
    subject: Word
    items: tuple[tuple[tuple[Word, ...], Sequence], ...]


@dataclass(frozen=True, slots=True)
class Function:
    name: str
    body: Statement


@dataclass(frozen=True, slots=True)
class Sequence:
    statements: tuple[Statement, ...] = field(default=())


Statement: TypeAlias = (
    Simple
    | Redirected
    | Pipeline
    | Negated
    | AndOr
    | Background
    | Group
    | If
    | For
    | While
    | Case
    | Function
    | Sequence
)
