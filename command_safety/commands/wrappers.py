"""Commands that run another command, where more than skipping their own options is needed."""

from __future__ import annotations

import re
from dataclasses import replace

from command_safety.commands.script_files import report_foreign
from command_safety.commands.shells import run_input
from command_safety.evaluation.call import Call
from command_safety.evaluation.environment import find_variable_rule
from command_safety.evaluation.scope import Fields, Scope
from command_safety.evaluation.values import ANYTHING, EMPTY, UNKNOWN, Text, join
from command_safety.paths.secrets import is_secret
from command_safety.rules.arguments import parse_arguments
from command_safety.rules.word_sets import word_set

_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)=", re.ASCII)
_SUDO_VALUED = word_set(
    "-C -D -g -h -p -R -r -T -t -U -u --chdir --chroot --close-from --group --host --other-user --prompt "
    "--role --type --user --command-timeout"
)
_ENV_VALUED = frozenset({"-u", "--unset", "-C", "--chdir", "-S", "--split-string"})
_XARGS_VALUED = word_set(
    "-a -d -E -I -L -n -P -s --arg-file --delimiter --max-args --max-lines --max-procs --max-chars --process-slot-var"
)
_SSH_VALUED = frozenset(f"-{letter}" for letter in "BbcDEeFIiJLlmOopQRSWw")
_SU_VALUED = word_set("-c --command -s --shell -u --user -g --group -G --supp-group -w --session-command")
_MAX_LINES = 32
_CRON_TIME = re.compile(r"\s*(?:@\w+|(?:[\d*,/\-A-Za-z]+\s+){5})\s*")


def check_sudo(call: Call) -> Text | None:
    """`sudo` and `doas`: what matters is the command; a root shell or an editor is confirmed."""
    arguments = parse_arguments(call.arguments, valued=_SUDO_VALUED, stops_at_operand=True)
    if arguments.has("-e", "--edit"):
        call.report("C-interactive")
        return None
    if arguments.has("-b", "--background"):
        call.report("C-background")
    call, words = _take_assignments(call, arguments.operands)
    if arguments.has("-i", "--login", "-s", "--shell"):
        call.report("C-other-user")
        return call.run_script(join(words, separator=" ")) if words else _run_piped(call)
    if not words or arguments.has("-l", "--list"):
        return None
    return call.in_directory(arguments.value_of("-D", "--chdir")).run(words)


def _take_assignments(call: Call, words: Fields) -> tuple[Call, Fields]:
    """The words after `NAME=value`, each of which is judged as a variable, and the call that knows their values."""
    scope = call.scope.copy()
    place = 0
    while place < len(words) and (found := _ASSIGNMENT.match(words[place].text)):
        rule = find_variable_rule(found[1], command="", is_exported=True)
        if rule:
            call.report(rule, words[place].text)
        scope.assign(found[1], [(Text(words[place].text[found.end() :], words[place].origins),)])
        place += 1
    return replace(call, scope=scope), words[place:]


def check_env(call: Call) -> Text | None:
    """`env`: without a command it prints every variable."""
    arguments = parse_arguments(call.arguments, valued=_ENV_VALUED, stops_at_operand=True)
    # A single dash stands for -i.
    given = arguments.operands[1:] if arguments.operands[:1] == (Text("-"),) else arguments.operands
    call, words = _take_assignments(call, given)
    text = arguments.value_of("-S", "--split-string")
    if text is not None:
        return call.run_script(join([text, *words], separator=" "))
    if not words:
        if not arguments.has("-i", "-", "--ignore-environment"):
            call.report("C-secret-read")
        return None
    if arguments.has_unknown_option or words[0].may_be_option:
        call.report("C-dynamic-operand")
    return call.in_directory(arguments.value_of("-C", "--chdir")).run(words)


def check_su(call: Call) -> Text | None:
    """`su`, `runuser`, `pkexec`: another user, perhaps with a shell of their own."""
    call.report("C-other-user")
    arguments = parse_arguments(call.arguments, valued=_SU_VALUED, stops_at_operand=True)
    starts_command = call.name in ("pkexec", "gosu", "su-exec") or arguments.has("-u", "--user")
    if not starts_command:
        arguments = parse_arguments(call.arguments, valued=_SU_VALUED)
    script = arguments.value_of("-c", "--command", "--session-command")
    if script is not None:
        report_foreign(call, script)
        return call.run_script(script)
    # The user or the group comes first, or has been given as an option.
    words = arguments.operands[call.name in ("gosu", "su-exec", "sg") :]
    if (starts_command or call.name in ("runuser", "sg")) and words:
        return call.run(words)
    return _run_piped(call)


