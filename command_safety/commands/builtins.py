"""Builtins that change what the shell itself knows: directory, variables, parameters."""

from __future__ import annotations

import re

from command_safety.evaluation.call import Call
from command_safety.evaluation.environment import find_variable_rule
from command_safety.evaluation.values import ANYTHING, EMPTY, SOMETHING, UNKNOWN, Text, blur, join
from command_safety.paths.secrets import is_secret_name
from command_safety.rules.arguments import parse_arguments
from command_safety.rules.word_sets import word_set

_READ_VALUED = frozenset({"-a", "-d", "-i", "-n", "-N", "-p", "-t", "-u"})
_SET_OPTION = re.compile(r"[-+][A-Za-z]+")
_HARMLESS_SET = re.compile(r"[-+][abefhmnptuvxBCET]*o?")
_SET_NAMES = word_set(
    "pipefail errexit nounset xtrace verbose noglob noclobber errtrace functrace noexec allexport monitor notify "
    "hashall"
)
_SHOPT_NAMES = word_set(
    "nullglob failglob dotglob globstar nocaseglob nocasematch extglob checkwinsize inherit_errexit"
)
_MAPFILE_VALUED = frozenset({"-d", "-n", "-O", "-s", "-u", "-C", "-c"})


def check_cd(call: Call) -> Text | None:
    """`cd` and `pushd`: later relative paths start from there."""
    operands = parse_arguments(call.arguments).operands
    if not operands:
        call.scope.directories = ("~",) if call.name == "cd" else ("",)
        return None
    target = operands[0]
    if target.text.startswith(("-", "+")):
        call.scope.directories = ("",)
    else:
        call.scope.enter(target)
    return None


def check_declaration(call: Call) -> Text | None:
    """`export`, `declare`, `local`, `readonly`: sets variables; prints them all when it names none."""
    arguments = parse_arguments(call.arguments)
    if not arguments.operands and call.name != "local" and not arguments.has("-f", "-F"):
        call.report("C-secret-read")
    if arguments.has("-n") and call.name != "export":
        # Another name for a variable, even for one that must not be set.
        call.report("C-hidden-expansion")
    if arguments.has("-i"):
        call.scope.evaluates_assignments = True
    for operand in arguments.operands:
        _assign(call, operand)
        if arguments.has("-i", "-n", "-a", "-A"):
            _expand_hidden(call, operand.text)
    return None


def _assign(call: Call, assignment: Text) -> None:
    name, sign, value = assignment.text.partition("=")
    if sign:
        set_variable(call, name.rstrip("+"), Text(value, assignment.origins))
    else:
        _report_name(call, name, assignment)


def set_variable(call: Call, name: str, value: Text) -> None:
    """Give a variable its value, as builtins do that take its name as an argument."""
    _report_name(call, name, value)
    call.scope.assign(name, [(value,)])


def _report_name(call: Call, name: str, word: Text) -> None:
    rule = find_variable_rule(name, command="read" if call.name == "read" else "", is_exported=call.name == "export")
    if rule:
        call.report(rule, word.text)
    if UNKNOWN in name:
        call.report("C-dynamic-operand", word.text)
    _expand_hidden(call, name)


def _expand_hidden(call: Call, name: str) -> None:
    """An index in a name is expanded once more: `a[$(command)]`."""
    if "$(" in name or "`" in name:
        call.report("C-hidden-expansion", name)
        call.run_script(Text(f": {name}"))


def check_unset(call: Call) -> Text | None:
    for operand in parse_arguments(call.arguments).operands:
        _report_name(call, operand.text, operand)
        name, bracket, _ = operand.text.partition("[")
        call.scope.assign(name, [(ANYTHING,) if bracket else (EMPTY,)])
    return None


def check_test(call: Call) -> Text | None:
    """`[ … ]` and `test`."""
    for word in call.arguments:
        _expand_hidden(call, word.text)
    return None


def check_jobs(call: Call) -> Text | None:
    """`jobs -x command` runs it."""
    arguments = parse_arguments(call.arguments, stops_at_operand=True)
    return call.run(arguments.operands) if arguments.has("-x") else None


def check_wait(call: Call) -> Text | None:
    """`wait -p name` sets a variable."""
    name = parse_arguments(call.arguments, valued=frozenset({"-p"})).value_of("-p")
    if name is not None:
        set_variable(call, name.text, Text(SOMETHING))
    return None


