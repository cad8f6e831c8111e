"""ss, netstat, lsof, fuser, ip, ifconfig, ping."""

from __future__ import annotations

import re
from collections.abc import Iterable

from simulator.hosts.commands.numbers import table
from simulator.hosts.machine.processes import Listener, Process
from simulator.hosts.shell.interpreter import Call, Command
from simulator.hosts.shell.options import read_options


def ss(call: Call) -> int:
    options = read_options(
        call.arguments, flags="tulnpaHeisrmoO46x", words="tcp udp listening numeric processes no-header summary all"
    )
    if options.has("s", "summary"):
        count = len(call.host.processes.listeners)
        return call.write_lines(f"Total: {count + 40}", f"TCP:   {count} (estab 2, closed 0, orphaned 0, timewait 0)")
    listeners = _chosen(call, is_tcp=options.has("t", "tcp"), is_udp=options.has("u", "udp"))
    listeners = [item for item in listeners if _passes_filter(item, options.operands)]
    rows = (
        []
        if options.has("H", "no-header")
        else [["Netid", "State", "Recv-Q", "Send-Q", "Local Address:Port", "Peer Address:Port", "Process"]]
    )
    for item in listeners:
        state = "LISTEN" if item.protocol == "tcp" else "UNCONN"
        users = _users(call, item) if options.has("p", "processes") else ""
        local, peer = f"{item.address}:{item.port}", "0.0.0.0:*"
        rows.append([item.protocol, state, "0", "511" if item.protocol == "tcp" else "0", local, peer, users])
    if options.has("t", "tcp") != options.has("u", "udp") and rows:
        rows = [row[1:] for row in rows]
    return call.write_lines(*table(rows))


def _passes_filter(item: Listener, words: Iterable[str]) -> bool:
    ports = re.findall(r":(\d+)\b", " ".join(words))
    return not ports or str(item.port) in ports


def _chosen(call: Call, *, is_tcp: bool, is_udp: bool) -> list[Listener]:
    listeners = sorted(call.host.processes.listeners, key=lambda item: (item.protocol != "udp", item.port))
    if is_tcp == is_udp:
        return listeners
    return [item for item in listeners if item.protocol == ("tcp" if is_tcp else "udp")]


def _users(call: Call, item: Listener) -> str:
    process = _owner(call, item)
    return f'users:(("{process.name}",pid={process.pid},fd=6))' if process else ""


def _owner(call: Call, item: Listener) -> Process | None:
    """The process behind a socket, as far as this user may know it."""
    process = call.host.processes.find(item.pid)
    is_visible = process is not None and (call.state.is_root or process.user == call.state.user)
    return process if is_visible else None


def netstat(call: Call) -> int:
    options = read_options(call.arguments, flags="tulnpaeorsci46W", words="tcp udp listening numeric programs all")
    wants_programs = options.has("p", "programs")
    if wants_programs and not call.state.is_root:
        call.streams.stderr.write(
            "(Not all processes could be identified, non-owned process info\n will not be shown)\n"
        )
    title = "Active Internet connections (only servers)" if options.has("l") else "Active Internet connections"
    rows = [["Proto", "Recv-Q", "Send-Q", "Local Address", "Foreign Address", "State"]]
    if wants_programs:
        rows[0].append("PID/Program name")
    for item in _chosen(call, is_tcp=options.has("t", "tcp"), is_udp=options.has("u", "udp")):
        state = "LISTEN" if item.protocol == "tcp" else ""
        row = [item.protocol, "0", "0", f"{item.address}:{item.port}", "0.0.0.0:*", state]
        if wants_programs:
            process = _owner(call, item)
            row.append(f"{process.pid}/{process.name}" if process else "-")
        rows.append(row)
    return call.write_lines(title, *table(rows, right=(1, 2), gap="  "))


def lsof(call: Call) -> int:
    options = read_options(call.arguments, flags="nPtabRUiL", values="pucsdo", words="")
    words = list(call.arguments)
    if "+L1" in words:
        return _list_deleted(call)
    port = next((found[1] for word in words if (found := re.search(r":(\d+)$", word))), "")
    if any(word.startswith("-i") for word in words) or port:
        return _list_sockets(call, port=port, is_terse=options.has("t"))
    return _list_files(call, options.operands, pid=options.get("p"))


def _list_sockets(call: Call, *, port: str, is_terse: bool) -> int:
    rows = [["COMMAND", "PID", "USER", "FD", "TYPE", "DEVICE", "SIZE/OFF", "NODE", "NAME"]]
    for item in sorted(call.host.processes.listeners, key=lambda item: item.port):
        process = _owner(call, item)
        if process is None or (port and str(item.port) != port):
            continue
        name = f"*:{item.port} (LISTEN)" if item.protocol == "tcp" else f"*:{item.port}"
        device = str(20000 + item.port)
        rows.append(
            [process.name[:9], str(process.pid), process.user, "6u", "IPv4", device, "0t0", item.protocol.upper(), name]
        )
    if len(rows) == 1:
        return 1
    if is_terse:
        return call.write_lines(*(row[1] for row in rows[1:]))
    return call.write_lines(*table(rows, right=(1,)))


