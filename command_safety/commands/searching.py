"""`find`: which files it reaches, and what it does with them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from command_safety.evaluation.call import Call
from command_safety.evaluation.scope import Fields
from command_safety.evaluation.values import UNKNOWN, Origin, Text
from command_safety.paths.protected import is_protected
from command_safety.paths.writing import find_write_rule
from command_safety.rules.arguments import parse_arguments

_LEADING = frozenset({"-H", "-L", "-P", "-O0", "-O1", "-O2", "-O3"})
_EXPRESSION = ("-", "(", ")", "!", ",")
_VALUED = frozenset(
    "-name -iname -path -ipath -wholename -iwholename -regex -iregex -lname -ilname -size -user -group -uid -gid -perm "
    "-mtime -ctime -atime -mmin -cmin -amin -newer -anewer -cnewer -used -inum -links -samefile -fstype -context "
    "-type -xtype -maxdepth -mindepth -regextype -D -printf".split()
)
_NOT_NARROWING = frozenset("-type -xtype -maxdepth -mindepth -regextype -D -printf -fstype".split())
_NARROWING = frozenset({"-empty", "-nouser", "-nogroup", "-executable", "-readable", "-writable"})
_WRITERS = {"-fprint": 1, "-fprint0": 1, "-fls": 1, "-fprintf": 2}
_RUNNERS = frozenset({"-exec", "-execdir", "-ok", "-okdir"})
_TAKES_ALL = frozenset({"*", "*.*", "**", "?*", "*?"})
_UNDOES_TREE = frozenset({"rm", "unlink", "rmdir", "shred", "chmod", "chown", "chgrp", "mv", "srm"})


@dataclass(slots=True)
class _Expression:
    """What stands after the paths, with the tests that hold where an action stands."""

    actions: list[tuple[str, Fields, bool]] = field(default_factory=list)
    """The action, its words, and whether a test narrows what it gets."""
    is_narrowed: bool = False
    """Whether a test narrows what is printed."""
    is_pruning: bool = False


def check_find(call: Call) -> Text | None:
    paths, words = _split_paths(call.arguments)
    if any(word.may_be_option for word in call.arguments if not _is_quoted_value(word)):
        _report_dynamic(call, paths, words)
    expression = _read_expression(words)
    roots = paths or (Text("."),)
    is_dangerous = any(is_protected(root, call.scope) for root in roots)
    for action, arguments, is_narrowed in expression.actions:
        _judge_action(call, action, arguments, roots=roots, endangers=is_dangerous and not is_narrowed)
    lists_all = is_dangerous and not expression.is_narrowed
    return Text(UNKNOWN, frozenset({Origin.PROTECTED_LISTING} if lists_all else ()))


def _is_quoted_value(word: Text) -> bool:
    return not word.is_loose and not word.text.startswith(UNKNOWN)


def _report_dynamic(call: Call, paths: Fields, words: Fields) -> None:
    """A word nobody knows may be `-delete`, unless it is the value of a test."""
    values = {place + 1 for place, word in enumerate(words) if word.text in _VALUED}
    if any(path.may_be_option for path in paths) or any(
        word.may_be_option and (word.is_loose or place not in values) for place, word in enumerate(words)
    ):
        call.report("C-dynamic-operand")


def _split_paths(arguments: Fields) -> tuple[Fields, Fields]:
    start = 0
    while start < len(arguments) and arguments[start].text in _LEADING:
        start += 1
    end = start
    while end < len(arguments) and not arguments[end].text.startswith(_EXPRESSION):
        end += 1
    return arguments[start:end], arguments[end:]


def _read_expression(words: Fields) -> _Expression:
    """Follow the expression from left to right; `-o` starts again without the tests before it."""
    found = _Expression()
    narrowed = [False]
    is_negated = False
    place = 0
    while place < len(words):
        text = words[place].text
        if text in ("!", "-not"):
            is_negated = True
            place += 1
            continue
        if text == "(":
            narrowed.append(narrowed[-1])
        elif text == ")" and len(narrowed) > 1:
            inner = narrowed.pop()
            narrowed[-1] = narrowed[-1] or (inner and not is_negated)
        elif text in ("-o", "-or", ","):
            narrowed[-1] = narrowed[-2] if len(narrowed) > 1 else False
        elif text in _RUNNERS:
            command = tuple(_until_end(words[place + 1 :]))
            found.actions.append((text, command, narrowed[-1]))
            place += len(command) + 1
        elif text in _WRITERS:
            found.actions.append((text, words[place + 1 : place + 2], narrowed[-1]))
            place += _WRITERS[text]
        elif text == "-delete":
            found.actions.append((text, (), narrowed[-1]))
        elif text in _VALUED or text.startswith("-newer"):
            value = words[place + 1].text if place + 1 < len(words) else ""
            narrowed[-1] = narrowed[-1] or (not is_negated and _narrows(text, value))
            place += 1
        elif text in _NARROWING:
            narrowed[-1] = narrowed[-1] or not is_negated
        is_negated = is_negated and text == "("
        place += 1
    found.is_narrowed = narrowed[0]
    return found


def _narrows(test: str, value: str) -> bool:
    return test not in _NOT_NARROWING and value not in _TAKES_ALL


def _until_end(words: Fields) -> Iterator[Text]:
    for place, word in enumerate(words):
        if word.text == ";" or (word.text == "+" and place and words[place - 1].text == "{}"):
            return
        yield word


def _judge_action(call: Call, action: str, arguments: Fields, *, roots: Fields, endangers: bool) -> None:
    if action == "-delete":
        call.report("B1-find-delete" if endangers else "C-delete")
    elif action in _WRITERS:
        rule = find_write_rule(arguments[0], call.scope) if arguments else "C-file-write"
        if rule:
            call.report(rule)
    else:
        _judge_command(call, action, arguments, roots=roots, endangers=endangers)


def _judge_command(call: Call, action: str, arguments: Fields, *, roots: Fields, endangers: bool) -> None:
    if action in ("-ok", "-okdir"):
        call.report("C-interactive")
    if endangers:
        found = Text(UNKNOWN, frozenset({Origin.PROTECTED_LISTING}))
    else:
        # Some file below the first path: neither an option nor the path itself.
        found = Text(f"{roots[0].text.rstrip('/') or '/.'}/{UNKNOWN}found")
    words = tuple(
        Text(word.text.replace("{}", found.text), word.origins | found.origins) if "{}" in word.text else word
        for word in arguments
    )
    call.run(words)
    names = [word.text.rpartition("/")[2] for word in arguments[:3]]
    if endangers and any(name in _UNDOES_TREE for name in names):
        call.report("B1-find-delete")


def check_list(call: Call) -> Text | None:
    """`ls`: the names it prints are those of a protected directory when it is asked for all of them."""
    arguments = parse_arguments(call.arguments)
    roots = arguments.operands or (Text("."),)
    lists_paths = arguments.has("-d", "--directory")
    # Plain names mean the same only in the directory they are in.
    endangers = any(is_protected(root, call.scope) for root in roots) and (lists_paths or not arguments.operands)
    return Text(UNKNOWN, frozenset({Origin.PROTECTED_LISTING} if endangers else ()))