def check_read(call: Call) -> Text | None:
    """`read`: the variables get the lines that come in."""
    arguments = parse_arguments(call.arguments, valued=_READ_VALUED)
    source = call.stdin or ANYTHING
    descriptor = arguments.value_of("-u")
    if descriptor is not None:
        source = call.scope.descriptors.get(descriptor.text, ANYTHING)
    array = arguments.value_of("-a")
    names = [operand.text for operand in arguments.operands] or ([] if array else ["REPLY"])
    for name in names:
        _report_name(call, name, Text(name))
    if array is not None:
        call.scope.assign(array.text, [_split_words(source)])
    lines = [Text(line, source.origins) for line in source.text.splitlines() if line.strip()] or [source]
    if arguments.has("-d", "-n", "-N", "-t", "-i"):
        # It may end before the line does.
        lines = [blur([source])]
    for place, name in enumerate(names):
        call.scope.assign(name, [(_pick_word(line, place, len(names)),) for line in lines])
    return None


def _pick_word(line: Text, place: int, count: int) -> Text:
    if not line.is_known:
        return line if count == 1 else Text(UNKNOWN, line.origins)
    words = line.text.split(maxsplit=count - 1)
    return Text(words[place].rstrip() if place < len(words) else "", line.origins)


def _split_words(source: Text) -> tuple[Text, ...]:
    return tuple(Text(word, source.origins) for word in source.text.split()) or (EMPTY,)


def check_mapfile(call: Call) -> Text | None:
    arguments = parse_arguments(call.arguments, valued=_MAPFILE_VALUED)
    callback = arguments.value_of("-C")
    if callback is not None:
        call.report("C-eval")
        call.run_script(callback)
    source = call.stdin or ANYTHING
    name = arguments.operands[0] if arguments.operands else Text("MAPFILE")
    _report_name(call, name.text, name)
    is_whole = not arguments.has("-d", "-n", "-O", "-s")
    lines = tuple(Text(line, source.origins) for line in source.text.splitlines()) if is_whole else ()
    call.scope.assign(name.text, [lines or (blur([source]),)])
    return None


def check_set(call: Call) -> Text | None:
    """`set`: options and positional parameters; alone it prints every variable."""
    if not call.arguments:
        call.report("C-secret-read")
        return None
    place = 0
    while place < len(call.texts) and _SET_OPTION.fullmatch(call.texts[place]):
        # `-o` may be the last of several letters.
        place += 2 if call.texts[place][-1] == "o" else 1
    given = call.texts[:place]
    if not all(_HARMLESS_SET.fullmatch(text) or text in _SET_NAMES for text in given):
        call.report("C-shell-state")
    rest = call.arguments[place:]
    if call.texts[place : place + 1] in (["--"], ["-"]):
        call.scope.positional = rest[1:]
    elif rest:
        call.scope.positional = rest
    return None


def check_shopt(call: Call) -> Text | None:
    """`shopt -s name`: some change what later words mean."""
    arguments = parse_arguments(call.arguments)
    changes = arguments.has("-s", "-u")
    if changes and not all(operand.text in _SHOPT_NAMES for operand in arguments.operands):
        call.report("C-shell-state")
    return None


def check_shift(call: Call) -> Text | None:
    if call.texts and not call.texts[0].isdigit():
        call.scope.positional = None
    elif call.scope.positional is not None:
        call.scope.positional = call.scope.positional[int(call.texts[0]) if call.texts else 1 :]
    return None


def check_let(call: Call) -> Text | None:
    """`let`: each word is an expression."""
    for word in call.arguments:
        call.runner.run_text(Text(f"(( {word.text} ))"), scope=call.scope, stdin=None)
    return None


def check_exec(call: Call) -> Text | None:
    """`exec command` replaces the shell; without one only its redirections count."""
    arguments = parse_arguments(call.arguments, valued=frozenset({"-a"}), stops_at_operand=True)
    return call.run(arguments.operands) if arguments.operands else None


def check_command(call: Call) -> Text | None:
    """`command name` and `builtin name`; with -v it only looks the name up."""
    arguments = parse_arguments(call.arguments, stops_at_operand=True)
    if arguments.has("-V"):
        return None
    if arguments.has("-v"):
        return join([arguments.operands[0], Text("\n")]) if len(arguments.operands) == 1 else None
    return call.run(arguments.operands) if arguments.operands else None


def check_lookup(call: Call) -> Text | None:
    """`which`, `type -P`: the answer names the same command."""
    arguments = parse_arguments(call.arguments)
    names_it = call.name == "which" or arguments.has("-P", "-p")
    is_one = len(arguments.operands) == 1
    return join([arguments.operands[0], Text("\n")]) if is_one and names_it and not arguments.has("-a") else None


def check_environment_print(call: Call) -> Text | None:
    """`printenv`: everything, or single variables."""
    operands = parse_arguments(call.arguments).operands
    if not operands or any(not operand.is_known or is_secret_name(operand.text) for operand in operands):
        call.report("C-secret-read")
    return None
