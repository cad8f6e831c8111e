"""The commands that belong to the shell itself."""

from __future__ import annotations

import asyncio
import re

from simulator.hosts.machine.file_tree import Directory, FileFault
from simulator.hosts.shell.arithmetic import ArithmeticFault, evaluate
from simulator.hosts.shell.conditions import test
from simulator.hosts.shell.interpreter import Call, Command
from simulator.hosts.shell.state import ExitShell, LeaveLoop, ReturnFromFunction

_NAME = re.compile(r"[A-Za-z_]\w*")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "e": "\x1b", "\\": "\\", "f": "\f", "v": "\v"}


def succeed(call: Call) -> int:
    del call
    return 0


def fail(call: Call) -> int:
    del call
    return 1


def echo(call: Call) -> int:
    words = list(call.arguments)
    flags = ""
    while words and re.fullmatch(r"-[neE]+", words[0]):
        flags += words.pop(0)[1:]
    text = " ".join(words)
    if "e" in flags:
        text = _unescape(text)
    return call.write(text if "n" in flags else text + "\n")


def printf(call: Call) -> int:
    if not call.arguments:
        return call.fail("usage: printf format [arguments]", status=2)
    template, *values = call.arguments
    template = _unescape(template)
    text, used = _format(template, values)
    while used and values[used:]:
        values = values[used:]
        more, used = _format(template, values)
        text += more
    return call.write(text)


def _format(template: str, values: list[str]) -> tuple[str, int]:
    used = 0

    def fill(found: re.Match[str]) -> str:
        nonlocal used
        if found[0] == "%%":
            return "%"
        value = values[used] if used < len(values) else ""
        used += 1
        kind = found[2]
        if kind in "di":
            return f"%{found[1]}d" % _whole(value)
        if kind == "f":
            return f"%{found[1]}f" % float(value or 0)
        return f"%{found[1]}s" % (_unescape(value) if kind == "b" else value)

    return re.sub(r"%(?:%|([-0-9.+ ]*)([sdifbq]))", fill, template), used


def _whole(text: str) -> int:
    return int(text) if re.fullmatch(r"[+-]?\d{1,18}", text) else 0


def _unescape(text: str) -> str:
    def decode(found: re.Match[str]) -> str:
        if found[1][0] in "01234567":
            return chr(int(found[1], 8) & 0xFF)
        if found[1][0] == "x":
            return chr(int(found[1][1:], 16))
        return _ESCAPES.get(found[1], found[0])

    return re.sub(r"\\([0-7]{1,4}|x[0-9A-Fa-f]{1,2}|.)", decode, text, flags=re.DOTALL)


def change_directory(call: Call) -> int:
    name = next((word for word in call.arguments if word != "--"), call.state.home)
    if name == "-":
        name = call.state.variables.get("OLDPWD", call.state.directory)
    entry = call.files.find(name)
    if not isinstance(entry, Directory):
        reason = "No such file or directory" if entry is None else "Not a directory"
        call.shell.complain(f"cd: {name}: {reason}", streams=call.streams)
        return 1
    call.state.variables["OLDPWD"] = call.state.directory
    call.state.directory = call.state.path(name)
    return 0


def print_directory(call: Call) -> int:
    return call.write_lines(call.state.directory)


def export(call: Call) -> int:
    words = [word for word in call.arguments if not word.startswith("-")]
    if not words and call.name == "export":
        names = sorted(call.state.exported & set(call.state.variables))
        return call.write_lines(*(f'declare -x {name}="{call.state.variables[name]}"' for name in names))
    for word in words:
        name, equals, value = word.partition("=")
        if not _NAME.fullmatch(name):
            call.shell.complain(f"{call.name}: `{word}': not a valid identifier", streams=call.streams)
            return 1
        if equals:
            call.state.variables[name] = value
        if call.name == "export":
            call.state.exported.add(name)
    return 0


def unset(call: Call) -> int:
    for word in call.arguments:
        call.state.variables.pop(word, None)
        call.state.functions.pop(word, None)
    return 0


def set_arguments(call: Call) -> int:
    words = list(call.arguments)
    if "--" in words:
        call.state.arguments = words[words.index("--") + 1 :]
    elif words and not words[0].startswith(("-", "+")):
        call.state.arguments = words
    return 0


def shift(call: Call) -> int:
    count = _whole(call.arguments[0]) if call.arguments else 1
    if count > len(call.state.arguments):
        return 1
    del call.state.arguments[:count]
    return 0


