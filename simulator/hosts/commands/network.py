"""ping, curl, nc: whether a neighbour is there and answers on a port."""

from __future__ import annotations

import re

from simulator.hosts.machine.host import Host
from simulator.hosts.shell.interpreter import Call, Command
from simulator.hosts.shell.options import read_options

_URL = re.compile(r"(?:(?P<scheme>https?)://)?(?P<host>[\w.-]+)(?::(?P<port>\d{1,5}))?(?P<path>/\S*)?")
_MOST_PINGS = 20


def _find_neighbour(call: Call, name: str) -> Host | None:
    """A host of the fleet by name or address."""
    if name in {"localhost", "127.0.0.1", "::1", call.host.name, call.host.address}:
        return call.host
    return call.host.find_neighbour(name)


def ping(call: Call) -> int:
    options = read_options(call.arguments, flags="46nqvAaDf", values="cWwisIt")
    if not options.operands:
        return call.fail("usage error: Destination address required", status=2)
    name = options.operands[0]
    neighbour = _find_neighbour(call, name)
    if neighbour is None:
        return call.fail(f"{name}: Name or service not known", status=2)
    count = (
        min(int(options.get("c", default="4") or 4), _MOST_PINGS) if options.get("c", default="4").isdecimal() else 4
    )
    address = neighbour.address
    lines = [
        f"64 bytes from {address}: icmp_seq={number} ttl=64 time=0.4{number % 10} ms" for number in range(1, count + 1)
    ]
    return call.write_lines(
        f"PING {name} ({address}) 56(84) bytes of data.",
        *lines,
        "",
        f"--- {name} ping statistics ---",
        f"{count} packets transmitted, {count} received, 0% packet loss, time {count * 1000}ms",
    )


def curl(call: Call) -> int:
    options = read_options(
        call.arguments,
        flags="sSfILkvg46iN",
        values="mowXHdAubeT",
        words="silent fail head location insecure max-time= connect-timeout= output= write-out= request= header= data=",
    )
    if not options.operands:
        return call.fail("try 'curl --help' for more information", status=2)
    found = _URL.fullmatch(options.operands[0])
    if found is None:
        return call.fail("(3) URL rejected: Malformed input to a URL function", status=3)
    port = int(found["port"] or (443 if found["scheme"] == "https" else 80))
    neighbour = _find_neighbour(call, found["host"])
    if neighbour is None:
        return call.fail(f"(6) Could not resolve host: {found['host']}", status=6)
    if neighbour.processes.holder_of(port) is None:
        reason = f"(7) Failed to connect to {found['host']} port {port} after 0 ms: Couldn't connect to server"
        return call.fail(reason, status=7)
    body = "" if options.get("o", "output") or options.has("I", "head") else "ok\n"
    head = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n" if options.has("I", "head", "i") else ""
    after = options.get("w", "write-out").replace("%{http_code}", "200").replace("\\n", "\n")
    return call.write(f"{head}{body}{after}")


def nc(call: Call) -> int:
    options = read_options(call.arguments, flags="zvnu46l", values="w")
    if len(options.operands) != 2 or not options.has("z"):
        return call.fail("only -z HOST PORT is known on this host", status=2)
    name, port = options.operands
    neighbour = _find_neighbour(call, name)
    is_open = neighbour is not None and port.isdecimal() and neighbour.processes.holder_of(int(port)) is not None
    if options.has("v"):
        said = "succeeded!" if is_open else "failed: Connection refused"
        call.streams.stderr.write(f"Connection to {name} {port} port [tcp/*] {said}\n")
    return 0 if is_open else 1


COMMANDS: dict[str, Command] = {"ping": ping, "curl": curl, "nc": nc}
