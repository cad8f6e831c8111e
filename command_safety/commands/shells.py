"""Shells and the builtins that run a text: `sh -c`, `eval`, `source`, a script in a pipe."""

from __future__ import annotations

import re
from dataclasses import replace

from command_safety.commands.script_files import report_foreign, run_file
from command_safety.evaluation.call import Call
from command_safety.evaluation.scope import Fields
from command_safety.evaluation.values import ANYTHING, EMPTY, Text, join
from command_safety.rules.arguments import Arguments, parse_arguments
from command_safety.shell.quoting import decode_escapes

_VALUED = frozenset({"-o", "-O", "--rcfile", "--init-file"})
_POSIX_SHELLS = frozenset({"sh", "dash", "ash"})
"""Where sh is not bash, what only bash knows is read as something else."""
_OTHER_SHELLS = frozenset({"zsh", "ksh", "mksh", "fish", "csh", "tcsh"})
_READ_APART = re.compile(r"\$'(?:[^'\\]|\\.)*?\\'|\$\[", re.DOTALL)
"""`$'it\\'s'` ends at the second quote there, and `$[a;b]` is two commands."""
_STDIN = frozenset({"-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"})


def check_shell(call: Call) -> Text | None:
    """`sh`, `bash` and their kin: a literal after -c is judged as if it stood alone."""
    arguments = parse_arguments(call.arguments, valued=_VALUED, stops_at_operand=True)
    for option in arguments.options:
        if option.name in ("--rcfile", "--init-file"):
            call.report("C-script-file")
    if arguments.has_unknown_option or (arguments.operands and arguments.operands[0].may_be_option):
        call.report("C-dynamic-script")
    if arguments.has("-i"):
        call.runner.note_role("shell")
        call.report("C-interactive")
    if call.name in _OTHER_SHELLS:
        call.report("C-other-shell")
    call = _in_shell(call)
    if arguments.has("-c"):
        return _run_string(call, arguments)
    if arguments.operands and not arguments.has("-s") and arguments.operands[0].text not in _STDIN:
        return _run_operand(call, arguments)
    return _run_stdin(call, arguments)


def _in_shell(call: Call) -> Call:
    """The same call, where what is run is read as this shell reads it."""
    is_posix = call.name in _POSIX_SHELLS
    scope = call.scope.copy()
    scope.is_posix = is_posix
    texts = [call.arguments, () if call.stdin is None else (call.stdin,)]
    if is_posix and any(_READ_APART.search(text.text) for group in texts for text in group):
        call.report("C-other-shell")
    return replace(call, scope=scope)


def _run_string(call: Call, arguments: Arguments) -> Text | None:
    if not arguments.operands:
        return None
    script, positional = arguments.operands[0], arguments.operands[1:]
    report_foreign(call, script)
    if not script.is_known:
        call.report("C-dynamic-script")
    return call.run_script(script, positional=positional)


def _run_operand(call: Call, arguments: Arguments) -> Text | None:
    path = arguments.operands[0]
    report_foreign(call, path)
    inner = call.as_command(call.name, arguments.operands[1:])
    return run_file(inner, path.text)


def _run_stdin(call: Call, arguments: Arguments) -> Text | None:
    call.runner.note_role("shell")
    if call.stdin is None:
        call.report("C-interactive")
        return None
    call.report("C-piped-script")
    report_foreign(call, call.stdin)
    if call.stdin.text == ANYTHING.text:
        return None
    return run_input(call, positional=(Text(call.name), *arguments.operands[1:]))


def run_input(call: Call, *, positional: Fields | None = None) -> Text | None:
    """Judge what comes in as a script."""
    if call.stdin is None or call.stdin.text == ANYTHING.text:
        return None
    decoded = decode_escapes(call.stdin.text)
    if decoded != call.stdin.text:
        # `echo` of some shells decodes escapes without being told to.
        call.run_script(Text(decoded, call.stdin.origins), positional=positional, stdin=EMPTY)
    return call.run_script(call.stdin, positional=positional, stdin=EMPTY)


def check_eval(call: Call) -> Text | None:
    """The words are put together and read again, in this same shell."""
    script = join([EMPTY, *call.arguments], separator=" ")
    call.report("C-eval")
    report_foreign(call, script)
    return call.runner.run_text(script, scope=call.scope, stdin=call.stdin)


def check_source(call: Call) -> Text | None:
    """`source file` and `. file`: the file runs in this same shell."""
    if not call.arguments:
        return None
    path = call.arguments[0]
    call.report("C-script-file")
    report_foreign(call, path)
    content = call.stdin if path.text in _STDIN else call.scope.recall_file(path.text)
    if content is None:
        return None
    report_foreign(call, content)
    if content.text == ANYTHING.text:
        return None
    return call.runner.run_text(content, scope=call.scope, stdin=None)


def check_trap(call: Call) -> Text | None:
    """The action runs later, in this same shell."""
    operands = parse_arguments(call.arguments).operands
    if len(operands) > 1 and operands[0].text not in ("", "-") and not operands[0].text.isdigit():
        if not operands[0].is_known:
            call.report("C-dynamic-script")
        report_foreign(call, operands[0])
        later = call.scope.copy()
        # By then the variables may have other values.
        later.variables = {}
        for scope in (call.scope.copy(), later):
            call.runner.run_text(operands[0], scope=scope, stdin=None)
    return None


def check_alias(call: Call) -> Text | None:
    """An alias gives a command another meaning; what it stands for is judged too."""
    for argument in call.arguments:
        name, sign, text = argument.text.partition("=")
        if sign:
            call.report("C-alias", argument.text)
            call.run_script(Text(text, argument.origins))
        elif not name.startswith("-") and not argument.is_known:
            call.report("C-alias", argument.text)
    return None
