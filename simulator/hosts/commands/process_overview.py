"""top and uptime."""

from __future__ import annotations

from simulator.hosts.commands.numbers import moment
from simulator.hosts.commands.process_listing import cpu_time, shown_command
from simulator.hosts.machine.host import Host
from simulator.hosts.shell.interpreter import Call, Command
from simulator.hosts.shell.options import read_options

_KIBI = 1024


def top(call: Call) -> int:
    options = read_options(
        call.arguments, flags="bcHiS1", values="ndpuoweE", words="batch-mode iterations= delay= sort-override="
    )
    host = call.host
    processes = sorted(host.processes, key=lambda process: -process.cores)
    if options.get("o").lstrip("+-").upper() in {"%MEM", "RES"}:
        processes = sorted(host.processes, key=lambda process: -process.memory_bytes)
    lines = [*_top_summary(host), "", "    PID USER      PR  NI    VIRT    RES    SHR S  %CPU  %MEM     TIME+ COMMAND"]
    for process in processes:
        share = 100 * process.memory_bytes / host.hardware.memory_bytes
        name = shown_command(process) if options.has("c") else process.name
        lines.append(
            f"{process.pid:7d} {process.user[:8]:<8} {20:3d} {0:3d} {process.memory_bytes * 3 // _KIBI:7d} "
            f"{process.memory_bytes // _KIBI:6d} {min(process.memory_bytes // _KIBI, 9000):6d} {process.state} "
            f"{process.cores * 100:5.1f} {share:5.1f} {cpu_time(host, process):>9} {name}"
        )
    return call.write_lines(*lines)


def _top_summary(host: Host) -> list[str]:
    processes = list(host.processes)
    load = ", ".join(f"{value:.2f}" for value in host.load())
    use = host.memory()
    busy = 100 * host.busy_cores() / host.hardware.cores
    running = sum(1 for process in processes if process.cores > 0.5)
    zombies = sum(1 for process in processes if process.state == "Z")
    waiting = 34.0 if use.swap_pages_per_second else 0.2
    idle = max(0.0, 100 - busy - waiting)
    mib = _KIBI**2
    return [
        f"top - {moment(host.clock):%H:%M:%S} up {_uptime_text(host)},  1 user,  load average: {load}",
        f"Tasks: {len(processes):3d} total, {running:3d} running, {len(processes) - running - zombies:3d} sleeping,"
        f"   0 stopped, {zombies:3d} zombie",
        f"%Cpu(s): {busy * 0.8:4.1f} us, {busy * 0.2:4.1f} sy,  0.0 ni, {idle:4.1f} id, {waiting:4.1f} wa,"
        "  0.0 hi,  0.0 si,  0.0 st",
        f"MiB Mem : {use.total / mib:8.1f} total, {use.free / mib:8.1f} free, {use.used / mib:8.1f} used,"
        f" {use.cached / mib:8.1f} buff/cache",
        f"MiB Swap: {use.swap_total / mib:8.1f} total, {(use.swap_total - use.swap_used) / mib:8.1f} free,"
        f" {use.swap_used / mib:8.1f} used. {use.available / mib:8.1f} avail Mem",
    ]


def _uptime_text(host: Host) -> str:
    minutes = int(host.uptime_seconds // 60)
    days, rest = divmod(minutes, 1440)
    clock = f"{rest // 60:2d}:{rest % 60:02d}" if rest >= 60 else f"{rest} min"
    return f"{days} day{'s' if days > 1 else ''}, {clock}" if days else clock


def uptime(call: Call) -> int:
    load = ", ".join(f"{value:.2f}" for value in call.host.load())
    if "-p" in call.arguments:
        minutes = int(call.host.uptime_seconds // 60)
        return call.write_lines(f"up {minutes // 1440} days, {minutes // 60 % 24} hours, {minutes % 60} minutes")
    if "-s" in call.arguments:
        return call.write_lines(f"{moment(call.host.booted_at):%Y-%m-%d %H:%M:%S}")
    now = moment(call.host.clock)
    return call.write_lines(f" {now:%H:%M:%S} up {_uptime_text(call.host)},  1 user,  load average: {load}")


COMMANDS: dict[str, Command] = {"top": top, "uptime": uptime}
