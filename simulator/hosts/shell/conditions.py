"""The conditions of `test`, `[` and `[[`."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable

from simulator.hosts.machine.file_tree import Directory, File, FileFault
from simulator.hosts.shell.interpreter import Call


def _is_writable(call: Call, name: str) -> bool:
    try:
        call.files.check_writable(name)
    except FileFault:
        return False
    return call.files.find(name) is not None


def _size(call: Call, name: str) -> int:
    entry = call.files.find(name)
    return entry.size(at=call.host.now()) if isinstance(entry, File) else 0


_UNARY: dict[str, Callable[[Call, str], bool]] = {
    "-n": lambda _, word: bool(word),
    "-z": lambda _, word: not word,
    "-e": lambda call, word: call.files.find(word) is not None,
    "-f": lambda call, word: isinstance(call.files.find(word), File),
    "-d": lambda call, word: isinstance(call.files.find(word), Directory),
    "-r": lambda call, word: call.files.is_readable(word),
    "-w": _is_writable,
    "-x": lambda call, word: isinstance(call.files.find(word), Directory) or call.shell.find_command(word) is not None,
    "-s": lambda call, word: _size(call, word) > 0,
    "-L": lambda call, word: call.files.find(word, is_following=False) is not call.files.find(word),
    "-h": lambda call, word: call.files.find(word, is_following=False) is not call.files.find(word),
    "-t": lambda call, _: call.state.is_interactive,
}
_NUMERIC: dict[str, Callable[[int, int], bool]] = {
    "-eq": lambda left, right: left == right,
    "-ne": lambda left, right: left != right,
    "-lt": lambda left, right: left < right,
    "-le": lambda left, right: left <= right,
    "-gt": lambda left, right: left > right,
    "-ge": lambda left, right: left >= right,
}


def test(call: Call) -> int:
    words = list(call.arguments)
    if call.name in {"[", "[["}:
        closing = "]" if call.name == "[" else "]]"
        if not words or words.pop() != closing:
            return call.fail(f"missing `{closing}'", status=2)
    try:
        holds, rest = _judge_or(call, words)
    except ValueError as error:
        return call.fail(str(error), status=2)
    if rest:
        return call.fail("too many arguments", status=2)
    return 0 if holds else 1


def _judge_or(call: Call, words: list[str]) -> tuple[bool, list[str]]:
    holds, rest = _judge_and(call, words)
    while rest[:1] in (["-o"], ["||"]):
        other, rest = _judge_and(call, rest[1:])
        holds = holds or other
    return holds, rest


def _judge_and(call: Call, words: list[str]) -> tuple[bool, list[str]]:
    holds, rest = _judge_one(call, words)
    while rest[:1] in (["-a"], ["&&"]):
        other, rest = _judge_one(call, rest[1:])
        holds = holds and other
    return holds, rest


def _judge_one(call: Call, words: list[str]) -> tuple[bool, list[str]]:
    if not words:
        return False, []
    if words[0] == "!" and len(words) > 1:
        holds, rest = _judge_one(call, words[1:])
        return not holds, rest
    if words[0] == "(" and ")" in words:
        holds, rest = _judge_or(call, words[1:])
        return holds, rest[1:]
    if len(words) > 2 and (judged := _judge_binary(call, words[0], words[1], words[2])) is not None:
        return judged, words[3:]
    if len(words) > 1 and words[0] in _UNARY:
        return _UNARY[words[0]](call, words[1]), words[2:]
    return bool(words[0]), words[1:]


def _judge_binary(call: Call, left: str, operator: str, right: str) -> bool | None:
    if operator in _NUMERIC:
        if not (re.fullmatch(r"\s*-?\d+\s*", left) and re.fullmatch(r"\s*-?\d+\s*", right)):
            raise ValueError(f"{left if not left.isdecimal() else right}: integer expression expected")
        return _NUMERIC[operator](int(left), int(right))
    match operator:
        case "=" | "==" | "!=":
            is_equal = _matches(left, right) if call.name == "[[" else left == right
            return is_equal != (operator == "!=")
        case "=~":
            return re.search(right, left) is not None
        case "<" | ">":
            return (left < right) == (operator == "<")
        case _:
            return None


def _matches(text: str, pattern: str) -> bool:
    return fnmatch.fnmatchcase(text, pattern)
