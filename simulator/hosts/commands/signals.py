"""pgrep, pidof, kill, pkill, killall."""

from __future__ import annotations

import re

from simulator.hosts.commands.process_listing import shown_command
from simulator.hosts.machine.processes import Process
from simulator.hosts.shell.interpreter import Call, Command
from simulator.hosts.shell.options import UnknownOption, read_options

SIGNALS = {
    **{"HUP": 1, "INT": 2, "QUIT": 3, "ABRT": 6, "KILL": 9, "USR1": 10, "SEGV": 11, "USR2": 12, "PIPE": 13},
    **{"ALRM": 14, "TERM": 15, "CHLD": 17, "CONT": 18, "STOP": 19, "TSTP": 20, "WINCH": 28},
}


def pgrep(call: Call) -> int:
    options = read_options(call.arguments, flags="lafxoncviH", values="uPgs", words="list-full list-name full exact")
    matches = _match_processes(call, options.operands, is_full=options.has("f", "full"), user=options.get("u"))
    for process in matches:
        shown = f" {shown_command(process)}" if options.has("a", "list-full") else ""
        shown = f" {process.name}" if options.has("l", "list-name") and not shown else shown
        call.write(f"{process.pid}{shown}\n")
    return 0 if matches else 1


def pidof(call: Call) -> int:
    wanted = [word for word in call.arguments if not word.startswith("-")]
    found = [str(process.pid) for process in call.host.processes if process.name in wanted]
    return call.write_lines(" ".join(reversed(found))) if found else 1


def _match_processes(call: Call, patterns: list[str], *, is_full: bool, user: str) -> list[Process]:
    try:
        pattern = re.compile(patterns[0] if patterns else "")
    except re.error as error:
        raise UnknownOption(f"Unmatched ( or \\(: {error}") from error
    return [
        process
        for process in call.host.processes
        if pattern.search(shown_command(process) if is_full else process.name)
        and process.pid != call.state.pid
        and (not user or process.user in user.split(","))
    ]


def kill(call: Call) -> int:
    words = list(call.arguments)
    if words[:1] in (["-l"], ["-L"]):
        return call.write_lines(" ".join(SIGNALS))
    number = 15
    if words[:1] in (["-s"], ["-n"]):
        found = _signal_number(words[1]) if len(words) > 1 else None
        words = words[2:]
    elif words and re.fullmatch(r"-(?:SIG)?[A-Z0-9]+", words[0]) and words[0] != "--":
        found = _signal_number(words.pop(0)[1:])
    else:
        found = number
    if found is None:
        return call.fail("invalid signal specification")
    words = [word for word in words if word != "--"]
    if not words:
        return call.fail("usage: kill [-s sigspec | -n signum | -sigspec] pid | jobspec ...", status=2)
    return max(_kill_one(call, word, number=found) for word in words)


def _signal_number(word: str) -> int | None:
    if word.isdecimal():
        return int(word) if int(word) <= 64 else None
    return SIGNALS.get(word.upper().removeprefix("SIG"))


def _kill_one(call: Call, word: str, *, number: int) -> int:
    if not re.fullmatch(r"-?\d{1,10}", word):
        return call.fail(f"{word}: arguments must be process or job IDs")
    wanted = int(word)
    processes = call.host.processes
    if wanted < 0:
        targets = [process for process in processes if process.process_group == -wanted]
    else:
        target = processes.find(wanted)
        targets = [target] if target is not None else []
    if not targets:
        return call.fail(f"({word}) - No such process")
    for target in targets:
        if not call.state.is_root and target.user != call.state.user:
            return call.fail(f"({word}) - Operation not permitted")
        if target.pid != 1 and not target.is_kernel_thread:
            processes.signal(target, number)
    call.host.changed()
    return 0


def pkill(call: Call) -> int:
    words = list(call.arguments)
    number = 15
    if words and re.fullmatch(r"-(?:SIG)?[A-Z0-9]{1,6}", words[0]) and words[0] != "-f":
        number = _signal_number(words.pop(0)[1:]) or 15
    options = read_options(words, flags="fxnoevwqI", values="us", words="signal= full exact")
    if name := options.get("s", "signal"):
        number = _signal_number(name) or number
    is_exact = call.name == "killall" or options.has("x", "exact")
    if not options.operands:
        return call.fail("no matching criteria specified", status=2)
    found = _match_processes(call, options.operands, is_full=options.has("f", "full"), user=options.get("u"))
    found = [process for process in found if not is_exact or process.name == options.operands[0]]
    if not found:
        return call.fail(f"{options.operands[0]}: no process found") if call.name == "killall" else 1
    return max(_kill_one(call, str(process.pid), number=number) for process in found)


COMMANDS: dict[str, Command] = {
    "pgrep": pgrep,
    "pidof": pidof,
    "kill": kill,
    "pkill": pkill,
    "killall": pkill,
}
