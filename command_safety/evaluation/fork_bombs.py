"""Functions and loops that start processes without end."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass

from command_safety.shell.syntax import (
    ArithmeticCommand,
    Background,
    CommandSubstitution,
    Group,
    Loop,
    Pipeline,
    Script,
    SimpleCommand,
    Statement,
    Word,
)

_NO_CONDITION = re.compile(r"[^;]*;\s*;[^;]*")
_ENDLESS = frozenset({"true", ":", "1"})


def is_fork_bomb(name: str, body: Statement, functions: Mapping[str, Statement]) -> bool:
    """Whether the function calls itself, perhaps through others, in a new process or more than once."""
    reached: dict[str, Statement] = {name: body}
    waiting = [body]
    while waiting:
        for called, _ in _find_calls(waiting.pop(), is_new_process=False):
            if called in functions and called not in reached:
                reached[called] = functions[called]
                waiting.append(functions[called])
    calls_back = [
        is_new_process
        for statement in reached.values()
        for called, is_new_process in _find_calls(statement, is_new_process=False)
        if called == name
    ]
    is_parallel = any(
        is_new_process
        for statement in reached.values()
        for called, is_new_process in _find_calls(statement, is_new_process=False)
        if called in reached
    )
    return bool(calls_back) and (is_parallel or len(calls_back) > 1)


def is_endless_spawning(loop: Loop) -> bool:
    """`while true` around nothing but background commands: no step waits for another."""
    return (
        loop.condition is not None
        and _is_always_true(loop.condition)
        and bool(loop.body.statements)
        and all(isinstance(statement, Background) for statement in loop.body.statements)
    )


def calls_itself(pipeline: Pipeline) -> bool:
    """`$0 | $0`: the script starts itself twice."""
    calls = [name for name, _ in _find_calls(pipeline, is_new_process=False)]
    return calls.count("$0") > 1


def _is_always_true(condition: Script) -> bool:
    if len(condition.statements) != 1:
        return False
    statement = condition.statements[0]
    if isinstance(statement, ArithmeticCommand):
        # `for ((;;))`: nothing stands where the condition would.
        return _NO_CONDITION.fullmatch(statement.expression.literal or "") is not None
    if isinstance(statement, SimpleCommand):
        return bool(statement.words) and _name_of(statement) in _ENDLESS
    return False


def _find_calls(tree: object, *, is_new_process: bool) -> Iterator[tuple[str, bool]]:
    """Names of the commands in a tree, and whether each runs in a process of its own."""
    if isinstance(tree, SimpleCommand):
        name = _name_of(tree)
        if name:
            yield name, is_new_process
    is_subshell = isinstance(tree, Group) and tree.is_subshell
    is_inside = is_new_process or is_subshell or isinstance(tree, Background | Pipeline | CommandSubstitution)
    if isinstance(tree, tuple):
        for item in tree:
            yield from _find_calls(item, is_new_process=is_inside)
    elif is_dataclass(tree):
        for item in fields(tree):
            yield from _find_calls(getattr(tree, item.name), is_new_process=is_inside)


def _name_of(command: SimpleCommand) -> str:
    if not command.words or not isinstance(command.words[0], Word):
        return ""
    word = command.words[0]
    if word.literal is not None:
        return word.literal
    is_script_name = len(word.parts) == 1 and getattr(word.parts[0], "name", "") == "0"
    return "$0" if is_script_name else ""
