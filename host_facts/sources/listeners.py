"""Listening sockets by `ss -tulnp`, `netstat -tulnp` or the bare tables under /proc/net."""

from __future__ import annotations

import re
from ipaddress import ip_address

from host_facts.domain import ListenerFacts

_SS = re.compile(
    r"(?P<protocol>tcp|udp)\s+(?:LISTEN|UNCONN)\s+\d+\s+\d+\s+(?P<address>\S+):(?P<port>\d{1,5})\s+\S+?:(?:\*|\d+)\s*(?P<users>users:.*)?"
)
_SS_USER = re.compile(r"\(\"(?P<process>.{0,64}?)\",pid=(?P<pid>\d{1,10})\b")
_NETSTAT = re.compile(
    r"(?P<protocol>tcp|udp)6?\s+\d+\s+\d+\s+(?P<address>\S+):(?P<port>\d{1,5})\s+\S+:\*\s*(?:LISTEN\b)?"
    r"\s*(?:(?P<pid>\d{1,10})/(?P<process>.*)|-)?\s*"
)
_TABLE = re.compile(
    r"(?:/proc/net/)?(?P<protocol>tcp|udp)6?:\s*\d+: (?P<address>[0-9A-F]{8}|[0-9A-F]{32}):(?P<port>[0-9A-F]{4})"
    r" [0-9A-F]{8,32}:0000 (?P<state>[0-9A-F]{2}) .*"
)
_TABLE_STATES = {"tcp": "0A", "udp": "07"}


def parse_listeners(text: str) -> list[ListenerFacts]:
    """Each protocol, address and port once, ordered by port; without a process where the host does not tell it."""
    found: dict[tuple[str, str, int], ListenerFacts] = {}
    for line in text.splitlines():
        listener = _read_line(line.strip())
        if listener is None:
            continue
        key = (listener.protocol, listener.address, listener.port)
        known = found.get(key)
        if known is None or known.pid is None:
            found[key] = listener
    return sorted(found.values(), key=lambda item: (item.port, item.protocol, item.address))


def _read_line(line: str) -> ListenerFacts | None:
    if found := _SS.fullmatch(line):
        user = _SS_USER.search(found["users"] or "")
        return _describe(found, pid=user["pid"] if user else None, process=user["process"] if user else "")
    if found := _TABLE.fullmatch(line):
        return _read_table_line(found)
    if found := _NETSTAT.fullmatch(line):
        return _describe(found, pid=found["pid"], process=found["process"] or "")
    return None


def _describe(found: re.Match[str], *, pid: str | None, process: str) -> ListenerFacts | None:
    port = int(found["port"])
    if not 0 < port < 65536:
        return None
    address = found["address"].strip("[]")
    # ss writes `*` for a socket that takes both families, netstat `::`.
    return ListenerFacts(
        protocol=found["protocol"],
        address="::" if address == "*" else address,
        port=port,
        pid=int(pid) if pid else None,
        process=process.strip()[:64],
    )


def _read_table_line(found: re.Match[str]) -> ListenerFacts | None:
    port = int(found["port"], 16)
    if found["state"] != _TABLE_STATES[found["protocol"]] or port == 0:
        return None
    return ListenerFacts(protocol=found["protocol"], address=_read_address(found["address"]), port=port)


def _read_address(digits: str) -> str:
    """The kernel writes each 32-bit word in the order of the machine, which is little-endian nearly everywhere."""
    words = [bytes.fromhex(digits[start : start + 8])[::-1] for start in range(0, len(digits), 8)]
    return str(ip_address(b"".join(words)))
