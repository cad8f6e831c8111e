"""Runs scripts that `command_safety` calls readonly in real shells, and looks whether one changed something after all.

    python scripts/compare_with_shells.py [--seconds 60] [--seed 1] [--shell bash|dash]

The scripts are made up from quotes, expansions, arithmetic, arrays, loops and tests around a harmless `touch`. They run
in an empty directory with a PATH of a few reading tools and a `touch` that leaves a mark. Every script that leaves one
or a file is printed; the exit code tells whether there was any.
"""

import argparse
import random
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from command_safety import CommandClass, classify

TOOLS = (
    "ls",
    "cat",
    "head",
    "tail",
    "grep",
    "cut",
    "rev",
    "tr",
    "sed",
    "sort",
    "seq",
    "date",
    "basename",
    "env",
    "find",
)
PAYLOADS = (
    *(
        "touch p",
        "$(touch p)",
        "`touch p`",
        "a[$(touch p)]",
        "; touch p;",
        "touch",
        "ls",
        "ls\ntouch p",
        "a",
        "1",
        "x",
        "y",
    ),
    *("a b", "-n", "x=touch", "@", "*", "touch p #", "'", "\\$(touch p)", "$x"),
)
PLAIN = 0.75
"""How many statements and words hold no other script."""
NAMES = ("x", "y", "z", "a")
OPERATORS = (
    ":-",
    "-",
    ":=",
    "=",
    ":+",
    "#",
    "##",
    "%",
    "/",
    "//",
    "^^",
    ",,",
    ":",
    "@P",
    "@Q",
    "@U",
    ":1",
    ": -1",
    "/#",
)
ARGUMENTS = ("", "a", "*", "?", "ls", "touch p", "x", "1", "0:2", "$y", "ls/touch", "\\*", '"*"', "[a-z]*")
EXPRESSIONS = ("1", "x", "y+1", "z", "a[0]", "a[x]", "x=1", "x++")
COMMANDS = (
    *(
        "ls",
        "echo",
        "cat",
        "true",
        ":",
        "printf",
        "test",
        "read",
        "read -n2",
        "let",
        "declare",
        "declare -i",
        "unset",
        "set --",
    ),
    *(
        "printf -v y",
        "shift",
        "mapfile",
        "mapfile -t",
        "wait",
        "trap",
        "type",
        "command",
        "builtin",
        "exec",
        "time",
        "!",
    ),
    *("eval", "jobs", "xargs", "break", "continue", "test -v", *TOOLS[2:]),
)


