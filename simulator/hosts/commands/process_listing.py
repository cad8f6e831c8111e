"""ps, and the text of /proc/PID/stat."""

from __future__ import annotations

import re
from collections.abc import Callable

from simulator.hosts.commands.memory import TICKS_PER_SECOND
from simulator.hosts.commands.numbers import elapsed, moment, table
from simulator.hosts.machine.host import Host
from simulator.hosts.machine.processes import Process
from simulator.hosts.shell.interpreter import Call, Command
from simulator.hosts.shell.options import read_options

_KIBI = 1024
_AUX = "user,pid,pcpu,pmem,vsz,rss,tty,stat,start,time,args"
_FULL = "user:8=UID,pid,ppid,c,stime,tty=TTY,time,args=CMD"
_RIGHT = {
    "pid",
    "ppid",
    "pcpu",
    "pmem",
    "vsz",
    "rss",
    "time",
    "etime",
    "etimes",
    "c",
    "nlwp",
    "ni",
    "pgid",
    "sid",
    "psr",
}


def shown_command(process: Process) -> str:
    if process.state == "Z":
        return f"[{process.name}] <defunct>"
    return process.command or f"[{process.name}]"


def shown_state(process: Process) -> str:
    if process.is_kernel_thread:
        return "I<" if process.state == "S" else process.state
    leads = "s" if process.process_group == process.pid and process.parent_pid in {0, 1} else ""
    return f"{process.state}{leads}{'l' if process.threads > 1 else ''}"


def cpu_time(host: Host, process: Process) -> str:
    seconds = int(process.cores * (host.now() - process.started_at))
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def _start(host: Host, process: Process) -> str:
    began = moment(process.started_at)
    return f"{began:%H:%M}" if host.now() - process.started_at < 86400 else f"{began:%b%d}"


