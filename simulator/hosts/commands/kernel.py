"""dmesg, sysctl, uname, nproc, lscpu, getconf."""

from __future__ import annotations

from simulator.hosts.commands.numbers import moment
from simulator.hosts.machine.host import Host
from simulator.hosts.machine.journal import JournalEntry
from simulator.hosts.shell.interpreter import Call, Command
from simulator.hosts.shell.options import read_options


def dmesg(call: Call) -> int:
    options = read_options(
        call.arguments,
        flags="THxLerkuPwW",
        values="lsnf",
        words="ctime human kernel nopager time-format= level= color= facility= reltime decode since=",
    )
    if not call.state.is_root:
        return call.fail("read kernel buffer failed: Operation not permitted")
    level = options.get("l", "level")
    for entry in call.host.journal.kernel():
        if level and str(_level(entry)) not in level.split(","):
            continue
        call.write(f"{_stamp(call.host, entry, options.flags)}{entry.message}\n")
    return 0


def _level(entry: JournalEntry) -> str:
    return ("emerg", "alert", "crit", "err", "warn", "notice", "info", "debug")[entry.priority]


def _stamp(host: Host, entry: JournalEntry, flags: dict[str, str]) -> str:
    if "T" in flags or "ctime" in flags or "H" in flags:
        # The kernel counts from boot, and dmesg adds that to the clock of today.
        return f"[{moment(entry.at + host.drift.offset_seconds):%a %b %e %H:%M:%S %Y}] "
    if flags.get("time-format") == "iso":
        return f"{moment(entry.at + host.drift.offset_seconds):%Y-%m-%dT%H:%M:%S,%f}+00:00 "
    return f"[{max(0.0, entry.at - host.booted_at):12.6f}] "


def uname(call: Call) -> int:
    options = read_options(call.arguments, flags="asnrvmpio", words="all kernel-release nodename machine kernel-name")
    parts = {
        "s": "Linux",
        "n": call.host.name,
        "r": call.host.os.kernel,
        "v": call.host.os.kernel_build,
        "m": "x86_64",
        "o": "GNU/Linux",
    }
    words = {"kernel-release": "r", "nodename": "n", "machine": "m", "kernel-name": "s"}
    chosen = {words.get(name, name) for name in options.flags} or {"s"}
    if chosen & {"a", "all"}:
        chosen = set(parts)
    return call.write_lines(" ".join(text for letter, text in parts.items() if letter in chosen))


def nproc(call: Call) -> int:
    return call.write_lines(str(call.host.hardware.cores))


def lscpu(call: Call) -> int:
    return call.write_lines(
        "Architecture:            x86_64",
        "CPU op-mode(s):          32-bit, 64-bit",
        f"CPU(s):                  {call.host.hardware.cores}",
        "Model name:              Virtual CPU",
        "Hypervisor vendor:       KVM",
    )


def getconf(call: Call) -> int:
    known = {"PAGESIZE": "4096", "PAGE_SIZE": "4096", "CLK_TCK": "100"}
    known["_NPROCESSORS_ONLN"] = known["_NPROCESSORS_CONF"] = str(call.host.hardware.cores)
    name = call.arguments[0] if call.arguments else ""
    return call.write_lines(known[name]) if name in known else call.fail(f"Unrecognized variable `{name}'", status=2)


def sysctl(call: Call) -> int:
    known = {
        "fs.file-max": str(call.host.hardware.most_open_files),
        "fs.file-nr": file_nr(call.host).strip(),
        "kernel.hostname": call.host.name,
        "kernel.osrelease": call.host.os.kernel,
        "kernel.dmesg_restrict": "1",
        "vm.swappiness": "60",
        "net.core.somaxconn": "4096",
    }
    if {"-a", "--all"} & set(call.arguments):
        return call.write_lines(*(f"{name} = {value}" for name, value in sorted(known.items())))
    status = 0
    is_bare = bool({"-n", "-bn", "--values"} & set(call.arguments))
    for word in (word for word in call.arguments if not word.startswith("-")):
        name, equals, value = word.partition("=")
        name, value = name.strip().replace("/", "."), value.strip()
        if name not in known:
            status = call.fail(f"cannot stat /proc/sys/{name.replace('.', '/')}: No such file or directory", status=255)
        elif equals and not call.state.is_root:
            status = call.fail(f'permission denied on key "{name}"')
        else:
            shown = value if equals else known[name]
            call.write_lines(shown if is_bare else f"{name} = {shown}")
    return status


def file_nr(host: Host) -> str:
    return f"{host.open_files()}\t0\t{host.hardware.most_open_files}\n"


COMMANDS: dict[str, Command] = {
    "dmesg": dmesg,
    "uname": uname,
    "nproc": nproc,
    "lscpu": lscpu,
    "getconf": getconf,
    "sysctl": sysctl,
}
