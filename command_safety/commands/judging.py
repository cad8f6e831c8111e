"""Applies a rule from the files to one call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from command_safety.commands.checks import CHECKS
from command_safety.commands.file_contents import report_secrets
from command_safety.commands.hosts import find_host_rule, split_url
from command_safety.evaluation.call import Call
from command_safety.evaluation.values import Origin, Text, join
from command_safety.rules.arguments import Arguments, Option, parse_arguments
from command_safety.rules.model import READ, CommandRule, Wrapper

_ALONE = frozenset({"--help", "--version"})
_ALONE_OF_SUBCOMMANDS = frozenset({"-v", "-V", "-version", "-h", "-help", "help", "version"})
_HOST_OPTIONS = frozenset(
    {"-h", "--host", "--hostname", "--bootstrap-server", "--endpoints", "--server", "--url", "-u"}
)
_OFF = frozenset({"false", "no", "0", "off", "without", "disable", "n", "f"})
_SEPARATORS = frozenset({"--", ";"})
_MAX_PATH = 4
"""Words of the longest subcommand."""


@dataclass(frozen=True, slots=True)
class Inherited:
    """What a subcommand takes over from its command."""

    unsafe: Mapping[str, str] = field(default_factory=dict)
    only: frozenset[str] = frozenset()
    valued: frozenset[str] = frozenset()
    has_long_dash: bool = False


def apply_rule(call: Call, rule: CommandRule, *, inherited: Inherited | None = None) -> Text | None:
    """Report what the rule finds; answers what the command prints, None when nothing is known of it."""
    if _only_informs(call, rule):
        return None
    known = _inherit(rule, inherited or Inherited())
    if rule.wrapper is not None:
        return _run_wrapped(call, rule, rule.wrapper, known)
    arguments = parse_arguments(call.arguments, valued=known.valued, has_long_dash=known.has_long_dash)
    subcommand = _find_subcommand(rule, arguments)
    is_global = subcommand is not None and rule.globals_first
    _report_unsafe(call, arguments.options[: arguments.options_before if is_global else None], known)
    if subcommand is not None:
        return _apply_subcommand(call, rule, arguments, subcommand, known=known)
    _report_own_rule(call, rule, arguments)
    _report_operands(call, rule, arguments)
    _report_dynamic(call, rule, arguments, known)
    return CHECKS[rule.check](call) if rule.check else None


def _inherit(rule: CommandRule, inherited: Inherited) -> Inherited:
    return Inherited(
        {**inherited.unsafe, **rule.unsafe},
        frozenset((*rule.only, *rule.reads_with)) if rule.only else frozenset(),
        inherited.valued | frozenset(rule.valued),
        inherited.has_long_dash or rule.has_long_dash,
    )


def _only_informs(call: Call, rule: CommandRule) -> bool:
    """`--help` and the like, when nothing else is given."""
    words = call.texts
    if len(words) == 1:
        asks_version = words[0] in _ALONE_OF_SUBCOMMANDS and _has_subcommands(rule) and rule.bare in ("", READ)
        return words[0] in _ALONE or words[0] in rule.alone or asks_version
    return _has_subcommands(rule) and len(words) == 2 and words[1] == "--help" and words[0].isalpha()


def _run_wrapped(call: Call, rule: CommandRule, wrapper: Wrapper, known: Inherited) -> Text | None:
    """Judge the command that this one runs."""
    arguments = parse_arguments(
        call.arguments, valued=known.valued, has_long_dash=known.has_long_dash, stops_at_operand=True
    )
    _report_unsafe(call, arguments.options, known)
    inner = arguments.operands[wrapper.skipped_operands :]
    if rule.rule != READ:
        call.report(rule.rule)
    if not inner:
        if rule.bare:
            call.report(rule.bare)
        return None
    if arguments.has_unknown_option:
        call.report("C-dynamic-operand")
    if wrapper.is_script:
        return CHECKS["shell"](call.as_command("sh", (Text("-c"), join(inner, separator=" "))))
    return call.run(inner)


def _report_unsafe(call: Call, options: tuple[Option, ...], known: Inherited) -> None:
    for option in options:
        rule = known.unsafe.get(option.name) or _find_other_form(option.name, known)
        if rule and rule != READ:
            call.report(rule)
        elif known.only and option.name not in known.only and not rule:
            call.report("C-unknown-option")
        if option.value is not None and option.name in _HOST_OPTIONS and Origin.OUTPUT in option.value.origins:
            call.report("C-dynamic-host", option.value.text)
        if option.value is not None and "://" in option.value.text and option.value.is_known:
            address = split_url(option.value.text)
            rule = find_host_rule(address.host or "localhost") if address is not None else "C-public-host"
            if rule:
                call.report(rule, option.value.text)


def _find_other_form(name: str, known: Inherited) -> str:
    """Where long options begin with one dash, they may begin with two."""
    if known.has_long_dash and name.startswith("--"):
        return known.unsafe.get(name[1:], "")
    return _find_abbreviated(name, known)


def _find_abbreviated(name: str, known: Inherited) -> str:
    """Long options may be shortened: `--out` is `--output` when nothing else begins like that."""
    if not name.startswith("--") or len(name) < 3 or name in known.valued:
        return ""
    return next((rule for option, rule in known.unsafe.items() if option.startswith(name)), "")


def _find_subcommand(rule: CommandRule, arguments: Arguments) -> str | None:
    """The longest known subcommand at the start of the operands."""
    if not _has_subcommands(rule):
        return None
    words = [operand.text for operand in arguments.operands[:_MAX_PATH]]
    for length in range(len(words), 0, -1):
        path = " ".join(words[:length])
        if path in rule.subcommands or path in rule.asks or path in rule.reads:
            return path
        if path in rule.reads_alone and length == len(arguments.operands):
            return path
    return None


def _has_subcommands(rule: CommandRule) -> bool:
    return bool(rule.reads or rule.reads_alone or rule.asks or rule.subcommands)


def _apply_subcommand(
    call: Call, rule: CommandRule, arguments: Arguments, subcommand: str, *, known: Inherited
) -> Text | None:
    found = rule.subcommands.get(subcommand) or CommandRule.model_construct(rule=rule.asks.get(subcommand, READ))
    if not _SEPARATORS.isdisjoint(call.texts) and not found.check:
        # Some tools take several commands in one call.
        call.report("C-unknown-subcommand")
    taken = set(arguments.places[: len(subcommand.split())])
    rest = tuple(word for place, word in enumerate(call.arguments) if place not in taken)
    passed_on = Inherited(valued=known.valued) if rule.globals_first else known
    return apply_rule(call.as_command(f"{call.name} {subcommand}", rest), found, inherited=passed_on)


def _report_own_rule(call: Call, rule: CommandRule, arguments: Arguments) -> None:
    if rule.reads_with and any(_is_given(option, rule) for option in arguments.options):
        own = READ
    elif not arguments.operands and rule.bare:
        own = rule.bare
    elif rule.reads_with:
        own = rule.rule
    else:
        own = rule.rule
    if own != READ:
        call.report(own)


def _is_given(option: Option, rule: CommandRule) -> bool:
    """`--simulate=false` takes back what `--simulate` says."""
    is_off = option.value is not None and option.value.text.lower() in _OFF
    return option.name in rule.reads_with and not is_off


def _report_operands(call: Call, rule: CommandRule, arguments: Arguments) -> None:
    if rule.max_operands is not None and len(arguments.operands) > rule.max_operands:
        call.report(rule.extra_operands)
    if rule.reads_files:
        report_secrets(call)


def _report_dynamic(call: Call, rule: CommandRule, arguments: Arguments, known: Inherited) -> None:
    """Report words that may turn out to be an option, where some option is unsafe."""
    is_harmless = not known.unsafe and not rule.reads_with
    if rule.is_dynamic if rule.is_dynamic is not None else is_harmless:
        return
    if arguments.has_unknown_option or any(word.may_be_option for word in _before_double_dash(call)):
        call.report("C-dynamic-operand")


def _before_double_dash(call: Call) -> list[Text]:
    words = list(call.arguments)
    texts = call.texts
    return words[: texts.index("--")] if "--" in texts else words
