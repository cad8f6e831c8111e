"""The small part of shell that test containers use: echo, sleep, exit, touch, cat, and loops that wait."""

import re
import shlex
from collections.abc import Collection, Sequence
from dataclasses import dataclass

LOOP = re.compile(r"(?P<kind>while|until)\s+(?P<test>.+?)\s*;\s*do\s+(?P<body>.*?);?\s*done", re.DOTALL)
FILE_TEST = re.compile(r"^\[\s+-[efs]\s+(?P<path>\S+)\s+\]$|^test\s+-[efs]\s+(?P<other>\S+)$")
REACH_TESTS = (
    re.compile(r"^nslookup\s+(?P<address>[^\s>]+)"),
    re.compile(r"^getent\s+hosts\s+(?P<address>[^\s>]+)"),
    re.compile(r"^nc\s+(?:-\S+\s+)*(?P<host>[^\s>-]\S*)\s+(?P<port>\d+)"),
    re.compile(r"^(?:wget|curl)\s.*?(?P<address>https?://[^\s>\"']+)"),
    re.compile(r"^pg_isready\s+-h\s+(?P<host>\S+)(?:\s+-p\s+(?P<port>\d+))?"),
)
DURATION_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
SHELLS = frozenset({"sh", "bash", "ash"})
NOT_FOUND_EXIT_CODE = 127
LOOKING = frozenset({"cat", "test", "["})
"""Commands that fail when a file is not there; scripts are read as if they ended at the first of them that does."""

KNOWN = frozenset(
    {"sh", "bash", "ash", "true", "false", "date", "hostname", "mkdir", "set", "trap", "ls", "rm", "chmod"}
)


@dataclass(frozen=True, slots=True)
class ScriptResult:
    """Lines by offset, and how it ends; `ends_after` is None when it runs until it is stopped."""

    lines: tuple[tuple[float, str], ...] = ()
    ends_after: float | None = None
    exit_code: int = 0
    repeats_every: float = 0.0
    repeated: tuple[str, ...] = ()
    waits_for: str = ""
    """An address; as soon as it answers, the script has done its work."""
    touches: tuple[str, ...] = ()


def is_shell_command(command: Sequence[str]) -> bool:
    """Whether a container runs a script of its own instead of the image's program."""
    return len(command) > 2 and command[0].rpartition("/")[2] in SHELLS and command[1].endswith("c")


def is_script(command: Sequence[str]) -> bool:
    """Whether a command line is a script, or one of the commands a script is made of."""
    return is_shell_command(command) or bool(command and command[0].rpartition("/")[2] in LOOKING)


def read_script(command: Sequence[str], *, paths: Collection[str] = (), tools: Collection[str] = ()) -> ScriptResult:
    """What a command line does; none at all is an interactive shell without a terminal, which ends at once.

    `paths` are the files that are there, `tools` commands of the image that succeed.
    """
    if not command:
        return ScriptResult(ends_after=0.1)
    text = command[2] if len(command) > 2 and command[1].endswith("c") else shlex.join(command)
    loop = LOOP.search(text)
    before = _run(text[: loop.start()] if loop else text, paths=paths, tools=tools)
    if loop is None or before.exit_code:
        return before
    body = _run(loop["body"], paths=paths, tools=tools)
    if not _turns(loop["kind"], loop["test"].strip(), paths=paths):
        after = _run(text[loop.end() :], paths=paths, tools=tools)
        return ScriptResult(before.lines + after.lines, after.ends_after, after.exit_code, touches=before.touches)
    return ScriptResult(
        lines=before.lines,
        repeats_every=max(body.ends_after or 0.0, 1.0),
        repeated=(*_test_output(loop["test"].strip()), *(line for _, line in body.lines)),
        waits_for=_address_in(loop["test"].strip()),
        touches=before.touches,
    )


def _turns(kind: str, test: str, *, paths: Collection[str]) -> bool:
    """Whether a loop runs at all when it is reached."""
    found = FILE_TEST.match(test.removeprefix("!").strip())
    if found is None:
        return True
    is_there = (found["path"] or found["other"]) in paths
    holds = is_there is not test.startswith("!")
    return holds if kind == "while" else not holds


def _address_in(test: str) -> str:
    for pattern in REACH_TESTS:
        found = pattern.match(test.removeprefix("!").strip())
        if found:
            groups = found.groupdict()
            return groups.get("address") or f"{groups['host']}:{groups.get('port') or 5432}"
    return ""


def _test_output(test: str) -> tuple[str, ...]:
    """What a failing test prints each time."""
    address = _address_in(test)
    if not test.startswith("nslookup") or ">" in test:
        return ()
    return ("", f"** server can't find {address}: NXDOMAIN", "")


def _run(text: str, *, paths: Collection[str], tools: Collection[str]) -> ScriptResult:
    at = 0.05
    lines: list[tuple[float, str]] = []
    touches: list[str] = []
    code = 0
    for step in filter(None, (part.strip() for part in re.split(r";|&&|\n", text))):
        words = _words(step)
        name, rest = words[0].rpartition("/")[2], words[1:]
        if name == "echo":
            lines.append((at, " ".join(rest)))
        elif name == "sleep":
            seconds = _seconds(rest[0] if rest else "0")
            if seconds is None:
                return ScriptResult(tuple(lines), touches=tuple(touches))
            at += seconds
        elif name == "exit":
            code = int(rest[0]) if rest and rest[0].isdigit() else 0
            break
        elif name == "tail":
            return ScriptResult(tuple(lines), touches=tuple(touches))
        elif name == "touch":
            touches += rest
        elif name in tools:
            code = 0
        else:
            code, complaint = _command(name, rest, paths=[*paths, *touches])
            lines += [(at, complaint)] if complaint else []
            if code and name in LOOKING:
                break
    return ScriptResult(tuple(lines), ends_after=at, exit_code=code, touches=tuple(touches))


def _command(name: str, rest: list[str], *, paths: Collection[str]) -> tuple[int, str]:
    """Exit code and complaint of a command that does nothing else."""
    if name == "cat":
        missing = next((path for path in rest if path not in paths and not path.startswith("/etc/")), None)
        return (1, f"cat: can't open '{missing}': No such file or directory") if missing else (0, "")
    if name in {"test", "["}:
        found = FILE_TEST.match(" ".join([name, *rest]))
        return (1 if found and (found["path"] or found["other"]) not in paths else 0), ""
    if name in KNOWN:
        return (1 if name == "false" else 0), ""
    return NOT_FOUND_EXIT_CODE, f"sh: {name}: not found"


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
