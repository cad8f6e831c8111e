"""Commands that delete, move, overwrite or change files."""

from __future__ import annotations

from command_safety.evaluation.call import Call
from command_safety.evaluation.scope import Fields
from command_safety.evaluation.values import ANYTHING, UNKNOWN, Origin, Text
from command_safety.paths.devices import is_disk, is_endless_source, is_standard
from command_safety.paths.protected import is_protected
from command_safety.paths.system_files import is_system_file
from command_safety.paths.writing import find_write_rule
from command_safety.rules.arguments import parse_arguments

_MODE_VALUED = frozenset({"--reference", "--from"})


def check_remove(call: Call) -> Text | None:
    """`rm`, `unlink`, `rmdir`, `srm`."""
    call.report("C-delete")
    arguments = parse_arguments(call.arguments)
    # An option nobody knows may be -r.
    is_recursive = (
        arguments.has("-r", "-R", "--recursive", "--recurs", "--no-preserve-root")
        or arguments.has_unknown_option
        or any(word.may_be_option and not word.origins for word in call.arguments if word.text == UNKNOWN)
    )
    for operand in arguments.operands:
        if Origin.PROTECTED_LISTING in operand.origins or (is_recursive and is_protected(operand, call.scope)):
            call.report("B1-recursive-delete")
        elif is_system_file(operand, call.scope):
            call.report("B9-system-file")
    return None


def check_mode(call: Call) -> Text | None:
    """`chmod`, `chown`, `chgrp`: recursive on a protected directory is blocked."""
    call.report("C-permission-change")
    arguments = parse_arguments(call.arguments, valued=_MODE_VALUED)
    if not (arguments.has("-R", "--recursive") or arguments.has_unknown_option):
        return None
    targets = arguments.operands if arguments.has("--reference") else arguments.operands[1:]
    if any(is_protected(target, call.scope) or Origin.PROTECTED_LISTING in target.origins for target in targets):
        call.report("B1-recursive-mode")
    return None


def check_move(call: Call) -> Text | None:
    """`mv`: taking a protected directory away, or putting something in the place of a system file."""
    call.report("C-file-change")
    sources, destination = _split_destination(call)
    for source in sources:
        if is_protected(source, call.scope) or Origin.PROTECTED_LISTING in source.origins:
            call.report("B1-move")
        elif is_system_file(source, call.scope):
            call.report("B9-system-file")
    _report_destination(call, destination, sources)
    return None


def check_rsync(call: Call) -> Text | None:
    """`rsync`: with --delete it removes what the source does not have."""
    call.report("C-data-transfer")
    arguments = parse_arguments(call.arguments, valued=frozenset({"-e", "--rsh", "-f", "--filter", "-B", "-T"}))
    deletes = any(option.name.startswith("--del") for option in arguments.options)
    if deletes and arguments.operands and is_protected(arguments.operands[-1], call.scope):
        call.report("B1-recursive-delete")
    _report_destination(call, arguments.operands[-1] if len(arguments.operands) > 1 else None, arguments.operands[:-1])
    return None


def check_copy(call: Call) -> Text | None:
    """`cp`, `install`, `ln`, `rsync` on one host."""
    call.report("C-file-change")
    sources, destination = _split_destination(call)
    _report_destination(call, destination, sources)
    return None


def _split_destination(call: Call) -> tuple[Fields, Text | None]:
    valued = frozenset({"-t", "--target-directory", "-S", "--suffix", "-m", "--mode", "-o", "--owner", "-g", "--group"})
    arguments = parse_arguments(call.arguments, valued=valued)
    named = arguments.value_of("-t", "--target-directory")
    if named is not None:
        return arguments.operands, named
    if len(arguments.operands) < 2:
        return arguments.operands, None
    return arguments.operands[:-1], arguments.operands[-1]


def _report_destination(call: Call, destination: Text | None, sources: Fields) -> None:
    if destination is None:
        return
    names = [source.text.rstrip("/").rpartition("/")[2] for source in sources]
    inside = [Text(f"{destination.text}/{name}", destination.origins) for name in names]
    for target in (destination, *inside):
        rule = find_write_rule(target, call.scope, otherwise="")
        if rule.startswith("B"):
            call.report(rule, target.text)
    if len(sources) == 1:
        content = call.scope.recall_file(sources[0].text) or Text(UNKNOWN, sources[0].origins)
        call.scope.remember_file(destination.text, content)


def check_write_operands(call: Call) -> Text | None:
    """`truncate`, `touch`, `mkdir` and others that write to every operand."""
    arguments = parse_arguments(
        call.arguments, valued=frozenset({"-s", "--size", "-r", "--reference", "-m", "--mode", "-n"})
    )
    for operand in arguments.operands:
        call.report(find_write_rule(operand, call.scope, otherwise="C-file-write") or "C-file-write")
    if not arguments.operands:
        call.report("C-file-write")
    return None


def check_shred(call: Call) -> Text | None:
    call.report("C-delete")
    arguments = parse_arguments(
        call.arguments, valued=frozenset({"-n", "-s", "--iterations", "--size", "--random-source"})
    )
    for operand in arguments.operands:
        if is_disk(operand, call.scope):
            call.report("B2-disk-write")
        elif is_protected(operand, call.scope) or Origin.PROTECTED_LISTING in operand.origins:
            call.report("B1-recursive-delete")
        elif is_system_file(operand, call.scope):
            call.report("B9-system-file")
    return None


def check_tee(call: Call) -> Text | None:
    """`tee`: writes what passes by."""
    arguments = parse_arguments(call.arguments)
    is_appending = arguments.has("-a", "--append")
    for operand in arguments.operands:
        rule = find_write_rule(operand, call.scope, is_appending=is_appending)
        if rule:
            call.report(rule)
        if rule and Origin.ENDLESS in call.origins:
            call.report("B2-dd-fill")
        call.scope.remember_file(operand.text, call.stdin or ANYTHING)
    return call.stdin


def check_dd(call: Call) -> Text | None:
    """`dd`: endless zeros or noise into anything, and anything into a disk, is blocked."""
    call.report("C-file-write")
    operands = dict(word.text.partition("=")[::2] for word in call.arguments)
    source = Text(operands["if"]) if "if" in operands else None
    target = Text(operands["of"]) if "of" in operands else None
    if target is not None and not is_standard(target):
        rule = find_write_rule(target, call.scope)
        if rule.startswith("B"):
            call.report(rule)
        if source is not None and is_endless_source(source):
            call.report("B2-dd-fill")
        call.scope.remember_file(target.text, call.stdin or ANYTHING)
    if target is None and source is not None and is_endless_source(source):
        return Text(UNKNOWN, frozenset({Origin.ENDLESS}))
    return call.stdin if source is None else None
