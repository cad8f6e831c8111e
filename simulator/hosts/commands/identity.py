"""hostname, whoami, id, groups, who, w, last, env, tty; date, timedatectl, chronyc."""

from __future__ import annotations

import re
from itertools import pairwise

from simulator.hosts.commands.numbers import moment
from simulator.hosts.machine.host import Host
from simulator.hosts.machine.service_control import TIME_SERVICES
from simulator.hosts.shell.interpreter import Call, Command


def hostname(call: Call) -> int:
    if {"-I", "--all-ip-addresses", "-i"} & set(call.arguments):
        return call.write_lines(call.host.address)
    return call.write_lines(call.host.name)


def hostnamectl(call: Call) -> int:
    return call.write_lines(
        f" Static hostname: {call.host.name}",
        "       Icon name: computer-vm",
        "         Chassis: vm",
        "  Virtualization: kvm",
        f"Operating System: {call.host.os.pretty_name}",
        f"          Kernel: Linux {call.host.os.kernel}",
        "    Architecture: x86-64",
    )


def crontab(call: Call) -> int:
    if "-l" not in call.arguments:
        return call.fail("only -l is known on this host")
    call.streams.stderr.write(f"no crontab for {call.state.user}\n")
    return 1


def whoami(call: Call) -> int:
    return call.write_lines(call.state.user)


def show_id(call: Call) -> int:
    user = next((word for word in call.arguments if not word.startswith("-")), call.state.user)
    number = call.host.users.get(user)
    if number is None:
        return call.fail(f"‘{user}’: no such user")
    if "-u" in call.arguments:
        return call.write_lines(str(number))
    if {"-un", "-nu"} & set(call.arguments):
        return call.write_lines(user)
    groups = "" if number == 0 else ",4(adm),27(sudo),999(systemd-journal)"
    return call.write_lines(f"uid={number}({user}) gid={number}({user}) groups={number}({user}){groups}")


def groups(call: Call) -> int:
    return call.write_lines(call.state.user if call.state.is_root else f"{call.state.user} adm sudo systemd-journal")


def who(call: Call) -> int:
    return call.write_lines(f"{call.state.user:<8} pts/0        {moment(call.host.clock):%Y-%m-%d %H:%M} (192.0.2.250)")


def last(call: Call) -> int:
    booted = moment(call.host.booted_at)
    kernel = call.host.os.kernel[:16]
    return call.write_lines(
        f"{call.state.user:<8} pts/0        192.0.2.250      {moment(call.host.clock):%a %b %e %H:%M}   still here",
        f"reboot   system boot  {kernel:<16} {booted:%a %b %e %H:%M}   still running",
        "",
        f"wtmp begins {booted:%a %b %e %H:%M:%S %Y}",
    )


def env(call: Call) -> int:
    names = sorted(call.state.exported & set(call.state.variables))
    return call.write_lines(*(f"{name}={call.state.variables[name]}" for name in names))


def printenv(call: Call) -> int:
    if not call.arguments:
        return env(call)
    values = [call.state.variables.get(name) for name in call.arguments if name in call.state.exported]
    found = [value for value in values if value is not None]
    return call.write_lines(*found) if found else 1


def tty(call: Call) -> int:
    if not call.state.is_interactive:
        call.write_lines("not a tty")
        return 1
    return call.write_lines(f"/dev/{call.state.terminal}")


def date(call: Call) -> int:
    now = call.host.clock
    words = list(call.arguments)
    if words[:1] in (["-s"], ["--set"]):
        if not call.state.is_root:
            return call.fail("cannot set date: Operation not permitted")
        call.host.drift.offset_seconds = 0.0
        call.host.changed()
    at = next((after for word, after in pairwise(words) if word == "-d"), "")
    if found := re.fullmatch(r"@(\d{1,11})", at):
        now = float(found[1])
    format_ = next((word[1:] for word in words if word.startswith("+")), "")
    if format_:
        text = format_.replace("%s", str(int(now))).replace("%N", f"{int(now % 1 * 1e9):09d}").replace("%Z", "UTC")
        text = text.replace("%F", "%Y-%m-%d").replace("%T", "%H:%M:%S").replace("%z", "+0000")
        return call.write_lines(moment(now).strftime(text))
    if any(word.startswith("-I") or word.startswith("--iso") for word in words):
        return call.write_lines(f"{moment(now):%Y-%m-%dT%H:%M:%S}+00:00")
    if "-R" in words:
        return call.write_lines(f"{moment(now):%a, %d %b %Y %H:%M:%S} +0000")
    return call.write_lines(f"{moment(now):%a %b %e %H:%M:%S} UTC {moment(now):%Y}")


def is_synchronised(host: Host) -> bool:
    running = [unit for name, unit in host.units.items() if name in TIME_SERVICES and unit.state == "active"]
    return bool(running) and abs(host.drift.offset_seconds) < 1.0


def timedatectl(call: Call) -> int:
    if call.arguments[:1] == ("timesync-status",):
        return call.fail("Command requires systemd-timesyncd.service, but it is not available.")
    now = moment(call.host.clock)
    stamp = f"{now:%a %Y-%m-%d %H:%M:%S} UTC"
    is_running = any(unit.state == "active" for name, unit in call.host.units.items() if name in TIME_SERVICES)
    if call.arguments[:1] == ("show",):
        return call.write_lines("Timezone=Etc/UTC", f"NTPSynchronized={'yes' if is_synchronised(call.host) else 'no'}")
    return call.write_lines(
        f"               Local time: {stamp}",
        f"           Universal time: {stamp}",
        f"                 RTC time: {now:%a %Y-%m-%d %H:%M:%S}",
        "                Time zone: Etc/UTC (UTC, +0000)",
        f"System clock synchronized: {'yes' if is_synchronised(call.host) else 'no'}",
        f"              NTP service: {'active' if is_running else 'inactive'}",
        "          RTC in local TZ: no",
    )


def chronyc(call: Call) -> int:
    unit = call.host.units.get("chrony.service")
    if unit is None:
        call.shell.complain("chronyc: command not found", streams=call.streams)
        return 127
    if unit.state != "active":
        call.streams.stdout.write("506 Cannot talk to daemon\n")
        return 1
    if "makestep" in call.arguments:
        call.host.drift.offset_seconds = 0.0
        call.host.changed()
        return call.write_lines("200 OK")
    offset = call.host.drift.offset_seconds
    if "sources" in call.arguments:
        return call.write_lines(
            "MS Name/IP address         Stratum Poll Reach LastRx Last sample",
            "===============================================================================",
            f"^* ntp-1.example.net             2   6   377    33   {offset:+.0f}s[ {offset:+.0f}s] +/-   12ms",
        )
    return call.write_lines(
        "Reference ID    : C0000201 (ntp-1.example.net)",
        "Stratum         : 3",
        f"Ref time (UTC)  : {moment(call.host.now()):%a %b %d %H:%M:%S %Y}",
        f"System time     : {abs(offset) + 0.000012:.9f} seconds {'fast' if offset > 0 else 'slow'} of NTP time",
        "Last offset     : +0.000012000 seconds",
        "Update interval : 64.2 seconds",
        f"Leap status     : {'Normal' if is_synchronised(call.host) else 'Not synchronised'}",
    )


COMMANDS: dict[str, Command] = {
    "hostname": hostname,
    "hostnamectl": hostnamectl,
    "crontab": crontab,
    "whoami": whoami,
    "id": show_id,
    "groups": groups,
    "who": who,
    "w": who,
    "last": last,
    "printenv": printenv,
    "tty": tty,
    "date": date,
    "timedatectl": timedatectl,
    "chronyc": chronyc,
}
