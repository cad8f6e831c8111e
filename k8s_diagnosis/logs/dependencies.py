"""What a program could not reach, as runtimes and clients of many languages report it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from k8s_diagnosis.logs.lines import is_quiet, rank_lines


class Trouble(StrEnum):
    UNRESOLVED = "unresolved"
    """The name has no address."""
    REFUSED = "refused"
    """Nothing listens at the address."""
    NO_ANSWER = "no answer"
    """Packets go nowhere: time-outs, no route."""


@dataclass(frozen=True, slots=True)
class UnreachedDependency:
    host: str
    """Name or address as the log writes it; empty when the log names none."""
    port: int | None
    trouble: Trouble
    line: str


_UNRESOLVED = re.compile(
    r"(?i)\blookup [\w.-]+(?: on [\d.:\[\]a-f]+)?: |no such host|name or service not known|"
    r"temporary failure in name resolution|could not (?:be )?resolved?\b|"
    r"couldn'?t resolve|can'?t resolve|can'?t find\b.*(?:nxdomain|host|name)|nxdomain|\benotfound\b|eai_again|"
    r"eai_noname|"
    r"unknown\s?host|unknown (?:mysql )?server host|bad address|nodename nor servname|could not translate host name|"
    r"name does not resolve|host not found|name resolution (?:failed|failure)|getaddrinfo (?:failed|error)|"
    r"failed to (?:lookup|look up|resolve)|dns (?:resolution|lookup) (?:failed|failure|error)|no address associated|"
    r"cannot resolve|unable to resolve|server misbehaving|produced zero addresses|无法解析(?:主机|域名|地址)|(?:域名|"
    r"主机名?|地址|DNS) ?解析失败|未知的?主机"
)
_REFUSED = re.compile(
    r"(?i)connection ?refused|econnrefused|actively refused|couldn'?t connect to server|errno 111\b|error 111\b|"
    r"connection to \S+ refused|拒绝连接|连接被拒绝"
)
_NO_ANSWER = re.compile(
    r"(?i)(?:connection|connect|dial|read|i/o|request|operation|socket|handshake|gateway)\S*\s?(?:has |attempt )?"
    r"timed? ?-?out|(?:failed|error|exception)\b.{0,80}\btimed out|\betimedout\b|ehostunreach|enetunreach|"
    r"no route to host|"
    r"network (?:is )?unreachable|host is unreachable|i/o timeout|context deadline exceeded|connecttimeout|"
    r"- no response\b|timeout expired|did not respond|could not be established|broker may not be available|"
    r"communications link failure|(?:unable|failed|failing) to (?:re)?connect\b|(?:could not|cannot|can'?t) connect\b|"
    r"connection (?:attempt )?failed\b|"
    r"(?:can'?t|cannot|could not|unable to) reach\b|连接[^，。]{0,30}(?:超时|失败)|请求超时|无法连接|连不上"
)

_HOST = r"(?P<host>[A-Za-z0-9](?:[A-Za-z0-9_.-]*[A-Za-z0-9])?)"
_PORT = r"(?P<port>\d{1,5})"
_MAYBE_PORT = rf"(?::{_PORT})?"
_QUOTE = r"[\"'`]"
_WHERE: tuple[re.Pattern[str], ...] = tuple(
    re.compile(pattern)
    for pattern in (
        # Go: dial tcp: lookup db on 10.96.0.10:53: no such host
        rf"\blookup {_HOST}(?: on |:|,|$| )",
        # scheme://user:pass@host:port/path; the credentials may be hidden already.
        rf"[a-z][a-z0-9+.-]*://(?:[^\s/@]*@)?{_HOST}{_MAYBE_PORT}(?=[/\s\"'`,;)?:]|$)",
        rf"(?i:\bhost(?:name)?)[ =:(]+{_QUOTE}?{_HOST}{_QUOTE}?,? ?(?:\([^)]*\),? ?)?(?i:port)[ =:]+{_PORT}",
        rf"(?i:server) at `{_HOST}`:`{_PORT}`",
        rf"(?i:server) at \"?{_HOST}\"?(?: \([^)]*\))?, port {_PORT}",
        rf"(?:ECONNREFUSED|ETIMEDOUT|EHOSTUNREACH|ENOTFOUND|EAI_AGAIN) {_HOST}{_MAYBE_PORT}",
        rf"(?i:\bconnect(?:ion|ing|ed)? (?:to )?(?:(?:mysql |postgres(?:ql)? )?server |host )?(?:at |on )?)"
        rf"[\"'(`]*/?{_HOST}[\"')`]*(?:/[\d.]+)?(?: \([^)]*\))?(?:,? port |:){_PORT}",
        rf"(?i:\bunknown ?host(?:exception)?)[: ]+{_QUOTE}?{_HOST}",
        rf"(?i:server on) {_QUOTE}{_HOST}{_MAYBE_PORT}{_QUOTE}",
        rf"\bgetaddrinfo for {_HOST} failed",
        rf"(?i:\b(?:host name|hostname|server host|upstream|bad address|resolve host:?|resolve hostname:?|"
        rf"resolve server|"
        rf"resolve|find)) {_QUOTE}?{_HOST}{_MAYBE_PORT}{_QUOTE}?",
        rf"\bremote host \({_HOST}\)",
        rf"(?<![\w./-]){_HOST}(?:/[\d.]+)?:{_PORT}(?!\d|:\d)",
    )
)
_AWAITS = re.compile(
    rf"(?i:\b(?:waiting|wait|sleeping until|retrying)\b.{{0,30}}?\b(?:for|on|until)\b (?:the )?(?:service |host |"
    rf"server |"
    rf"database |tcp://|https?://)?|等待 ?)[\"'`]?{_HOST}{_MAYBE_PORT}"
)
# Words that stand where a host could, but are none.
_NO_HOSTS = frozenset(
    {"address", "any", "at", "call", "connect", "connection", "errno", "error", "failed", "file", "for", "http"}
    | {"https", "line", "name", "on", "server", "tcp", "the", "this", "to"}
)
_SOURCE_FILE = re.compile(r"\.(?:py|go|java|js|ts|rb|c|cc|cpp|rs|php|cs|conf|ya?ml|json|Exception|Error)$")
_ADDRESS = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")
_NUMBER = re.compile(r"[\d.]+")
_REPEATED = 3
_MENTIONS_ADDRESS = re.compile(r"(?i)://|\b(?:connect|dial|wait|reach|using|host)\w*\b.*\w:\d{2,5}\b")


def find_unreached(lines: Sequence[str]) -> UnreachedDependency | None:
    """The dependency the log complains about, from the most telling line that names one."""
    nameless: UnreachedDependency | None = None
    for found in _complaints(rank_lines(lines)):
        if found.host:
            return found
        nameless = nameless or found
    if nameless is None:
        return None
    # Python's traces end with the error and name the address in a line before.
    for line in reversed(lines):
        host, port = _find_host(line) if _MENTIONS_ADDRESS.search(line) else ("", None)
        if host:
            return UnreachedDependency(host, port, nameless.trouble, nameless.line)
    return nameless


def find_repeated(lines: Sequence[str]) -> UnreachedDependency | None:
    """The peer that a running program complains of again and again, up to the end of its log."""
    places: dict[tuple[str, Trouble], list[int]] = {}
    last: dict[tuple[str, Trouble], UnreachedDependency] = {}
    for at, line in enumerate(lines):
        for found in () if is_quiet(line) else _complaints([line]):
            if found.host:
                places.setdefault((found.host, found.trouble), []).append(at)
                last[found.host, found.trouble] = found
    lasting = [key for key, where in places.items() if _goes_on(where, end=len(lines) - 1)]
    return last[max(lasting, key=lambda key: (len(places[key]), places[key][-1]))] if lasting else None


def _goes_on(where: Sequence[int], *, end: int) -> bool:
    """Whether the next complaint is still to be expected; after a recovery other lines follow for longer."""
    if len(where) < _REPEATED:
        return False
    usual = (where[-1] - where[0]) / (len(where) - 1)
    return end - where[-1] <= 2 * usual


def find_awaited(lines: Sequence[str]) -> UnreachedDependency | None:
    """What a program says it waits for, from its last line that says so."""
    for line in reversed(lines):
        awaited = _AWAITS.search(line)
        if awaited and _is_host(awaited.group("host")):
            port = awaited.group("port")
            return UnreachedDependency(awaited.group("host"), int(port) if port else None, Trouble.NO_ANSWER, line)
    return None


def classify_trouble(line: str) -> Trouble | None:
    """What kind of unreachability a line reports, if any."""
    if _UNRESOLVED.search(line):
        return Trouble.UNRESOLVED
    if _REFUSED.search(line):
        return Trouble.REFUSED
    return Trouble.NO_ANSWER if _NO_ANSWER.search(line) else None


def _complaints(lines: Iterable[str]) -> Iterator[UnreachedDependency]:
    for line in lines:
        trouble = classify_trouble(line)
        if trouble is not None:
            host, port = _find_host(line)
            yield UnreachedDependency(host, port, trouble, line)


def _find_host(line: str) -> tuple[str, int | None]:
    for pattern in _WHERE:
        for match in pattern.finditer(line):
            host, port = match.group("host").rstrip(".:"), match.groupdict().get("port")
            if _is_host(host):
                return host, int(port) if port and 0 < int(port) < 65536 else None
    return "", None


def _is_host(text: str) -> bool:
    """Source files, times, versions and common words look like host names and are none."""
    if not 2 <= len(text) <= 253 or text.lower() in _NO_HOSTS or _SOURCE_FILE.search(text):
        return False
    return bool(_ADDRESS.fullmatch(text)) or not _NUMBER.fullmatch(text)
