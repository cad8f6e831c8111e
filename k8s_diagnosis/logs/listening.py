"""Ports a program says it listens on."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

_ANNOUNCES = re.compile(
    r"(?i)\b(?:listen(?:ing|s)?|serving|started|starting|running|bound|ready|accepting|initialized|exposed)\b|"
    r"监听|已启动|启动于"
)
# Connections to others are announced with the same words.
_CONNECTS = re.compile(r"(?i)\bconnect(?:ed|ing|ion)?\b(?! queue)|\bupstream\b|\bclient\b|连接")
_ADDRESS = re.compile(
    r"(?<![\w.\]])(?P<host>\[[0-9a-fA-F:]*\]|localhost|\*|\d{1,3}(?:\.\d{1,3}){3}|::1|::)?:(?P<port>\d{2,5})"
    r"(?![\d:.]|\s*ms\b)"
)
_PORT = re.compile(r"(?i)(?:\bport(?:\(s\)|s)?|端口)[\"':=：\s]{0,3}(?P<port>\d{2,5})\b")
_ON_HOST = re.compile(r"(?<!\d)127\.0\.0\.1|\blocalhost\b")
_LOOPBACK = ("localhost", "::1", "[::1]", "127.")


@dataclass(frozen=True, slots=True)
class ListeningPort:
    number: int
    is_loopback: bool
    """Only programs of the same pod reach it."""
    line: str


def find_listening(lines: Sequence[str]) -> list[ListeningPort]:
    """Every port the log announces, once, in order."""
    found: dict[int, ListeningPort] = {}
    # Flask names the loopback address first and says in another line that it takes all of them.
    takes_all = any("0.0.0.0" in line for line in lines)
    for line in lines:
        announces = _ANNOUNCES.search(line)
        if announces is None or _CONNECTS.search(line):
            continue
        port = _find_port(line, begin=announces.start())
        if port is not None and (port.number not in found or found[port.number].is_loopback):
            found[port.number] = replace(port, is_loopback=port.is_loopback and not takes_all)
    return list(found.values())


def _find_port(line: str, *, begin: int) -> ListeningPort | None:
    address = _ADDRESS.search(line, begin)
    if address:
        host = address.group("host") or ""
        return _make(address.group("port"), line, is_loopback=host.startswith(_LOOPBACK))
    port = _PORT.search(line, begin)
    return _make(port.group("port"), line, is_loopback=bool(_ON_HOST.search(line))) if port else None


def _make(port: str, line: str, *, is_loopback: bool) -> ListeningPort | None:
    return ListeningPort(int(port), is_loopback, line) if 0 < int(port) < 65536 else None
