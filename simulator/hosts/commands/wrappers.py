"""Commands that run another command: sudo, timeout, nice, env, sh, bash, setsid, nohup, time, watch."""

from __future__ import annotations

import asyncio
import re
import time

from simulator.hosts.commands.identity import env as show_environment
from simulator.hosts.machine.processes import Process
from simulator.hosts.shell.conversation import Conversation
from simulator.hosts.shell.interpreter import Call, Command, Shell
from simulator.hosts.shell.options import read_options

TIMED_OUT = 124


async def sudo(call: Call) -> int:
    options = read_options(
        call.arguments,
        flags="nSEHkKvlsi",
        values="ugpC",
        words="non-interactive user= preserve-env",
        stops_at_operand=True,
    )
    inner = call.shell.fork()
    inner.state.user = options.get("u", "user", default="root")
    words = options.operands
    while words and re.fullmatch(r"[A-Za-z_]\w*=.*", words[0], re.DOTALL):
        name, _, value = words.pop(0).partition("=")
        inner.state.variables[name] = value
    if options.has("l"):
        return call.write_lines(
            f"User {call.state.user} may run the following commands on {call.host.name}:",
            "    (ALL : ALL) NOPASSWD: ALL",
        )
    return await inner.call(words, streams=call.streams) if words else 0


async def timeout(call: Call) -> int:
    options = read_options(
        call.arguments,
        flags="v",
        values="ks",
        words="kill-after= signal= preserve-status foreground",
        stops_at_operand=True,
    )
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd]?)", options.operands[0]) if options.operands else None
    if found is None or len(options.operands) < 2:
        return call.fail("invalid time interval" if options.operands else "missing operand", status=125)
    seconds = float(found[1]) * {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}[found[2]]
    words = options.operands[1:]
    if call.shell.find_command(words[0]) is None:
        return call.fail(f"failed to run command ‘{words[0]}’: No such file or directory", status=127)
    try:
        async with asyncio.timeout(seconds):
            return await call.shell.fork().call(words, streams=call.streams)
    except TimeoutError:
        return TIMED_OUT


async def pass_on(call: Call) -> int:
    """nice, nohup, setsid and their kin change nothing that could be seen here."""
    options = read_options(
        call.arguments, flags="wcftpi", values="noe", words="adjustment= wait fork ctty ignore", stops_at_operand=True
    )
    return await call.shell.fork().call(options.operands, streams=call.streams) if options.operands else 0


async def env(call: Call) -> int:
    words = list(call.arguments)
    inner = call.shell.fork()
    while words and (words[0].startswith("-") or "=" in words[0]):
        word = words.pop(0)
        if word in {"-u", "-S"} and words:
            inner.state.variables.pop(words.pop(0), None)
        elif "=" in word and not word.startswith("-"):
            name, _, value = word.partition("=")
            inner.state.variables[name] = value
            inner.state.exported.add(name)
    if not words:
        return show_environment(Call(call.name, (), inner, call.streams))
    return await inner.call(words, streams=call.streams)


async def run_shell(call: Call) -> int:
    """`sh -c script`, `bash file`, or a script on standard input."""
    words = list(call.arguments)
    letters = ""
    while words and words[0].startswith("-") and words[0] != "-":
        word = words.pop(0)
        if word.startswith("--"):
            continue
        letters += word[1:]
        if "c" in word[1:]:
            break
    inner = call.shell.fork()
    inner.state.name = call.name
    inner.state.functions.clear()
    inner.state.is_interactive = False
    if "c" in letters:
        if not words:
            return call.fail("-c: option requires an argument", status=2)
        script = words.pop(0)
        if words:
            inner.state.name = words.pop(0)
    elif words:
        script = call.files.read(words.pop(0))
    elif call.state.is_interactive or "i" in letters:
        return await _converse(call, inner)
    else:
        script = await call.streams.stdin.read_all()
    inner.state.arguments = words
    return await _run_as_process(call, inner, script)


async def _converse(call: Call, inner: Shell) -> int:
    """`bash` typed into a shell, or `bash -i`."""
    inner.state.is_interactive = True
    talk = Conversation(inner, streams=call.streams)
    outer = call.shell.conversation
    if outer is None:
        return await talk.run()
    inner.conversation = talk
    return await outer.run_inside(talk)


async def _run_as_process(call: Call, inner: Shell, script: str) -> int:
    """A child of the calling shell, unless that has become this one by exec."""
    host = call.host
    if call.state.is_replacing:
        inner.state.is_replacing = False
        return await inner.run_script(script, streams=call.streams)
    process = Process(
        pid=host.processes.next_pid(),
        parent_pid=call.state.pid,
        name=call.name,
        command=" ".join([call.name, *call.arguments]).replace("\n", " ")[:400],
        user=inner.state.user,
        started_at=host.now(),
        memory_bytes=3 * 1024**2,
        terminal=call.state.terminal,
        group=call.state.pid,
    )
    host.start_process(process)
    inner.state.pid = process.pid
    running = asyncio.current_task()

    def cancel(_number: int) -> None:
        if running is not None:
            running.cancel()

    process.on_end = cancel
    try:
        return await inner.run_script(script, streams=call.streams)
    finally:
        process.on_end = None
        host.processes.end(process)


async def measure(call: Call) -> int:
    began = time.monotonic()
    status = await call.shell.call(list(call.arguments), streams=call.streams) if call.arguments else 0
    seconds = time.monotonic() - began
    call.streams.stderr.write(f"\nreal\t0m{seconds:.3f}s\nuser\t0m0.001s\nsys\t0m0.001s\n")
    return status


async def watch(call: Call) -> int:
    options = read_options(call.arguments, flags="dtbe", values="n", words="interval= no-title", stops_at_operand=True)
    interval = float(options.get("n", "interval", default="2") or 2)
    while True:
        await call.shell.fork().run_script(" ".join(options.operands), streams=call.streams)
        await asyncio.sleep(max(0.1, interval))


COMMANDS: dict[str, Command] = {
    "sudo": sudo,
    "timeout": timeout,
    "nice": pass_on,
    "ionice": pass_on,
    "nohup": pass_on,
    "setsid": pass_on,
    "stdbuf": pass_on,
    "env": env,
    "sh": run_shell,
    "bash": run_shell,
    "dash": run_shell,
    "time": measure,
    "watch": watch,
}
