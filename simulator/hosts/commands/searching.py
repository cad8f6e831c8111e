"""grep."""

from __future__ import annotations

import posixpath
import re

from simulator.hosts.commands.text import read_inputs, split_lines
from simulator.hosts.machine.file_tree import Directory
from simulator.hosts.shell.interpreter import Call, Command
from simulator.hosts.shell.options import Options, read_options


async def grep(call: Call) -> int:
    options = read_options(
        call.arguments,
        flags="EFGPivnclrRHhoqswxaIL",
        values="eABCmf",
        words="extended-regexp fixed-strings ignore-case invert-match line-number count quiet only-matching color= "
        "with-filename no-filename recursive after-context= before-context= context= max-count= include= text",
    )
    if call.name == "egrep":
        options.flags["E"] = ""
    operands = list(options.operands)
    pattern = options.flags.get("e") if "e" in options else (operands.pop(0) if operands else None)
    if pattern is None:
        return call.fail("Usage: grep [OPTION]... PATTERNS [FILE]...", status=2)
    try:
        regex = _compile(pattern, options)
    except re.error as error:
        return call.fail(f"{error}", status=2)
    names = _walk(call, operands) if options.has("r", "R", "recursive") else operands
    texts, status = await read_inputs(call, names)
    matched = [_grep_text(call, regex, name, text, options, is_many=len(names) > 1) for name, text in texts]
    return 2 if status and not options.has("q", "quiet") else (0 if any(matched) else 1)


def _walk(call: Call, names: list[str]) -> list[str]:
    found: list[str] = []
    for name in names or ["."]:
        path = call.state.path(name)
        for inner, entry in call.host.files.walk(path):
            if not isinstance(entry, Directory):
                found.append(posixpath.join(name, inner.removeprefix(path).strip("/")) if inner != path else name)
    return found


def _compile(pattern: str, options: Options) -> re.Pattern[str]:
    if options.has("F", "fixed-strings"):
        pattern = "|".join(re.escape(line) for line in pattern.split("\n"))
    elif not options.has("E", "P", "extended-regexp"):
        pattern = basic_to_extended(pattern)
    pattern = pattern.replace("[[:space:]]", r"\s").replace("[[:digit:]]", r"\d").replace("[[:alpha:]]", "[A-Za-z]")
    if options.has("w"):
        pattern = rf"\b(?:{pattern})\b"
    if options.has("x"):
        pattern = rf"^(?:{pattern})$"
    return re.compile(pattern, re.IGNORECASE if options.has("i", "ignore-case") else 0)


def basic_to_extended(pattern: str) -> str:
    """In basic expressions the signs `(){}|+?` mean themselves unless a backslash stands before them."""
    return re.sub(r"\\([(){}|+?])|\\.|[(){}|+?]", _swap_escape, pattern)


def _swap_escape(found: re.Match[str]) -> str:
    if found[1]:
        return found[1]
    return found[0] if found[0].startswith("\\") else f"\\{found[0]}"


def _grep_text(call: Call, regex: re.Pattern[str], name: str, text: str, options: Options, *, is_many: bool) -> bool:
    lines = split_lines(text)
    is_inverted = options.has("v", "invert-match")
    hits = [number for number, line in enumerate(lines) if (regex.search(line) is None) == is_inverted]
    if limit := options.get("m", "max-count"):
        hits = hits[: int(limit)]
    if options.has("q", "quiet"):
        return bool(hits)
    if options.has("l"):
        call.write(f"{name}\n" if hits else "")
        return bool(hits)
    shows_name = (is_many or options.has("H", "with-filename", "r", "R")) and not options.has("h", "no-filename")
    prefix = f"{'(standard input)' if name == '-' else name}:" if shows_name else ""
    if options.has("c", "count"):
        call.write(f"{prefix}{len(hits)}\n")
        return bool(hits)
    if options.has("o", "only-matching"):
        found = [item[0] for number in hits for item in regex.finditer(lines[number]) if item[0]]
        call.write_lines(*(prefix + word for word in found))
        return bool(hits)
    shown = _with_context(hits, options, count=len(lines))
    for number in shown:
        call.write(f"{prefix}{f'{number + 1}:' if options.has('n', 'line-number') else ''}{lines[number]}\n")
    return bool(hits)


def _with_context(hits: list[int], options: Options, *, count: int) -> list[int]:
    both = options.get("C", "context", default="0")
    after = int(options.get("A", "after-context", default=both) or 0)
    before = int(options.get("B", "before-context", default=both) or 0)
    if not after and not before:
        return hits
    return sorted({near for hit in hits for near in range(max(0, hit - before), min(count, hit + after + 1))})


COMMANDS: dict[str, Command] = {"grep": grep, "egrep": grep, "fgrep": grep}