_Show = Callable[[Host, Process], str]
_COLUMNS: dict[str, tuple[str, _Show]] = {
    "pid": ("PID", lambda _, p: str(p.pid)),
    "ppid": ("PPID", lambda _, p: str(p.parent_pid)),
    "pgid": ("PGID", lambda _, p: str(p.process_group)),
    "sid": ("SID", lambda _, p: str(p.process_group)),
    "user": ("USER", lambda _, p: p.user),
    "uid": ("UID", lambda host, p: str(host.users.get(p.user, 1001))),
    "stat": ("STAT", lambda _, p: shown_state(p)),
    "s": ("S", lambda _, p: p.state),
    "pcpu": ("%CPU", lambda _, p: f"{p.cores * 100:.1f}"),
    "c": ("C", lambda _, p: f"{p.cores * 100:.0f}"),
    "pmem": ("%MEM", lambda host, p: f"{100 * p.memory_bytes / host.hardware.memory_bytes:.1f}"),
    "rss": ("RSS", lambda _, p: str(p.memory_bytes // _KIBI)),
    "vsz": ("VSZ", lambda _, p: str(p.memory_bytes * 3 // _KIBI)),
    "tty": ("TT", lambda _, p: p.terminal),
    "nlwp": ("NLWP", lambda _, p: str(p.threads)),
    "ni": ("NI", lambda _, _p: "0"),
    "etime": ("ELAPSED", lambda host, p: elapsed(host.now() - p.started_at)),
    "etimes": ("ELAPSED", lambda host, p: str(int(host.now() - p.started_at))),
    "time": ("TIME", cpu_time),
    "start": ("START", _start),
    "stime": ("STIME", _start),
    "lstart": ("STARTED", lambda _, p: f"{moment(p.started_at):%a %b %e %H:%M:%S %Y}"),
    "comm": ("COMMAND", lambda _, p: p.name),
    "args": ("COMMAND", lambda _, p: shown_command(p)),
}
_ALIASES = {
    **{
        "cmd": "args",
        "command": "args",
        "ucmd": "comm",
        "%cpu": "pcpu",
        "%mem": "pmem",
        "rssize": "rss",
        "vsize": "vsz",
    },
    **{"state": "s", "euser": "user", "uname": "user", "ruser": "user", "tt": "tty", "cputime": "time", "nice": "ni"},
    **{"thcount": "nlwp", "pgrp": "pgid", "lwp": "pid", "wchan": "s"},
}


def ps(call: Call) -> int:
    words = ["-" + call.arguments[0], *call.arguments[1:]] if _is_bsd(call.arguments) else list(call.arguments)
    options = read_options(
        words,
        flags="eAfFlauxwjLHTdc",
        values="opCUuGkqt" if not _is_bsd(call.arguments) else "opk",
        words="sort= no-headers no-heading forest pid= ppid= format= cols=",
    )
    columns = _chosen_columns(call.arguments, options.get("o", "format"), is_full=options.has("f", "F"))
    unknown = next((name for name, _, _ in columns if name not in _COLUMNS), None)
    if unknown is not None:
        call.streams.stderr.write(
            f'error: unknown user-defined format specifier "{unknown}"\n\nUsage:\n ps [options]\n'
        )
        return 1
    processes = [*_chosen_processes(call, options.flags), *([_itself(call)] if not _picks(options.flags) else [])]
    processes = _sort(call.host, processes, order=options.get("sort", "k"))
    rows = [[title for _, title, _ in columns]] if not _is_headless(options.flags, columns) else []
    rows += [[_COLUMNS[name][1](call.host, process) for name, _, _ in columns] for process in processes]
    if not rows:
        return 1
    right = tuple(index for index, (name, _, _) in enumerate(columns) if name in _RIGHT)
    padded = [[cell.ljust(width) for cell, (_, _, width) in zip(row, columns, strict=True)] for row in rows]
    call.write_lines(*(line.rstrip() for line in table(padded, right=right)))
    return 0 if len(rows) > 1 or _is_headless(options.flags, columns) else 1


def _is_bsd(arguments: tuple[str, ...]) -> bool:
    return bool(arguments) and re.fullmatch(r"[axuwfejl]{1,6}", arguments[0]) is not None


def _is_headless(flags: dict[str, str], columns: list[tuple[str, str, int]]) -> bool:
    return bool({"no-headers", "no-heading"} & set(flags)) or all(not title for _, title, _ in columns)


def _chosen_columns(arguments: tuple[str, ...], format_: str, *, is_full: bool) -> list[tuple[str, str, int]]:
    """Name, title and least width of each column."""
    if not format_:
        wants_aux = (_is_bsd(arguments) and "u" in arguments[0]) or "-aux" in arguments
        format_ = _AUX if wants_aux else _FULL if is_full else "pid,tty,time,comm"
    columns = []
    for item in re.split(r"[,\s]+", format_.strip()):
        head, equals, title = item.partition("=")
        name, _, width = head.partition(":")
        name = _ALIASES.get(name.lower(), name.lower())
        default = _COLUMNS[name][0] if name in _COLUMNS else name
        columns.append((name, title if equals else default, int(width) if width.isdecimal() else 0))
    return columns


def _picks(flags: dict[str, str]) -> bool:
    return any(name in flags for name in ("p", "q", "pid", "C", "ppid", "u", "U"))


def _chosen_processes(call: Call, flags: dict[str, str]) -> list[Process]:
    processes = list(call.host.processes)
    if numbers := flags.get("p") or flags.get("q") or flags.get("pid"):
        wanted = {int(word) for word in re.split(r"[,\s]+", numbers) if word.isdecimal()}
        return [process for process in processes if process.pid in wanted]
    if parent := flags.get("ppid"):
        return [process for process in processes if str(process.parent_pid) in parent.split(",")]
    if names := flags.get("C"):
        return [process for process in processes if process.name in names.split(",")]
    if user := flags.get("u") or flags.get("U"):
        return [process for process in processes if process.user in user.split(",")]
    if not any(name in flags for name in ("e", "A", "a", "x")):
        return [process for process in processes if process.pid == call.state.pid]
    return processes


def _itself(call: Call) -> Process:
    pid = call.host.processes.next_pid()
    command = " ".join([call.name, *call.arguments])
    return Process(
        pid,
        call.state.pid,
        call.name,
        command,
        user=call.state.user,
        state="R",
        memory_bytes=4 * _KIBI**2,
        started_at=call.host.now(),
        terminal=call.state.terminal,
    )


def _sort(host: Host, processes: list[Process], *, order: str) -> list[Process]:
    for key in reversed([key for key in order.split(",") if key]):
        name = _ALIASES.get(key.lstrip("+-").lower(), key.lstrip("+-").lower())
        if name in _COLUMNS:
            processes = sorted(processes, key=_sort_key(host, name), reverse=key[0] == "-")
    return processes


def _sort_key(host: Host, name: str) -> Callable[[Process], tuple[float, str]]:
    def key(process: Process) -> tuple[float, str]:
        text = _COLUMNS[name][1](host, process)
        return (float(text), "") if re.fullmatch(r"\d+(\.\d+)?", text) else (0.0, text)

    return key


def stat_line(host: Host, process: Process) -> str:
    """The text of /proc/PID/stat as far as anybody reads it."""
    ticks = int(process.cores * (host.now() - process.started_at) * TICKS_PER_SECOND)
    began = int(max(0.0, process.started_at - host.booted_at) * TICKS_PER_SECOND)
    head = f"{process.pid} ({process.name}) {process.state} {process.parent_pid} {process.process_group}"
    return (
        f"{head} {process.process_group} 0 -1 0 0 0 0 0 {ticks - ticks // 4} {ticks // 4} 0 0 20 0 {process.threads} 0 "
        f"{began} {process.memory_bytes * 3} {process.memory_bytes // 4096}\n"
    )


COMMANDS: dict[str, Command] = {"ps": ps}
