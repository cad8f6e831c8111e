"""The shape of the rule files."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict

from command_safety.domain import CommandClass

READ = "read"
"""Stands in the files for: only looks, no reason to ask."""


def _spread_options(options: object) -> object:
    """Turn the reasons with their options around: the reason of each option."""
    if not isinstance(options, dict):
        return options
    return {name: rule for rule, names in options.items() for name in str(names).split()}


def _spread_subcommands(subcommands: object) -> object:
    """The same for subcommands, which are separated by commas since they may have several words."""
    if not isinstance(subcommands, dict):
        return subcommands
    return {name: rule for rule, names in subcommands.items() for name in _split_list(names)}


def _split_list(names: object) -> tuple[str, ...]:
    return tuple(name.strip() for name in str(names).split(","))


def _split_names(names: object) -> object:
    return tuple(names.split()) if isinstance(names, str) else names


Names: TypeAlias = Annotated[tuple[str, ...], BeforeValidator(_split_names)]
"""Written as one string, separated by blanks."""
OptionRules: TypeAlias = Annotated[dict[str, str], BeforeValidator(_spread_options)]
"""Written as `reason: options`."""
SubcommandRules: TypeAlias = Annotated[dict[str, str], BeforeValidator(_spread_subcommands)]
Subcommands: TypeAlias = Annotated[frozenset[str], BeforeValidator(_split_list)]


class StrictModel(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ReasonText(StrictModel):
    command_class: Literal[CommandClass.CONFIRM, CommandClass.BLOCKED]
    en: str
    zh: str


class Wrapper(StrictModel):
    """A command that runs the command among its arguments."""

    skipped_operands: int = 0
    """Operands before the inner command, such as the seconds of `timeout`."""
    is_script: bool = False
    """The operands are joined and given to a shell, as `watch` does."""


class CommandRule(StrictModel):
    """One command or subcommand."""

    rule: str = READ
    """Why a person is asked when none of the more exact rules below applies."""
    bare: str = ""
    """The same without any operand, for many tools only the usage; as `rule` when empty."""
    alone: Names = ()
    """Arguments that only print something when nothing else is given, besides --help and --version."""
    valued: Names = ()
    """Options whose value is the next word."""
    unsafe: OptionRules = {}
    """Options that change something, with the reason."""
    only: Names = ()
    """When given, all options that are harmless besides those of `reads_with`; any other is asked about."""
    reads_with: Names = ()
    """Options that make the command only look; without any of them `rule` applies."""
    max_operands: int | None = None
    extra_operands: str = "C-file-write"
    """The reason when there are more operands than `max_operands`."""
    reads_files: bool = False
    """Prints the content of its operands, which may be secret."""
    is_dynamic: bool | None = None
    """Whether words that nobody knows may be given; by default when no option decides."""
    globals_first: bool = False
    """Options before a subcommand are not known after it, as with `docker`."""
    has_long_dash: bool = False
    """Options of several letters begin with one dash, as those of `find` and `java`."""
    reads: Subcommands = frozenset()
    """Subcommands that only look, separated by commas; a subcommand may have several words."""
    reads_alone: Subcommands = frozenset()
    """Subcommands that only look when nothing follows, since a word after them may be a verb."""
    asks: SubcommandRules = {}
    """Subcommands with a reason of their own."""
    subcommands: dict[str, CommandRule] = {}
    """Subcommands with a rule of their own."""
    wrapper: Wrapper | None = None
    check: str = ""
    """The function that knows more about this command; see `commands/checks.py`."""


class NamedRule(CommandRule):
    names: Names


class RuleFile(StrictModel):
    commands: tuple[NamedRule, ...]