async def read_line(call: Call) -> int:
    names = [word for word in call.arguments if _NAME.fullmatch(word)]
    prompt = next((after for word, after in zip(call.arguments, call.arguments[1:], strict=False) if word == "-p"), "")
    if prompt:
        call.streams.stderr.write(prompt)
        names = [name for name in names if name != prompt]
    line = await call.streams.stdin.read_line()
    values = line.rstrip("\n").split(None, max(0, len(names) - 1)) if names else [line.rstrip("\n")]
    for number, name in enumerate(names or ["REPLY"]):
        call.state.variables[name] = values[number] if number < len(values) else ""
    return 0 if line.endswith("\n") else 1


async def execute(call: Call) -> int:
    words = list(call.arguments)
    if not words:
        return 0
    call.state.is_replacing = True
    raise ExitShell(await call.shell.call(words, streams=call.streams))


def leave(call: Call) -> int:
    raise ExitShell(_whole(call.arguments[0]) & 0xFF if call.arguments else call.state.status)


def leave_function(call: Call) -> int:
    raise ReturnFromFunction(_whole(call.arguments[0]) & 0xFF if call.arguments else call.state.status)


def leave_loop(call: Call) -> int:
    raise LeaveLoop(goes_on=call.name == "continue")


async def evaluate_text(call: Call) -> int:
    return await call.shell.run_script(" ".join(call.arguments), streams=call.streams)


async def source_file(call: Call) -> int:
    if not call.arguments:
        return call.fail("filename argument required", status=2)
    try:
        text = call.files.read(call.arguments[0])
    except FileFault as error:
        return call.fail(str(error))
    return await call.shell.run_script(text, streams=call.streams)


async def command(call: Call) -> int:
    words = list(call.arguments)
    if words[:1] in (["-v"], ["-V"]):
        return _show_commands(call, words[1:])
    if words[:1] == ["-p"]:
        words = words[1:]
    return await call.shell.call(words, streams=call.streams) if words else 0


def show_type(call: Call) -> int:
    return _show_commands(call, [word for word in call.arguments if not word.startswith("-")])


def _show_commands(call: Call, names: list[str]) -> int:
    status = 1
    for name in names:
        if call.shell.find_command(name) is None:
            if call.name in {"which", "type"}:
                call.streams.stderr.write(f"{call.name}: {name}: not found\n" if call.name == "type" else "")
            continue
        status = 0
        is_builtin = name in BUILTINS and name not in {"echo", "printf", "test", "["}
        path = name if is_builtin else f"/usr/bin/{name.rsplit('/', 1)[-1]}"
        call.write(f"{name} is {path}\n" if call.name == "type" else f"{path}\n")
    return status


def set_terminal(call: Call) -> int:
    """stty, of which only the echo matters."""
    if call.state.set_echo is None:
        return call.fail("'standard input': Inappropriate ioctl for device")
    for word in call.arguments:
        if word in {"echo", "-echo"}:
            call.state.set_echo(word == "echo")
    return 0


def let(call: Call) -> int:
    try:
        values = [evaluate(word, variables=call.state.variables) for word in call.arguments]
    except ArithmeticFault as error:
        return call.fail(str(error))
    return 0 if values and values[-1] else 1


async def wait(call: Call) -> int:
    await call.shell.finish_background()
    return 0


async def sleep(call: Call) -> int:
    total = 0.0
    for word in call.arguments:
        found = re.fullmatch(r"(\d{1,9}(?:\.\d+)?|\.\d+)([smhd]?)", word)
        if found is None:
            return call.fail(f"invalid time interval ‘{word}’")
        total += float(found[1]) * {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}[found[2]]
    if not call.arguments:
        return call.fail("missing operand")
    await asyncio.sleep(total)
    return 0


BUILTINS: dict[str, Command] = {
    ":": succeed,
    "true": succeed,
    "false": fail,
    "echo": echo,
    "printf": printf,
    "cd": change_directory,
    "pwd": print_directory,
    "export": export,
    "declare": export,
    "typeset": export,
    "local": export,
    "readonly": export,
    "unset": unset,
    "set": set_arguments,
    "shift": shift,
    "read": read_line,
    "exec": execute,
    "exit": leave,
    "logout": leave,
    "return": leave_function,
    "break": leave_loop,
    "continue": leave_loop,
    "eval": evaluate_text,
    ".": source_file,
    "source": source_file,
    "command": command,
    "builtin": command,
    "type": show_type,
    "which": show_type,
    "let": let,
    "wait": wait,
    "sleep": sleep,
    "test": test,
    "[": test,
    "[[": test,
    "trap": succeed,
    "ulimit": succeed,
    "umask": succeed,
    "alias": succeed,
    "unalias": succeed,
    "shopt": succeed,
    "bind": succeed,
    "stty": set_terminal,
    "hash": succeed,
    "jobs": succeed,
    "disown": succeed,
}
