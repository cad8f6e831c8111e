"""find."""

from __future__ import annotations

import fnmatch
import posixpath
import re

from simulator.hosts.commands.files import SIZES, crowd_of, size_of
from simulator.hosts.machine.file_tree import Directory, Entry, Link
from simulator.hosts.shell.interpreter import Call, Command


def find(call: Call) -> int:
    words = list(call.arguments)
    places: list[str] = []
    while words and not words[0].startswith(("-", "(", "!")):
        places.append(words.pop(0))
    try:
        matcher = _FindExpression(call, words)
    except ValueError as error:
        return call.fail(str(error))
    status = 0
    for place in places or ["."]:
        path = call.state.path(place)
        if call.host.files.find(path) is None:
            status = call.fail(f"‘{place}’: No such file or directory")
            continue
        matcher.visit(path, shown_as=place)
    return status


class _FindExpression:
    """The tests of one find command, and what is done with what passes them."""

    def __init__(self, call: Call, words: list[str]) -> None:
        self._call = call
        self._tests: dict[str, str] = {}
        self._deletes = False
        self._depth = 64
        while words:
            word = words.pop(0)
            if word in {"-name", "-iname", "-type", "-size", "-mtime", "-mmin", "-user", "-path"}:
                self._tests[word] = words.pop(0) if words else ""
            elif word in {"-maxdepth", "-mindepth"}:
                value = words.pop(0) if words else ""
                self._depth = int(value) if word == "-maxdepth" and value.isdecimal() else self._depth
            elif word == "-delete":
                self._deletes = True
            elif word not in {"-print", "-xdev", "-mount", "-ls", "-and", "-a"}:
                raise ValueError(f"unknown predicate `{word}'")

    def visit(self, path: str, *, shown_as: str) -> None:
        doomed: list[str] = []
        for inner, entry in list(self._call.host.files.walk(path)):
            below = inner.removeprefix(path.rstrip("/")).strip("/")
            if (below.count("/") + 1 if below else 0) > self._depth:
                continue
            shown = posixpath.join(shown_as, below) if below else shown_as
            if self._passes(inner, entry):
                doomed.append(inner) if self._deletes else self._call.write_lines(shown)
            if isinstance(entry, Directory) and entry.crowd:
                self._visit_crowd(entry, shown)
        for inner in reversed(doomed):
            if inner != path:
                self._call.files.remove(inner)

    def _visit_crowd(self, directory: Directory, shown: str) -> None:
        sample = next(crowd_of(directory))
        if not self._passes(f"/{sample[0]}", sample[1]):
            return
        if self._deletes:
            directory.crowd = 0
            self._call.host.changed()
            return
        for name, _ in crowd_of(directory):
            self._call.write_lines(f"{shown}/{name}")

    def _passes(self, path: str, entry: Entry) -> bool:
        name = posixpath.basename(path)
        kind = "d" if isinstance(entry, Directory) else "l" if isinstance(entry, Link) else "f"
        tests = self._tests
        age = self._call.host.clock - entry.modified_at
        return (
            fnmatch.fnmatchcase(name, tests.get("-name", "*"))
            and fnmatch.fnmatchcase(name.lower(), tests.get("-iname", "*").lower())
            and fnmatch.fnmatchcase(path, tests.get("-path", "*"))
            and tests.get("-type", kind) == kind
            and tests.get("-user", entry.owner) == entry.owner
            and _compare(tests.get("-mtime", ""), age / 86400)
            and _compare(tests.get("-mmin", ""), age / 60)
            and self._has_size(tests.get("-size", ""), entry)
        )

    def _has_size(self, wanted: str, entry: Entry) -> bool:
        found = re.fullmatch(r"([+-]?)(\d+)([ckMGb]?)", wanted)
        if found is None:
            return True
        unit = SIZES[found[3] or "b"]
        return _compare(f"{found[1]}{found[2]}", -(-size_of(self._call, entry) // unit))


def _compare(wanted: str, value: float) -> bool:
    """`+n` more than, `-n` less than, `n` exactly."""
    found = re.fullmatch(r"([+-]?)(\d+)", wanted)
    if found is None:
        return True
    number = int(found[2])
    return int(value) > number if found[1] == "+" else int(value) < number if found[1] == "-" else int(value) == number


COMMANDS: dict[str, Command] = {"find": find}
