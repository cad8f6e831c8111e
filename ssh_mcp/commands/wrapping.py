"""The shell lines around a command: they tell its process group, bound its life, and end it."""

from __future__ import annotations

import re
import secrets
import shlex
from dataclasses import dataclass

RUN_VARIABLE = "DING_ROBOT_RUN"
"""Marks everything a command started, so that what left its process group is found too."""

_MARKER_BYTES = 4096
# The caller stops the command at its limit in an orderly way; the guard comes later.
_GUARD_SECONDS = 15
_KILL_AFTER_SECONDS = 5

# A fresh bash without the account's start-up files, exported functions and BASH_ENV: with them, a harmless word may
# mean anything. The judgement reads bash, so bash runs it where there is one.
_BOOTSTRAP = (
    r"""printf '\036%s:%s\037' "$1" "$$" >&2; """
    rf"""{RUN_VARIABLE}=$1; export {RUN_VARIABLE}; unset BASH_ENV ENV CDPATH GLOBIGNORE; shift; exec "$@" """
)

_PROBE = (
    r"""printf '\036%s:%s:%s:%s\037' "$1" "$(command -v bash || command -v sh)" """
    r""""$(timeout -k 1 1 true >/dev/null 2>&1 && echo timeout)" "$2" """
)
# A login shell that does not hand this on as it is (fish halves backslashes) would also change commands.
_ECHO = r"""\\ \' "\"" ! $HOME `x` # * ~ {a,b} %d ^"""

_STOP = rf"""
p=$1; t={RUN_VARIABLE}=$2
strays() {{ grep -lsa "$t" /proc/[0-9]*/environ 2>/dev/null | tr -dc '0-9\n'; }}
sig() {{ kill -s "$1" -- "-$p"; for s in $(strays); do kill -s "$1" "$s"; done; }} 2>/dev/null
left() {{
  [ -r /proc/self/stat ] || {{ kill -s 0 -- "-$p" 2>/dev/null; return; }}
  for d in /proc/[0-9]*; do
    read -r line <"$d/stat" && set -- ${{line##*) }} && [ "$3" = "$p" ] && [ "$1" != Z ] && return 0
  done 2>/dev/null
  [ -n "$(strays)" ]
}}
settle() {{ n=0; while left && [ "$n" -lt "$1" ]; do n=$((n + 1)); sleep 0.1 2>/dev/null || sleep 1; done; }}
sig TERM; settle 20
left && {{ sig KILL; settle 10; }}
left && sudo -n kill -s KILL -- "-$p" 2>/dev/null && settle 10
left && echo left
exit 0
"""


_BASH_ONLY = re.compile(r"\[\[|(?<!\$)\(\(|[<>]\(|<<<|&>|\|&|\$'")


@dataclass(frozen=True, slots=True)
class ShellProfile:
    """What the host has, as its probe said."""

    shell: str
    has_timeout: bool

    @property
    def is_bash(self) -> bool:
        return self.shell.rsplit("/", 1)[-1] == "bash"


def make_tag() -> str:
    """Random, so that output of a program cannot pass for ours."""
    return secrets.token_hex(12)


def write_probe(tag: str) -> str:
    return _call(_PROBE, tag, _ECHO)


def read_probe(output: bytes, *, tag: str) -> ShellProfile | None:
    """What the host has, or None when there is no POSIX shell, or one that would change what it is given."""
    found = re.search(rb"\x1e%s:([^:\x1f]+):(timeout)?:([^\x1f]*)\x1f" % tag.encode(), output)
    if found is None or found[3] != _ECHO.encode():
        return None
    return ShellProfile(shell=found[1].decode(errors="replace"), has_timeout=found[2] is not None)


def wrap(command: str, *, tag: str, profile: ShellProfile, guard_after_seconds: float | None) -> str:
    """The line that a login shell runs: it reports its process group and becomes the command.

    With a guard the host itself ends the command some time after its limit, should the connection be lost meanwhile.
    """
    limit: list[str] = []
    if guard_after_seconds is not None and profile.has_timeout:
        limit = ["timeout", "-k", str(_KILL_AFTER_SECONDS), str(round(guard_after_seconds) + _GUARD_SECONDS)]
    shell = [profile.shell, "--noprofile", "--norc", "-p", "-c"] if profile.is_bash else [profile.shell, "-c"]
    return _call(_BOOTSTRAP, tag, *limit, *shell, command)


def find_bash_syntax(command: str) -> str | None:
    """What another shell would read as something else, such as `[[ a > b ]]`, which would write a file."""
    found = _BASH_ONLY.search(command)
    return found[0] if found else None


def write_stop(*, process_group: int | None, tag: str) -> str:
    """Ends the group, if it is known, and every process that carries the tag; prints `left` when one survived."""
    return _call(_STOP, str(process_group or "unknown"), tag)


def write_sudo(command: str) -> str:
    """As root, without asking for a password: what runs and what is judged."""
    return f"sudo -n -- sh -c {shlex.quote(command)}"


def split_line(line: str) -> list[str]:
    """The words of one of these lines, for a host that needs no login shell to take it apart."""
    return shlex.split(line)[1:]


def _call(script: str, *arguments: str) -> str:
    return " ".join(["exec sh -c", *map(shlex.quote, (script, "ding-robot", *arguments))])


class MarkerFilter:
    """Takes the report of the process group out of standard error, wherever start-up noise left it."""

    def __init__(self, tag: str) -> None:
        self._pattern = re.compile(rb"\x1e%s:(\d+)\x1f" % tag.encode())
        self._held = bytearray()
        self._is_done = False
        self.process_group: int | None = None

    def feed(self, data: bytes) -> bytes:
        """What is left of the output; it is held back until the report came."""
        if self._is_done:
            return data
        self._held += data
        found = self._pattern.search(self._held)
        if found is not None:
            self.process_group = int(found[1])
            return self._release(bytes(self._held[: found.start()] + self._held[found.end() :]))
        return self._release(bytes(self._held)) if len(self._held) > _MARKER_BYTES else b""

    def end(self) -> bytes:
        """What was held back for a report that did not come."""
        return self._release(bytes(self._held))

    def _release(self, data: bytes) -> bytes:
        self._is_done = True
        self._held.clear()
        return data