class ScriptMaker:
    """Makes scripts up; `depth` limits how far they nest."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311  # no secret

    def make_script(self, depth: int) -> str:
        statements = [self._make_statement(depth) for _ in range(self._random.randint(1, depth + 1))]
        return self._pick("; ", "\n").join(statements)

    def _pick(self, *choices: str) -> str:
        return self._random.choice(choices)

    def _make_statement(self, depth: int) -> str:
        command = self._make_command(depth)
        if depth == 0 or self._random.random() < PLAIN:
            return command
        inner, other = self.make_script(depth - 1), self._make_command(depth - 1)
        return self._pick(
            f"if {other}; then {inner}; else {command}; fi",
            f"for x in {self._make_word(depth)} {self._make_word(depth)}; do {inner}; done",
            f"case {self._make_word(0)} in *) {inner};; esac",
            f"{{ {inner}; }}",
            f"({inner})",
            f"{command} | {other}",
            f"i=0; while [ $i -lt 3 ]; do {inner}; i=$((i+1)); done",
            f"{command} && {other}",
        )

    def _make_command(self, depth: int) -> str:
        first, second = self._make_word(depth), self._make_word(depth)
        name, expression = self._pick(*NAMES), self._pick(*EXPRESSIONS)
        return self._pick(
            *(f"{self._pick(*COMMANDS)} {first} {second}",) * 8,
            *(
                f"{name}={first}",
                f"{name}+={first}",
                f"{name}[0]={first}",
                f"{name}[x]={first}",
                f"{name}=({first} {second})",
            ),
            *(f"{self._make_parameter()} {second}", f"[ {first} ]", f"(( {expression} ))", f"[[ -v {first} ]]"),
            *(f"[[ {first} {self._pick('==', '-eq', '=~', '<', '>')} {second} ]]", f"sh -c {shlex.quote(first)}"),
            f"cat <<E\n{first}\nE\n",
        )

    def _make_word(self, depth: int) -> str:
        payload = self._pick(*PAYLOADS)
        words = [
            *("ls", "p", "-n", "x", "touch", "%s", "{a,b}", "*", shlex.quote(payload), shlex.quote(payload)),
            *(
                self._make_parameter(),
                f'"{self._make_parameter()}"',
                f"$(({self._pick(*EXPRESSIONS)}))",
                '"\\$(touch p)"',
            ),
            self._pick("$'touch p'", "$'\\x74ouch'", "$'\\'; touch p; \\''"),
        ]
        if depth and self._random.random() > PLAIN:
            script = self.make_script(depth - 1)
            words += [f"$({script})", f'"$({script})"', f"<({script})"]
        return self._pick(*words)

    def _make_parameter(self) -> str:
        name = self._pick(*NAMES)
        changed = f"${{{name}{self._pick(*OPERATORS)}{self._pick(*ARGUMENTS)}}}"
        index = self._pick("0", "1", "@", "*", "-1", "x", "$y")
        return self._pick(
            f"${name}", "$1", f"${{!{name}}}", f"${{{name}[{index}]}}", f"${{{name}[@]:1}}", changed, changed
        )


def make_place(folder: Path) -> Path:
    """A PATH with reading tools and a `touch` that only leaves a mark; answers the mark."""
    tools, mark = folder / "bin", folder / "mark"
    (folder / "work").mkdir()
    tools.mkdir()
    for name, target in (*((tool, tool) for tool in TOOLS), ("sh", "dash")):
        found = shutil.which(target)
        if found:
            (tools / name).symlink_to(found)
    (tools / "touch").write_text(f"#!/bin/sh\n: > {shlex.quote(str(mark))}\n")
    (tools / "touch").chmod(0o755)
    return mark


def changes_something(script: str, *, shell: str, folder: Path, mark: Path) -> bool:
    """Run the script; what it left behind is removed again."""
    try:
        subprocess.run(
            [shell, "-c", script],
            env={"PATH": str(folder / "bin"), "LC_ALL": "C.UTF-8"},
            cwd=folder / "work",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=3,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False
    left = [each for each in (mark, *(folder / "work").iterdir()) if each.exists()]
    for each in left:
        each.unlink()
    return bool(left)


def compare(*, seconds: float, seed: int, shell: str) -> int:
    """How many scripts changed something although they are called readonly."""
    maker, made, run, wrong = ScriptMaker(seed), 0, 0, 0
    path = shutil.which(shell)
    if path is None:
        raise SystemExit(f"{shell} is not installed")
    end = time.monotonic() + seconds
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        mark = make_place(folder)
        while time.monotonic() < end:
            script = maker.make_script(2)
            made += 1
            command = script if shell == "bash" else f"sh -c {shlex.quote(script)}"
            if "touch" not in script or classify(command).command_class is not CommandClass.READONLY:
                continue
            run += 1
            if changes_something(script, shell=path, folder=folder, mark=mark):
                wrong += 1
                print(repr(script))
    print(f"{shell}: {made} scripts, {run} readonly ones run, {wrong} of them changed something")
    return wrong


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--shell", choices=("bash", "dash"), default="bash")
    given = parser.parse_args()
    sys.exit(1 if compare(seconds=given.seconds, seed=given.seed, shell=given.shell) else 0)


if __name__ == "__main__":
    main()
