"""free, vmstat, swapon, and the text of /proc/meminfo, /proc/stat, /proc/vmstat."""

from __future__ import annotations

from simulator.hosts.commands.numbers import binary_size
from simulator.hosts.machine.host import Host
from simulator.hosts.shell.interpreter import Call, Command
from simulator.hosts.shell.options import read_options

_KIBI = 1024
TICKS_PER_SECOND = 100
IDLE_SHARE = 0.985
"""Of a core, when nothing particular runs."""


def free(call: Call) -> int:
    options = read_options(call.arguments, flags="bkmghtw", words="human bytes kibi mebi gibi total wide si")
    use = call.host.memory()
    factor = {"b": 1, "bytes": 1, "m": _KIBI**2, "mebi": _KIBI**2, "g": _KIBI**3, "gibi": _KIBI**3}
    unit = next((size for name, size in factor.items() if name in options), _KIBI)

    def show(size: int) -> str:
        return binary_size(size) if options.has("h", "human") else str(size // unit)

    shared = 12 * _KIBI**2
    memory = [show(size) for size in (use.total, use.used, use.free, shared, use.cached, use.available)]
    swap = [show(size) for size in (use.swap_total, use.swap_used, use.swap_total - use.swap_used)]
    header = "".join(f"{name:>12}" for name in ("total", "used", "free", "shared", "buff/cache", "available"))
    lines = [
        f"       {header}",
        "Mem:   " + "".join(f"{cell:>12}" for cell in memory),
        "Swap:  " + "".join(f"{cell:>12}" for cell in swap),
    ]
    return call.write_lines(*lines)


def vmstat(call: Call) -> int:
    use = call.host.memory()
    cores = call.host.hardware.cores
    busy = int(100 * call.host.busy_cores() / cores)
    pages = int(use.swap_pages_per_second * 4)
    waiting = int(max(0.0, sum(process.cores for process in call.host.processes) + 0.5))
    counts = [int(word) for word in call.arguments if word.isdecimal()]
    row = (
        f"{waiting:2d} {int(pages > 0) * 3:2d} {use.swap_used // _KIBI:6d} {use.free // _KIBI:6d} {2048:6d} "
        f"{use.cached // _KIBI:6d} {pages:4d} {pages:4d} {pages:5d} {pages // 2:5d} {900:4d} {1500:4d} "
        f"{busy:2d} {1:2d} {max(0, 99 - busy - 40 * (pages > 0)):2d} {40 * (pages > 0):2d}  0"
    )
    rows = [row] * max(1, min(counts[1] if len(counts) > 1 else 1, 60))
    return call.write_lines(
        "procs -----------memory---------- ---swap-- -----io---- -system-- ------cpu-----",
        " r  b   swpd   free   buff  cache   si   so    bi    bo   in   cs us sy id wa st",
        *rows,
    )


def swapon(call: Call) -> int:
    use = call.host.memory()
    if not use.swap_total:
        return 0
    return call.write_lines(
        "NAME      TYPE      SIZE   USED PRIO",
        f"/dev/sda2 partition {binary_size(use.swap_total):>4} {binary_size(use.swap_used):>6}   -2",
    )


def meminfo(host: Host) -> str:
    use = host.memory()
    amounts = {
        "MemTotal": use.total,
        "MemFree": use.free,
        "MemAvailable": use.available,
        "Buffers": use.cached // 20,
        "Cached": use.cached - use.cached // 20,
        "SwapCached": 0,
        "SwapTotal": use.swap_total,
        "SwapFree": use.swap_total - use.swap_used,
    }
    return "".join(f"{name + ':':<15} {size // _KIBI:>9} kB\n" for name, size in amounts.items())


def processor_ticks(host: Host) -> list[tuple[int, int]]:
    """Busy and idle ticks of each core since boot: what runs now has run since it began."""
    cores = host.hardware.cores
    uptime = host.uptime_seconds
    used = sum(process.cores * (host.now() - process.started_at) for process in host.processes)
    share = min(uptime * cores, used + uptime * cores * (1 - IDLE_SHARE)) / cores
    return [(int(share * TICKS_PER_SECOND), int((uptime - share) * TICKS_PER_SECOND))] * cores


def stat(host: Host) -> str:
    ticks = processor_ticks(host)
    busy, idle = sum(pair[0] for pair in ticks), sum(pair[1] for pair in ticks)
    lines = [f"cpu  {_tick_columns(busy, idle)}"]
    lines += [f"cpu{number} {_tick_columns(*pair)}" for number, pair in enumerate(ticks)]
    lines += ["intr 1", "ctxt 1", f"btime {int(host.booted_at)}", "processes 4711", "procs_running 1"]
    return "".join(f"{line}\n" for line in lines)


def _tick_columns(busy: int, idle: int) -> str:
    system = busy // 4
    return f"{busy - system} 0 {system} {idle} 0 0 0 0 0 0"


def vmstat_file(host: Host) -> str:
    use = host.memory()
    # The counters only have to move at the right speed.
    pages = int(use.swap_pages_per_second * host.now()) + use.swap_used // 4096
    return f"nr_free_pages {use.free // 4096}\npswpin {pages}\npswpout {pages}\npgfault 1\n"


COMMANDS: dict[str, Command] = {"free": free, "vmstat": vmstat, "swapon": swapon}
