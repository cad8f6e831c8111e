"""What is typed into the shell of a session, and how its prompts are told from output. Pure functions."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

COLUMNS, ROWS = 200, 50

MAX_LINE_BYTES = 4000
"""A terminal takes at most 4095 bytes of one line."""

_MAX_MARKER_BYTES = 5000
# Pagers would wait for keys, and some run commands for whoever presses them.
_ENVIRONMENT = {
    "TERM": "dumb",
    "PAGER": "cat",
    "GIT_PAGER": "cat",
    "MANPAGER": "cat",
    "SYSTEMD_PAGER": "cat",
    "SYSTEMD_COLORS": "0",
    "LESSSECURE": "1",
}
_CD = re.compile(r"\s*cd(?:\s+(?:--\s+)?[\w./~+@%:-]+)?\s*")


@dataclass(frozen=True, slots=True)
class Prompt:
    """The shell is ready for the next command."""

    exit_code: int
    pid: int
    """Of the shell."""
    number: int
    """Of the command it comes after."""
    directory: str


def write_start(shell: str) -> str:
    """Becomes an interactive shell that shows nothing of what is typed."""
    settings = " ".join(f"{name}={value}" for name, value in _ENVIRONMENT.items())
    options = "--noprofile --norc --noediting -i" if is_bash(shell) else "-i"
    return f"stty -echo 2>/dev/null; unset ENV BASH_ENV; exec env {settings} {shlex.quote(shell)} {options}"


def write_setup(shell: str, *, tag: str) -> bytes:
    """Typed first: from then on every prompt is a marker that only this session can read. Nothing is exported."""
    if is_bash(shell):
        marker = rf'printf "\036%s:%s:%s:%s:%s\037" {tag} "$?" "$$" "$_n{tag}" "$PWD"'
        line = f"unset HISTFILE; set +H; PS1= PS2=; PROMPT_COMMAND={shlex.quote(marker)}"
    else:
        line = rf"""unset HISTFILE; PS2=; PS1="$(printf '\036')"'{tag}:$?:$$:'"\$_n{tag}:\$PWD$(printf '\037')" """
    return f"_n{tag}=0; {line}\n".encode()


def write_command(text: str, *, tag: str, number: int, keeps_effects: bool) -> bytes:
    """A command as one line for the shell. Without keeping effects it cannot change what later commands mean.

    Its prompt carries the number, so that a late prompt of an earlier command is not taken for its own.
    """
    line = f"eval {shlex.quote(text)}"
    return f"_n{tag}={number}; {line if keeps_effects else f'( {line} )'}\n".encode()


def find_unsendable(data: bytes) -> str | None:
    """Why a terminal cannot take this, or None."""
    longest = max(len(line) for line in data.split(b"\n"))
    if longest > MAX_LINE_BYTES:
        return f"a line has {longest} bytes, a terminal takes {MAX_LINE_BYTES}; use ssh-execute"
    return None


def only_changes_directory(text: str) -> bool:
    """The one harmless command whose effect on the shell is wanted."""
    return _CD.fullmatch(text) is not None


def is_bash(shell: str) -> bool:
    return shell.rsplit("/", 1)[-1] == "bash"


class PromptFilter:
    """Takes the prompts out of what the terminal shows. Imitations without the tag stay output."""

    def __init__(self, tag: str) -> None:
        self._pattern = re.compile(rb"\x1e%s:(\d+):(\d+):(\d+):([^\x1f]*)\x1f" % tag.encode())
        self._held = b""

    def feed(self, data: bytes) -> Iterator[bytes | Prompt]:
        """Output and prompts in their order; what may be the beginning of a prompt is held back."""
        self._held += data
        start = 0
        for found in self._pattern.finditer(self._held):
            if found.start() > start:
                yield self._held[start : found.start()]
            yield Prompt(int(found[1]), int(found[2]), int(found[3]), found[4].decode(errors="replace"))
            start = found.end()
        rest = self._held[start:]
        begun = rest.rfind(b"\x1e")
        is_open = begun >= 0 and b"\x1f" not in rest[begun:] and len(rest) - begun < _MAX_MARKER_BYTES
        shown, self._held = (rest[:begun], rest[begun:]) if is_open else (rest, b"")
        if shown:
            yield shown

    def end(self) -> bytes:
        rest, self._held = self._held, b""
        return rest