def _list_deleted(call: Call) -> int:
    rows = [["COMMAND", "PID", "USER", "FD", "TYPE", "DEVICE", "SIZE/OFF", "NLINK", "NODE", "NAME"]]
    for item in call.host.disks.held:
        process = call.host.processes.find(item.pid)
        if process is not None:
            rows.append(
                [
                    process.name[:9],
                    str(process.pid),
                    process.user,
                    "3w",
                    "REG",
                    "8,1",
                    str(item.size_bytes),
                    "0",
                    "131099",
                    f"{item.path} (deleted)",
                ]
            )
    return call.write_lines(*table(rows, right=(1, 6))) if len(rows) > 1 else 1


def _list_files(call: Call, names: list[str], *, pid: str) -> int:
    rows = [["COMMAND", "PID", "USER", "FD", "TYPE", "DEVICE", "SIZE/OFF", "NODE", "NAME"]]
    wanted = {call.state.path(name) for name in names}
    for item in call.host.disks.held if not names else ():
        process_ = call.host.processes.find(item.pid)
        if process_ is not None and (not pid or str(item.pid) in pid.split(",")):
            shown = f"{item.path} (deleted)"
            rows.append(_file_row(process_, path=shown, size=item.size_bytes))
    for process in call.host.processes:
        if pid and str(process.pid) not in pid.split(","):
            continue
        rows.extend(_file_row(process, path=path, size=0) for path in process.writes_to if not wanted or path in wanted)
    return call.write_lines(*table(rows, right=(1, 6))) if len(rows) > 1 else 1


def _file_row(process: Process, *, path: str, size: int) -> list[str]:
    return [process.name[:9], str(process.pid), process.user, "3w", "REG", "8,1", str(size), "131099", path]


def fuser(call: Call) -> int:
    found = [re.fullmatch(r"(\d+)/(tcp|udp)", word) for word in call.arguments]
    holders = [call.host.processes.holder_of(int(item[1]), protocol=item[2]) for item in found if item]
    running = [holder for holder in holders if holder is not None]
    if "-k" in call.arguments:
        for holder in running:
            call.host.processes.signal(holder, 9)
        call.host.changed()
    return call.write_lines(" ".join(str(holder.pid) for holder in running)) if running else 1


def ip(call: Call) -> int:
    words = [word for word in call.arguments if not word.startswith("-")]
    host = call.host
    subject = words[0] if words else ""
    if subject in {"a", "addr", "address"}:
        return call.write_lines(
            "1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN group default qlen 1000",
            "    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00",
            "    inet 127.0.0.1/8 scope host lo",
            "2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP group default qlen 1000",
            "    link/ether 52:54:00:12:34:56 brd ff:ff:ff:ff:ff:ff",
            f"    inet {host.address}/24 brd {host.address.rsplit('.', 1)[0]}.255 scope global eth0",
        )
    if subject in {"r", "route"}:
        gateway = f"{host.address.rsplit('.', 1)[0]}.1"
        return call.write_lines(f"default via {gateway} dev eth0", f"{gateway[:-1]}0/24 dev eth0 src {host.address}")
    if subject in {"l", "link"}:
        return call.write_lines(
            "2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 qdisc fq_codel state UP mode DEFAULT group default",
            "    link/ether 52:54:00:12:34:56 brd ff:ff:ff:ff:ff:ff",
            "    RX:  bytes packets errors dropped  missed   mcast",
            f"    {82345678:10d} {123456:7d} {host.nic_errors:6d} {0:7d} {0:7d} {0:7d}",
            "    TX:  bytes packets errors dropped carrier collsns",
            f"    {72345678:10d} {113456:7d} {0:6d} {0:7d} {0:7d} {0:7d}",
        )
    call.streams.stderr.write(f'Object "{subject}" is unknown, try "ip help".\n')
    return 1


def net_dev(errors: int) -> str:
    """The text of /proc/net/dev."""
    quiet = "0    0     0          0         0"
    return (
        "Inter-|   Receive                            |  Transmit\n"
        " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls\n"
        f"    lo: 1234567   12345    0    {quiet}  1234567   12345    0    {quiet}\n"
        f"  eth0: 82345678  123456 {errors:4d}    {quiet} 72345678  113456    0    {quiet}\n"
    )


COMMANDS: dict[str, Command] = {
    "ss": ss,
    "netstat": netstat,
    "lsof": lsof,
    "fuser": fuser,
    "ip": ip,
}