def _run_piped(call: Call) -> Text | None:
    """A shell of its own reads what comes in."""
    call.runner.note_role("shell")
    if call.stdin is not None:
        report_foreign(call, call.stdin)
    return run_input(call)


def check_xargs(call: Call) -> Text | None:
    """`xargs`: the words that come in are arguments of the command."""
    arguments = parse_arguments(call.arguments, valued=_XARGS_VALUED, stops_at_operand=True)
    command = arguments.operands or (Text("echo"),)
    slot = arguments.value_of("--process-slot-var")
    if slot is not None and (not slot.is_known or find_variable_rule(slot.text, command="")):
        call.report("C-environment", slot.text)
    file = arguments.value_of("-a", "--arg-file")
    if file is not None and is_secret(file, call.scope):
        call.report("C-secret-read")
    source = call.stdin or ANYTHING
    if file is not None:
        source = call.scope.recall_file(file.text) or ANYTHING
    inner = replace(call, stdin=EMPTY)
    mark = arguments.value_of("-I") or (Text("{}") if arguments.has("-i", "--replace") else None)
    if mark is not None:
        return _run_per_line(inner, command, source, mark=mark.text)
    if not source.is_known:
        # At least the ends of the names may be known, as those that `find` was asked for.
        items = tuple(Text(item, source.origins, is_loose=True) for item in source.text.split()[:_MAX_LINES])
        return inner.run((*command, *items))
    delimiter = arguments.value_of("-d", "--delimiter")
    is_whole = delimiter is not None or arguments.has("-0", "--null")
    lines = source.text.split("\n") if is_whole else source.text.split()
    items = tuple(Text(item.strip("'\""), source.origins) for item in lines if item)
    return inner.run((*command, *items)) if items or not arguments.has("-r") else None


def _run_per_line(call: Call, command: Fields, source: Text, *, mark: str) -> Text | None:
    lines = [line for line in source.text.split("\n") if line][:_MAX_LINES]
    outputs = [
        call.run(
            tuple(
                Text(word.text.replace(mark, line), word.origins | source.origins, word.is_loose)
                if mark in word.text
                else word
                for word in command
            )
        )
        for line in lines
    ]
    return join(outputs) if outputs else None


def check_parallel(call: Call) -> Text | None:
    """GNU parallel gives each line to a shell."""
    call.report("C-eval")
    texts = call.texts
    end = next((place for place, text in enumerate(texts) if text.startswith(":::")), len(texts))
    arguments = parse_arguments(
        call.arguments[:end], valued=frozenset({"-j", "--jobs", "-S", "--sshlogin"}), stops_at_operand=True
    )
    items = call.arguments[end + 1 :] or ((call.stdin or ANYTHING),)
    script = join(arguments.operands, separator=" ") if arguments.operands else EMPTY
    for item in items[:_MAX_LINES]:
        has_mark = "{}" in script.text
        text = script.text.replace("{}", item.text) if has_mark else f"{script.text} {item.text}"
        call.run_script(Text(text, script.origins | item.origins))
    return None


def check_ssh(call: Call) -> Text | None:
    """`ssh`: always a question, and the command for the other host is judged as well."""
    arguments = parse_arguments(call.arguments, valued=_SSH_VALUED, stops_at_operand=True)
    if arguments.has("-V", "-Q", "-G"):
        return None
    call.report("C-remote")
    for option in arguments.options:
        if option.name == "-o" and option.value is not None and "command" in option.value.text.lower():
            call.run_script(Text(option.value.text.partition("=")[2]))
    if arguments.operands[1:]:
        _run_remotely(call, arguments.operands[1:])
    elif call.stdin is not None:
        report_foreign(call, call.stdin)
        run_input(call)
    return Text(UNKNOWN)


def _run_remotely(call: Call, words: Fields) -> None:
    if not words:
        return
    script = join(words, separator=" ")
    report_foreign(call, script)
    call.runner.run_text(script, scope=Scope(), stdin=call.stdin)


