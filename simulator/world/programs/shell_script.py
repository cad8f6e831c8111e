"""The small part of shell that test containers use: echo, sleep, exit, true, false and an endless loop."""

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

LOOP = re.compile(r"while\s+(?:true|:)\s*;\s*do\s+(?P<body>.*?);?\s*done")
DURATION_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
SHELLS = frozenset({"sh", "bash", "ash"})
NOT_FOUND_EXIT_CODE = 127
KNOWN = frozenset({"sh", "bash", "ash", "echo", "sleep", "exit", "true", "false", "cat", "date", "hostname", "tail"})


@dataclass(frozen=True, slots=True)
class ScriptResult:
    """Lines by offset, and how it ends; `ends_after` is None when it runs until it is stopped."""

    lines: tuple[tuple[float, str], ...] = ()
    ends_after: float | None = None
    exit_code: int = 0
    repeats_every: float = 0.0
    repeated: tuple[str, ...] = ()


def is_shell_command(command: Sequence[str]) -> bool:
    """Whether a container runs a script of its own instead of the image's program."""
    return len(command) > 2 and command[0].rpartition("/")[2] in SHELLS and command[1] == "-c"


def read_script(command: Sequence[str]) -> ScriptResult:
    """What a command line does; none at all is an interactive shell without a terminal, which ends at once."""
    if not command:
        return ScriptResult(ends_after=0.1)
    text = command[2] if len(command) > 2 and command[1] == "-c" else shlex.join(command)
    loop = LOOP.search(text)
    before = _run(text[: loop.start()] if loop else text)
    if loop is None or before.exit_code:
        return before
    body = _run(loop["body"])
    every = max(body.ends_after or 0.0, 1.0)
    return ScriptResult(
        lines=before.lines, repeats_every=every, repeated=tuple(line for _, line in body.lines), ends_after=None
    )


def _run(text: str) -> ScriptResult:
    at = 0.05
    lines: list[tuple[float, str]] = []
    code = 0
    for step in filter(None, (part.strip() for part in re.split(r";|&&|\n", text))):
        words = _words(step)
        if words[0] == "echo":
            lines.append((at, " ".join(words[1:])))
        elif words[0] == "sleep":
            seconds = _seconds(words[1] if len(words) > 1 else "0")
            if seconds is None:
                return ScriptResult(tuple(lines))
            at += seconds
        elif words[0] == "exit":
            code = int(words[1]) if len(words) > 1 and words[1].isdigit() else 0
            return ScriptResult(tuple(lines), ends_after=at, exit_code=code)
        elif words[0] == "tail":
            return ScriptResult(tuple(lines))
        elif words[0] not in KNOWN:
            lines.append((at, f"sh: {words[0]}: not found"))
            code = NOT_FOUND_EXIT_CODE
        else:
            code = 1 if words[0] == "false" else 0
    return ScriptResult(tuple(lines), ends_after=at, exit_code=code)


def _words(step: str) -> list[str]:
    try:
        return shlex.split(step) or ["true"]
    except ValueError:
        return step.split()


def _seconds(text: str) -> float | None:
    """None for `infinity`."""
    match = re.match(r"^([0-9.]+)([smhd]?)$", text)
    if match is None:
        return None
    return float(match[1]) * DURATION_UNITS.get(match[2] or "s", 1)
