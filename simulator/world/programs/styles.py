"""How programs of different languages and frameworks log: the form of a line, and their words when something fails."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

StyleName = Literal["python", "plain", "java", "node", "go", "logfmt", "json", "nginx"]
Failure = Literal[
    "missing-env",
    "unresolved",
    "no-dns",
    "refused",
    "timed-out",
    "gave-up",
    "port-in-use",
    "read-only",
    "forbidden",
    "no-file",
    "denied",
    "disk-full",
]
RAW = ""
"""The level of lines without any form of their own, such as those of a stack trace."""


@dataclass(frozen=True, slots=True)
class Style:
    """`stamp` writes a line from moment, level, program and text; `words` are the lines of each failure."""

    stamp: Callable[[datetime, str, str, str], str]
    words: Mapping[Failure, tuple[str, ...]]

    def lines(self, failure: Failure, **facts: object) -> list[tuple[str, str]]:
        """The lines of a failure as (level, text); those that begin with `|` stand without a stamp."""
        found = []
        for line in self.words[failure]:
            text = line.format(**facts)
            found.append((RAW, text[1:]) if text.startswith("|") else ("ERROR", text))
        return found


def style_of(name: StyleName) -> Style:
    return _STYLES[name]


def _python(moment: datetime, level: str, program: str, text: str) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S},{moment.microsecond // 1000:03d} {level} {program} {text}"


def _plain(moment: datetime, _level: str, _program: str, text: str) -> str:
    return text.replace("{time}", f"{moment:%d/%b/%Y:%H:%M:%S +0000}")


def _java(moment: datetime, level: str, program: str, text: str) -> str:
    stamp = f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
    return f"{stamp} {level:>5} 1 --- [{program}] [           main] c.e.shop.Application                 : {text}"


def _go(moment: datetime, _level: str, _program: str, text: str) -> str:
    return f"{moment:%Y/%m/%d %H:%M:%S} {text}"


def _logfmt(moment: datetime, level: str, program: str, text: str) -> str:
    escaped = text.replace('"', '\\"')
    return f'time={moment:%Y-%m-%dT%H:%M:%SZ} level={level.lower()} service={program} msg="{escaped}"'


def _json(moment: datetime, level: str, program: str, text: str) -> str:
    entry = {"level": level.lower(), "time": f"{moment:%Y-%m-%dT%H:%M:%S}Z", "service": program, "msg": text}
    return json.dumps(entry, ensure_ascii=False, separators=(",", ":"))


def _nginx(moment: datetime, level: str, _program: str, text: str) -> str:
    words = {"ERROR": "emerg", "WARNING": "warn", "INFO": "notice"}
    if text.startswith("{host}") or '"GET ' in text:
        return _plain(moment, level, "", text)
    return f"{moment:%Y/%m/%d %H:%M:%S} [{words.get(level, 'notice')}] 1#1: {text}"


_GO_WORDS: Mapping[Failure, tuple[str, ...]] = {
    "missing-env": ("config: environment variable {name} is required",),
    "unresolved": ("dial tcp: lookup {host} on 10.96.0.10:53: no such host",),
    "no-dns": ("dial tcp: lookup {host} on 10.96.0.10:53: read udp: i/o timeout",),
    "refused": ("dial tcp {address}:{port}: connect: connection refused",),
    "timed-out": ("dial tcp {address}:{port}: i/o timeout",),
    "gave-up": ("{url} did not answer, exiting",),
    "port-in-use": ("listen tcp :{port}: bind: address already in use",),
    "read-only": ("open {path}: read-only file system",),
    "forbidden": ("{message}",),
    "no-file": ("open {path}: no such file or directory",),
    "denied": ("open {path}: permission denied",),
    "disk-full": ("write {path}: no space left on device",),
}
_PYTHON_WORDS: Mapping[Failure, tuple[str, ...]] = {
    "missing-env": ("configuration error: required environment variable {name} is not set",),
    "unresolved": ("dependency {url} failed: [Errno -3] Temporary failure in name resolution",),
    "no-dns": ("dependency {url} failed: [Errno -3] Temporary failure in name resolution",),
    "refused": ("dependency {url} failed: [Errno 111] Connection refused",),
    "timed-out": ("dependency {url} failed: timed out",),
    "gave-up": ("giving up on {url} after {attempts} attempts",),
    "port-in-use": (
        "|Traceback (most recent call last):",
        '|  File "/app/main.py", line 73, in <module>',
        '|    srv = http.server.ThreadingHTTPServer(("", port), Handler)',
        '|  File "/usr/lib/python3.11/socketserver.py", line 472, in server_bind',
        "|    self.socket.bind(self.server_address)",
        "|OSError: [Errno 98] Address already in use",
    ),
    "read-only": (
        "|Traceback (most recent call last):",
        '|  File "/app/main.py", line 21, in <module>',
        '|    with open(path, "w") as f:',
        "|         ^^^^^^^^^^^^^^^",
        "|OSError: [Errno 30] Read-only file system: '{path}'",
    ),
    "forbidden": (
        "|Traceback (most recent call last):",
        '|  File "/app/main.py", line 40, in <module>',
        "|kubernetes.client.exceptions.ApiException: (403)",
        "|Reason: Forbidden",
        '|HTTP response body: {{"kind":"Status","apiVersion":"v1","status":"Failure","message":"{escaped}",'
        '"reason":"Forbidden","code":403}}',
    ),
    "no-file": ("|FileNotFoundError: [Errno 2] No such file or directory: '{path}'",),
    "denied": ("|PermissionError: [Errno 13] Permission denied: '{path}'",),
    "disk-full": (
        "|Traceback (most recent call last):",
        '|  File "/app/main.py", line 58, in append',
        "|    f.flush()",
        "|OSError: [Errno 28] No space left on device",
    ),
}
_JAVA_WORDS: Mapping[Failure, tuple[str, ...]] = {
    "missing-env": (
        "Application run failed",
        "|",
        "|org.springframework.beans.factory.BeanCreationException: Error creating bean with name 'settings': "
        "Injection of autowired dependencies failed",
        "|Caused by: java.lang.IllegalArgumentException: Could not resolve placeholder '{name}' in value "
        '"${{{name}}}"',
        "|\tat org.springframework.util.PropertyPlaceholderHelper.parseStringValue(PropertyPlaceholderHelper.java:180)",
        "|\t... 25 common frames omitted",
    ),
    "unresolved": ("Connection to {url} failed: java.net.UnknownHostException: {host}: Name or service not known",),
    "no-dns": (
        "Connection to {url} failed: java.net.UnknownHostException: {host}: Temporary failure in name resolution",
    ),
    "refused": (
        "Connection to {url} failed: java.net.ConnectException: Connection refused (Connection refused)",
        "|\tat java.base/sun.nio.ch.Net.pollConnect(Native Method)",
    ),
    "timed-out": ("Connection to {url} failed: java.net.SocketTimeoutException: Connect timed out",),
    "gave-up": (
        "Application run failed",
        "|Caused by: java.lang.IllegalStateException: {url} not available after {attempts} attempts",
    ),
    "port-in-use": (
        "",
        "|***************************",
        "|APPLICATION FAILED TO START",
        "|***************************",
        "|Web server failed to start. Port {port} was already in use.",
    ),
    "read-only": ("Application run failed", "|java.nio.file.FileSystemException: {path}: Read-only file system"),
    "forbidden": (
        "|io.fabric8.kubernetes.client.KubernetesClientException: Failure executing: GET. Message: {message}.",
    ),
    "no-file": ("Application run failed", "|java.io.FileNotFoundException: {path} (No such file or directory)"),
    "denied": ("Application run failed", "|java.io.FileNotFoundException: {path} (Permission denied)"),
    "disk-full": ("Application run failed", "|java.io.IOException: No space left on device"),
}
_NODE_WORDS: Mapping[Failure, tuple[str, ...]] = {
    "missing-env": (
        "|/app/src/config.js:12",
        "|    throw new Error(`Missing required environment variable: ${{name}}`);",
        "|    ^",
        "|",
        "|Error: Missing required environment variable: {name}",
        "|    at requireEnv (/app/src/config.js:12:11)",
        "|    at Object.<anonymous> (/app/src/server.js:4:20)",
        "|",
        "|Node.js v22.11.0",
    ),
    "unresolved": ("Error: getaddrinfo ENOTFOUND {host}",),
    "no-dns": ("Error: getaddrinfo EAI_AGAIN {host}",),
    "refused": ("Error: connect ECONNREFUSED {address}:{port}",),
    "timed-out": ("Error: connect ETIMEDOUT {address}:{port}",),
    "gave-up": (
        "|Error: {url} unavailable after {attempts} attempts",
        "|    at waitFor (/app/src/startup.js:31:9)",
        "|",
        "|Node.js v22.11.0",
    ),
    "port-in-use": (
        "|Error: listen EADDRINUSE: address already in use :::{port}",
        "|    at Server.setupListenHandle [as _listen2] (node:net:1937:16)",
        "|  code: 'EADDRINUSE',",
        "|Node.js v22.11.0",
    ),
    "read-only": (
        "|Error: EROFS: read-only file system, open '{path}'",
        "|    at Object.openSync (node:fs:573:18)",
        "|Node.js v22.11.0",
    ),
    "forbidden": ("|HttpError: {message}", "|  statusCode: 403", "|Node.js v22.11.0"),
    "no-file": ("|Error: ENOENT: no such file or directory, open '{path}'", "|Node.js v22.11.0"),
    "denied": ("|Error: EACCES: permission denied, open '{path}'", "|Node.js v22.11.0"),
    "disk-full": ("|Error: ENOSPC: no space left on device, write", "|Node.js v22.11.0"),
}
_NGINX_WORDS: Mapping[Failure, tuple[str, ...]] = {
    **_GO_WORDS,
    "unresolved": ('host not found in upstream "{host}" in /etc/nginx/conf.d/default.conf:7',),
    "no-dns": ('host not found in upstream "{host}" in /etc/nginx/conf.d/default.conf:7',),
    "port-in-use": ("bind() to 0.0.0.0:{port} failed (98: Address already in use)",),
    "read-only": ('mkdir() "{path}" failed (30: Read-only file system)',),
    "denied": ('mkdir() "{path}" failed (13: Permission denied)',),
    "refused": ("connect() failed (111: Connection refused) while connecting to upstream",),
    "timed-out": ("upstream timed out (110: Connection timed out) while connecting to upstream",),
}
_STYLES: dict[StyleName, Style] = {
    "python": Style(_python, _PYTHON_WORDS),
    "plain": Style(_plain, _GO_WORDS),
    "java": Style(_java, _JAVA_WORDS),
    "node": Style(_json, _NODE_WORDS),
    "go": Style(_go, _GO_WORDS),
    "logfmt": Style(_logfmt, _GO_WORDS),
    "json": Style(_json, _GO_WORDS),
    "nginx": Style(_nginx, _NGINX_WORDS),
}


def written(style: StyleName, *, at: float, level: str, program: str, text: str) -> str:
    """A line as it stands in the log."""
    if level == RAW:
        return text
    return style_of(style).stamp(datetime.fromtimestamp(at, UTC), level, program, text)