def check_fan_out(call: Call) -> Text | None:
    """`pdsh`, `pssh`, `clush`, `salt`: a command for many hosts."""
    call.report("C-remote")
    valued = word_set("-w -x -l -f -t -u -h -H -i -o -e -p -g -C")
    arguments = parse_arguments(call.arguments, valued=valued, stops_at_operand=True)
    # `salt` is told the hosts and the function first.
    words = arguments.operands[2:] if call.name.startswith("salt") else arguments.operands
    _run_remotely(call, words)
    return None


def check_ansible(call: Call) -> Text | None:
    """`ansible hosts -m shell -a command`."""
    call.report("C-remote")
    arguments = parse_arguments(call.arguments, valued=word_set("-a --args -m -i -u -f -e -l -t -T -M"))
    command = arguments.value_of("-a", "--args")
    if command is not None:
        _run_remotely(call, (command,))
    return None


def check_at(call: Call) -> Text | None:
    """`at` and `batch`: the commands come in by the pipe or from a file."""
    arguments = parse_arguments(call.arguments, valued=frozenset({"-f", "-q", "-t", "-c", "-d", "-r"}))
    if arguments.has("-l", "-V"):
        return None
    call.report("C-schedule-change")
    if call.stdin is not None:
        _judge_later(call, call.stdin)
    return None


def check_crontab(call: Call) -> Text | None:
    """`crontab -l` reads; a new table is judged line by line."""
    arguments = parse_arguments(call.arguments, valued=frozenset({"-u"}))
    if arguments.has("-l", "-V", "-T") and not arguments.has("-r", "-e"):
        return None
    call.report("C-schedule-change")
    operands = arguments.operands
    table = call.scope.recall_file(operands[0].text) if operands and operands[0].text != "-" else call.stdin
    if table is not None:
        lines = table.text.split("\n")[:_MAX_LINES]
        _judge_later(call, Text("\n".join(_CRON_TIME.sub("", line, count=1) for line in lines), table.origins))
    return None


def _judge_later(call: Call, script: Text) -> None:
    report_foreign(call, script)
    if script.text != ANYTHING.text:
        call.run_script(script, stdin=EMPTY)


def check_script_recorder(call: Call) -> Text | None:
    """`script`: records a session into a file."""
    call.report("C-file-write")
    arguments = parse_arguments(call.arguments, valued=frozenset({"-c", "--command", "-t", "-T", "-E", "-m"}))
    command = arguments.value_of("-c", "--command")
    return call.run_script(command) if command is not None else None


def check_flock(call: Call) -> Text | None:
    call.report("C-file-write")
    arguments = parse_arguments(
        call.arguments, valued=frozenset({"-w", "-E", "--timeout", "-c", "--command"}), stops_at_operand=True
    )
    words = arguments.operands[1:]
    if words and words[0].text in ("-c", "--command"):
        return call.run_script(words[1]) if len(words) > 1 else None
    return call.run(words) if words else None


def check_taskset(call: Call) -> Text | None:
    """`taskset` and `chrt`: with -p and a process alone they show, with a value before it they set."""
    arguments = parse_arguments(call.arguments, stops_at_operand=True)
    if arguments.has("-p", "--pid"):
        if len(arguments.operands) != 1:
            call.report("C-process-change")
        return None
    return call.run(arguments.operands[1:]) if len(arguments.operands) > 1 else None


def check_ionice(call: Call) -> Text | None:
    """`ionice`: with -p and no class it shows."""
    valued = frozenset({"-c", "--class", "-n", "--classdata", "-p", "--pid", "-P", "--pgid", "-u", "--uid"})
    arguments = parse_arguments(call.arguments, valued=valued, stops_at_operand=True)
    if arguments.has("-p", "--pid", "-P", "--pgid", "-u", "--uid"):
        if arguments.has("-c", "--class", "-n", "--classdata"):
            call.report("C-process-change")
        return None
    return call.run(arguments.operands) if arguments.operands else None


def check_chroot(call: Call) -> Text | None:
    """`chroot`: the command starts at the top of the other root."""
    call.report("C-other-root")
    valued = frozenset({"--userspec", "--groups"})
    words = parse_arguments(call.arguments, valued=valued, stops_at_operand=True).operands[1:]
    inside = call.in_directory(Text("/"))
    return inside.run(words) if words else _run_piped(inside)
