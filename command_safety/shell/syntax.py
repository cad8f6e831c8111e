"""The tree of a shell script."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Literal:
    """Characters that stand for themselves; unquoted ones may still be a glob, a brace list or a tilde."""

    text: str
    is_quoted: bool


@dataclass(frozen=True, slots=True)
class Parameter:
    """`$name`, `${name}` or `${name<operator>argument}`."""

    name: str
    is_quoted: bool
    operator: str = ""
    """As written: `:-`, `##`, `/`, `@P` …"""
    argument: Word | None = None
    index: Word | None = None
    is_length: bool = False
    is_indirect: bool = False


@dataclass(frozen=True, slots=True)
class CommandSubstitution:
    script: Script
    is_quoted: bool


@dataclass(frozen=True, slots=True)
class ProcessSubstitution:
    script: Script
    is_output: bool
    """`>(…)`: the script reads what is written to the word."""


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """`$((…))`: a number, and whatever its expression expands."""

    expression: Word
    is_quoted: bool


Part: TypeAlias = Literal | Parameter | CommandSubstitution | ProcessSubstitution | Arithmetic


@dataclass(frozen=True, slots=True)
class Word:
    parts: tuple[Part, ...]

    @property
    def literal(self) -> str | None:
        """The text of a word without expansions."""
        texts = [part.text for part in self.parts if isinstance(part, Literal)]
        return "".join(texts) if len(texts) == len(self.parts) else None

    @property
    def bare(self) -> str | None:
        """The text of a word that is one unquoted literal, as keywords must be."""
        if len(self.parts) == 1 and isinstance(self.parts[0], Literal) and not self.parts[0].is_quoted:
            return self.parts[0].text
        return None


@dataclass(frozen=True, slots=True)
class Assignment:
    name: str
    value: Word | tuple[Word, ...]
    """A tuple is an array."""
    index: Word | None = None
    is_appending: bool = False


@dataclass(slots=True)
class Heredoc:
    """A here-document. Its text follows on later lines, so it is set after the command has been read."""

    body: Word = Word(())


@dataclass(frozen=True, slots=True)
class Redirect:
    operator: str
    """`<`, `>`, `>>`, `>|`, `<>`, `<&`, `>&`, `&>`, `&>>`, `<<<`, or `<<` for a here-document."""
    target: Word | Heredoc
    """The file or descriptor; for `<<<` the text itself."""
    descriptor: str = ""
    """The number or `{name}` before the operator."""


@dataclass(frozen=True, slots=True)
class SimpleCommand:
    words: tuple[Word | Assignment, ...]
    """The command name and its arguments; an assignment among them is one of `declare` and its kin."""
    source: str
    assignments: tuple[Assignment, ...] = ()
    redirects: tuple[Redirect, ...] = ()


@dataclass(frozen=True, slots=True)
class Pipeline:
    stages: tuple[Statement, ...]
    source: str


@dataclass(frozen=True, slots=True)
class Chain:
    """`a && b || c`: only the first is sure to run."""

    first: Statement
    rest: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Background:
    statement: Statement
    source: str


@dataclass(frozen=True, slots=True)
class Group:
    body: Script
    is_subshell: bool


@dataclass(frozen=True, slots=True)
class Conditional:
    condition: Script
    body: Script
    otherwise: Statement | None


@dataclass(frozen=True, slots=True)
class Loop:
    """`for`, `select`, `while`, `until`."""

    body: Script
    condition: Script | None = None
    variable: str = ""
    items: tuple[Word, ...] | None = None
    """None with a variable: the positional parameters."""


@dataclass(frozen=True, slots=True)
class Case:
    subject: Word
    patterns: tuple[Word, ...]
    bodies: tuple[Script, ...]


@dataclass(frozen=True, slots=True)
class FunctionDefinition:
    name: str
    body: Statement
    source: str


@dataclass(frozen=True, slots=True)
class Test:
    """`[[ … ]]`: its words, operators among them."""

    words: tuple[Word, ...]
    source: str


@dataclass(frozen=True, slots=True)
class ArithmeticCommand:
    expression: Word
    subshell: Script | None = None
    """What a shell without arithmetic commands runs: there `((a))` is a subshell in a subshell."""


@dataclass(frozen=True, slots=True)
class Redirected:
    """A compound command with redirections of its own."""

    statement: Statement
    redirects: tuple[Redirect, ...]
    source: str


@dataclass(frozen=True, slots=True)
class Script:
    statements: tuple[Statement, ...] = ()


Statement: TypeAlias = (
    SimpleCommand
    | Pipeline
    | Chain
    | Background
    | Group
    | Conditional
    | Loop
    | Case
    | FunctionDefinition
    | Test
    | ArithmeticCommand
    | Redirected
)
